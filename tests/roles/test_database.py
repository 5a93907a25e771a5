# SPDX-License-Identifier: GPL-3.0-or-later
"""A database is set up from a host: each may do what it must, and nothing else."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.running import CHECKOUT
from tests.roles.beating import AWAY, UNIT, Beats
from tests.roles.conftest import Remote, changed
from tests.roles.databases import Database, prepared

pytestmark = pytest.mark.real
FOLDER, USER = "/srv/shop", "app-shop"
# An application's own tool for migrations: each is a file of SQL, and runs whole or not at all.
TOOL = """
import pathlib, psycopg2, sys
session = psycopg2.connect("")
with session, session.cursor() as cursor:
    cursor.execute("create table if not exists migrations (name text primary key)")
    cursor.execute("select coalesce(max(name), 'nothing') from migrations")
    if sys.argv[1:] == ["current"]:
        print(cursor.fetchone()[0])
    else:
        for name in sys.argv[1:]:
            cursor.execute(pathlib.Path(name).read_text())
            cursor.execute("insert into migrations values (%s) on conflict do nothing", (name,))
"""
FILES = {
    "tool.py": TOOL,
    "1.sql": "create table if not exists orders (id bigserial primary key, what text)",
    "2-broken.sql": "create table halves (id int); select no_such_function()",
    "2.sql": "create table if not exists items (id serial primary key); select pg_sleep(%s)",
    "3.sql": "alter table orders add column seen int; select pg_sleep(1)",
}


@pytest.fixture(scope="module")
def bare(account: Remote) -> Iterator[Database]:
    """A new database, and a host on which there is nothing but the authorities."""
    with prepared(account, "shop", extensions=["pg_trgm"], lock_seconds=4) as found:
        yield found


@pytest.fixture(scope="module")
def checked(bare: Database) -> str:
    """What a check of the bare host printed."""
    return bare.configure("--check", "--diff")


@pytest.fixture(scope="module")
def configured(bare: Database, checked: str) -> str:
    """What setting it up printed, as much as it can."""
    assert bare.remote.shell("ls -d /usr/local/lib/phoenix /run/phoenix* 2>/dev/null || :") == ""
    return bare.configure("-vvv")


@pytest.fixture(scope="module")
def database(bare: Database, configured: str) -> Database:
    """A database that is set up, and an application's folder on the host."""
    bare.remote.shell(f"useradd --system {USER} && mkdir {FOLDER}")
    for name, text in FILES.items():
        bare.remote.shell(f"cat > {FOLDER}/{name} <<'EOF'\n{text}\nEOF")
    return bare


def migration(database: Database, name: str, **more: Any) -> dict[str, Any]:
    told = {"command": f"python3 tool.py {name}", "revision": "python3 tool.py current", **more}
    return database.migration(FOLDER, USER, **told)


def migrate(database: Database, name: str, **more: Any) -> str:
    return database.remote.play(migration(database, name, **more), role="database", tasks="migrate")


@pytest.fixture(scope="module")
def migrated(database: Database) -> Database:
    """A database with a table that a migration made."""
    assert changed(migrate(database, "1.sql")) > 0
    return database


def test_a_check_of_a_bare_host_tells_what_would_be_set_up(checked: str, configured: str) -> None:
    assert changed(checked) > 0
    assert "shop_application_b" in checked


@pytest.mark.sample
def test_what_it_was_set_up_with_is_written_down(database: Database) -> None:
    assert database.recorded() == database.access["digest"]


@pytest.mark.sample
def test_no_password_comes_to_the_controller(database: Database, configured: str) -> None:
    for login in database.logins.values():
        assert login["password"] not in configured
        assert json.dumps(login["password"])[1:-1] not in configured
    left = database.remote.shell("ls -d /run/phoenix* /root/.ansible/tmp/* 2>/dev/null || :")
    assert left == ""


def test_a_second_run_and_a_check_change_nothing(migrated: Database) -> None:
    for words in ((), ("--check", "--diff")):
        printed = migrated.configure(*words)
        assert changed(printed) == 0, printed


