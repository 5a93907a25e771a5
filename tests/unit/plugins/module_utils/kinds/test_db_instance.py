# SPDX-License-Identifier: GPL-3.0-or-later
"""Database instances: the primary in an emulated account, replica and waiting by AWS's answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.errors import (
    Conflict,
    Meaning,
    NotYet,
    meaning,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope, pairs
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import (
    SECRETS,
    Aws,
    Connection,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.view import View
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.diff import compare
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Have, Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.db_instance import (
    DbInstance,
    final_snapshot,
)
from botocore.stub import Stubber

NAME = "production-home-database"
PASSWORD = "k7.Tq-92_hzVw~PpRs41"
HOME_ARN = f"arn:aws:rds:us-east-1:123456789012:db:{NAME}"


def spec(scope: Scope, key: str, groups: tuple[str, ...]) -> dict[str, Any]:
    return {
        "identifier": scope.name("database"),
        "engine": "postgres",
        "major": "16",
        "version": "16",
        "instance_class": "db.t4g.medium",
        "allocated_storage": 50,
        "max_allocated_storage": 200,
        "storage_type": "gp3",
        "multi_az": True,
        "encrypted": True,
        "key": key,
        "subnet_group": scope.name("database"),
        "parameter_group": scope.name("database"),
        "security_groups": groups,
        "port": 5432,
        "backup_retention": 7,
        "backup_window": "02:00-03:00",
        "maintenance_window": "sun:04:00-sun:05:00",
        "deletion_protection": True,
        "copy_tags": True,
        "minor_upgrades": True,
        "insights_key": key,
        "logs": ("postgresql", "upgrade"),
        "authority": "rds-ca-rsa2048-g1",
        "iam_login": True,
        "public": False,
        "source": "",
        "tags": scope.marks("db_instance", "main"),
    }


def item(spec: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What AWS tells of an instance that is as declared."""
    return {
        "DBInstanceIdentifier": spec["identifier"],
        "DBInstanceArn": f"arn:aws:rds:us-east-1:123456789012:db:{spec['identifier']}",
        "DbiResourceId": "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "DBInstanceStatus": "available",
        "Engine": "postgres",
        "EngineVersion": "16.9",
        "DBInstanceClass": spec["instance_class"],
        "AllocatedStorage": spec["allocated_storage"],
        "MaxAllocatedStorage": spec["max_allocated_storage"],
        "StorageType": spec["storage_type"],
        "MultiAZ": spec["multi_az"],
        "StorageEncrypted": True,
        "KmsKeyId": spec["key"],
        "DBSubnetGroup": {"DBSubnetGroupName": spec["subnet_group"]},
        "DBParameterGroups": [
            {
                "DBParameterGroupName": spec["parameter_group"],
                "ParameterApplyStatus": "in-sync",
            }
        ],
        "VpcSecurityGroups": [
            {"VpcSecurityGroupId": group, "Status": "active"} for group in spec["security_groups"]
        ],
        "Endpoint": {"Address": "x.rds.amazonaws.com", "Port": spec["port"]},
        "DbInstancePort": 0,
        "BackupRetentionPeriod": spec["backup_retention"],
        "PreferredBackupWindow": spec["backup_window"],
        "PreferredMaintenanceWindow": spec["maintenance_window"],
        "DeletionProtection": True,
        "CopyTagsToSnapshot": True,
        "AutoMinorVersionUpgrade": True,
        "PerformanceInsightsEnabled": True,
        "PerformanceInsightsKMSKeyId": spec["insights_key"],
        "EnabledCloudwatchLogsExports": ["upgrade", "postgresql"],
        "CACertificateIdentifier": "rds-ca-rsa2048-g1",
        "IAMDatabaseAuthenticationEnabled": True,
        "PubliclyAccessible": False,
        "MasterUsername": "phoenix_owner",
        "DBName": "application",
        "TagList": pairs(spec["tags"]),
        **more,
    }


