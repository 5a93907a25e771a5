# SPDX-License-Identifier: GPL-3.0-or-later
"""Databases may lack capacity as instances may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.running import Handle

from .test_quotas import code, database

Clients = Callable[..., Any]
SHORT = "InsufficientDBInstanceCapacity"
REPLICA = {"DBInstanceIdentifier": "copy", "SourceDBInstanceIdentifier": "one"}
RESTORE = {"DBInstanceIdentifier": "again", "DBSnapshotIdentifier": "first"}


@pytest.fixture
def rds(client: Clients) -> Any:
    """RDS, with a database and a snapshot of it."""
    rds = client("rds")
    rds.create_db_instance(**database("one"))
    rds.create_db_snapshot(DBInstanceIdentifier="one", DBSnapshotIdentifier="first")
    return rds


def test_a_class_that_a_region_lacks_is_refused_and_a_larger_one_is_not(
    cloud: Handle, rds: Any
) -> None:
    wanted = {"region": "us-east-1", "instance_type": "db.t4g.micro"}
    cloud.strike("no-capacity", **wanted)
    assert code(rds.create_db_instance, **database("two")) == SHORT
    assert code(rds.create_db_instance_read_replica, **REPLICA) == SHORT
    assert code(rds.restore_db_instance_from_db_snapshot, **RESTORE) == SHORT
    larger = {"DBInstanceClass": "db.t4g.small"}
    assert code(rds.create_db_instance_read_replica, **REPLICA, **larger) == ""
    assert code(rds.restore_db_instance_from_db_snapshot, **RESTORE, **larger) == ""
    cloud.strike("capacity-returns", **wanted)
    assert code(rds.create_db_instance, **database("two")) == ""


def test_a_zone_without_capacity_refuses_databases_and_the_others_do_not(
    cloud: Handle, rds: Any
) -> None:
    cloud.strike("no-capacity", region="us-east-1", zone="us-east-1b")
    full, free = ({"AvailabilityZone": f"us-east-1{zone}"} for zone in "bc")
    assert code(rds.create_db_instance, **database("two"), **full) == SHORT
    assert code(rds.create_db_instance, **database("two"), **free) == ""
