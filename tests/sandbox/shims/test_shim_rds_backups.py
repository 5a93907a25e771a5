# SPDX-License-Identifier: GPL-3.0-or-later
"""Automated backups: of instances that are gone, and in another region."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from tests.sandbox.shims.databases import PASSWORD, one

from .conftest import HOME

WEST = "us-west-2"


def key(cloud: Any, region: str = WEST) -> str:
    return str(cloud.client("kms", region).create_key()["KeyMetadata"]["Arn"])


def source(cloud: Any, name: str = "db", days: int = 7, **more: Any) -> dict[str, Any]:
    """An instance in the default VPC with backups for so many days."""
    cloud.client("rds").create_db_instance(
        DBInstanceIdentifier=name,
        Engine="postgres",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=20,
        MasterUsername="owner",
        MasterUserPassword=PASSWORD,
        BackupRetentionPeriod=days,
        **more,
    )
    return one(cloud, name)


def replicate(cloud: Any, db: dict[str, Any], **more: Any) -> dict[str, Any]:
    told = cloud.client("rds", WEST).start_db_instance_automated_backups_replication(
        SourceDBInstanceArn=db["DBInstanceArn"], BackupRetentionPeriod=3, **more
    )
    return dict(told["DBInstanceAutomatedBackup"])


def backups(cloud: Any, region: str = WEST, **asked: Any) -> list[dict[str, Any]]:
    rds = cloud.client("rds", region)
    return list(rds.describe_db_instance_automated_backups(**asked)["DBInstanceAutomatedBackups"])


def code(cloud: Any, call: str, region: str = WEST, **asked: Any) -> str:
    return str(cloud.refused("rds", call, region, **asked))


def test_backups_are_replicated_to_another_region_and_the_source_tells_where(cloud: Any) -> None:
    db = source(cloud)
    cloud.slow()
    told = replicate(cloud, db, Tags=[{"Key": "a", "Value": "b"}])
    arn = told["DBInstanceAutomatedBackupsArn"]
    assert (told["Status"], told["Region"], told["RestoreWindow"]) == ("pending", HOME, {})
    assert f":{WEST}:" in arn and told["TagList"] == [{"Key": "a", "Value": "b"}]
    cloud.advance(600)
    there = backups(cloud)[0]
    assert (there["Status"], there["BackupRetentionPeriod"]) == ("replicating", 3)
    assert there["RestoreWindow"]["EarliestTime"] <= there["RestoreWindow"]["LatestTime"]
    assert one(cloud)["DBInstanceAutomatedBackupsReplications"] == [
        {"DBInstanceAutomatedBackupsArn": arn}
    ]


def test_what_cannot_be_replicated_is_refused(cloud: Any) -> None:
    db = source(cloud, StorageEncrypted=True)
    asked = {"SourceDBInstanceArn": db["DBInstanceArn"]}
    start = "start_db_instance_automated_backups_replication"
    assert code(cloud, start, **asked) == "InvalidParameterCombination"
    foreign = {**asked, "KmsKeyId": key(cloud, HOME)}
    assert code(cloud, start, **foreign) == "KMSKeyNotAccessibleFault"
    usable = {**asked, "KmsKeyId": key(cloud)}
    assert code(cloud, start, HOME, **usable) == "InvalidParameterValue"
    assert code(cloud, start, **usable) == ""
    assert code(cloud, start, **usable) == "InvalidDBInstanceAutomatedBackupState"
    nobody = {"SourceDBInstanceArn": db["DBInstanceArn"] + "x"}
    assert code(cloud, start, **nobody) == "DBInstanceNotFound"
    none = {"SourceDBInstanceArn": source(cloud, "none", days=0)["DBInstanceArn"]}
    assert code(cloud, start, **none) == "InvalidDBInstanceState"


def test_an_instance_is_restored_abroad_from_replicated_backups_when_its_source_is_gone(
    cloud: Any,
) -> None:
    west_key = key(cloud)
    db = source(cloud, StorageEncrypted=True)
    arn = replicate(cloud, db, KmsKeyId=west_key)["DBInstanceAutomatedBackupsArn"]
    cloud.client("rds").delete_db_instance(DBInstanceIdentifier="db", SkipFinalSnapshot=True)
    assert [one["Status"] for one in backups(cloud)] == ["retained"]
    rds = cloud.client("rds", WEST)
    made = rds.restore_db_instance_to_point_in_time(
        SourceDBInstanceAutomatedBackupsArn=arn,
        TargetDBInstanceIdentifier="again",
        UseLatestRestorableTime=True,
    )["DBInstance"]
    assert f":{WEST}:" in made["DBInstanceArn"]
    assert (made["KmsKeyId"], made["StorageEncrypted"]) == (west_key, True)
    assert made["MasterUsername"] == db["MasterUsername"]
    assert made["DBParameterGroups"][0]["DBParameterGroupName"].startswith("default.")


def test_a_backup_that_is_not_there_yet_is_not_restored(cloud: Any) -> None:
    db = source(cloud)
    cloud.slow()
    arn = replicate(cloud, db)["DBInstanceAutomatedBackupsArn"]
    asked = {"TargetDBInstanceIdentifier": "again", "UseLatestRestorableTime": True}
    restore = "restore_db_instance_to_point_in_time"
    refused = code(cloud, restore, SourceDBInstanceAutomatedBackupsArn=arn, **asked)
    assert refused == "InvalidDBInstanceAutomatedBackupState"
    nothing = code(cloud, restore, SourceDBInstanceAutomatedBackupsArn=arn + "x", **asked)
    assert nothing == "DBInstanceAutomatedBackupNotFound"


def test_backups_that_are_kept_outlive_their_instance_and_restore_it(cloud: Any) -> None:
    db, rds = source(cloud), cloud.client("rds")
    assert [one["Status"] for one in backups(cloud, HOME)] == ["active"]
    rds.delete_db_instance(
        DBInstanceIdentifier="db", SkipFinalSnapshot=True, DeleteAutomatedBackups=False
    )
    left = backups(cloud, HOME, DbiResourceId=db["DbiResourceId"])
    assert [one["Status"] for one in left] == ["retained"]
    rds.restore_db_instance_to_point_in_time(
        SourceDbiResourceId=db["DbiResourceId"],
        TargetDBInstanceIdentifier="again",
        UseLatestRestorableTime=True,
    )
    named = {"DbiResourceId": db["DbiResourceId"]}
    rds.delete_db_instance_automated_backup(**named)
    gone = code(cloud, "describe_db_instance_automated_backups", HOME, **named)
    assert gone == "DBInstanceAutomatedBackupNotFound"


@pytest.mark.parametrize("more", [{}, {"DeleteAutomatedBackups": True}])
def test_backups_go_with_their_instance_where_nobody_keeps_them(
    cloud: Any, more: dict[str, bool]
) -> None:
    source(cloud)
    rds = cloud.client("rds")
    rds.delete_db_instance(DBInstanceIdentifier="db", SkipFinalSnapshot=True, **more)
    assert backups(cloud, HOME) == []
    assert rds.describe_db_snapshots()["DBSnapshots"] == []


def test_a_replication_ends_and_only_then_its_backup_is_deleted(cloud: Any) -> None:
    db, rds = source(cloud), cloud.client("rds", WEST)
    arn = replicate(cloud, db)["DBInstanceAutomatedBackupsArn"]
    delete = "delete_db_instance_automated_backup"
    named = {"DBInstanceAutomatedBackupsArn": arn}
    assert code(cloud, delete, **named) == "InvalidDBInstanceAutomatedBackupState"
    asked = {"SourceDBInstanceArn": db["DBInstanceArn"]}
    rds.stop_db_instance_automated_backups_replication(**asked)
    stop = "stop_db_instance_automated_backups_replication"
    assert code(cloud, stop, **asked) == "DBInstanceNotFound"
    assert code(cloud, delete, **named) == ""
    assert backups(cloud) == []


def test_plain_there_is_no_replication_of_backups(plain: Any) -> None:
    db = source(plain)
    with pytest.raises((ClientError, ResponseParserError)):
        replicate(plain, db)


def test_backups_that_are_copied_have_tags_and_are_found_by_them(cloud: Any) -> None:
    db = source(cloud)
    arn = replicate(cloud, db, Tags=[{"Key": "a", "Value": "b"}])["DBInstanceAutomatedBackupsArn"]
    rds, tagging = (cloud.client(name, WEST) for name in ("rds", "resourcegroupstaggingapi"))
    rds.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "c", "Value": "d"}])
    rds.remove_tags_from_resource(ResourceName=arn, TagKeys=["a"])
    found = tagging.get_resources(ResourceTypeFilters=["rds"])["ResourceTagMappingList"]
    assert found == [{"ResourceARN": arn, "Tags": [{"Key": "c", "Value": "d"}]}]
    assert backups(cloud)[0]["TagList"] == rds.list_tags_for_resource(ResourceName=arn)["TagList"]
    nowhere = {"ResourceName": arn + "x", "Tags": []}
    code_of_nobody = code(cloud, "add_tags_to_resource", **nowhere)
    assert code_of_nobody == "DBInstanceAutomatedBackupNotFound"


def test_a_replica_has_daily_backups_and_no_point_in_time(cloud: Any) -> None:
    db = source(cloud)
    rds = cloud.client("rds", WEST)
    made = {"DBInstanceIdentifier": "copy", "SourceDBInstanceIdentifier": db["DBInstanceArn"]}
    rds.create_db_instance_read_replica(**made)
    rds.modify_db_instance(
        DBInstanceIdentifier="copy", BackupRetentionPeriod=3, ApplyImmediately=True
    )
    [told] = backups(cloud)
    assert (told["Status"], told["RestoreWindow"]) == ("active", {})
    assert "LatestRestorableTime" not in one(cloud, "copy", WEST)
    to: dict[str, Any] = {"TargetDBInstanceIdentifier": "again", "UseLatestRestorableTime": True}
    restore = "restore_db_instance_to_point_in_time"
    for by in (
        {"SourceDBInstanceIdentifier": "copy"},
        {"SourceDbiResourceId": told["DbiResourceId"]},
        {"SourceDBInstanceAutomatedBackupsArn": told["DBInstanceAutomatedBackupsArn"]},
    ):
        assert code(cloud, restore, **by, **to) == "InvalidDBInstanceState"
    [daily] = rds.describe_db_snapshots(SnapshotType="automated")["DBSnapshots"]
    rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="again", DBSnapshotIdentifier=daily["DBSnapshotIdentifier"]
    )
    again = one(cloud, "again", WEST)
    assert "ReadReplicaSourceDBInstanceIdentifier" not in again
    assert "StatusInfos" not in again or not again["StatusInfos"]
    rds.promote_read_replica(DBInstanceIdentifier="copy", BackupRetentionPeriod=3)
    assert one(cloud, "copy", WEST)["LatestRestorableTime"]
    to["TargetDBInstanceIdentifier"] = "past"
    assert code(cloud, restore, SourceDBInstanceIdentifier="copy", **to) == ""
