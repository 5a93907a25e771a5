# SPDX-License-Identifier: GPL-3.0-or-later
"""Replicas of RDS, at home and abroad, and their promotion."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.shims.databases import (
    EAST,
    WEST,
    make,
    one,
    prepare,
    replicate,
    settings,
    with_replica,
)


def test_a_replica_in_another_region_takes_what_is_there_and_not_its_sources_settings(
    cloud: Any,
) -> None:
    make(cloud, DeletionProtection=True)
    there = prepare(cloud, WEST)
    cloud.slow()
    cloud.client("rds", WEST).create_db_instance_read_replica(
        **replicate(cloud, there, SourceRegion=EAST)
    )
    replica = one(cloud, "replica", WEST)
    assert replica["DBInstanceStatus"] == "creating"
    cloud.advance(1800)
    replica = one(cloud, "replica", WEST)
    assert replica["DBInstanceStatus"] == "available"
    assert replica["ReadReplicaSourceDBInstanceIdentifier"] == one(cloud)["DBInstanceArn"]
    assert one(cloud)["ReadReplicaDBInstanceIdentifiers"] == [replica["DBInstanceArn"]]
    assert replica["StatusInfos"][0]["Status"] == "replicating"
    assert replica["KmsKeyId"] == there["key"]
    assert replica["DBSubnetGroup"]["VpcId"] == there["vpc"]
    assert replica["VpcSecurityGroups"][0]["VpcSecurityGroupId"] == there["group"]
    assert replica["DBParameterGroups"][0]["DBParameterGroupName"] == "default.postgres16"
    assert replica["AvailabilityZone"].startswith(WEST)
    for name, value in {
        "DeletionProtection": False,
        "BackupRetentionPeriod": 0,
        "MultiAZ": False,
        "TagList": [],
    }.items():
        assert replica[name] == value
    assert replica["DbiResourceId"] != one(cloud)["DbiResourceId"]


def test_a_replica_abroad_that_names_no_groups_gets_the_default_ones(cloud: Any) -> None:
    make(cloud)
    there = prepare(cloud, WEST)
    wanted = replicate(cloud, there)
    del wanted["VpcSecurityGroupIds"]
    cloud.client("rds", WEST).create_db_instance_read_replica(**wanted)
    replica = one(cloud, "replica", WEST)
    assert replica["DBParameterGroups"][0]["DBParameterGroupName"] == "default.postgres16"
    groups = cloud.client("ec2", WEST).describe_security_groups(
        Filters=[
            {"Name": "vpc-id", "Values": [there["vpc"]]},
            {"Name": "group-name", "Values": ["default"]},
        ]
    )["SecurityGroups"]
    assert replica["VpcSecurityGroups"][0]["VpcSecurityGroupId"] == groups[0]["GroupId"]


@pytest.mark.parametrize("region", [EAST, WEST])
def test_a_replica_of_postgresql_is_refused_a_parameter_group_and_takes_it_later(
    cloud: Any, region: str
) -> None:
    net = make(cloud)
    there = net if region == EAST else prepare(cloud, region)
    wanted = replicate(cloud, there)
    call = ("rds", "create_db_instance_read_replica", region)
    group = {"DBParameterGroupName": "parameters"}
    assert cloud.refused(*call, **wanted, **group) == "InvalidParameterCombination"
    rds = cloud.client("rds", region)
    rds.create_db_instance_read_replica(**wanted)
    rds.modify_db_instance(DBInstanceIdentifier="replica", ApplyImmediately=True, **group)
    found = one(cloud, "replica", region)["DBParameterGroups"][0]
    assert found["DBParameterGroupName"] == "parameters"


def test_a_replica_of_mysql_takes_a_parameter_group_abroad_only(cloud: Any) -> None:
    mysql = {"Engine": "mysql", "EngineVersion": "8.0.40", "StorageEncrypted": False}
    net = prepare(cloud)
    rest = {k: v for k, v in settings(net, **mysql).items() if "Parameter" not in k}
    del rest["KmsKeyId"]
    cloud.client("rds").create_db_instance(**rest)
    for region, code in ((EAST, "InvalidParameterCombination"), (WEST, "")):
        there = net if region == EAST else prepare(cloud, region)
        cloud.client("rds", region).create_db_parameter_group(
            DBParameterGroupName="mine", DBParameterGroupFamily="mysql8.0", Description="d"
        )
        wanted = {**replicate(cloud, there), "DBParameterGroupName": "mine"}
        del wanted["KmsKeyId"]
        call = ("rds", "create_db_instance_read_replica", region)
        assert cloud.refused(*call, **wanted) == code


def test_a_replica_is_refused_without_a_key_of_its_region(cloud: Any) -> None:
    net = make(cloud)
    wanted = replicate(cloud, prepare(cloud, WEST))
    del wanted["KmsKeyId"]
    call = ("rds", "create_db_instance_read_replica", WEST)
    assert cloud.refused(*call, **wanted) == "InvalidParameterCombination"
    wanted["KmsKeyId"] = net["key"]
    assert cloud.refused(*call, **wanted) == "KMSKeyNotAccessibleFault"


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ({"BackupRetentionPeriod": 0}, "InvalidDBInstanceState"),
        (
            {"ManageMasterUserPassword": True, "MasterUserPassword": None},
            "InvalidParameterCombination",
        ),
    ],
)
def test_a_replica_is_refused_of_a_source_that_cannot_have_one(
    cloud: Any, source: dict[str, Any], code: str
) -> None:
    net = prepare(cloud)
    wanted = {k: v for k, v in settings(net, **source).items() if v is not None}
    cloud.client("rds").create_db_instance(**wanted)
    there = prepare(cloud, WEST)
    call = ("rds", "create_db_instance_read_replica", WEST)
    assert cloud.refused(*call, **replicate(cloud, there)) == code


def test_a_replica_is_refused_while_its_source_is_creating(cloud: Any) -> None:
    cloud.slow()
    make(cloud)
    there = prepare(cloud, WEST)
    call = ("rds", "create_db_instance_read_replica", WEST)
    assert cloud.refused(*call, **replicate(cloud, there)) == "InvalidDBInstanceState"


def test_promotion_returns_before_the_role_changes_and_then_cuts_both_links(cloud: Any) -> None:
    west = with_replica(cloud)
    cloud.slow()
    west.promote_read_replica(DBInstanceIdentifier="replica", BackupRetentionPeriod=7)
    early = one(cloud, "replica", WEST)
    assert early["DBInstanceStatus"] == "available"
    assert "ReadReplicaSourceDBInstanceIdentifier" in early
    cloud.advance(60)
    assert one(cloud, "replica", WEST)["DBInstanceStatus"] == "modifying"
    cloud.advance(240)
    late = one(cloud, "replica", WEST)
    assert late["DBInstanceStatus"] == "available"
    assert "ReadReplicaSourceDBInstanceIdentifier" not in late
    assert late["BackupRetentionPeriod"] == 7
    assert one(cloud)["ReadReplicaDBInstanceIdentifiers"] == []
    call = ("rds", "promote_read_replica", WEST)
    assert cloud.refused(*call, DBInstanceIdentifier="replica") == "InvalidDBInstanceState"
    assert cloud.refused(*call, DBInstanceIdentifier="absent") == "DBInstanceNotFound"


def test_a_replica_can_be_deleted_and_its_source_forgets_it(cloud: Any) -> None:
    west = with_replica(cloud)
    west.delete_db_instance(DBInstanceIdentifier="replica", SkipFinalSnapshot=True)
    assert west.describe_db_instances()["DBInstances"] == []
    assert one(cloud)["ReadReplicaDBInstanceIdentifiers"] == []


def test_a_replica_outlives_its_deleted_source(cloud: Any) -> None:
    west = with_replica(cloud)
    cloud.client("rds").delete_db_instance(DBInstanceIdentifier="db", SkipFinalSnapshot=True)
    assert one(cloud, "replica", WEST)["StatusInfos"][0]["Status"] == "terminated"
    west.delete_db_instance(DBInstanceIdentifier="replica", SkipFinalSnapshot=True)
    assert west.describe_db_instances()["DBInstances"] == []


def test_a_replica_in_the_region_of_its_deleted_source_is_promoted(cloud: Any) -> None:
    make(cloud)
    rds = cloud.client("rds")
    rds.create_db_instance_read_replica(
        DBInstanceIdentifier="near", SourceDBInstanceIdentifier="db"
    )
    cloud.slow()
    rds.delete_db_instance(DBInstanceIdentifier="db", SkipFinalSnapshot=True)
    cloud.advance(240)
    early = one(cloud, "near")
    assert early["ReadReplicaSourceDBInstanceIdentifier"] == "db"
    cloud.advance(60)
    assert one(cloud, "near")["DBInstanceStatus"] == "modifying"
    cloud.advance(240)
    late = one(cloud, "near")
    assert (late["DBInstanceStatus"], late.get("StatusInfos") or []) == ("available", [])
    assert "ReadReplicaSourceDBInstanceIdentifier" not in late
    near = {"DBInstanceIdentifier": "near"}
    assert cloud.refused("rds", "promote_read_replica", **near) == "InvalidDBInstanceState"
    rds.modify_db_instance(**near, BackupRetentionPeriod=3)
    assert one(cloud, "near")["BackupRetentionPeriod"] == 3
