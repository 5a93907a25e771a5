# SPDX-License-Identifier: GPL-3.0-or-later
"""A replica streams from another region, and is promoted without it."""

from __future__ import annotations

import statistics
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pg8000.exceptions import DatabaseError

pytestmark = pytest.mark.real
HOME, AWAY = "eu-west-1", "eu-central-1"


def replicate(estate: Any, name: str = "replica") -> dict[str, Any]:
    """A replica in the other region of a database with one row."""
    estate.create()
    source = estate.settle()["DBInstanceArn"]
    estate.ask("create table t as select 1 as id")
    estate.client("rds", AWAY).create_db_instance_read_replica(
        DBInstanceIdentifier=name,
        SourceDBInstanceIdentifier=source,
        DBSubnetGroupName="subnets",
    )
    found: dict[str, Any] = estate.settle(name, AWAY)
    return found


def promote(estate: Any) -> dict[str, Any]:
    rds = estate.client("rds", AWAY)
    rds.promote_read_replica(DBInstanceIdentifier="replica", BackupRetentionPeriod=7)

    def promoted() -> bool:
        now = estate.one("replica", AWAY)
        there = "ReadReplicaSourceDBInstanceIdentifier" not in now
        return there and now["DBInstanceStatus"] == "available"

    estate.until(promoted)
    found: dict[str, Any] = estate.one("replica", AWAY)
    return found


@pytest.mark.sample
def test_a_row_is_on_the_replica_within_a_second_and_cannot_be_written_there(estate: Any) -> None:
    replica = replicate(estate)
    assert replica["StatusInfos"][0]["Status"] == "replicating"
    late = []
    with closing(estate.connect()) as home, closing(estate.connect("replica", AWAY)) as away:
        for number in range(10, 31):
            home.run(f"insert into t values ({number})")
            began = time.monotonic()
            estate.until(lambda n=number: away.run(f"select id from t where id = {n}"), pause=0.01)
            late.append(time.monotonic() - began)
        with pytest.raises(DatabaseError, match="25006"):
            away.run("insert into t values (2)")
    # The machine may be busy with other things for a moment, but not half of the time.
    assert statistics.median(late) < 1.0


@pytest.mark.sample
def test_a_promoted_replica_takes_writes_and_describes_itself_as_aws_would(estate: Any) -> None:
    replicate(estate)
    home = estate.one()
    assert home["ReadReplicaDBInstanceIdentifiers"] == [
        estate.one("replica", AWAY)["DBInstanceArn"]
    ]
    promoted = promote(estate)
    assert estate.ask("select pg_is_in_recovery()", "replica", AWAY) is False
    estate.ask("insert into t values (2)", "replica", AWAY)
    assert promoted["BackupRetentionPeriod"] == 7
    assert "StatusInfos" not in promoted or not promoted["StatusInfos"]
    assert estate.one()["ReadReplicaDBInstanceIdentifiers"] == []
    assert estate.ask("select count(*) from t") == 1
    estate.until(lambda: not estate.ask("select count(*) from pg_replication_slots"))


def test_a_replica_is_still_one_while_it_is_not_promoted_in_fact(estate: Any) -> None:
    replicate(estate)
    rds = estate.client("rds", AWAY)
    answer = rds.promote_read_replica(DBInstanceIdentifier="replica")["DBInstance"]
    assert answer["ReadReplicaSourceDBInstanceIdentifier"]
    estate.until(lambda: "ReadReplicaSourceDBInstanceIdentifier" not in estate.one("replica", AWAY))
    assert estate.ask("select pg_is_in_recovery()", "replica", AWAY) is False


def test_a_replica_in_the_same_region_streams_and_survives_a_reboot_of_its_source(
    estate: Any,
) -> None:
    estate.create()
    estate.settle()
    rds = estate.client("rds")
    rds.create_db_instance_read_replica(
        DBInstanceIdentifier="near", SourceDBInstanceIdentifier="db"
    )
    estate.settle("near")
    rds.reboot_db_instance(DBInstanceIdentifier="db")
    estate.settle()
    estate.ask("create table t as select 7 as id")
    estate.until(lambda: estate.ask("select to_regclass('t')", "near"))
    assert estate.ask("select id from t", "near") == 7


def test_a_replica_outlives_its_source_and_can_be_deleted(estate: Any) -> None:
    replicate(estate)
    estate.client("rds").delete_db_instance(DBInstanceIdentifier="db", SkipFinalSnapshot=True)
    estate.until(lambda: not estate.client("rds").describe_db_instances()["DBInstances"])
    assert estate.one("replica", AWAY)["StatusInfos"][0]["Status"] == "terminated"
    assert estate.ask("select id from t", "replica", AWAY) == 1
    away = estate.client("rds", AWAY)
    away.delete_db_instance(DBInstanceIdentifier="replica", SkipFinalSnapshot=True)
    estate.until(lambda: not away.describe_db_instances()["DBInstances"])
    assert estate.cloud.databases() == []


def test_a_replica_in_the_region_of_its_deleted_source_takes_writes(estate: Any) -> None:
    estate.create()
    estate.settle()
    estate.ask("create table t as select 1 as id")
    rds = estate.client("rds")
    rds.create_db_instance_read_replica(
        DBInstanceIdentifier="near", SourceDBInstanceIdentifier="db"
    )
    estate.settle("near")
    rds.delete_db_instance(DBInstanceIdentifier="db", SkipFinalSnapshot=True)
    estate.until(lambda: "ReadReplicaSourceDBInstanceIdentifier" not in estate.one("near"))
    assert estate.settle("near").get("StatusInfos") in (None, [])
    estate.ask("insert into t values (2)", "near")
    assert estate.ask("select count(*) from t", "near") == 2


def test_the_lag_of_a_replica_is_a_metric_of_its_region(estate: Any) -> None:
    replicate(estate)

    def measured(region: str) -> list[float]:
        now = datetime.now(UTC)
        found = estate.client("cloudwatch", region).get_metric_statistics(
            Namespace="AWS/RDS",
            MetricName="ReplicaLag",
            Dimensions=[{"Name": "DBInstanceIdentifier", "Value": "replica"}],
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(hours=1),
            Period=60,
            Statistics=["Maximum"],
        )
        return [point["Maximum"] for point in found["Datapoints"]]

    estate.until(lambda: measured(AWAY))
    assert measured(AWAY)[0] >= 0.0
    assert measured(HOME) == []
