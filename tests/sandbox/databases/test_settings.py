# SPDX-License-Identifier: GPL-3.0-or-later
"""What the settings of an instance mean for the files of its server. Needs no server."""

from __future__ import annotations

import dataclasses
import threading
from datetime import UTC, datetime

import pytest

from sandbox.databases.modifying import order_for
from sandbox.databases.network import BACKBONE
from sandbox.databases.orders import (
    Change,
    Delete,
    DropCopies,
    DropSnapshot,
    Instance,
    Order,
    Place,
    Reboot,
    Restore,
    RestoreToTime,
    TakeSnapshot,
    reads,
    removes,
)
from sandbox.databases.settings import (
    Engine,
    Primary,
    Recovery,
    memory,
    pg_hba,
    postgresql_conf,
    quoted,
    value_of,
)
from sandbox.ground.turns import Turns

ENGINE = Engine(frozenset({"work_mem", "max_connections", "shared_buffers"}), frozenset({"auto"}))
PLACE = Place("vpc-1", "subnet-1", "10.0.0.4", "10.0.0.0/24", "eu-west-1a")
DB = Instance("db-A", "eu-west-1", "db", "db.x", 5432, "15.8", "db.t4g.micro", "owner", PLACE)


def having(**parameters: str) -> Instance:
    named = {name.replace("__", "."): value for name, value in parameters.items()}
    return dataclasses.replace(DB, parameters=tuple(named.items()))


def lines(instance: Instance, *more: object) -> set[str]:
    return set(postgresql_conf(instance, ENGINE, *more).splitlines())  # type: ignore[arg-type]


def test_parameters_that_postgresql_knows_are_taken_and_those_of_rds_alone_are_not() -> None:
    text = lines(having(work_mem="4096", rds__log_retention_period="1", apg_thing="1"))
    assert {"work_mem = '4096'", "rds.log_retention_period = '1'"} <= text
    assert not any(line.startswith("apg_thing") for line in text)


def test_what_the_sandbox_needs_is_not_the_customers_to_change() -> None:
    engine = dataclasses.replace(ENGINE, parameters=frozenset({"port", "hba_file"}))
    text = postgresql_conf(having(port="1", hba_file="/etc/passwd"), engine)
    assert "port = '5432'" in text and "passwd" not in text


@pytest.mark.parametrize(
    ("version", "given", "kind"),
    [
        ("15.8", None, "hostssl"),
        ("14.8", None, "host"),
        ("15.8", "0", "host"),
        ("14.8", "1", "hostssl"),
    ],
)
def test_tls_is_forced_from_version_15_on_unless_told_otherwise(
    version: str, given: str | None, kind: str
) -> None:
    db = dataclasses.replace(having(rds__force_ssl=given) if given else DB, version=version)
    assert pg_hba(db, BACKBONE).splitlines()[-1] == f"{kind} all all all md5"


def test_formulas_are_computed_from_the_memory_of_the_class() -> None:
    assert memory("db.t4g.micro") == 1024**3
    assert memory("db.r6g.2xlarge") == 64 * 1024**3
    formula = "LEAST({DBInstanceClassMemory/9531392},5000)"
    assert (value_of(formula, "db.t4g.micro"), value_of(formula, "db.r6g.2xlarge")) == (
        "112",
        "5000",
    )
    assert value_of("GREATEST({DBInstanceClassMemory*2},SUM(1,2))", "db.t4g.micro") == str(
        2 * 1024**3
    )
    assert value_of("pg_stat_statements", "db.t4g.micro") == "pg_stat_statements"


def test_libraries_that_are_not_installed_are_left_out() -> None:
    engine = dataclasses.replace(ENGINE, parameters=frozenset({"shared_preload_libraries"}))
    text = postgresql_conf(having(shared_preload_libraries="rdsutils, auto"), engine)
    assert "shared_preload_libraries = 'auto'\n" in text


def test_a_value_cannot_leave_its_quotes() -> None:
    assert quoted("a'\nport = 1\\") == "'a'' port = 1\\\\'"


def test_a_standby_follows_by_certificate_and_a_recovery_ends_at_its_moment() -> None:
    [line] = [text for text in lines(DB, Primary("198.18.0.1", 5432, "s")) if "conninfo" in text]
    assert "sslmode=verify-full" in line and "password" not in line
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert "recovery_target_time = '2026-01-02T03:04:05+00:00'" in lines(
        DB, None, Recovery("db-B", moment)
    )


def test_a_server_without_backups_archives_nothing() -> None:
    assert "archive_command = 'true'" in lines(dataclasses.replace(DB, backups=False))


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"name": "new"}, Change),
        ({"parameters": (("a", "b"),)}, Change),
        ({"port": 5433}, Reboot),
        ({"size": "db.t4g.large"}, Reboot),
        ({"version": "15.9"}, Reboot),
    ],
)
def test_a_modification_restarts_the_server_only_where_aws_does(
    changed: dict[str, object], kind: type
) -> None:
    after = dataclasses.replace(DB, **changed)  # type: ignore[arg-type]
    assert isinstance(order_for(DB, after), kind)


def test_jobs_about_one_thing_keep_the_order_in_which_they_were_asked_for() -> None:
    done: list[str] = []
    turns = Turns()
    first = turns.take("db", lambda: done.append("first"))
    second = turns.take("db", lambda: done.append("second"))
    other = turns.take("other", lambda: done.append("other"))
    waiting = threading.Thread(target=second)
    waiting.start()
    other()
    first()
    waiting.join()
    assert done == ["other", "first", "second"]


def test_what_a_job_reads_is_removed_after_it_and_other_readers_do_not_wait() -> None:
    done: list[str] = []
    turns = Turns()
    first = turns.take("one", lambda: done.append("first"), reads=["snapshot"])
    second = turns.take("two", lambda: done.append("second"), reads=["snapshot"])
    drop = turns.take("snapshot", lambda: done.append("removed"), removes=["snapshot"])
    waiting = threading.Thread(target=drop)
    waiting.start()
    second()
    assert done == ["second"]
    first()
    waiting.join()
    assert done == ["second", "first", "removed"]


@pytest.mark.parametrize(
    ("restore", "removal", "waits"),
    [
        (Restore(DB, "snap-1"), DropSnapshot("snap-1", DB.region, "db-B"), True),
        (Restore(DB, "snap-1"), DropSnapshot("snap-2", DB.region, "db-B"), False),
        (Restore(DB, "snap-1"), DropSnapshot("snap-1", "eu-central-1", "db-B"), False),
        (RestoreToTime(DB, "db-B", None), DropSnapshot("snap-1", DB.region, "db-B"), True),
        (RestoreToTime(DB, "db-B", None), Delete("db-B", DB.region), True),
        (RestoreToTime(DB, "db-B", None), Delete("db-B", DB.region, keep_backups=True), False),
        (RestoreToTime(DB, "db-B", None), DropCopies("db-B", DB.region), True),
        (RestoreToTime(DB, "db-B", None), TakeSnapshot("snap-1", DB.region, "db-B"), False),
    ],
)
def test_backups_are_not_removed_under_what_is_restored_from_them(
    restore: Order, removal: Order, waits: bool
) -> None:
    assert bool(set(reads(restore)) & set(removes(removal))) is waits