@pytest.mark.sample
@pytest.mark.parametrize("login", ["application", "migration", "reader"])
def test_each_logs_in_with_what_its_secret_holds_and_over_tls_only(
    migrated: Database, login: str
) -> None:
    user = migrated.logins[login]["username"]
    assert migrated.ask(login, "select session_user") == [[user]]
    assert "no encryption" in migrated.ask(login, "select 1", sslmode="disable")
    wrong = {**migrated.logins[login], "password": "guessed"}
    assert "password authentication failed" in migrated.ask(wrong, "select 1")


@pytest.mark.sample
def test_the_application_reads_and_writes_what_migrations_make(migrated: Database) -> None:
    writes = ("insert into orders (what) values ('a') returning id", "update orders set what = 'b'")
    assert migrated.ask("application", *writes, "select what from orders") == [["b"]]
    assert migrated.ask("application", "delete from orders", "select count(*) from orders") == [[0]]


@pytest.mark.sample
@pytest.mark.parametrize(
    "statement",
    [
        "create table mine (id int)",
        "create temporary table mine (id int)",
        "create schema mine",
        "create role mine",
        "drop table orders",
        "truncate orders",
        "alter table orders add column more text",
        "set role shop_owner",
    ],
)
def test_the_application_changes_nothing_of_how_the_database_is_made(
    migrated: Database, statement: str
) -> None:
    told = migrated.ask("application", statement)
    assert "permission denied" in told or "must be owner" in told, told


@pytest.mark.sample
def test_who_only_reads_reads_all_and_writes_nothing(migrated: Database) -> None:
    assert migrated.ask("reader", "select count(*) from orders") == [[0]]
    write = "insert into orders (what) values ('c')"
    assert "read-only transaction" in migrated.ask("reader", write)
    allowed = "set default_transaction_read_only = off"
    for statement in (write, "delete from orders", "select nextval('orders_id_seq')"):
        assert "permission denied" in migrated.ask("reader", allowed, statement)


@pytest.mark.sample
def test_what_a_migration_makes_belongs_to_the_owner_who_cannot_log_in(migrated: Database) -> None:
    owner = "select tableowner from pg_tables where tablename = 'orders'"
    assert migrated.ask("reader", owner) == [["shop_owner"]]
    told = migrated.ask({"username": "shop_owner", "password": ""}, "select 1")
    assert "no password supplied" in told or "not permitted to log in" in told


@pytest.mark.sample
def test_who_has_no_role_here_is_kept_out(migrated: Database) -> None:
    stranger = {"username": "stranger", "password": "a-password"}
    made = "create role stranger login password 'a-password'"
    migrated.ask("database", "drop role if exists stranger", made)
    try:
        assert 'permission denied for database "shop"' in migrated.ask(stranger, "select 1")
    finally:
        migrated.ask("database", "drop role stranger")


@pytest.mark.sample
def test_limits_hold_in_each_session(migrated: Database) -> None:
    shown = "select current_setting('statement_timeout'), current_setting('lock_timeout')"
    assert migrated.ask("application", shown) == [["30s", "4s"]]
    assert migrated.ask("migration", shown) == [["1h", "5s"]]
    assert migrated.ask("reader", shown) == [["5min", "0"]]
    limit = "select rolconnlimit from pg_roles where rolname = 'shop_application_b'"
    assert migrated.ask("reader", limit) == [[33]], "eleven each of two hosts and one that comes"
    assert migrated.ask("application", "select 'shop' % 'shop'") == [[True]], "an extension"


def test_another_password_of_a_secret_is_given_to_its_user(migrated: Database) -> None:
    reader = migrated.logins["reader"]
    reader["password"] = "another one"
    migrated.remote.site.client("secretsmanager").put_secret_value(
        SecretId=migrated.access["secrets"]["reader"], SecretString=json.dumps(reader)
    )
    assert "password authentication failed" in migrated.ask("reader", "select 1")
    assert changed(migrated.configure()) == 1
    assert migrated.ask("reader", "select 1") == [[1]]


