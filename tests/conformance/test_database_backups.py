# SPDX-License-Identifier: GPL-3.0-or-later
"""Points in time, and automated backups that are kept in another region."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from .account import AWAY, refused
from .databases import Estate


def test_a_database_is_restored_as_it_was_last(estate: Estate, rds: Any) -> None:
    estate.create()
    made = rds.restore_db_instance_to_point_in_time(
        SourceDBInstanceIdentifier="db",
        TargetDBInstanceIdentifier="earlier",
        UseLatestRestorableTime=True,
        DBSubnetGroupName="subnets",
        DBInstanceClass="db.t4g.small",
    )["DBInstance"]
    assert made["DBInstanceStatus"] == "creating"
    found = estate.one("earlier")
    assert found["DBInstanceClass"] == "db.t4g.small"
    assert found["DBSubnetGroup"]["DBSubnetGroupName"] == "subnets"


def test_nothing_is_restored_to_the_future(estate: Estate, rds: Any) -> None:
    estate.create()
    asked = {
        "SourceDBInstanceIdentifier": "db",
        "TargetDBInstanceIdentifier": "later",
        "RestoreTime": datetime.now(UTC) + timedelta(days=1),
    }
    code = refused(rds.restore_db_instance_to_point_in_time, **asked)
    assert code == "InvalidParameterValue"


def test_backups_of_a_database_are_listed(estate: Estate, rds: Any) -> None:
    estate.create()
    told = rds.describe_db_instance_automated_backups(DBInstanceIdentifier="db")
    found = told["DBInstanceAutomatedBackups"]
    assert [(one["Status"], one["BackupRetentionPeriod"]) for one in found] == [("active", 7)]
    assert found[0]["RestoreWindow"]["LatestTime"]


def test_backups_are_replicated_abroad_with_a_key_there(estate: Estate) -> None:
    abroad = estate.account.client("rds", AWAY)
    asked = {"SourceDBInstanceArn": estate.create()["DBInstanceArn"], "BackupRetentionPeriod": 7}
    start = abroad.start_db_instance_automated_backups_replication
    assert refused(start, **asked) == "InvalidParameterCombination"
    made = start(**asked, KmsKeyId=estate.account.key(AWAY))["DBInstanceAutomatedBackup"]
    arn = made["DBInstanceAutomatedBackupsArn"]
    assert (made["Status"], f":{AWAY}:" in arn) == ("pending", True)
    assert estate.one()["DBInstanceAutomatedBackupsReplications"] == [
        {"DBInstanceAutomatedBackupsArn": arn}
    ]
    told = abroad.stop_db_instance_automated_backups_replication(
        SourceDBInstanceArn=asked["SourceDBInstanceArn"]
    )
    assert told["DBInstanceAutomatedBackup"]["Status"] == "retained"


def test_a_database_is_restored_abroad_from_replicated_backups(estate: Estate) -> None:
    abroad = estate.account.client("rds", AWAY)
    made = abroad.start_db_instance_automated_backups_replication(
        SourceDBInstanceArn=estate.create()["DBInstanceArn"], KmsKeyId=estate.account.key(AWAY)
    )["DBInstanceAutomatedBackup"]
    abroad.restore_db_instance_to_point_in_time(
        SourceDBInstanceAutomatedBackupsArn=made["DBInstanceAutomatedBackupsArn"],
        TargetDBInstanceIdentifier="db",
        UseLatestRestorableTime=True,
        DBSubnetGroupName="subnets",
    )
    found = estate.one("db", AWAY)
    assert (found["DBInstanceStatus"], found["KmsKeyId"]) == ("available", made["KmsKeyId"])


def test_a_replica_is_restored_from_its_snapshots_and_to_no_point_in_time(estate: Estate) -> None:
    abroad = estate.account.client("rds", AWAY)
    estate.create()
    estate.replicate()
    code = refused(
        abroad.restore_db_instance_to_point_in_time,
        SourceDBInstanceIdentifier="replica",
        TargetDBInstanceIdentifier="earlier",
        UseLatestRestorableTime=True,
        DBSubnetGroupName="subnets",
    )
    assert code == "InvalidDBInstanceState"
    abroad.create_db_snapshot(DBInstanceIdentifier="replica", DBSnapshotIdentifier="now")
    abroad.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="again", DBSnapshotIdentifier="now", DBSubnetGroupName="subnets"
    )
    found = estate.one("again", AWAY)
    assert "ReadReplicaSourceDBInstanceIdentifier" not in found
    assert found["KmsKeyId"] == estate.one("replica", AWAY)["KmsKeyId"]
