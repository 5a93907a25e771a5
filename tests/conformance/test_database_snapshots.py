# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots of databases, their copies abroad, and what is restored from them."""

from __future__ import annotations

from typing import Any

import pytest

from .account import AWAY, HOME, refused, tags
from .databases import Estate


@pytest.fixture
def abroad(estate: Estate) -> Any:
    return estate.account.client("rds", AWAY)


@pytest.fixture
def snapshot(estate: Estate, rds: Any) -> str:
    """The ARN of a snapshot of the database."""
    estate.create()
    made = rds.create_db_snapshot(
        DBSnapshotIdentifier="first", DBInstanceIdentifier="db", Tags=tags(kept="yes")
    )["DBSnapshot"]
    assert made["Status"] == "creating"
    return str(made["DBSnapshotArn"])


def copied(estate: Estate, abroad: Any, snapshot: str) -> dict[str, Any]:
    abroad.copy_db_snapshot(
        SourceDBSnapshotIdentifier=snapshot,
        TargetDBSnapshotIdentifier="copy",
        SourceRegion=HOME,
        CopyTags=True,
        KmsKeyId=estate.account.key(AWAY),
    )
    return dict(abroad.describe_db_snapshots(DBSnapshotIdentifier="copy")["DBSnapshots"][0])


def test_a_snapshot_is_available_with_its_tags(rds: Any, snapshot: str) -> None:
    found = rds.describe_db_snapshots(DBSnapshotIdentifier="first")["DBSnapshots"][0]
    assert (found["Status"], found["PercentProgress"]) == ("available", 100)
    assert (found["DBSnapshotArn"], found["TagList"]) == (snapshot, tags(kept="yes"))


def test_only_automated_snapshots_are_listed_as_such(rds: Any, snapshot: str) -> None:
    asked = {"DBInstanceIdentifier": "db", "SnapshotType": "automated"}
    found = rds.describe_db_snapshots(**asked)["DBSnapshots"]
    assert {one["SnapshotType"] for one in found} == {"automated"}
    assert snapshot not in [one["DBSnapshotArn"] for one in found]


def test_a_copy_abroad_names_its_source(estate: Estate, abroad: Any, snapshot: str) -> None:
    found = copied(estate, abroad, snapshot)
    named = found["SourceRegion"], found["SourceDBSnapshotIdentifier"]
    assert named == (HOME, snapshot)
    assert f":{AWAY}:" in found["DBSnapshotArn"]
    assert (found["Encrypted"], found["TagList"]) == (True, tags(kept="yes"))


def test_an_encrypted_copy_abroad_wants_a_key_there(
    estate: Estate, abroad: Any, snapshot: str
) -> None:
    asked = {"SourceDBSnapshotIdentifier": snapshot, "TargetDBSnapshotIdentifier": "copy"}
    assert refused(abroad.copy_db_snapshot, **asked) == "InvalidParameterCombination"
    foreign = {**asked, "KmsKeyId": estate.account.key(HOME)}
    assert refused(abroad.copy_db_snapshot, **foreign) == "KMSKeyNotAccessibleFault"


def test_what_is_restored_abroad_has_the_settings_of_the_call_and_aws_s_defaults(
    estate: Estate, abroad: Any, snapshot: str
) -> None:
    copied(estate, abroad, snapshot)
    made = abroad.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="restored",
        DBSnapshotIdentifier="copy",
        DBSubnetGroupName="subnets",
        DBInstanceClass="db.t4g.small",
    )["DBInstance"]
    assert made["DBInstanceStatus"] == "creating"
    found = estate.one("restored", AWAY)
    assert found["DBSubnetGroup"]["DBSubnetGroupName"] == "subnets"
    assert found["DBInstanceClass"] == "db.t4g.small"
    assert found["DBParameterGroups"][0]["DBParameterGroupName"] == "default.postgres15"
    assert (found["DeletionProtection"], found["MultiAZ"]) == (False, False)
    groups = [group["VpcSecurityGroupId"] for group in found["VpcSecurityGroups"]]
    assert groups and estate.nets[AWAY]["group"] not in groups


def test_a_snapshot_that_is_being_made_is_not_used(estate: Estate, rds: Any) -> None:
    estate.create()
    estate.account.cloud.speed(1)
    rds.create_db_snapshot(DBSnapshotIdentifier="first", DBInstanceIdentifier="db")
    asked = {"DBInstanceIdentifier": "restored", "DBSnapshotIdentifier": "first"}
    code = refused(rds.restore_db_instance_from_db_snapshot, **asked)
    assert code == "InvalidDBSnapshotState"


def test_a_snapshot_is_shared_by_its_attribute(rds: Any, snapshot: str) -> None:
    told = rds.modify_db_snapshot_attribute(
        DBSnapshotIdentifier=snapshot.rpartition(":")[2],
        AttributeName="restore",
        ValuesToAdd=["111122223333"],
    )["DBSnapshotAttributesResult"]
    found = {a["AttributeName"]: a["AttributeValues"] for a in told["DBSnapshotAttributes"]}
    assert found["restore"] == ["111122223333"]


def test_snapshots_come_in_pages(rds: Any, snapshot: str) -> None:
    for n in range(25):
        rds.create_db_snapshot(DBSnapshotIdentifier=f"s{n}", DBInstanceIdentifier="db")
    first = rds.describe_db_snapshots(MaxRecords=20)
    assert (len(first["DBSnapshots"]), bool(first["Marker"])) == (20, True)
    pages = rds.get_paginator("describe_db_snapshots").paginate(PaginationConfig={"PageSize": 20})
    found = [one["DBSnapshotArn"] for page in pages for one in page["DBSnapshots"]]
    assert snapshot in found and len(set(found)) == len(found) >= 26


def test_a_deleted_snapshot_is_gone(rds: Any, snapshot: str) -> None:
    named = {"DBSnapshotIdentifier": snapshot.rpartition(":")[2]}
    rds.delete_db_snapshot(**named)
    assert refused(rds.describe_db_snapshots, **named) == "DBSnapshotNotFound"
