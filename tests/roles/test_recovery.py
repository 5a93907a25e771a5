# SPDX-License-Identifier: GPL-3.0-or-later
"""A copy is cut off and takes the place of its server: what it has and gives out, and who gets in.

The tests are in the order of a failover.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.roles.conftest import Remote
from tests.roles.recovering import Recovering, recovering

pytestmark = pytest.mark.real
SEQUENCES = {
    "near": "maxvalue 500",
    "round": "maxvalue 100 cycle",
    "down": "increment -5",
    "low": "increment -1 minvalue -100",
    "full": "maxvalue 3",
    "unused": "start 77",
}
LARGE = "select count(*) from large"
ACTIVE = "from pg_stat_activity where state = 'active' and usename = 'shop_application_a'"
OPEN = """
    select backend_xid::text from pg_stat_activity
    where state = 'idle in transaction' and usename = 'shop_application_a'
"""


@pytest.fixture(scope="module")
def both(account: Remote) -> Iterator[Recovering]:
    """Two servers, and nobody who writes."""
    with recovering(account) as found:
        sequences = [f"create sequence {name}_seq {rest}" for name, rest in SEQUENCES.items()]
        called = [name for name in SEQUENCES if name not in ("full", "unused")]
        values = [f"select nextval('{name}_seq')" for name in called]
        assert found.ask("migration", *sequences, *values, "select setval('full_seq', 3)") == [[3]]
        found.ask("migration", "create table large (what text)")
        yield found


@pytest.fixture(scope="module")
def cut(both: Recovering) -> dict[str, Any]:
    """What the copy told that was cut off while one transaction wrote and another was open."""
    # Of such records a part is received, and never the rest.
    write = (
        "do $$ begin loop insert into large select repeat(md5(n::text), 120) "
        "from generate_series(1, 50) as n; commit; end loop; end $$"
    )
    with (
        both.session("writer", "application") as writer,
        both.session("open", "application") as opened,
    ):
        for session, statement in (
            (opened, "set idle_in_transaction_session_timeout = 0"),
            (opened, "begin"),
            (opened, "insert into large values ('open')"),
            (writer, "set statement_timeout = 0"),
            (writer, "set synchronous_commit = off"),
        ):
            assert session.says(statement) == "done"
        writer.asks(write)
        both.site.until(lambda: both.ask("database", LARGE, copy=True)[0][0] > 1000)
        [[number]] = both.ask("database", OPEN)
        both.cut()
        found = both.run("point", copy=True)
        both.ask("database", "select pg_terminate_backend(pid) " + ACTIVE)
    return {**found, "open": number}


def test_what_a_copy_has_is_told_also_where_it_received_a_part_of_what_came_next(
    cut: dict[str, Any],
) -> None:
    assert cut["in_recovery"]
    low, high, others = cut["snapshot"].split(":")
    assert int(low) <= int(cut["open"]) < int(high)
    assert cut["open"] in others.split(",")


@pytest.mark.parametrize("source", ["host=127.0.0.1 port=1", ""])
def test_what_a_copy_has_is_told_also_when_it_was_restarted(
    both: Recovering, cut: dict[str, Any], source: str
) -> None:
    both.order(f"alter system set primary_conninfo = '{source}'", copy=True)
    both.reboot()
    found = both.run("point", copy=True)
    # Nothing is told of what it had received, or where it would go on from, which is before that.
    assert found["received"] != cut["received"]
    assert (found["replayed"], found["in_recovery"]) == (cut["replayed"], True)
    assert found["snapshot"] == cut["snapshot"]


def test_the_new_server_takes_a_write_that_another_connection_reads(
    both: Recovering, cut: dict[str, Any]
) -> None:
    both.promote()
    assert both.run("proof", copy=True) == {"proof": "op1", "in_recovery": False}


def test_what_the_new_server_has_is_told_table_by_table_as_of_one_moment(
    both: Recovering, cut: dict[str, Any]
) -> None:
    both.ask("database", "select phoenix.beat()", copy=True)
    tools = [
        "create table alembic_version (version_num varchar(32) primary key)",
        "insert into alembic_version values ('0002'), ('0001b')",
        "create schema shop",
        "create table shop.django_migrations (id int, app text, name text)",
        "insert into shop.django_migrations values (2, 'shop', '0007'), (1, 'shop', '0008')",
        # Of the name of a tool's, and something else.
        "create table schema_migrations (what text)",
        "create table knex_migrations (id int, name text)",
    ]
    both.ask("migration", *tools, copy=True)
    told = both.run("contents", copy=True)
    assert told["in_recovery"] is False
    assert told["not_read"] == {}
    assert set(told["tables"]) == {
        "public.alembic_version",
        "public.knex_migrations",
        "public.large",
        "public.schema_migrations",
        "shop.django_migrations",
    }
    [[rows]] = both.ask("database", LARGE, copy=True)
    large = told["tables"]["public.large"]
    assert large["rows"] == rows > 1000
    assert len(large["checksum"]) == 16 and int(large["checksum"], 16) > 0
    assert told["tables"]["public.knex_migrations"] == {"rows": 0, "checksum": "0" * 16}
    assert told["migrations"] == {
        "public.alembic_version": "0001b, 0002",
        "public.knex_migrations": None,
        "shop.django_migrations": "shop.0007",
    }
    assert told["beat"]["id"] > 0 and 0 <= told["beat"]["age"] < 600


def test_the_checksum_of_a_table_is_that_of_its_rows_in_whichever_order(
    both: Recovering, cut: dict[str, Any]
) -> None:
    def checksum() -> str:
        return str(both.run("contents", copy=True)["tables"]["public.large"]["checksum"])

    before = checksum()
    moved = "with gone as (delete from large where ctid in (select ctid from large limit 7) "
    both.ask("migration", moved + "returning *) insert into large select * from gone", copy=True)
    assert checksum() == before
    both.ask("migration", "insert into large values ('more')", copy=True)
    assert checksum() != before
    both.ask("migration", "delete from large where what = 'more'", copy=True)
    assert checksum() == before


def test_a_table_that_is_too_large_is_told_with_about_how_many_rows_it_has(
    both: Recovering, cut: dict[str, Any]
) -> None:
    both.ask("database", "set role shop_owner", "analyze large", copy=True)
    told = both.run("contents", copy=True, compare_mb=0)
    [[rows]] = both.ask("database", LARGE, copy=True)
    assert "public.large" not in told["tables"]
    said = told["not_read"]["public.large"]
    assert said.endswith(" rows") and "are too many, of about " in said
    about = int(said.split()[-2])
    assert abs(about - rows) <= rows / 5


def test_a_sequence_that_cannot_be_moved_is_named_and_none_is_moved(both: Recovering) -> None:
    for statement in ("create schema strange", "create sequence strange.numbers"):
        both.order(statement, copy=True)
    assert "strange.numbers" in both.refused("sequences", copy=True)
    asked = "select last_value from near_seq"
    assert int(both.ask("migration", asked, copy=True)[0][0]) < 100
    both.order("drop schema strange cascade", copy=True)


def test_sequences_go_on_behind_all_that_was_given_out_and_none_begins_again(
    both: Recovering,
) -> None:
    told = both.run("sequences", copy=True)
    moved = {name.removeprefix("public."): value for name, value in told["moved"].items()}
    assert moved["unused_seq"] == 1076
    assert moved["down_seq"] <= -5001
    assert (moved["near_seq"], moved["round_seq"], moved["low_seq"]) == (499, 99, -99)
    names = [f"public.{name}_seq" for name in ("full", "low", "near", "round")]
    assert (told["near_end"], told["left"]) == (names, [])
    assert both.run("sequences", copy=True) == told
    given = {
        name: both.ask("migration", f"select nextval('{name}_seq')", copy=True)
        for name in SEQUENCES
    }
    assert "reached maximum" in given.pop("full")
    assert given == {
        "near": [[500]],
        "round": [[100]],
        "down": [[moved["down_seq"] - 5]],
        "low": [[-100]],
        "unused": [[1077]],
    }


@pytest.fixture(scope="module")
def logins(both: Recovering) -> dict[str, dict[str, str]]:
    """The logins before, of which that of the application is of a rotation that has not ended."""
    variables = both.database.variables(database_rotate=["application"])
    both.remote.play(variables, role="database", tasks="rotate")
    # The copy is the server of the secrets from here on, and is behind by that rotation.
    application = current(both, "application")
    both.ask("database", password(application), copy=True)
    assert labels(both, "application") == {("AWSCURRENT", "AWSPENDING"), ("AWSPREVIOUS",)}
    return {login: current(both, login) for login in ("application", "migration", "reader")}


def password(login: dict[str, str]) -> str:
    return f"alter role {login['username']} password '{login['password']}'"


def current(both: Recovering, login: str, label: str = "AWSCURRENT") -> dict[str, str]:
    """What the secret says."""
    client = both.site.client("secretsmanager")
    name = both.database.access["secrets"][login]
    told = client.get_secret_value(SecretId=name, VersionStage=label)
    found: dict[str, str] = json.loads(told["SecretString"])
    return found


def labels(both: Recovering, login: str) -> set[tuple[str, ...]]:
    client = both.site.client("secretsmanager")
    told = client.describe_secret(SecretId=both.database.access["secrets"][login])
    return {tuple(sorted(found)) for found in told["VersionIdsToStages"].values()}


def test_cut_off_before_a_secret_names_the_new_login_all_is_as_before_but_the_label(
    both: Recovering, logins: dict[str, dict[str, str]]
) -> None:
    call = {"service": "secretsmanager", "action": "UpdateSecretVersionStage"}
    both.site.cloud.faults([{"effect": "throttle", **call}])
    with both.session("standby", "application", copy=True) as standby:
        both.refused("logins", copy=True)
        # Nobody waits until this one is gone, and it goes on.
        assert standby.says("select 1") == "done"
    both.site.cloud.faults([])
    assert current(both, "application") == logins["application"]
    assert labels(both, "application") == {("AWSCURRENT",), ("AWSPENDING",), ("AWSPREVIOUS",)}


def test_the_logins_are_changed_also_where_a_rotation_has_not_ended_and_the_application_writes(
    both: Recovering, logins: dict[str, dict[str, str]]
) -> None:
    proposed = current(both, "application", "AWSPENDING")
    told = both.run("logins", copy=True)
    for login, before in logins.items():
        now = current(both, login)
        assert now["username"] != before["username"]
        assert told[login]["user"] == now["username"]
        assert both.ask(now, "select session_user", copy=True) == [[now["username"]]]
    # It was finished with the password that was kept.
    assert current(both, "application") == proposed
    proof = told["application"]["proof"]
    assert (proof["login"], proof["rows"]) == (current(both, "application")["username"], 1)
    again = both.run("logins", copy=True)
    assert current(both, "application")["username"] == told["application"]["user"]
    assert [again[login]["version"] for login in logins] == [
        told[login]["version"] for login in logins
    ]


def test_an_application_that_may_not_write_is_told(both: Recovering) -> None:
    user = current(both, "application")["username"]
    both.ask("database", f"revoke shop_application from {user}", copy=True)
    assert "permission denied" in both.refused("logins", copy=True)
    both.ask("database", f"grant shop_application to {user}", copy=True)
    assert both.run("logins", copy=True)["application"]["proof"]["rows"] == 3


def test_passwords_of_before_are_of_no_use_and_the_rotation_has_ended(
    both: Recovering, logins: dict[str, dict[str, str]]
) -> None:
    told = both.run("lock", copy=True)
    assert told["locked"] == {login: before["username"] for login, before in logins.items()}
    for login, before in logins.items():
        assert "password authentication failed" in both.ask(before, "select 1", copy=True)
        now = current(both, login)
        assert both.ask(now, "select session_user", copy=True) == [[now["username"]]]
        assert ("AWSCURRENT",) in labels(both, login)
        assert not any("AWSPENDING" in found for found in labels(both, login))
    assert both.run("lock", copy=True) == told
