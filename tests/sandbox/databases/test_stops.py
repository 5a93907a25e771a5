# SPDX-License-Identifier: GPL-3.0-or-later
"""A stopped instance has no server that answers, and loses nothing."""

from __future__ import annotations

from typing import Any

import pytest
from pg8000.exceptions import DatabaseError, InterfaceError

pytestmark = pytest.mark.real
NAMED = {"DBInstanceIdentifier": "db"}


def stop(estate: Any, **more: Any) -> None:
    estate.client("rds").stop_db_instance(**NAMED, **more)
    estate.settle(to="stopped")


def start(estate: Any) -> None:
    estate.client("rds").start_db_instance(**NAMED)
    estate.settle()


@pytest.mark.sample
def test_nothing_listens_while_an_instance_is_stopped_and_its_data_stays(estate: Any) -> None:
    estate.create()
    estate.settle()
    estate.ask("create table t as select 1 as id")
    inside = estate.connect()
    stop(estate)
    with pytest.raises((DatabaseError, InterfaceError, OSError)):
        inside.run("select 1")
    assert estate.status()["health"] == "stopped"
    with pytest.raises(OSError, match=r"refused|timed out"):
        estate.reach(estate.status(), 2.0)
    start(estate)
    assert estate.status()["health"] == "running"
    estate.ask("insert into t values (2)")
    assert estate.ask("select count(*) from t") == 2


def test_what_was_taken_on_the_way_to_a_stop_holds_the_last_row(estate: Any) -> None:
    estate.create()
    estate.settle()
    estate.ask("create table t as select 1 as id")
    stop(estate, DBSnapshotIdentifier="last")
    rds = estate.client("rds")
    rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="again", DBSnapshotIdentifier="last", DBSubnetGroupName="subnets"
    )
    estate.settle("again")
    assert estate.ask("select id from t", "again") == 1
    rds.delete_db_instance(**NAMED, FinalDBSnapshotIdentifier="final")
    estate.until(lambda: len(rds.describe_db_instances()["DBInstances"]) == 1)
    rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="third", DBSnapshotIdentifier="final", DBSubnetGroupName="subnets"
    )
    estate.settle("third")
    assert estate.ask("select id from t", "third") == 1


def test_a_stopped_instance_is_not_woken_by_disasters_and_takes_its_parameters_later(
    estate: Any,
) -> None:
    estate.create()
    zone = estate.settle()["AvailabilityZone"]
    stop(estate)
    change = {"ParameterName": "work_mem", "ParameterValue": "8192", "ApplyMethod": "immediate"}
    estate.client("rds").modify_db_parameter_group(
        DBParameterGroupName="parameters", Parameters=[change]
    )
    estate.cloud.strike("zone-dies", zone=zone)
    estate.cloud.strike("zone-returns", zone=zone)
    found = estate.one()["DBInstanceStatus"], estate.status()["health"]
    assert found == ("stopped", "stopped")
    start(estate)
    assert estate.ask("show work_mem") == "8MB"
