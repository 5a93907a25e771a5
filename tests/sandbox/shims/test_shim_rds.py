# SPDX-License-Identifier: GPL-3.0-or-later
"""RDS of the sandbox behaves as AWS's, where the emulator alone does not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.parsers import ResponseParserError

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
    ],
)
def test_a_wrong_instance_is_refused_and_not_made(
    cloud: Any, wrong: dict[str, Any], code: str
) -> None:
    net = prepare(cloud)
    assert cloud.refused("rds", "create_db_instance", **settings(net, **wrong)) == code
    assert cloud.client("rds").describe_db_instances()["DBInstances"] == []


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


def with_replica(cloud: Any) -> Any:
    make(cloud)
    there = prepare(cloud, WEST)
    west = cloud.client("rds", WEST)
    west.create_db_instance_read_replica(**replicate(cloud, there))
    return west


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


def test_a_change_that_is_not_immediate_stays_pending(cloud: Any) -> None:
    make(cloud)
    rds = cloud.client("rds")
    rds.modify_db_instance(
        DBInstanceIdentifier="db", DBInstanceClass="db.t4g.small", BackupRetentionPeriod=9
    )
    db = one(cloud)
    assert db["DBInstanceClass"] == "db.t4g.micro"
    assert db["PendingModifiedValues"] == {"DBInstanceClass": "db.t4g.small"}
    assert db["BackupRetentionPeriod"] == 9
    rds.modify_db_instance(DBInstanceIdentifier="db", DBInstanceClass="db.t4g.micro")
    assert one(cloud)["PendingModifiedValues"] == {}


def test_an_immediate_change_shows_available_before_modifying(cloud: Any) -> None:
    make(cloud, MultiAZ=False)
    cloud.slow()
    cloud.client("rds").modify_db_instance(
        DBInstanceIdentifier="db", AllocatedStorage=40, MultiAZ=True, ApplyImmediately=True
    )
    assert one(cloud)["DBInstanceStatus"] == "available"
    assert one(cloud)["PendingModifiedValues"] == {"AllocatedStorage": 40, "MultiAZ": True}
    cloud.advance(60)
    assert one(cloud)["DBInstanceStatus"] == "modifying"
    again = {"DBInstanceIdentifier": "db", "AllocatedStorage": 50}
    assert cloud.refused("rds", "modify_db_instance", **again) == "InvalidDBInstanceState"
    cloud.advance(540)
    db = one(cloud)
    assert (db["DBInstanceStatus"], db["AllocatedStorage"], db["MultiAZ"]) == (
        "available",
        40,
        True,
    )
    assert db["PendingModifiedValues"] == {}
    assert db["SecondaryAvailabilityZone"]


def test_settings_that_need_no_window_are_changed_at_once(cloud: Any) -> None:
    make(cloud, EnableCloudwatchLogsExports=["postgresql"])
    cloud.client("rds").modify_db_instance(
        DBInstanceIdentifier="db",
        CloudwatchLogsExportConfiguration={
            "EnableLogTypes": ["upgrade", "postgresql"],
        },
        EnablePerformanceInsights=True,
        MaxAllocatedStorage=200,
        EnableIAMDatabaseAuthentication=True,
    )
    db = one(cloud)
    assert db["EnabledCloudwatchLogsExports"] == ["postgresql", "upgrade"]
    assert db["PerformanceInsightsEnabled"] is True
    assert db["MaxAllocatedStorage"] == 200
    assert db["IAMDatabaseAuthenticationEnabled"] is True


def test_a_rename_onto_a_name_in_use_is_refused(cloud: Any) -> None:
    net = make(cloud)
    cloud.client("rds").create_db_instance(**settings(net, DBInstanceIdentifier="other"))
    wanted = {"DBInstanceIdentifier": "db", "NewDBInstanceIdentifier": "other"}
    code = cloud.refused("rds", "modify_db_instance", ApplyImmediately=True, **wanted)
    assert code == "DBInstanceAlreadyExists"


def test_another_parameter_group_waits_for_a_reboot(cloud: Any) -> None:
    make(cloud)
    rds = cloud.client("rds")
    rds.create_db_parameter_group(
        DBParameterGroupName="next", DBParameterGroupFamily="postgres16", Description="d"
    )
    rds.modify_db_instance(DBInstanceIdentifier="db", DBParameterGroupName="next")
    group = {"DBParameterGroupName": "next"}
    pending = {**group, "ParameterApplyStatus": "pending-reboot"}
    assert one(cloud)["DBParameterGroups"] == [pending]
    rds.reboot_db_instance(DBInstanceIdentifier="db")
    assert one(cloud)["DBParameterGroups"] == [{**group, "ParameterApplyStatus": "in-sync"}]


def test_a_failover_swaps_the_zones(cloud: Any) -> None:
    make(cloud)
    before = one(cloud)
    cloud.client("rds").reboot_db_instance(DBInstanceIdentifier="db", ForceFailover=True)
    assert one(cloud)["AvailabilityZone"] == before["SecondaryAvailabilityZone"]


def test_groups_in_use_are_not_deleted(cloud: Any) -> None:
    make(cloud)
    assert (
        cloud.refused("rds", "delete_db_subnet_group", DBSubnetGroupName="subnets")
        == "InvalidDBSubnetGroupStateFault"
    )
    assert (
        cloud.refused("rds", "delete_db_parameter_group", DBParameterGroupName="parameters")
        == "InvalidDBParameterGroupState"
    )


def test_a_subnet_group_wants_two_zones_and_its_own_name(cloud: Any) -> None:
    net = prepare(cloud)
    wanted = {"DBSubnetGroupName": "x", "DBSubnetGroupDescription": "d"}
    call = ("rds", "create_db_subnet_group")
    code = cloud.refused(*call, **wanted, SubnetIds=net["subnets"][:1])
    assert code == "DBSubnetGroupDoesNotCoverEnoughAZs"
    wanted["DBSubnetGroupName"] = "subnets"
    code = cloud.refused(*call, **wanted, SubnetIds=net["subnets"])
    assert code == "DBSubnetGroupAlreadyExists"


def test_a_subnet_of_a_database_is_deleted_only_once_its_group_is_without_it(cloud: Any) -> None:
    net = prepare(cloud)
    rds, ec2 = cloud.client("rds"), cloud.client("ec2")
    rds.create_db_instance(**settings(net))
    [*kept, gone] = net["subnets"]
    assert cloud.refused("ec2", "delete_subnet", SubnetId=gone) == "DependencyViolation"
    rds.modify_db_subnet_group(DBSubnetGroupName="subnets", SubnetIds=kept)
    ec2.delete_subnet(SubnetId=gone)
    assert cloud.refused("ec2", "delete_subnet", SubnetId=kept[0]) == "DependencyViolation"


def test_a_modified_subnet_group_is_still_there(cloud: Any) -> None:
    net = prepare(cloud)
    rds = cloud.client("rds")
    rds.modify_db_subnet_group(DBSubnetGroupName="subnets", SubnetIds=net["subnets"][:2])
    group = rds.describe_db_subnet_groups(DBSubnetGroupName="subnets")["DBSubnetGroups"][0]
    assert len(group["Subnets"]) == 2
    assert rds.list_tags_for_resource(ResourceName=group["DBSubnetGroupArn"])["TagList"] == [
        {"Key": "t", "Value": "v"}
    ]


def parameters(cloud: Any, **more: Any) -> dict[str, Any]:
    found = cloud.client("rds").describe_db_parameters(DBParameterGroupName="parameters", **more)
    return {p["ParameterName"]: p for p in found["Parameters"]}


def test_parameters_tell_their_source_and_their_kind(cloud: Any) -> None:
    prepare(cloud)
    assert parameters(cloud) == {}
    cloud.client("rds").modify_db_parameter_group(
        DBParameterGroupName="parameters",
        Parameters=[
            {
                "ParameterName": "rds.force_ssl",
                "ParameterValue": "1",
                "ApplyMethod": "immediate",
            },
            {
                "ParameterName": "max_connections",
                "ParameterValue": "200",
                "ApplyMethod": "pending-reboot",
            },
        ],
    )
    found = parameters(cloud, Source="user")
    assert {name: p["ApplyType"] for name, p in found.items()} == {
        "rds.force_ssl": "dynamic",
        "max_connections": "static",
    }
    assert parameters(cloud, Source="system") == {}


def test_a_static_parameter_is_not_changed_immediately(cloud: Any) -> None:
    prepare(cloud)
    wrong = {
        "ParameterName": "max_connections",
        "ParameterValue": "200",
        "ApplyMethod": "immediate",
    }
    code = cloud.refused(
        "rds",
        "modify_db_parameter_group",
        DBParameterGroupName="parameters",
        Parameters=[wrong],
    )
    assert code == "InvalidParameterCombination"


def test_parameters_can_be_reset(cloud: Any) -> None:
    prepare(cloud)
    rds = cloud.client("rds")
    new = {"ParameterName": "log_statement", "ParameterValue": "ddl", "ApplyMethod": "immediate"}
    rds.modify_db_parameter_group(DBParameterGroupName="parameters", Parameters=[new])
    rds.reset_db_parameter_group(
        DBParameterGroupName="parameters",
        Parameters=[{"ParameterName": "log_statement", "ApplyMethod": "immediate"}],
    )
    assert parameters(cloud) == {}


def test_an_unknown_parameter_group_is_an_error(cloud: Any) -> None:
    code = cloud.refused("rds", "describe_db_parameter_groups", DBParameterGroupName="absent")
    assert code == "DBParameterGroupNotFound"


def test_a_copied_snapshot_takes_time_and_names_its_source(cloud: Any) -> None:
    make(cloud)
    there = key(cloud, WEST)
    east, west = cloud.client("rds"), cloud.client("rds", WEST)
    arn = east.create_db_snapshot(DBInstanceIdentifier="db", DBSnapshotIdentifier="s")[
        "DBSnapshot"
    ]["DBSnapshotArn"]
    wanted = {"SourceDBSnapshotIdentifier": arn, "TargetDBSnapshotIdentifier": "copy"}
    code = cloud.refused("rds", "copy_db_snapshot", WEST, **wanted)
    assert code == "InvalidParameterCombination"
    cloud.slow()
    west.copy_db_snapshot(**wanted, KmsKeyId=there, SourceRegion=EAST)
    copy = west.describe_db_snapshots(DBSnapshotIdentifier="copy")["DBSnapshots"][0]
    assert (copy["Status"], copy["SourceDBSnapshotIdentifier"]) == ("creating", arn)
    cloud.advance(1500)
    copy = west.describe_db_snapshots(DBSnapshotIdentifier="copy")["DBSnapshots"][0]
    assert (copy["Status"], copy["KmsKeyId"]) == ("available", there)


def test_what_is_restored_does_not_inherit_protection_or_groups(cloud: Any) -> None:
    make(cloud, DeletionProtection=True)
    rds = cloud.client("rds")
    rds.create_db_snapshot(DBInstanceIdentifier="db", DBSnapshotIdentifier="s")
    rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="clone",
        DBSnapshotIdentifier="s",
        DBSubnetGroupName="subnets",
        MultiAZ=False,
    )
    clone = one(cloud, "clone")
    assert (clone["DeletionProtection"], clone["MultiAZ"]) == (False, False)
    assert clone["DBParameterGroups"][0]["DBParameterGroupName"] == "default.postgres16"
    assert clone["DbiResourceId"] != one(cloud)["DbiResourceId"]
    rds.restore_db_instance_to_point_in_time(
        SourceDBInstanceIdentifier="db",
        TargetDBInstanceIdentifier="past",
        UseLatestRestorableTime=True,
        DBSubnetGroupName="subnets",
    )
    assert one(cloud, "past")["DeletionProtection"] is False


def test_engine_versions_are_listed(cloud: Any) -> None:
    found = cloud.client("rds").describe_db_engine_versions(Engine="postgres", EngineVersion="16")
    assert "16.8" in [v["EngineVersion"] for v in found["DBEngineVersions"]]


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
