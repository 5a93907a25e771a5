# SPDX-License-Identifier: GPL-3.0-or-later
"""A database and its replica, as the tests of RDS ask for them."""

from __future__ import annotations

from typing import Any

EAST, WEST = "us-east-1", "us-west-2"
PASSWORD = "correct-horse-9"


def key(cloud: Any, region: str = EAST) -> str:
    return str(cloud.client("kms", region).create_key()["KeyMetadata"]["Arn"])


def prepare(cloud: Any, region: str = EAST) -> dict[str, Any]:
    """Network, subnet group `subnets`, parameter group `parameters`, key."""
    net: dict[str, Any] = cloud.network(region)
    rds = cloud.client("rds", region)
    rds.create_db_subnet_group(
        DBSubnetGroupName="subnets",
        DBSubnetGroupDescription="d",
        SubnetIds=net["subnets"],
        Tags=[{"Key": "t", "Value": "v"}],
    )
    rds.create_db_parameter_group(
        DBParameterGroupName="parameters", DBParameterGroupFamily="postgres16", Description="d"
    )
    return {**net, "key": key(cloud, region)}


def settings(net: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "DBInstanceIdentifier": "db",
        "Engine": "postgres",
        "EngineVersion": "16.8",
        "DBInstanceClass": "db.t4g.micro",
        "AllocatedStorage": 20,
        "StorageType": "gp3",
        "MasterUsername": "owner",
        "MasterUserPassword": PASSWORD,
        "MultiAZ": True,
        "StorageEncrypted": True,
        "KmsKeyId": net["key"].rsplit("/", 1)[1],
        "DBSubnetGroupName": "subnets",
        "DBParameterGroupName": "parameters",
        "VpcSecurityGroupIds": [net["group"]],
        "BackupRetentionPeriod": 7,
        **more,
    }


def one(cloud: Any, name: str = "db", region: str = EAST) -> dict[str, Any]:
    found = cloud.client("rds", region).describe_db_instances(DBInstanceIdentifier=name)
    return dict(found["DBInstances"][0])


def make(cloud: Any, **more: Any) -> dict[str, Any]:
    net = prepare(cloud)
    cloud.client("rds").create_db_instance(**settings(net, **more))
    return net


def replicate(cloud: Any, net: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "DBInstanceIdentifier": "replica",
        "SourceDBInstanceIdentifier": one(cloud)["DBInstanceArn"],
        "DBSubnetGroupName": "subnets",
        "VpcSecurityGroupIds": [net["group"]],
        "KmsKeyId": net["key"],
        **more,
    }


def with_replica(cloud: Any) -> Any:
    make(cloud)
    there = prepare(cloud, WEST)
    west = cloud.client("rds", WEST)
    west.create_db_instance_read_replica(**replicate(cloud, there))
    return west


def parameters(cloud: Any, **more: Any) -> dict[str, Any]:
    found = cloud.client("rds").describe_db_parameters(DBParameterGroupName="parameters", **more)
    return {p["ParameterName"]: p for p in found["Parameters"]}
