# SPDX-License-Identifier: GPL-3.0-or-later
"""Regions go dark, lines are cut, hosts die: what becomes of the databases."""

from __future__ import annotations

import time
from typing import Any

import pytest
from pg8000.exceptions import DatabaseError, InterfaceError

from sandbox.ground import namespaces

pytestmark = pytest.mark.real
HOME, AWAY = "eu-west-1", "eu-central-1"
REPLICA = {"name": "replica", "region": AWAY}


def pair(estate: Any) -> None:
    """A database with a row, and its replica in the other region."""
    estate.create()
    arn = estate.settle()["DBInstanceArn"]
    estate.ask("create table t as select 1 as id")
    estate.client("rds", AWAY).create_db_instance_read_replica(
        DBInstanceIdentifier="replica",
        SourceDBInstanceIdentifier=arn,
        DBSubnetGroupName="subnets",
    )
    estate.settle(**REPLICA)


def promote(estate: Any) -> None:
    estate.client("rds", AWAY).promote_read_replica(DBInstanceIdentifier="replica")
    estate.until(lambda: "ReadReplicaSourceDBInstanceIdentifier" not in estate.one(**REPLICA))
    estate.settle(**REPLICA)


def test_a_dark_region_is_reached_by_nobody_and_the_other_goes_on(estate: Any) -> None:
    pair(estate)
    there = estate.status()
    inside = estate.connect()
    host = estate.visitor(HOME)
    estate.cloud.faults([{"effect": "dark", "region": HOME}])
    with pytest.raises(TimeoutError):
        namespaces.connect(host, there["address"], there["port"], 2.0)
    inside._usock.settimeout(2.0)
    with pytest.raises((InterfaceError, OSError)):
        inside.run("select 1")
    assert estate.ask("select id from t", **REPLICA) == 1
    promote(estate)
    estate.ask("insert into t values (2)", **REPLICA)
    estate.cloud.faults([])
    # What was lost is back, knows nothing of it all, and has no replica any more.
    assert estate.ask("select count(*) from t") == 1
    assert estate.one()["ReadReplicaDBInstanceIdentifiers"] == []
    estate.until(lambda: not estate.ask("select count(*) from pg_replication_slots"))


def test_what_was_written_while_the_line_was_cut_is_lost_by_a_promotion(estate: Any) -> None:
    pair(estate)
    estate.cloud.strike("regions-cut", one=HOME, other=AWAY)
    estate.ask("insert into t values (2)")
    promote(estate)
    assert estate.ask("select count(*) from t", **REPLICA) == 1
    assert estate.ask("select count(*) from t") == 2


def test_a_replica_catches_up_when_the_line_is_mended(estate: Any) -> None:
    pair(estate)
    estate.cloud.strike("regions-cut", one=AWAY, other=HOME)
    estate.ask("insert into t values (2)")
    time.sleep(1.0)
    assert estate.ask("select count(*) from t", **REPLICA) == 1
    estate.cloud.strike("regions-cut", one=HOME, other=AWAY, cut=False)
    estate.until(lambda: estate.ask("select count(*) from t", **REPLICA) == 2)


def test_a_replica_lags_as_ordered_and_loses_nothing_by_it(estate: Any) -> None:
    pair(estate)
    estate.cloud.strike("replica-lags", region=AWAY, name="replica", seconds=3600)
    setting = "show recovery_min_apply_delay"
    estate.until(lambda: estate.ask(setting, **REPLICA) == "1h")
    estate.ask("insert into t values (2)")
    estate.until(lambda: estate.status(**REPLICA)["lag"] > 1.0)
    assert estate.ask("select count(*) from t", **REPLICA) == 1
    promote(estate)
    assert estate.ask("select count(*) from t", **REPLICA) == 2


def test_a_multi_az_instance_whose_host_dies_comes_back_in_its_other_zone(estate: Any) -> None:
    estate.create(MultiAZ=True)
    before = estate.settle()
    estate.ask("create table t as select 1 as id")
    old = estate.status()
    lost = estate.connect()
    estate.cloud.strike("database-dies", region=HOME, name="db")
    estate.until(lambda: estate.status()["zone"] != old["zone"])
    estate.until(lambda: estate.status()["health"] == "running")
    with pytest.raises((DatabaseError, InterfaceError, OSError)):
        lost.run("select 1")
    after = estate.one()
    assert after["AvailabilityZone"] == before["SecondaryAvailabilityZone"]
    assert after["Endpoint"]["Address"] == before["Endpoint"]["Address"]
    assert estate.status()["address"] != old["address"]
    assert estate.ask("select id from t") == 1
    found = estate.client("rds").describe_events(SourceIdentifier="db", SourceType="db-instance")
    messages = [event["Message"] for event in found["Events"]]
    assert "Multi-AZ instance failover completed" in messages