def test_what_was_changed_behind_its_back_is_put_right(migrated: Database) -> None:
    migrated.ask(
        "database",
        "alter role shop_reader_a set default_transaction_read_only = off",
        "grant create on schema public to public",
        "revoke select on orders from shop_reader",
        "grant shop_owner to shop_application_a",
        "drop function phoenix.beat()",
    )
    assert changed(migrated.configure("--check")) == 5
    assert changed(migrated.configure()) == 7, "a function comes with who may call it and who not"
    assert changed(migrated.configure("--check")) == 0
    assert migrated.ask("reader", "select count(*) from orders") == [[0]]
    assert "permission denied" in migrated.ask("application", "create table mine (id int)")


def test_a_migration_that_has_nothing_to_do_changes_nothing(migrated: Database) -> None:
    assert changed(migrate(migrated, "1.sql")) == 0


def test_a_release_that_has_migrated_the_database_is_not_run_again(migrated: Database) -> None:
    said = migrated.remote.fails(
        migration(migrated, "2-broken.sql", release="7"), role="database", tasks="migrate"
    )
    assert "the migration failed" in said
    migrate(migrated, "1.sql", release="7")
    # As tools do that meet what a newer release has made.
    assert changed(migrate(migrated, "2-broken.sql", release="7", command="exit 1")) == 0
    kept = "select release, who from phoenix.migrations"
    assert migrated.ask("migration", kept) == [["7", "tests"]]
    assert "permission denied" in migrated.ask("application", kept)


@pytest.mark.sample
def test_a_migration_that_fails_half_way_is_told_and_leaves_nothing(migrated: Database) -> None:
    said = migrated.remote.fails(
        migration(migrated, "2-broken.sql"), role="database", tasks="migrate"
    )
    assert "the migration failed. The database is still at 1.sql. python3 tool.py" in said
    assert "function no_such_function() does not exist" in said
    there = "select count(*) from pg_tables where tablename = 'halves'"
    assert migrated.ask("reader", there) == [[0]]


def test_a_migration_is_rehearsed_on_a_masked_copy_and_on_nothing_else(migrated: Database) -> None:
    told = {**migration(migrated, "3.sql"), "database_copy": "tests"}
    said = migrated.remote.fails(told, role="database", tasks="rehearse")
    assert "does not say that it is the masked copy tests, but nothing" in said
    seen = "select count(*) from information_schema.columns where column_name = 'seen'"
    assert migrated.ask("reader", seen) == [[0]]
    migrated.ask("migration", "comment on database shop is 'phoenix copy tests, masked'")
    printed = migrated.remote.play(told, "-v", role="database", tasks="rehearse")
    assert changed(printed) == 1, printed
    assert r"\"mode\": \"ACCESS EXCLUSIVE\"" in printed
    assert migrated.ask("reader", seen) == [[1]]


def test_who_comes_while_another_one_migrates_waits_is_told_who_and_goes_on_when_that_is_killed(
    migrated: Database,
) -> None:
    wait = "ps -o ppid= -p $PPID > /var/tmp/program; sleep 1000"
    slow = migration(migrated, "2.sql", who="the first", command=wait)
    command, environment = migrated.remote.command(slow, role="database", tasks="migrate")
    first = subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=subprocess.DEVNULL)
    holds = "select count(*) from pg_locks where locktype = 'advisory'"
    migrated.remote.site.until(lambda: migrated.ask("reader", holds) == [[1]])
    second = migration(migrated, "1.sql", wait_seconds=1)
    said = migrated.remote.fails(second, role="database", tasks="migrate")
    assert "another migration runs, by the first of 10.20." in said
    migrated.remote.shell("kill -KILL $(cat /var/tmp/program)")
    assert first.wait() == 2
    assert changed(migrate(migrated, "1.sql", wait_seconds=60)) == 0


@pytest.fixture(scope="module")
def beats(migrated: Database) -> Beats:
    """A database with a copy that streams."""
    return Beats(migrated)


@pytest.fixture(scope="module")
def beating(beats: Beats) -> Beats:
    """A host that beats."""
    beats.prepare()
    return beats


