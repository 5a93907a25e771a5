# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots hold the data of their moment, also in another region, and become instances again."""

from __future__ import annotations

import time
from contextlib import closing
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.real
HOME, AWAY = "eu-west-1", "eu-central-1"


def snapshot(estate: Any, name: str = "before", region: str = HOME) -> dict[str, Any]:
    """The snapshot of that name, once it is available."""
    rds = estate.client("rds", region)

    def now() -> dict[str, Any]:
        found = rds.describe_db_snapshots(DBSnapshotIdentifier=name)["DBSnapshots"]
        return dict(found[0])

    estate.until(lambda: now()["Status"] == "available")
    return now()


def take(estate: Any, name: str = "before") -> dict[str, Any]:
    estate.client("rds").create_db_snapshot(DBInstanceIdentifier="db", DBSnapshotIdentifier=name)
    return snapshot(estate, name)


def restore(estate: Any, name: str, region: str = HOME, **more: Any) -> None:
    estate.client("rds", region).restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="restored",
        DBSnapshotIdentifier=name,
        DBSubnetGroupName="subnets",
        **more,
    )
    estate.settle("restored", region)


def test_a_restored_instance_has_the_data_of_the_snapshot_and_a_life_of_its_own(
    estate: Any,
) -> None:
    estate.create()
    estate.settle()
    estate.ask("create table t as select 1 as id")
    take(estate)
    estate.ask("insert into t values (2)")
    restore(estate, "before")
    assert estate.ask("select count(*) from t", "restored") == 1
    estate.ask("insert into t select generate_series(10, 20)", "restored")
    assert estate.ask("select count(*) from t") == 2


def test_a_snapshot_is_consistent_while_the_database_is_written_to(estate: Any) -> None:
    estate.create()
    estate.settle()
    estate.ask("create table t (id int primary key, half int)")
    with closing(estate.connect()) as busy:
        for number in range(200):
            busy.run(f"insert into t values ({2 * number}, 1), ({2 * number + 1}, 2)")
            if number == 50:
                estate.client("rds").create_db_snapshot(
                    DBInstanceIdentifier="db", DBSnapshotIdentifier="before"
                )
    snapshot(estate)
    restore(estate, "before")
    assert estate.ask("select count(*) % 2 from t", "restored") == 0
    assert estate.ask("select count(*) >= 102 from t", "restored") is True


def test_a_copy_in_another_region_is_restored_there_without_the_first_one(estate: Any) -> None:
    estate.create()
    estate.settle()
    estate.ask("create table t as select 1 as id")
    arn = take(estate)["DBSnapshotArn"]
    estate.client("rds", AWAY).copy_db_snapshot(
        SourceDBSnapshotIdentifier=arn,
        TargetDBSnapshotIdentifier="copied",
        SourceRegion=HOME,
    )
    snapshot(estate, "copied", AWAY)
    estate.client("rds").delete_db_snapshot(DBSnapshotIdentifier="before")
    estate.client("rds").delete_db_instance(DBInstanceIdentifier="db", SkipFinalSnapshot=True)
    estate.until(lambda: not estate.client("rds").describe_db_instances()["DBInstances"])
    restore(estate, "copied", AWAY)
    assert estate.ask("select id from t", "restored", AWAY) == 1


@pytest.mark.parametrize("loss", ["cut", "dark"])
def test_a_copy_does_not_arrive_while_its_source_is_away(estate: Any, loss: str) -> None:
    estate.create()
    estate.settle()
    estate.ask("create table t as select 1 as id")
    arn = take(estate)["DBSnapshotArn"]
    if loss == "cut":
        estate.cloud.strike("regions-cut", one=HOME, other=AWAY)
    else:
        estate.cloud.faults([{"effect": "dark", "region": HOME}])
    away = estate.client("rds", AWAY)
    named = {"DBSnapshotIdentifier": "copied"}
    away.copy_db_snapshot(SourceDBSnapshotIdentifier=arn, TargetDBSnapshotIdentifier="copied")
    time.sleep(2.0)  # in which it would arrive
    kept = estate.folder / "databases" / AWAY / "snapshots"
    assert not kept.exists() or not list(kept.iterdir())
    assert away.describe_db_snapshots(**named)["DBSnapshots"][0]["Status"] == "creating"
    with pytest.raises(ClientError, match="InvalidDBSnapshotState"):
        restore(estate, "copied", AWAY)
    if loss == "cut":
        estate.cloud.strike("regions-cut", one=HOME, other=AWAY, cut=False)
    else:
        estate.cloud.faults([])
    snapshot(estate, "copied", AWAY)
    restore(estate, "copied", AWAY)
    assert estate.ask("select id from t", "restored", AWAY) == 1