@pytest.fixture
def primary(aws: Any, scope: Scope) -> Want:
    """A primary whose key, groups and secret are there."""
    ec2, rds = aws.client("ec2"), aws.client("rds")
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.20.{n}.0/24", AvailabilityZone=f"us-east-1{letter}"
        )["Subnet"]["SubnetId"]
        for n, letter in enumerate("abc")
    ]
    group = ec2.create_security_group(GroupName="db", Description="db", VpcId=vpc)["GroupId"]
    rds.create_db_subnet_group(
        DBSubnetGroupName=NAME, DBSubnetGroupDescription="x", SubnetIds=subnets
    )
    rds.create_db_parameter_group(
        DBParameterGroupName=NAME, DBParameterGroupFamily="postgres16", Description="x"
    )
    login = {"username": "phoenix_owner", "password": PASSWORD}
    aws.client("secretsmanager").create_secret(Name="login", SecretString=json.dumps(login))
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    more = {"username": "phoenix_owner", "database": "application", "secret": "login"}
    return Want("db_instance", "main", {**spec(scope, key, (group,)), **more})


@pytest.fixture
def sent(aws: Any) -> list[tuple[str, dict[str, Any]]]:
    """Every call that changes an instance from here on."""
    calls: list[tuple[str, dict[str, Any]]] = []
    for client in (aws.client("rds"), aws.once("rds")):
        client.meta.events.register(
            "before-parameter-build.rds",
            lambda params, model, **_: calls.append((model.name, dict(params))),
        )
    return calls


