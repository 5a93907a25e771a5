# SPDX-License-Identifier: GPL-3.0-or-later
"""A database is frozen while it goes on being read, its copy catches up, and it is let go again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.roles.conftest import Remote
from tests.roles.recovering import Recovering, recovering

pytestmark = pytest.mark.real
WRITE = "insert into pledges (what) values ('one') returning 1"
READ = "select count(*) > 0 from pledges"
FROZEN = [f"shop_{login}_{one}" for login in ("application", "migration") for one in "ab"]
MEMBERS = """
    select users.rolname, groups.rolname
    from pg_auth_members join pg_roles as users on users.oid = member
    join pg_roles as groups on groups.oid = roleid
    where users.rolname like 'shop%' order by 1, 2
"""


@pytest.fixture(scope="module")
def both(account: Remote) -> Iterator[Recovering]:
    """Two servers, with tables."""
    with recovering(account) as found:
        tables = (
            "create table pledges (id bigserial primary key, what text)",
            "insert into pledges (what) select 'n' || n from generate_series(1, 1000) as n",
            "create schema gifts",
            'create table gifts."Gift Cards" (t text, made timestamptz, price numeric, data bytea)',
            "insert into gifts.\"Gift Cards\" values ('a', now(), 1.50, '\\xdead')",
            "create table events (id int, at date) partition by range (at)",
            "create table events_1 partition of events default",
            "insert into events values (1, '2026-05-01')",
            "create unlogged table seen (id int)",
        )
        assert found.ask("migration", *tables) == []
        yield found


@pytest.fixture
def thawed(both: Recovering) -> Iterator[Recovering]:
    """Servers that nobody has frozen, and that are left so."""
    yield both
    both.run("thaw")


def test_whoever_has_our_logins_reads_and_cannot_write_once_it_is_frozen(
    thawed: Recovering,
) -> None:
    both, before = thawed, thawed.ask("database", MEMBERS)
    with (
        both.session("writer", "application") as writer,
        both.session("reader", "reader") as reader,
    ):
        assert writer.says(WRITE) == "done"
        told = both.run("freeze")
        assert "terminat" in writer.says(WRITE) or "closed" in writer.says(WRITE)
        assert reader.says(READ) == "done"
    assert (told["frozen"], told["strict"], told["sessions"]) == (FROZEN, True, 1)
    assert (told["others"], told["in_doubt"]) == ([], [])
    for login in ("application", "migration"):
        assert both.ask(login, READ) == [[True]]
        for words in (
            ("set transaction read write", WRITE),
            ("set role shop_owner", WRITE),
            ("reset role", WRITE),
            ("create table mine (id int)",),
            ("create temporary table mine (id int)",),
            ("select nextval('pledges_id_seq')",),
            ("select * from phoenix.beat()",),
        ):
            assert "permission denied" in both.ask(login, *words), words
    assert both.run("thaw")["thawed"] == FROZEN
    assert both.ask("database", MEMBERS) == before
    assert both.ask("application", WRITE) == [[1]]


def test_frozen_again_it_ends_nobody_who_has_logged_in_since(thawed: Recovering) -> None:
    first = thawed.run("freeze")
    with thawed.session("later", "application") as later:
        again = thawed.run("freeze")
        assert later.says(READ) == "done"
    assert (again["sessions"], again["at"]) == (0, first["at"])


def test_cut_off_before_the_sessions_are_ended_the_next_run_ends_them(thawed: Recovering) -> None:
    with thawed.session("early", "application") as early:
        # So it stands when it is killed behind its first commit.
        for user in FROZEN:
            group = "shop_owner" if "migration" in user else "shop_application"
            thawed.ask("database", f"revoke {group} from {user}", f"grant shop_reader to {user}")
        assert thawed.run("freeze")["sessions"] == 1
        assert early.says(READ) != "done"


def test_sessions_of_a_frozen_database_write_as_soon_as_it_is_thawed(thawed: Recovering) -> None:
    thawed.run("freeze")
    with (
        thawed.session("open", "application") as opened,
        thawed.session("migrating", "migration") as migrating,
    ):
        assert "permission denied" in opened.says(WRITE)
        assert thawed.run("thaw")["sessions"] == 1
        assert opened.says(WRITE) == "done"
        # It would have made tables of its own, and not of the owner.
        assert migrating.says(READ) != "done"
        assert thawed.run("thaw") == {"thawed": [], "sessions": 0}
    made = ("create table later (id int)", "drop table later", "select current_user")
    assert thawed.ask("migration", *made) == [["shop_owner"]]


def test_what_was_granted_beside_the_groups_is_named_and_nothing_is_frozen(
    thawed: Recovering,
) -> None:
    thawed.ask("migration", "grant update (what) on pledges to shop_application_b")
    said = thawed.refused("freeze")
    assert "shop_application_b: pledges" in said
    assert "Nothing was frozen" in said
    assert thawed.ask("application", WRITE) == [[1]]
    thawed.ask("migration", "revoke update (what) on pledges from shop_application_b")


def test_where_others_may_write_nothing_is_frozen_unless_that_is_accepted_and_then_it_is_told(
    thawed: Recovering,
) -> None:
    made = "create function sly() returns void language sql security definer as 'select 1'"
    thawed.ask("migration", made, "grant insert on pledges to public")
    assert "while it is moved: shop_reader_a, shop_reader_b" in thawed.refused("freeze")
    said = thawed.refused("freeze", accept_unfenced=True)
    assert "shop_application_a: pledges" in said
    thawed.ask("migration", "revoke insert on pledges from public")
    thawed.ask("database", "create role somebody login", "grant shop_application to somebody")
    said = thawed.refused("freeze")
    assert "while it is moved: somebody" in said and "Nothing was frozen" in said
    assert thawed.ask("application", WRITE) == [[1]]
    told = thawed.run("freeze", accept_unfenced=True)
    assert (told["others"], told["in_doubt"]) == (["somebody"], ["sly()"])
    thawed.run("thaw")
    thawed.ask("database", "drop role somebody")
    thawed.ask("migration", "drop function sly()")


def test_the_copy_has_all_of_a_frozen_database_table_by_table(thawed: Recovering) -> None:
    frozen = thawed.run("freeze")
    told = thawed.run("caught_up", copy=True, lsn=frozen["lsn"], frozen=frozen)
    assert (told["caught"], told["differ"]) == (True, [])
    assert told["tables"] == frozen["tables"]
    names = ["gifts.Gift Cards", "public.events_1", "public.pledges"]
    assert sorted(told["tables"]) == names
    assert told["tables"]["gifts.Gift Cards"]["rows"] == 1
    assert list(told["not_compared"]) == ["public.seen"]


def test_a_table_that_differs_is_named(thawed: Recovering) -> None:
    frozen = thawed.run("freeze")
    thawed.ask("database", "set role shop_owner", "update pledges set what = 'x' where id = 1")
    thawed.site.until(
        lambda: (
            thawed.ask("database", "select what from pledges where id = 1", copy=True) == [["x"]]
        )
    )
    told = thawed.run("caught_up", copy=True, lsn=frozen["lsn"], frozen=frozen)
    assert told["differ"] == ["public.pledges"]
    assert told["tables"]["public.pledges"]["rows"] == frozen["tables"]["public.pledges"]["rows"]


def test_tables_beyond_the_declared_size_are_named_and_not_compared(thawed: Recovering) -> None:
    frozen = thawed.run("freeze", compare_mb=0)
    assert frozen["tables"] == {}
    assert "public.pledges" in frozen["not_compared"]


def test_a_copy_that_does_not_get_there_is_told_with_what_it_lacks(thawed: Recovering) -> None:
    thawed.order("select pg_wal_replay_pause()", copy=True)
    frozen = thawed.run("freeze")
    thawed.remote.shell(
        "sed -i 's/^PATIENCE = .*/PATIENCE = 1.0/' /usr/local/lib/phoenix/sessions.py"
    )
    said = thawed.refused("caught_up", copy=True, lsn=frozen["lsn"])
    thawed.remote.shell(
        "sed -i 's/^PATIENCE = .*/PATIENCE = 60.0/' /usr/local/lib/phoenix/sessions.py"
    )
    thawed.order("select pg_wal_replay_resume()", copy=True)
    assert f"bytes up to {frozen['lsn']}" in said
    assert thawed.run("caught_up", copy=True, lsn=frozen["lsn"])["caught"]


def test_where_the_logins_are_not_ours_transactions_are_read_only_and_it_is_told(
    thawed: Recovering,
) -> None:
    given: dict[str, Any] = {"owner": "", "operation": "op2"}
    assert "whoever logs in" in thawed.refused("freeze", **given)
    assert thawed.ask("application", WRITE) == [[1]]
    given["accept_unfenced"] = True
    with thawed.session("writer", "application") as writer:
        told = thawed.run("freeze", **given)
        assert writer.says(READ) != "done"
    assert (told["strict"], told["frozen"]) == (False, [])
    assert told["sessions"] >= 1
    assert "read-only transaction" in thawed.ask("application", WRITE)
    assert thawed.run("freeze", **given)["sessions"] == 0
    caught = thawed.run("caught_up", copy=True, lsn=told["lsn"], frozen=told, **given)
    assert caught["differ"] == []
    assert thawed.run("thaw", **given)["thawed"] == ["shop"]
    assert thawed.ask("application", WRITE) == [[1]]


def test_a_copy_that_was_promoted_while_it_was_frozen_is_let_go(thawed: Recovering) -> None:
    frozen = thawed.run("freeze")
    thawed.run("caught_up", copy=True, lsn=frozen["lsn"])
    thawed.promote()
    assert "permission denied" in thawed.ask("application", WRITE, copy=True)
    assert thawed.run("thaw", copy=True)["thawed"] == FROZEN
    assert thawed.ask("application", WRITE, copy=True) == [[1]]
    assert "permission denied" in thawed.ask("application", WRITE)