def test_a_deleted_snapshot_leaves_no_file(estate: Any) -> None:
    estate.create(BackupRetentionPeriod=0)
    estate.settle()
    take(estate)
    kept = estate.folder / "databases" / HOME / "snapshots"
    assert len(list(kept.iterdir())) == 1
    estate.client("rds").delete_db_snapshot(DBSnapshotIdentifier="before")
    estate.until(lambda: not list(kept.iterdir()))
    with pytest.raises(ClientError, match="DBSnapshotNotFound"):
        snapshot(estate)


def test_a_snapshot_that_is_deleted_during_a_restore_goes_when_that_is_done(estate: Any) -> None:
    estate.create()
    estate.settle()
    estate.ask("create table t as select 1 as id")
    take(estate)
    rds = estate.client("rds")
    for name in ("one", "two", "three"):
        rds.restore_db_instance_from_db_snapshot(
            DBInstanceIdentifier=name, DBSnapshotIdentifier="before", DBSubnetGroupName="subnets"
        )
    rds.delete_db_snapshot(DBSnapshotIdentifier="before")
    for name in ("one", "two", "three"):
        estate.until(lambda n=name: estate.one(n)["DBInstanceStatus"] != "creating")
        assert estate.ask("select id from t", name) == 1


def test_a_final_snapshot_holds_the_last_row(estate: Any) -> None:
    estate.create()
    estate.settle()
    estate.ask("create table t as select 1 as id")
    rds = estate.client("rds")
    rds.delete_db_instance(DBInstanceIdentifier="db", FinalDBSnapshotIdentifier="last")
    estate.until(lambda: not rds.describe_db_instances()["DBInstances"])
    snapshot(estate, "last")
    restore(estate, "last")
    assert estate.ask("select id from t", "restored") == 1


def test_a_snapshot_of_a_replica_is_restored_as_a_primary(estate: Any) -> None:
    estate.create()
    arn = estate.settle()["DBInstanceArn"]
    rds = estate.client("rds", AWAY)
    rds.create_db_instance_read_replica(
        DBInstanceIdentifier="replica",
        SourceDBInstanceIdentifier=arn,
        DBSubnetGroupName="subnets",
    )
    estate.settle("replica", AWAY)
    rds.create_db_snapshot(DBInstanceIdentifier="replica", DBSnapshotIdentifier="standby")
    snapshot(estate, "standby", AWAY)
    restore(estate, "standby", AWAY)
    estate.ask("create table t as select 1 as id", "restored", AWAY)


def test_the_first_automated_backup_comes_by_itself_and_can_be_restored(estate: Any) -> None:
    estate.create()
    estate.settle()
    rds = estate.client("rds")
    kind = {"DBInstanceIdentifier": "db", "SnapshotType": "automated"}
    estate.until(lambda: rds.describe_db_snapshots(**kind)["DBSnapshots"])
    [backup] = rds.describe_db_snapshots(**kind)["DBSnapshots"]
    snapshot(estate, backup["DBSnapshotIdentifier"])
    restore(estate, backup["DBSnapshotIdentifier"])
    assert estate.ask("select current_database()", "restored") == "shop"


def test_a_snapshot_of_a_standing_replica_becomes_a_primary_with_the_replica_s_data(
    estate: Any,
) -> None:
    estate.create()
    source = estate.settle()["DBInstanceArn"]
    estate.ask("create table t as select 1 as id")
    rds, there = estate.client("rds", AWAY), {"name": "replica", "region": AWAY}
    rds.create_db_instance_read_replica(
        DBInstanceIdentifier="replica",
        SourceDBInstanceIdentifier=source,
        DBSubnetGroupName="subnets",
    )
    estate.settle(**there)
    rds.modify_db_instance(
        DBInstanceIdentifier="replica", BackupRetentionPeriod=7, ApplyImmediately=True
    )
    estate.settle(**there)
    [daily] = rds.describe_db_snapshots(SnapshotType="automated")["DBSnapshots"]
    snapshot(estate, daily["DBSnapshotIdentifier"], AWAY)
    estate.ask("insert into t values (2)")
    estate.until(lambda: estate.ask("select count(*) from t", **there) == 2)
    rds.create_db_snapshot(DBInstanceIdentifier="replica", DBSnapshotIdentifier="now")
    snapshot(estate, "now", AWAY)
    estate.cloud.faults([{"effect": "dark", "region": HOME}])
    for name, rows in ((daily["DBSnapshotIdentifier"], 1), ("now", 2)):
        restore(estate, name, AWAY)
        assert "ReadReplicaSourceDBInstanceIdentifier" not in estate.one("restored", AWAY)
        assert estate.ask("select count(*) from t", "restored", AWAY) == rows
        assert estate.ask("select pg_is_in_recovery()", "restored", AWAY) is False
        estate.ask("insert into t select generate_series(10, 20)", "restored", AWAY)
        assert estate.ask("select pg_is_in_recovery()", **there) is True
        rds.delete_db_instance(DBInstanceIdentifier="restored", SkipFinalSnapshot=True)
        estate.until(lambda: len(rds.describe_db_instances()["DBInstances"]) == 1)
    assert estate.ask("select count(*) from t", **there) == 2
    estate.cloud.faults([])
