# SPDX-License-Identifier: GPL-3.0-or-later
"""What the emulator alone makes of RDS: if it mends it, ours can go."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.parsers import ResponseParserError

from tests.sandbox.shims.databases import (
    WEST,
    key,
    make,
    one,
    parameters,
    prepare,
    replicate,
    settings,
)

# What the emulator does by itself. A test that fails here says: it has learned it, mend no more.


def test_plain_an_instance_is_available_at_once_and_one_id_serves_all(plain: Any) -> None:
    net = prepare(plain)
    rds = plain.client("rds")
    rds.create_db_instance(**settings(net, EngineVersion="16.99", MasterUserPassword="short"))
    rds.create_db_instance(**settings(net, DBInstanceIdentifier="other"))
    db = one(plain)
    assert (db["DBInstanceStatus"], "Endpoint" in db) == ("available", True)
    assert db["DbiResourceId"] == one(plain, "other")["DbiResourceId"]
    assert db["KmsKeyId"] != net["key"]
    assert "StorageThroughput" not in db
    assert "PerformanceInsightsEnabled" not in db
    assert "SecondaryAvailabilityZone" not in db


def test_plain_a_replica_abroad_with_a_subnet_group_fails(plain: Any) -> None:
    make(plain)
    net = plain.network(WEST)
    west = plain.client("rds", WEST)
    west.create_db_subnet_group(
        DBSubnetGroupName="there", DBSubnetGroupDescription="d", SubnetIds=net["subnets"]
    )
    wanted = replicate(plain, {**net, "key": key(plain, WEST)}, DBSubnetGroupName="there")
    assert plain.refused("rds", "create_db_instance_read_replica", WEST, **wanted)


def test_plain_a_replica_of_postgresql_takes_a_parameter_group(plain: Any) -> None:
    make(plain)
    made = plain.client("rds").create_db_instance_read_replica(
        DBInstanceIdentifier="replica",
        SourceDBInstanceIdentifier="db",
        DBParameterGroupName="parameters",
    )
    assert made["DBInstance"]["ReadReplicaSourceDBInstanceIdentifier"] == "db"


def test_plain_promotion_leaves_both_links(plain: Any) -> None:
    make(plain)
    prepare(plain, WEST)
    west = plain.client("rds", WEST)
    west.create_db_instance_read_replica(
        DBInstanceIdentifier="replica", SourceDBInstanceIdentifier=one(plain)["DBInstanceArn"]
    )
    west.promote_read_replica(DBInstanceIdentifier="replica")
    assert "ReadReplicaSourceDBInstanceIdentifier" in one(plain, "replica", WEST)
    assert one(plain)["ReadReplicaDBInstanceIdentifiers"]
    assert one(plain, "replica", WEST)["BackupRetentionPeriod"] == 7


def test_plain_changes_are_never_pending_and_groups_in_use_go(plain: Any) -> None:
    make(plain)
    rds = plain.client("rds")
    rds.modify_db_instance(DBInstanceIdentifier="db", DBInstanceClass="db.t4g.small")
    assert one(plain)["DBInstanceClass"] == "db.t4g.small"
    rds.delete_db_subnet_group(DBSubnetGroupName="subnets")
    rds.delete_db_instance(DBInstanceIdentifier="db")
    assert plain.refused("rds", "describe_db_instances", DBInstanceIdentifier="db")


def test_plain_a_modified_subnet_group_is_lost(plain: Any) -> None:
    net = prepare(plain)
    rds = plain.client("rds")
    rds.modify_db_subnet_group(DBSubnetGroupName="subnets", SubnetIds=net["subnets"][:1])
    assert rds.describe_db_subnet_groups()["DBSubnetGroups"] == []


def test_plain_parameters_have_no_source(plain: Any) -> None:
    prepare(plain)
    new = {"ParameterName": "max_connections", "ParameterValue": "9", "ApplyMethod": "immediate"}
    plain.client("rds").modify_db_parameter_group(
        DBParameterGroupName="parameters", Parameters=[new]
    )
    assert list(parameters(plain, Source="system")) == ["max_connections"]
    assert "ApplyType" not in parameters(plain)["max_connections"]


def test_plain_a_restored_instance_inherits_protection(plain: Any) -> None:
    make(plain, DeletionProtection=True)
    rds = plain.client("rds")
    rds.create_db_snapshot(DBInstanceIdentifier="db", DBSnapshotIdentifier="s")
    rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="clone", DBSnapshotIdentifier="s", DeletionProtection=False
    )
    assert one(plain, "clone")["DeletionProtection"] is True


def test_plain_the_added_actions_are_missing(plain: Any) -> None:
    for call in ("describe_db_engine_versions", "reset_db_parameter_group"):
        arguments = {} if "versions" in call else {"DBParameterGroupName": "x"}
        with pytest.raises(ResponseParserError):
            getattr(plain.client("rds"), call)(**arguments)
