# SPDX-License-Identifier: GPL-3.0-or-later
"""Database instances stop and start, as the API tells it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.sandbox.shims.databases import EAST, WEST, make, one, prepare, replicate

STOP, START = 300, 420  # seconds of AWS that it takes
DAY = 24 * 3600
NAMED = {"DBInstanceIdentifier": "db"}


def status(cloud: Any) -> str:
    return str(one(cloud)["DBInstanceStatus"])


def test_an_instance_takes_its_time_to_stop_and_to_start(cloud: Any) -> None:
    make(cloud)
    before = one(cloud)
    cloud.slow()
    rds = cloud.client("rds")
    assert rds.stop_db_instance(**NAMED)["DBInstance"]["DBInstanceStatus"] == "stopping"
    cloud.advance(STOP - 1)
    assert status(cloud) == "stopping"
    cloud.advance(1)
    assert status(cloud) == "stopped"
    assert rds.start_db_instance(**NAMED)["DBInstance"]["DBInstanceStatus"] == "starting"
    cloud.advance(START - 1)
    assert status(cloud) == "starting"
    cloud.advance(1)
    after = one(cloud)
    assert after["DBInstanceStatus"] == "available"
    assert after["Endpoint"] == before["Endpoint"]
    assert "AutomaticRestartTime" not in after


def test_only_what_is_available_stops_and_only_what_is_stopped_starts(cloud: Any) -> None:
    make(cloud)
    cloud.slow()
    rds = cloud.client("rds")
    wrong = "InvalidDBInstanceState"
    assert cloud.refused("rds", "start_db_instance", **NAMED) == wrong
    rds.stop_db_instance(**NAMED)
    for _ in range(2):
        assert cloud.refused("rds", "stop_db_instance", **NAMED) == wrong
        assert cloud.refused("rds", "reboot_db_instance", **NAMED) == wrong
        assert cloud.refused("rds", "modify_db_instance", **NAMED, AllocatedStorage=99) == wrong
        snapshot = {**NAMED, "DBSnapshotIdentifier": "late"}
        assert cloud.refused("rds", "create_db_snapshot", **snapshot) == wrong
        cloud.advance(STOP)
    assert cloud.refused("rds", "stop_db_instance", DBInstanceIdentifier="no") == (
        "DBInstanceNotFound"
    )


def test_a_replica_and_its_source_are_not_stopped(cloud: Any) -> None:
    make(cloud)
    there = prepare(cloud, WEST)
    west = cloud.client("rds", WEST)
    west.create_db_instance_read_replica(**replicate(cloud, there))
    replica = {"DBInstanceIdentifier": "replica"}
    assert cloud.refused("rds", "stop_db_instance", **NAMED) == "InvalidDBInstanceState"
    assert cloud.refused("rds", "stop_db_instance", WEST, **replica) == "InvalidDBInstanceState"
    west.delete_db_instance(**replica, SkipFinalSnapshot=True)
    assert cloud.refused("rds", "stop_db_instance", **NAMED) == ""


def test_a_snapshot_is_taken_before_an_instance_stops(cloud: Any) -> None:
    make(cloud)
    rds = cloud.client("rds")
    rds.create_db_snapshot(**NAMED, DBSnapshotIdentifier="taken")
    asked = {**NAMED, "DBSnapshotIdentifier": "taken"}
    assert cloud.refused("rds", "stop_db_instance", **asked) == "DBSnapshotAlreadyExists"
    assert status(cloud) == "available"
    rds.stop_db_instance(**NAMED, DBSnapshotIdentifier="last")
    found = rds.describe_db_snapshots(DBSnapshotIdentifier="last")["DBSnapshots"][0]
    assert (found["Status"], status(cloud)) == ("available", "stopped")


def test_an_instance_starts_by_itself_after_seven_days(cloud: Any) -> None:
    make(cloud)
    cloud.client("rds").stop_db_instance(**NAMED)
    told = one(cloud)["AutomaticRestartTime"]
    assert abs(told - datetime.now(UTC) - timedelta(days=7)) < timedelta(hours=1)
    cloud.clock(7 * DAY - 3600)
    assert status(cloud) == "stopped"
    cloud.clock(3600)
    assert status(cloud) == "available"


def test_an_instance_that_was_started_meanwhile_is_left_alone(cloud: Any) -> None:
    make(cloud)
    rds = cloud.client("rds")
    rds.stop_db_instance(**NAMED)
    cloud.clock(3 * DAY)
    rds.start_db_instance(**NAMED)
    rds.stop_db_instance(**NAMED)
    cloud.clock(5 * DAY)
    assert status(cloud) == "stopped"


def test_a_stopped_instance_is_deleted_with_a_last_snapshot(cloud: Any) -> None:
    make(cloud, DeletionProtection=False)
    rds = cloud.client("rds")
    rds.stop_db_instance(**NAMED)
    rds.delete_db_instance(**NAMED, FinalDBSnapshotIdentifier="last")
    assert rds.describe_db_instances()["DBInstances"] == []
    found = rds.describe_db_snapshots(DBSnapshotIdentifier="last")["DBSnapshots"]
    assert [one["Status"] for one in found] == ["available"]


def test_a_multi_az_instance_starts_in_its_second_zone_if_the_first_is_dead(cloud: Any) -> None:
    make(cloud)
    before = one(cloud)
    first, second = before["AvailabilityZone"], before["SecondaryAvailabilityZone"]
    rds = cloud.client("rds")
    rds.stop_db_instance(**NAMED)
    cloud.strike("zone-dies", zone=first)
    cloud.strike("zone-dies", zone=second)
    code = cloud.refused("rds", "start_db_instance", **NAMED)
    assert (code, status(cloud)) == ("InsufficientDBInstanceCapacity", "stopped")
    cloud.strike("zone-returns", zone=second)
    rds.start_db_instance(**NAMED)
    after = one(cloud)
    zones = after["AvailabilityZone"], after["SecondaryAvailabilityZone"]
    assert (after["DBInstanceStatus"], zones) == ("available", (second, first))


def test_plain_an_instance_stops_at_once_and_starts_at_once(plain: Any) -> None:
    prepare(plain)
    rds = plain.client("rds")
    rds.create_db_instance(
        **NAMED,
        Engine="postgres",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=20,
        MasterUsername="owner",
        MasterUserPassword="correct-horse-9",
    )
    assert rds.stop_db_instance(**NAMED)["DBInstance"]["DBInstanceStatus"] == "stopped"
    assert one(plain, region=EAST)["DBInstanceStatus"] == "stopped"
    assert rds.start_db_instance(**NAMED)["DBInstance"]["DBInstanceStatus"] == "available"
