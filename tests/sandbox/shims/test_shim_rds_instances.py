# SPDX-License-Identifier: GPL-3.0-or-later
"""An instance of RDS, from its request to its end."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sandbox.shims.databases import (
    make,
    one,
    prepare,
    settings,
)


def test_an_instance_is_creating_without_endpoint_and_then_available(cloud: Any) -> None:
    cloud.slow()
    make(cloud)
    cloud.advance(899)
    assert one(cloud)["DBInstanceStatus"] == "creating"
    assert "Endpoint" not in one(cloud)
    assert "LatestRestorableTime" not in one(cloud)
    cloud.advance(1)
    assert one(cloud)["DBInstanceStatus"] == "available"
    assert one(cloud)["Endpoint"]["Port"] == 5432


def test_an_instance_in_one_zone_is_there_sooner(cloud: Any) -> None:
    cloud.slow()
    make(cloud, MultiAZ=False)
    cloud.advance(390)
    assert one(cloud)["DBInstanceStatus"] == "available"
    assert "SecondaryAvailabilityZone" not in one(cloud)


def test_what_was_asked_of_an_instance_comes_back(cloud: Any) -> None:

    asked = {
        "CopyTagsToSnapshot": True,
        "MaxAllocatedStorage": 100,
        "DeletionProtection": True,
        "MonitoringInterval": 60,
        "MonitoringRoleArn": "arn:aws:iam::123456789012:role/watch",
        "AutoMinorVersionUpgrade": False,
        "PreferredBackupWindow": "03:00-04:00",
        "PreferredMaintenanceWindow": "sun:05:00-sun:06:00",
        "PubliclyAccessible": False,
        "CACertificateIdentifier": "rds-ca-ecc384-g1",
        "Port": 5433,
    }
    net = make(
        cloud,
        **asked,
        EnableIAMDatabaseAuthentication=True,
        EnablePerformanceInsights=True,
        EnableCloudwatchLogsExports=["postgresql", "upgrade"],
        Tags=[{"Key": "a", "Value": "b"}],
    )
    db = one(cloud)
    assert {name: db[name] for name in asked if name != "Port"} == {
        name: value for name, value in asked.items() if name != "Port"
    }
    assert db["Endpoint"]["Port"] == 5433
    assert db["IAMDatabaseAuthenticationEnabled"] is True
    assert (db["PerformanceInsightsEnabled"], db["PerformanceInsightsRetentionPeriod"]) == (True, 7)
    assert db["EnabledCloudwatchLogsExports"] == ["postgresql", "upgrade"]
    assert db["TagList"] == [{"Key": "a", "Value": "b"}]
    assert db["KmsKeyId"] == net["key"]
    assert (db["Iops"], db["StorageThroughput"]) == (3000, 125)
    assert db["LicenseModel"] == "postgresql-license"
    assert db["SecondaryAvailabilityZone"] != db["AvailabilityZone"]
    assert db["DBSubnetGroup"]["DBSubnetGroupName"] == "subnets"
    assert db["DBParameterGroups"][0]["ParameterApplyStatus"] == "in-sync"
    assert db["VpcSecurityGroups"] == [{"VpcSecurityGroupId": net["group"], "Status": "active"}]


def test_two_instances_have_different_resource_ids(cloud: Any) -> None:
    net = make(cloud)
    cloud.client("rds").create_db_instance(**settings(net, DBInstanceIdentifier="other"))
    assert one(cloud)["DbiResourceId"] != one(cloud, "other")["DbiResourceId"]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"MasterUserPassword": "short"}, "InvalidParameterValue"),
        ({"MasterUserPassword": "with/a/slash"}, "InvalidParameterValue"),
        ({"MasterUsername": "admin"}, "InvalidParameterValue"),
        ({"EngineVersion": "16.99"}, "InvalidParameterCombination"),
        ({"KmsKeyId": "no-such-key"}, "KMSKeyNotAccessibleFault"),
        ({"VpcSecurityGroupIds": ["sg-0123456789abcdef0"]}, "InvalidParameterValue"),
        ({"AvailabilityZone": "us-east-1a"}, "InvalidParameterCombination"),
        ({"DBSubnetGroupName": "absent"}, "DBSubnetGroupNotFoundFault"),
        ({"DBParameterGroupName": "absent"}, "DBParameterGroupNotFound"),
        ({"EngineVersion": "15.8"}, "InvalidParameterCombination"),
        ({"BackupRetentionPeriod": 36}, "InvalidParameterValue"),
        ({"DBInstanceClass": "db.bogus.micro"}, "InvalidParameterValue"),
        ({"DBInstanceClass": "db.m6g.micro"}, "InvalidParameterValue"),
        ({"DBInstanceClass": "db.t2.micro"}, "InvalidParameterCombination"),
        ({"AllocatedStorage": 19}, "InvalidParameterValue"),
        ({"AllocatedStorage": 65537}, "InvalidParameterValue"),
        ({"AllocatedStorage": 399, "Iops": 12000}, "InvalidParameterCombination"),
        ({"AllocatedStorage": 399, "StorageThroughput": 500}, "InvalidParameterCombination"),
        ({"AllocatedStorage": 400, "Iops": 3000}, "InvalidParameterCombination"),
    ],
)
def test_a_wrong_instance_is_refused_and_not_made(
    cloud: Any, wrong: dict[str, Any], code: str
) -> None:
    net = prepare(cloud)
    assert cloud.refused("rds", "create_db_instance", **settings(net, **wrong)) == code
    assert cloud.client("rds").describe_db_instances()["DBInstances"] == []


@pytest.mark.parametrize(
    ("size", "told"), [(20, (3000, 125)), (399, (3000, 125)), (400, (12000, 500))]
)
def test_gp3_has_more_without_asking_from_400_gib_on(
    cloud: Any, size: int, told: tuple[int, int]
) -> None:
    make(cloud, AllocatedStorage=size)
    db = one(cloud)
    assert (db["Iops"], db["StorageThroughput"]) == told


def test_every_class_that_can_be_ordered_can_be_made(cloud: Any) -> None:
    net, rds = prepare(cloud), cloud.client("rds")
    pages = rds.get_paginator("describe_orderable_db_instance_options").paginate(
        Engine="postgres", EngineVersion="16.8"
    )
    found = {o["DBInstanceClass"] for p in pages for o in p["OrderableDBInstanceOptions"]}
    assert {"db.t4g.micro", "db.m6i.large", "db.r7g.16xlarge"} <= found
    of_each_family = {name.rpartition(".")[0]: name for name in sorted(found)}.values()
    for number, name in enumerate(of_each_family):
        made = settings(net, DBInstanceIdentifier=f"db-{number}", DBInstanceClass=name)
        assert cloud.refused("rds", "create_db_instance", **made) == ""


def test_a_major_version_alone_becomes_a_full_one(cloud: Any) -> None:
    make(cloud, EngineVersion="16")
    assert one(cloud)["EngineVersion"] == "16.10"


def test_an_instance_in_a_vpc_with_an_internet_gateway_is_public_unasked(cloud: Any) -> None:
    net = prepare(cloud)
    ec2 = cloud.client("ec2")
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=net["vpc"])
    cloud.client("rds").create_db_instance(**settings(net))
    assert one(cloud)["PubliclyAccessible"] is True


def test_automated_backups_begin_with_available_and_only_with_a_retention(cloud: Any) -> None:
    rds = cloud.client("rds")
    cloud.slow()
    net = make(cloud)
    rds.create_db_instance(**settings(net, DBInstanceIdentifier="bare", BackupRetentionPeriod=0))
    assert rds.describe_db_snapshots()["DBSnapshots"] == []
    cloud.advance(1000)
    names = [s["DBInstanceIdentifier"] for s in rds.describe_db_snapshots()["DBSnapshots"]]
    assert names == ["db"]


def test_deleting_wants_a_decision_on_the_final_snapshot(cloud: Any) -> None:
    make(cloud, DeletionProtection=True)
    rds = cloud.client("rds")
    wanted = {"DBInstanceIdentifier": "db", "SkipFinalSnapshot": True}
    assert cloud.refused("rds", "delete_db_instance", **wanted) == "InvalidParameterCombination"
    rds.modify_db_instance(DBInstanceIdentifier="db", DeletionProtection=False)
    code = cloud.refused("rds", "delete_db_instance", DBInstanceIdentifier="db")
    assert code == "InvalidParameterCombination"
    assert one(cloud)["DBInstanceStatus"] == "available"


def test_a_deleted_instance_is_seen_deleting_and_leaves_its_final_snapshot(cloud: Any) -> None:
    make(cloud)
    rds = cloud.client("rds")
    cloud.slow()
    rds.delete_db_instance(DBInstanceIdentifier="db", FinalDBSnapshotIdentifier="last")
    assert one(cloud)["DBInstanceStatus"] == "deleting"
    assert (
        cloud.refused(
            "rds", "delete_db_instance", DBInstanceIdentifier="db", SkipFinalSnapshot=True
        )
        == "InvalidDBInstanceState"
    )
    cloud.advance(240)
    assert cloud.refused("rds", "describe_db_instances", DBInstanceIdentifier="db")
    left = rds.describe_db_snapshots()["DBSnapshots"]
    assert [s["DBSnapshotIdentifier"] for s in left] == ["last"]
    assert left[0]["Status"] == "available"


def test_engine_versions_are_listed(cloud: Any) -> None:
    found = cloud.client("rds").describe_db_engine_versions(Engine="postgres", EngineVersion="16")
    assert "16.8" in [v["EngineVersion"] for v in found["DBEngineVersions"]]


def managed_secret(cloud: Any) -> Any:
    net = prepare(cloud)
    asked = settings(net, ManageMasterUserPassword=True, KmsKeyId=net["key"])
    del asked["MasterUserPassword"]
    cloud.client("rds").create_db_instance(**asked)
    arn = one(cloud)["MasterUserSecret"]["SecretArn"]
    text = cloud.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
    return json.loads(text)


def test_the_secret_of_a_managed_password_names_the_master_user(cloud: Any) -> None:
    assert managed_secret(cloud)["username"] == "owner"


def test_plain_the_secret_of_a_managed_password_names_somebody_else(plain: Any) -> None:
    assert managed_secret(plain)["username"] == "admin"
