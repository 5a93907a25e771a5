# SPDX-License-Identifier: GPL-3.0-or-later
"""A primary database, as it is made and goes in an emulated account, and by the answers of AWS."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.errors import (
    Conflict,
    StillUsed,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import SECRETS
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.view import View
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.diff import compare
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.db_instance import (
    DbInstance,
    final_snapshot,
)

from .instances import HOME_ARN, NAME, PASSWORD, Told, asked_to_go, item, spec, told, want

__all__ = ["told", "want"]


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


def test_an_instance_that_is_being_deleted_is_not_deleted_again_and_holds_what_it_is_in(
    told: Told, want: Want
) -> None:
    have = told.have(want, item(want.spec))
    going = item(want.spec, DBInstanceStatus="deleting")
    told.stub.add_response("describe_db_instances", {"DBInstances": [going]})
    with pytest.raises(StillUsed, match=f"{NAME} is deleting"):
        DbInstance().delete(told.aws, have)
    told.stub.add_client_error("describe_db_instances", "DBInstanceNotFound")
    DbInstance().delete(told.aws, have)
    told.stub.assert_no_pending_responses()


def test_an_instance_that_is_being_made_is_deleted_once_it_is_there(told: Told, want: Want) -> None:
    answer = item(want.spec, DBInstanceStatus="creating")
    have = told.have(want, answer)
    told.stub.add_response("describe_db_instances", {"DBInstances": [answer]})
    told.stub.add_client_error("delete_db_instance", "InvalidDBInstanceState", "is creating")
    with pytest.raises(StillUsed, match=f"{NAME} is creating"):
        DbInstance().delete(told.aws, have)


def test_one_that_is_no_longer_declared_is_seen(life: Any, primary: Want) -> None:
    assert life(DbInstance()).undeclared() == []
    made = life(DbInstance()).make(primary)
    [have] = life(DbInstance()).undeclared()
    assert (have.address, have.facts) == (made.address, made.facts)


def marked(want: Want, value: str) -> dict[str, Any]:
    """What AWS tells of an instance with that tag."""
    told = item(want.spec)
    return {
        **told,
        "TagList": [*told["TagList"], {"Key": "phoenix:final-snapshot", "Value": value}],
    }


def test_one_that_is_marked_leaves_neither_snapshot_nor_backups(told: Told, want: Want) -> None:
    asked = {"SkipFinalSnapshot": True, "DeleteAutomatedBackups": True}
    asked_to_go(told, want, marked(want, "none"), **asked)


@pytest.mark.parametrize("value", ["", "None", "kept"])
def test_one_whose_mark_says_something_else_leaves_a_snapshot(
    told: Told, want: Want, value: str
) -> None:
    name = final_snapshot(told.have(want, marked(want, value)))
    last = {"SkipFinalSnapshot": False, "FinalDBSnapshotIdentifier": name}
    asked_to_go(told, want, marked(want, value), **last)


@pytest.mark.parametrize(("before", "after"), [(True, False), (False, True)])
def test_whether_a_standing_one_leaves_a_snapshot_is_changed_by_its_mark_alone(
    told: Told, want: Want, before: bool, after: bool
) -> None:
    want = Want(want.kind, want.id, {**want.spec, "final_snapshot": after})
    have = told.have(want, item(want.spec) if before else marked(want, "none"))
    changes = compare(want.spec, have.spec)
    assert [(c.dotted, c.before, c.after) for c in changes] == [("final_snapshot", before, after)]
    arn = {"ResourceName": HOME_ARN}
    if after:
        asked = {**arn, "TagKeys": ["phoenix:final-snapshot"]}
        told.stub.add_response("remove_tags_from_resource", {}, asked)
    else:
        asked = {**arn, "Tags": [{"Key": "phoenix:final-snapshot", "Value": "none"}]}
        told.stub.add_response("add_tags_to_resource", {}, asked)
    assert DbInstance().update(told.aws, want, have, changes) is None
    told.stub.assert_no_pending_responses()