def test_an_instance_in_one_zone_stays_down_until_its_host_is_replaced(estate: Any) -> None:
    estate.create()
    estate.settle()
    estate.ask("create table t as select 1 as id")
    estate.cloud.speed(60)
    estate.cloud.strike("database-dies", region=HOME, name="db")
    estate.until(lambda: estate.status()["health"] == "stopped")
    with pytest.raises(OSError, match=r"refused|timed out"):
        estate.reach(estate.status(), 2.0)
    estate.until(lambda: estate.status()["health"] == "running")
    assert estate.ask("select id from t") == 1


def test_a_failover_on_request_keeps_data_and_endpoint(estate: Any) -> None:
    estate.create(MultiAZ=True)
    before = estate.settle()
    estate.ask("create table t as select 1 as id")
    estate.client("rds").reboot_db_instance(DBInstanceIdentifier="db", ForceFailover=True)
    after = estate.settle()
    assert after["AvailabilityZone"] == before["SecondaryAvailabilityZone"]
    assert estate.status()["zone"] == after["AvailabilityZone"]
    assert estate.ask("select id from t") == 1


def test_a_dead_zone_takes_the_database_in_it_and_a_multi_az_one_moves(estate: Any) -> None:
    estate.create(MultiAZ=True)
    before = estate.settle()
    estate.ask("create table t as select 1 as id")
    estate.cloud.strike("zone-dies", zone=before["AvailabilityZone"])
    estate.until(lambda: estate.status()["zone"] == before["SecondaryAvailabilityZone"])
    estate.until(lambda: estate.status()["health"] == "running")
    estate.cloud.strike("zone-returns", zone=before["AvailabilityZone"])
    assert estate.ask("select id from t") == 1


def test_an_instance_in_a_dead_zone_stays_down_until_the_zone_returns(estate: Any) -> None:
    estate.create()
    zone = estate.settle()["AvailabilityZone"]
    estate.ask("create table t as select 1 as id")
    estate.cloud.strike("zone-dies", zone=zone)
    estate.until(lambda: estate.status()["health"] == "stopped")
    estate.client("rds").reboot_db_instance(DBInstanceIdentifier="db")
    time.sleep(2.0)
    found = estate.one()["DBInstanceStatus"], estate.status()["health"]
    assert found == ("rebooting", "stopped")
    estate.cloud.strike("zone-returns", zone=zone)
    assert estate.settle()["AvailabilityZone"] == zone
    assert estate.ask("select id from t") == 1


def test_a_multi_az_instance_waits_where_both_of_its_zones_are_dead(estate: Any) -> None:
    estate.create(MultiAZ=True)
    before = estate.settle()
    first, second = before["AvailabilityZone"], before["SecondaryAvailabilityZone"]
    estate.ask("create table t as select 1 as id")
    estate.cloud.strike("zone-dies", zone=second)
    assert estate.ask("select id from t") == 1
    estate.cloud.strike("zone-dies", zone=first)
    estate.until(lambda: estate.status()["health"] == "stopped")
    time.sleep(2.0)
    assert (estate.status()["health"], estate.status()["zone"]) == ("stopped", first)
    estate.cloud.strike("zone-returns", zone=second)
    estate.until(lambda: estate.status()["health"] == "running")
    assert (estate.one()["AvailabilityZone"], estate.status()["zone"]) == (second, second)
    estate.cloud.strike("zone-returns", zone=first)  # where the asking host is
    assert estate.ask("select id from t") == 1


@pytest.mark.parametrize("loss", ["cut", "dark"])
def test_a_new_replica_has_nothing_while_its_source_is_away(estate: Any, loss: str) -> None:
    estate.create()
    arn = estate.settle()["DBInstanceArn"]
    estate.ask("create table t as select 1 as id")
    if loss == "cut":
        estate.cloud.strike("regions-cut", one=HOME, other=AWAY)
    else:
        estate.cloud.faults([{"effect": "dark", "region": HOME}])
    estate.client("rds", AWAY).create_db_instance_read_replica(
        DBInstanceIdentifier="replica",
        SourceDBInstanceIdentifier=arn,
        DBSubnetGroupName="subnets",
    )
    time.sleep(2.0)
    assert estate.one(**REPLICA)["DBInstanceStatus"] == "creating"
    assert [server["name"] for server in estate.cloud.databases()] == ["db"]
    if loss == "cut":
        estate.cloud.strike("regions-cut", one=HOME, other=AWAY, cut=False)
    else:
        estate.cloud.faults([])
    estate.settle(**REPLICA)
    assert estate.ask("select id from t", **REPLICA) == 1
