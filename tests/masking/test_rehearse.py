# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rehearsal of migrations tells of locks, statements and tables, on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.masking.task import mark

from tests.masking.rehearsing import COPY, LOGIN, MIGRATE, Rehearsed, account, login, over_tls
from tests.masking.server import Server

pytestmark = [pytest.mark.real, pytest.mark.sample]


@pytest.fixture(scope="module")
def authorities(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with login(server), over_tls(server, tmp_path_factory.mktemp("authority")) as found:
        yield found


@pytest.fixture(scope="module")
def endpoint(server: Server) -> Iterator[str]:
    with account(server) as found:
        yield found


@pytest.fixture
def copy(server: Server, authorities: Path, endpoint: str, tmp_path: Path) -> Iterator[Rehearsed]:
    found = Rehearsed(server, endpoint, authorities, tmp_path)
    yield found
    found.remove()


def test_a_table_that_a_transaction_changes_is_kept_from_everybody_until_that_ends(
    copy: Rehearsed,
) -> None:
    ended = copy.rehearse(
        "begin; alter table orders add column seen int default 7; select pg_sleep(1); commit"
    )
    assert ended.code == 0, ended.said
    told, lock = ended.told, ended.told["locks"]["public.orders"]
    assert (told["changed"], told["before"], told["after"]) == (True, "0.sql", "1.sql")
    assert (lock["mode"], lock["keeps_from"]) == ("ACCESS EXCLUSIVE", "reads and writes")
    assert 0 < lock["longest"] == lock["seconds"] <= told["seconds"]
    assert "public.customers" not in told["locks"]
    assert told["longest"]["statement"] == "select pg_sleep(?);"
    assert 0 < told["longest"]["seconds"] <= told["seconds"]
    assert told["rewritten"] == {}, "a default that is the same for all is kept once"
    assert told["watched"]["looks"] > 1 and told["watched"]["sessions"] == 1
    assert told["trouble"] is None


def test_a_table_that_gets_another_file_is_told_with_its_size(copy: Rehearsed) -> None:
    size = copy.value("select pg_total_relation_size('orders')")
    told = copy.rehearse("alter table orders alter column total type bigint").told
    assert told["rewritten"] == {"public.orders": {"bytes": size, "rows": 1000}}
    assert (told["made"], told["gone"], told["invalid"]) == ({}, [], [])


def test_an_index_that_is_built_concurrently_keeps_nobody_from_anything_and_is_seen(
    copy: Rehearsed,
) -> None:
    told = copy.rehearse("create index concurrently slow on customers (slowly(id))").told
    lock = told["locks"]["public.customers"]
    assert (lock["mode"], lock["keeps_from"]) == ("SHARE UPDATE EXCLUSIVE", "nothing")
    assert lock["seconds"] > 0
    assert told["made"] == {"public.slow": "index"}
    assert told["longest"]["statement"].startswith("create index concurrently slow on customers")


def test_who_reads_a_table_waits_for_its_index_too(copy: Rehearsed) -> None:
    assert copy.rehearse("create index slow on customers (slowly(id))").code == 0
    lock = copy.rehearse("reindex index slow").told["locks"]["public.customers"]
    assert lock["keeps_from"] == "reads and writes"
    assert lock["weaker"]["SHARE"]["keeps_from"] == "writes"


def test_of_a_migration_that_fails_is_told_why_and_what_it_held(copy: Rehearsed) -> None:
    ended = copy.rehearse(
        "begin; alter table orders add column seen int; select pg_sleep(1); "
        "select no_such_function()"
    )
    assert ended.code == 1
    told = ended.told
    assert (told["changed"], told["before"], told["after"]) == (False, "0.sql", "0.sql")
    assert told["locks"]["public.orders"]["mode"] == "ACCESS EXCLUSIVE"
    for why in ("The database is still at 0.sql. ", "function no_such_function() does not exist"):
        assert why in told["trouble"] and why in ended.said
    assert "public.orders was held with ACCESS EXCLUSIVE for " in ended.said
    assert "which keeps others from reads and writes." in ended.said


def test_what_a_migration_that_fails_leaves_is_told(copy: Rehearsed) -> None:
    ended = copy.rehearse("create unique index concurrently half on orders (customer)")
    assert (ended.code, ended.told["changed"]) == (1, True)
    assert ended.told["made"] == {"public.half": "index"}
    assert ended.told["invalid"] == ["public.half"]
    assert "It has left public.half." in ended.said
    assert "These indexes are not valid now: public.half." in ended.said


def test_no_value_and_no_password_is_told(copy: Rehearsed) -> None:
    slow = "update customers set email = 'grace@example.com' where slowly(id) = 4711"
    ended = copy.rehearse(slow, command="psql -qXf 1.sql; echo $PGPASSWORD")
    assert ended.told["output"] == "********"
    statement = "update customers set email = ? where slowly(id) = ?;"
    assert ended.told["longest"]["statement"] == statement
    assert "grace" not in str(ended)


@pytest.mark.parametrize("other", ["", mark(COPY), mark("another-one")])
def test_what_does_not_say_that_it_is_the_masked_copy_is_not_touched(
    copy: Rehearsed, other: str
) -> None:
    copy.mark(other)
    # A command that asks may write, too.
    ended = copy.rehearse("drop table orders", revision="psql -c 'drop table migrations'")
    assert (ended.code, ended.told) == (1, {})
    assert f"is the masked copy {COPY}, but {other or 'nothing'}: " in ended.said
    assert copy.value("select count(*) from migrations") == 1
    assert copy.value("select count(*) from orders") == 1000


def test_sessions_that_were_there_before_are_not_told(copy: Rehearsed) -> None:
    place = {"host": "127.0.0.1", "port": copy.server.port, "dbname": copy.name}
    there = psycopg2.connect(**place, user=LOGIN)
    try:
        with there.cursor() as cursor:
            cursor.execute("lock table customers in share mode")
        told = copy.rehearse("select pg_sleep(0.3)").told
    finally:
        there.close()
    assert "public.customers" not in told["locks"]
    assert told["watched"]["sessions"] == 1


def test_a_rehearsal_tells_what_the_migration_itself_would_have_told(copy: Rehearsed) -> None:
    broken = "select no_such_function()"
    why = copy.rehearse(broken, MIGRATE).said.strip()
    rehearsed = copy.rehearse(broken)
    assert rehearsed.told["trouble"] == why and rehearsed.said.startswith(f"{why}\nIt ran for ")
    sql = "delete from migrations; select 'done' as said"
    migrated = copy.rehearse(sql, MIGRATE)
    assert set(migrated.told) == {"changed", "before", "after", "output"}
    copy.rehearse("", command="psql -c \"update migrations set name = '0.sql'\"")
    rehearsed = copy.rehearse(sql)
    assert migrated.told == {name: rehearsed.told[name] for name in migrated.told}


def test_what_could_not_be_looked_at_is_not_told_as_nothing(copy: Rehearsed) -> None:
    ended = copy.rehearse(
        "set role none; select pg_terminate_backend(pid) from pg_stat_activity "
        "where application_name = 'tests'; "
        "alter table orders alter column total type bigint; select pg_sleep(0.5)"
    )
    assert ended.code == 1
    told = ended.told
    assert told["trouble"].startswith("it has migrated, and that could not be written down.")
    assert {told[name] for name in ("changed", "after", "rewritten", "made", "gone")} == {None}
    assert told["watched"]["longest_gap"] >= 0.5
    assert "What it left is not known: the server did not answer." in ended.said


def test_a_release_that_has_migrated_the_copy_is_not_run_again(copy: Rehearsed) -> None:
    assert copy.rehearse("select 1", release="7").told["changed"]
    told = copy.rehearse("drop table orders", release="7").told
    assert not told["changed"]
    assert told["output"].startswith("release 7 has migrated it on ")
    assert (told["watched"]["looks"], told["locks"], told["longest"]) == (0, {}, None)