class Told:
    """An account in which RDS gives prepared answers."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.stub = Stubber(aws.client("rds"))
        self.stub.activate()

    def have(self, want: Want, answer: dict[str, Any]) -> Have:
        self.stub.add_response("describe_db_instances", {"DBInstances": [answer]})
        [have] = DbInstance().find(View(self.aws), [want])
        return have

    def differences(self, want: Want, answer: dict[str, Any]) -> set[str]:
        return {c.dotted for c in compare(want.spec, self.have(want, answer).spec)}


@pytest.fixture
def told(scope: Scope) -> Iterator[Told]:
    account = Told(Aws(scope, Connection(access_key="x", secret_key="x")))
    yield account
    account.stub.assert_no_pending_responses()


@pytest.fixture
def want(scope: Scope) -> Want:
    return Want("db_instance", "main", spec(scope, "arn:aws:kms:us-east-1:1:key/1", ("sg-1",)))


def test_a_new_primary_is_as_declared(
    life: Any, primary: Want, sent: list[tuple[str, dict[str, Any]]]
) -> None:
    have = life(DbInstance()).make(primary)
    # Of what the emulator does not tell, the call itself is the proof.
    untold = {"insights_key", "authority"}
    assert set(life(DbInstance()).differences(primary)) <= untold
    [(operation, arguments)] = [call for call in sent if call[0].startswith("Create")]
    assert operation == "CreateDBInstance"
    assert arguments["PerformanceInsightsKMSKeyId"] == primary.spec["key"]
    assert arguments["CACertificateIdentifier"] == "rds-ca-rsa2048-g1"
    assert arguments["StorageEncrypted"] is True
    assert arguments["PubliclyAccessible"] is False
    assert have.facts["arn"] == HOME_ARN


def test_the_password_comes_out_of_the_secret_and_is_kept_nowhere(
    life: Any, primary: Want, sent: list[tuple[str, dict[str, Any]]]
) -> None:
    have = life(DbInstance()).make(primary)
    [arguments] = [a for name, a in sent if name == "CreateDBInstance"]
    assert arguments["MasterUserPassword"] == PASSWORD
    assert PASSWORD not in repr((have, primary))
    assert SECRETS.clean(PASSWORD) == "********"


def test_a_secret_for_another_user_is_refused_before_anything_is_made(
    life: Any, aws: Any, primary: Want
) -> None:
    with pytest.raises(Conflict, match="declare the one") as refused:
        life(DbInstance()).make(life(DbInstance()).another(primary, username="somebody"))
    assert PASSWORD not in str(refused.value)
    assert aws.client("rds").describe_db_instances()["DBInstances"] == []


def test_an_instance_as_declared_shows_no_drift(told: Told, want: Want) -> None:
    assert told.differences(want, item(want.spec)) == set()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"DBInstanceClass": "db.r6g.large"}, "instance_class"),
        ({"AllocatedStorage": 20}, "allocated_storage"),
        ({"MaxAllocatedStorage": 100}, "max_allocated_storage"),
        ({"StorageType": "gp2"}, "storage_type"),
        ({"MultiAZ": False}, "multi_az"),
        ({"DBParameterGroups": [{"DBParameterGroupName": "other"}]}, "parameter_group"),
        ({"VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-2"}]}, "security_groups"),
        ({"Endpoint": {"Address": "x", "Port": 5433}}, "port"),
        ({"BackupRetentionPeriod": 1}, "backup_retention"),
        ({"PreferredBackupWindow": "07:00-08:00"}, "backup_window"),
        ({"PreferredMaintenanceWindow": "mon:04:00-mon:05:00"}, "maintenance_window"),
        ({"DeletionProtection": False}, "deletion_protection"),
        ({"CopyTagsToSnapshot": False}, "copy_tags"),
        ({"AutoMinorVersionUpgrade": False}, "minor_upgrades"),
        ({"PerformanceInsightsEnabled": False}, "insights_key"),
        ({"EnabledCloudwatchLogsExports": ["postgresql"]}, "logs"),
        ({"CACertificateIdentifier": "rds-ca-2019"}, "authority"),
        ({"IAMDatabaseAuthenticationEnabled": False}, "iam_login"),
        ({"PubliclyAccessible": True}, "public"),
    ],
)
def test_a_change_behind_its_back_is_seen_and_asked_back_at_once(
    told: Told, want: Want, changed: dict[str, Any], field: str
) -> None:
    have = told.have(want, item(want.spec, **changed))
    changes = compare(want.spec, have.spec)
    assert [change.dotted for change in changes] == [field]
    told.stub.add_response(
        "modify_db_instance", {}, _only(field, {"DBInstanceIdentifier": NAME}, want)
    )
    after = DbInstance().update(told.aws, want, have, changes)
    assert after is not None
    assert not after.settled
    assert compare(want.spec, after.spec) == ()


def _only(field: str, expected: dict[str, Any], want: Want) -> dict[str, Any]:
    """Arguments of a modification of one attribute and nothing else."""
    names = {
        "instance_class": "DBInstanceClass",
        "allocated_storage": "AllocatedStorage",
        "max_allocated_storage": "MaxAllocatedStorage",
        "storage_type": "StorageType",
        "multi_az": "MultiAZ",
        "parameter_group": "DBParameterGroupName",
        "port": "DBPortNumber",
        "backup_retention": "BackupRetentionPeriod",
        "backup_window": "PreferredBackupWindow",
        "maintenance_window": "PreferredMaintenanceWindow",
        "deletion_protection": "DeletionProtection",
        "copy_tags": "CopyTagsToSnapshot",
        "minor_upgrades": "AutoMinorVersionUpgrade",
        "authority": "CACertificateIdentifier",
        "iam_login": "EnableIAMDatabaseAuthentication",
        "public": "PubliclyAccessible",
    }
    others = {
        "security_groups": {"VpcSecurityGroupIds": ["sg-1"]},
        "logs": {
            "CloudwatchLogsExportConfiguration": {
                "EnableLogTypes": ["upgrade"],
                "DisableLogTypes": [],
            }
        },
        "insights_key": {
            "EnablePerformanceInsights": True,
            "PerformanceInsightsKMSKeyId": want.spec["insights_key"],
            "PerformanceInsightsRetentionPeriod": 7,
        },
    }
    more = others.get(field) or {names[field]: want.spec[field]}
    return {**expected, "ApplyImmediately": True, **more}


def test_what_was_asked_for_and_is_pending_is_no_drift_and_not_settled(
    told: Told, want: Want
) -> None:
    pending = {"MultiAZ": True, "DBInstanceClass": "db.t4g.medium"}
    answer = item(
        want.spec, MultiAZ=False, DBInstanceClass="db.t4g.large", PendingModifiedValues=pending
    )
    have = told.have(want, answer)
    assert compare(want.spec, have.spec) == ()
    assert not have.settled
    assert have.status == "available, pending: DBInstanceClass, MultiAZ"


@pytest.mark.parametrize(
    ("declared", "found", "differs"),
    [
        ("16", "16.9", False),
        ("16.4", "16.4", False),
        ("16.4", "16.9", False),
        ("16.10", "16.9", True),
    ],
)
def test_a_version_that_aws_upgraded_by_itself_is_no_drift(
    told: Told, want: Want, declared: str, found: str, differs: bool
) -> None:
    newer = Want("db_instance", "main", {**want.spec, "version": declared})
    seen = told.differences(newer, item(want.spec, EngineVersion=found))
    assert seen == ({"version"} if differs else set())


def test_another_major_version_would_need_another_instance(told: Told, want: Want) -> None:
    seen = told.differences(want, item(want.spec, EngineVersion="15.13"))
    assert "major" in seen & DbInstance.rules.replace
    assert DbInstance.rules.stateful


def test_storage_that_grew_by_itself_is_no_drift(told: Told, want: Want) -> None:
    assert told.differences(want, item(want.spec, AllocatedStorage=120)) == set()


def test_an_instance_that_is_busy_is_left_until_it_has_settled(told: Told, want: Want) -> None:
    have = told.have(want, item(want.spec, DBInstanceStatus="creating", MultiAZ=False))
    after = DbInstance().update(told.aws, want, have, compare(want.spec, have.spec))
    assert after is not None
    assert not after.settled
    assert {change.key for change in compare(want.spec, after.spec)} == {"multi_az"}


def test_an_instance_that_became_busy_is_left_until_it_has_settled(told: Told, want: Want) -> None:
    have = told.have(want, item(want.spec, MultiAZ=False))
    told.stub.add_client_error("modify_db_instance", "InvalidDBInstanceState")
    after = DbInstance().update(told.aws, want, have, compare(want.spec, have.spec))
    assert after is not None
    assert not after.settled


def replica(scope: Scope) -> Want:
    west = Scope("production", "recovery", "us-west-2", "123456789012")
    own = spec(west, "arn:aws:kms:us-west-2:123456789012:key/2", ("sg-9",))
    return Want("db_instance", "main", {**own, "multi_az": False, "source": HOME_ARN})


@pytest.fixture
def west(scope: Scope) -> Aws:
    there = Scope("production", "recovery", "us-west-2", "123456789012")
    return Aws(there, Connection(access_key="x", secret_key="x"))


def test_a_replica_is_told_all_that_aws_takes_of_a_new_one(scope: Scope, west: Aws) -> None:
    want = replica(scope)
    signed: list[str] = []

    def cut(request: Any, **_: Any) -> Any:
        signed.append(request.body if isinstance(request.body, str) else request.body.decode())
        raise ConnectionResetError

    west.once("rds").meta.events.register("before-send.rds", cut)
    with pytest.raises(ConnectionResetError):
        DbInstance().create(west, want)
    [body] = signed
    for part in (
        "SourceDBInstanceIdentifier=arn%3Aaws%3Ards%3Aus-east-1",
        "PreSignedUrl=https%3A%2F%2Frds.us-east-1.amazonaws.com",
        "KmsKeyId=arn%3Aaws%3Akms%3Aus-west-2",
        "DBSubnetGroupName=production-recovery-database",
        "DeletionProtection=true",
        "PubliclyAccessible=false",
        "EnableIAMDatabaseAuthentication=true",
        "MaxAllocatedStorage=200",
        "Tags.Tag.1.Key=Name",
    ):
        assert part in body
    for refused in ("DBParameterGroupName", "BackupRetentionPeriod", "MasterUser", "EngineVersion"):
        assert f"&{refused}" not in body


def test_a_replica_of_a_busy_primary_is_made_later(scope: Scope, west: Aws) -> None:
    with Stubber(west.once("rds")) as stub:
        stub.add_client_error("create_db_instance_read_replica", "InvalidDBInstanceState")
        with pytest.raises(NotYet) as refused:
            DbInstance().create(west, replica(scope))
    assert meaning(refused.value) is Meaning.UNPROPAGATED


def test_a_new_replica_differs_in_what_its_create_cannot_say(scope: Scope, west: Aws) -> None:
    want = replica(scope)
    account = Told(west)
    fresh = item(
        want.spec,
        ReadReplicaSourceDBInstanceIdentifier=HOME_ARN,
        StatusInfos=[{"StatusType": "read replication", "Normal": True, "Status": "replicating"}],
        DBParameterGroups=[{"DBParameterGroupName": "default.postgres16"}],
        BackupRetentionPeriod=0,
    )
    have = account.have(want, fresh)
    assert have.settled
    changes = compare(want.spec, have.spec)
    assert {change.key for change in changes} == {"parameter_group", "backup_retention"}
    account.stub.add_response(
        "modify_db_instance",
        {},
        {
            "DBInstanceIdentifier": "production-recovery-database",
            "ApplyImmediately": True,
            "DBParameterGroupName": "production-recovery-database",
            "BackupRetentionPeriod": 7,
        },
    )
    DbInstance().update(west, want, have, changes)


@pytest.mark.parametrize(
    ("infos", "settled"),
    [
        ([{"StatusType": "read replication", "Normal": True, "Status": "replicating"}], True),
        ([{"StatusType": "read replication", "Normal": False, "Status": "error"}], False),
        ([], False),
    ],
)
def test_a_replica_is_settled_while_it_replicates(
    scope: Scope, west: Aws, infos: list[dict[str, Any]], settled: bool
) -> None:
    want = replica(scope)
    answer = item(want.spec, ReadReplicaSourceDBInstanceIdentifier=HOME_ARN, StatusInfos=infos)
    assert Told(west).have(want, answer).settled is settled


def test_a_promoted_replica_is_reported_and_would_never_be_replaced(
    scope: Scope, west: Aws
) -> None:
    want = replica(scope)
    assert Told(west).differences(want, item(want.spec)) == {"source"}
    assert "source" in DbInstance.rules.replace
    assert DbInstance.rules.stateful


@pytest.mark.parametrize(
    ("changed", "ready"),
    [
        ({}, True),
        ({"DBInstanceStatus": "creating"}, False),
        ({"BackupRetentionPeriod": 0}, False),
        ({"PendingModifiedValues": {"MultiAZ": True}}, True),
    ],
)
def test_a_primary_elsewhere_is_ready_once_a_replica_can_be_made_of_it(
    told: Told, want: Want, changed: dict[str, Any], ready: bool
) -> None:
    given = Want("db_instance", "main", {"identifier": NAME}, given=True)
    assert told.have(given, item(want.spec, **changed)).settled is ready


def test_a_parameter_group_that_waits_for_a_reboot_is_told(told: Told, want: Want) -> None:
    waiting = [{"DBParameterGroupName": NAME, "ParameterApplyStatus": "pending-reboot"}]
    have = told.have(want, item(want.spec, DBParameterGroups=waiting))
    assert have.facts["pending_reboot"] == [NAME]
    assert have.status == "available, pending reboot"
    assert have.settled


def test_an_instance_of_somebody_else_is_not_ours(told: Told, want: Want) -> None:
    answer = item(want.spec, TagList=[{"Key": "team", "Value": "audit"}])
    told.stub.add_response("describe_db_instances", {"DBInstances": [answer]})
    assert list(DbInstance().find(View(told.aws), [want])) == []


def test_a_protected_primary_stays_until_the_protection_is_lifted_and_leaves_a_snapshot(
    life: Any, aws: Any, primary: Want
) -> None:
    one = life(DbInstance())
    have = one.make(primary)
    with pytest.raises(Exception, match="deletion protection"):
        one.remove(primary)
    free = Want(primary.kind, primary.id, DbInstance.unprotected)
    one.repair(free)
    one.remove(primary)
    assert one.find(primary) is None
    [left] = aws.client("rds").describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    assert left["DBSnapshotIdentifier"] == final_snapshot(have)
    assert left["DBSnapshotIdentifier"].startswith(f"{NAME}-final-")


def test_a_replica_leaves_no_snapshot(scope: Scope, west: Aws) -> None:
    want = replica(scope)
    account = Told(west)
    have = account.have(want, item(want.spec, ReadReplicaSourceDBInstanceIdentifier=HOME_ARN))
    account.stub.add_response(
        "delete_db_instance",
        {},
        {"DBInstanceIdentifier": "production-recovery-database", "SkipFinalSnapshot": True},
    )
    DbInstance().delete(west, have)
    account.stub.assert_no_pending_responses()


def test_an_instance_that_is_being_deleted_is_not_deleted_again(told: Told, want: Want) -> None:
    have = told.have(want, item(want.spec, DBInstanceStatus="deleting"))
    DbInstance().delete(told.aws, have)


def test_one_that_is_no_longer_declared_is_seen(life: Any, primary: Want) -> None:
    assert life(DbInstance()).undeclared() == []
    made = life(DbInstance()).make(primary)
    [have] = life(DbInstance()).undeclared()
    assert (have.address, have.facts) == (made.address, made.facts)
