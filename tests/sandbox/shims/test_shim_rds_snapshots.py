# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies of snapshots of RDS, and what is restored of them."""

from __future__ import annotations

from typing import Any

from tests.sandbox.shims.databases import (
    EAST,
    WEST,
    key,
    make,
    one,
)


def test_a_copied_snapshot_takes_time_and_names_its_source(cloud: Any) -> None:
    make(cloud)
    there = key(cloud, WEST)
    east, west = cloud.client("rds"), cloud.client("rds", WEST)
    arn = east.create_db_snapshot(DBInstanceIdentifier="db", DBSnapshotIdentifier="s")[
        "DBSnapshot"
    ]["DBSnapshotArn"]
    wanted = {"SourceDBSnapshotIdentifier": arn, "TargetDBSnapshotIdentifier": "copy"}
    code = cloud.refused("rds", "copy_db_snapshot", WEST, **wanted)
    assert code == "InvalidParameterCombination"
    cloud.slow()
    west.copy_db_snapshot(**wanted, KmsKeyId=there, SourceRegion=EAST)
    copy = west.describe_db_snapshots(DBSnapshotIdentifier="copy")["DBSnapshots"][0]
    assert (copy["Status"], copy["SourceDBSnapshotIdentifier"]) == ("creating", arn)
    cloud.advance(1500)
    copy = west.describe_db_snapshots(DBSnapshotIdentifier="copy")["DBSnapshots"][0]
    assert (copy["Status"], copy["KmsKeyId"]) == ("available", there)


def test_what_is_restored_does_not_inherit_protection_or_groups(cloud: Any) -> None:
    make(cloud, DeletionProtection=True)
    rds = cloud.client("rds")
    rds.create_db_snapshot(DBInstanceIdentifier="db", DBSnapshotIdentifier="s")
    rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="clone",
        DBSnapshotIdentifier="s",
        DBSubnetGroupName="subnets",
        MultiAZ=False,
    )
    clone = one(cloud, "clone")
    assert (clone["DeletionProtection"], clone["MultiAZ"]) == (False, False)
    assert clone["DBParameterGroups"][0]["DBParameterGroupName"] == "default.postgres16"
    assert clone["DbiResourceId"] != one(cloud)["DbiResourceId"]
    rds.restore_db_instance_to_point_in_time(
        SourceDBInstanceIdentifier="db",
        TargetDBInstanceIdentifier="past",
        UseLatestRestorableTime=True,
        DBSubnetGroupName="subnets",
    )
    assert one(cloud, "past")["DeletionProtection"] is False


def test_an_automated_snapshot_is_not_deleted_by_hand(cloud: Any) -> None:
    make(cloud)
    rds = cloud.client("rds")
    [found] = rds.describe_db_snapshots(SnapshotType="automated")["DBSnapshots"]
    named = {"DBSnapshotIdentifier": found["DBSnapshotIdentifier"]}
    assert cloud.refused("rds", "delete_db_snapshot", **named) == "InvalidDBSnapshotState"
    assert rds.describe_db_snapshots(**named)["DBSnapshots"]
    copied = {"SourceDBSnapshotIdentifier": found["DBSnapshotIdentifier"]}
    rds.copy_db_snapshot(**copied, TargetDBSnapshotIdentifier="mine")
    rds.delete_db_snapshot(DBSnapshotIdentifier="mine")