@pytest.mark.sample
def test_a_beat_is_told_as_replicated_only_when_the_copy_has_it(beats: Beats) -> None:
    def streams() -> bool:
        _written, replicated = beats.beat()
        return replicated is not None

    beats.remote.site.until(streams)
    beats.lag(3600)
    told = [beats.beat() for _number in range(4)]
    written, replicated = told[-1]
    assert replicated is not None
    assert replicated <= beats.copied() < written
    beats.lag(0)
    beats.remote.site.until(lambda: (beats.beat()[1] or 0) > written)
    assert beats.copied() > written


@pytest.mark.sample
@pytest.mark.parametrize(
    ("login", "statement"),
    [
        ("application", "select * from phoenix.heartbeat"),
        ("application", "insert into phoenix.heartbeat default values"),
        ("application", "delete from phoenix.heartbeat"),
        ("application", "select nextval('phoenix.heartbeat_id_seq')"),
        ("application", "create table phoenix.mine (id int)"),
        ("application", "drop function phoenix.beat()"),
        ("reader", "select * from phoenix.beat()"),
    ],
)
def test_the_application_can_do_nothing_in_the_schema_but_beat_and_who_reads_cannot_even_that(
    beats: Beats, login: str, statement: str
) -> None:
    assert beats.database.ask("application", "select count(*) from phoenix.beat()") == [[1]]
    told = beats.database.ask(login, statement)
    assert "permission denied" in told or "must be owner" in told, told


def test_the_other_region_is_told_the_second_of_the_newest_beat_and_how_far_the_copy_is(
    beating: Beats,
) -> None:
    beating.says(f"publishing to {AWAY}")
    for name in ("WrittenAt", "ReplicatedAt"):
        newest = beating.told(name)[-1]
        found = "select count(*) from phoenix.heartbeat where extract(epoch from at)::float8 = "
        assert beating.database.ask("reader", f"{found}{newest!r}") == [[1]]
    assert beating.told("RowsBehind")
    beating.remote.site.until(lambda: beating.told("RowsPerSecond"))


def test_hosts_are_counted_in_the_other_region_whoever_of_them_beats_once_they_were_ready(
    beating: Beats,
) -> None:
    shell, until = beating.remote.shell, beating.remote.site.until
    assert beating.told("Hosts", "Sum") == []
    shell("mkdir -p /run/phoenix-ready && touch /run/phoenix-ready/yes")
    shell("systemctl start other")
    until(lambda: 2.0 in beating.told("Hosts", "Sum"))
    shell("systemctl stop other")
    until(lambda: beating.told("Hosts", "Sum")[-1] == 1.0)
    assert max(beating.told("Hosts", "Sum")) == 2.0


def test_a_dark_recovery_region_does_not_stop_the_beats(beating: Beats) -> None:
    cloud = beating.remote.site.cloud
    cloud.faults([{"effect": "dark", "service": "cloudwatch", "region": AWAY}])
    beating.says("not published: ")
    dark = beating.newest()
    beating.remote.site.until(lambda: beating.newest() > dark + 3)
    lit = f"publishing to {AWAY}"
    before = beating.said().count(lit)
    cloud.faults([])
    beating.remote.site.until(lambda: beating.said().count(lit) > before)
    assert beating.said().count("not published: ") == 1, "each trouble is said once"


def test_of_two_hosts_one_beats_and_when_it_dies_the_other_one_goes_on(beating: Beats) -> None:
    shell = beating.remote.shell
    shell("systemctl start other")
    beating.says("another host beats", "other")
    assert "\nbeating" not in f"\n{beating.said('other')}"
    # It is not started again by itself, as a host that dies is not.
    shell(f"mkdir -p /run/systemd/system/{UNIT}.service.d")
    shell(f"printf '[Service]\nRestart=no\n' > /run/systemd/system/{UNIT}.service.d/dies.conf")
    shell(f"systemctl daemon-reload && systemctl kill --signal KILL {UNIT}")
    beating.says("\nbeating", "other")
    last = beating.newest()
    beating.remote.site.until(lambda: beating.newest() > last)
