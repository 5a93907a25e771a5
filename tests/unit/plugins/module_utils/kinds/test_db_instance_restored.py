# SPDX-License-Identifier: GPL-3.0-or-later
"""A primary that is made of a copy: what AWS is told, and what becomes of its password."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import RESTORED, Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import (
    Aws,
    Connection,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.view import View
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.diff import compare
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.db_copies import (
    NotRestorable,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.db_instance import (
    DbInstance,
)
from botocore.stub import Stubber

from .instances import PASSWORD, Told, item, spec

AT = datetime.datetime(2026, 11, 28, 10, 15, tzinfo=datetime.UTC)
KEY = "arn:aws:kms:us-east-1:123456789012:key/1"
ARN = "arn:aws:rds:us-east-1:123456789012:auto-backup:ab-1"
SNAPSHOT = {
    "DBSnapshotIdentifier": "last",
    "Status": "available",
    "SnapshotCreateTime": AT,
    "EngineVersion": "16.9",
    "KmsKeyId": KEY,
    "MasterUsername": "phoenix_owner",
}
BACKUP = {
    "DBInstanceAutomatedBackupsArn": ARN,
    "RestoreWindow": {"EarliestTime": AT, "LatestTime": AT},
    "Status": "replicating",
    **{name: SNAPSHOT[name] for name in ("EngineVersion", "KmsKeyId", "MasterUsername")},
}
# What the groups, the ways in and the protection of an instance are told by. Without them AWS takes
# its defaults, which let in whom nobody declared.
FROM_THE_FIRST_MOMENT = {
    "DBSubnetGroupName": "production-home-database",
    "DBParameterGroupName": "production-home-database",
    "VpcSecurityGroupIds": ["sg-1"],
    "DeletionProtection": True,
    "PubliclyAccessible": False,
    "BackupRetentionPeriod": 7,
    "EnableIAMDatabaseAuthentication": True,
    "CopyTagsToSnapshot": True,
    "CACertificateIdentifier": "rds-ca-rsa2048-g1",
}


class Cloud(Told):
    """An account in which calls that are sent once are kept as well."""

    def __init__(self, aws: Aws) -> None:
        super().__init__(aws)
        self.once = Stubber(aws.once("rds"))
        self.once.activate()
        self.login = Stubber(aws.client("secretsmanager"))
        self.login.activate()
        self.sent: list[tuple[str, dict[str, Any]]] = []
        for client in (aws.once("rds"), aws.client("rds")):
            client.meta.events.register(
                "before-parameter-build.rds",
                lambda params, model, **_: self.sent.append((model.name, dict(params))),
            )

    def holds(self, *snapshots: dict[str, Any]) -> None:
        self.stub.add_response("describe_db_snapshots", {"DBSnapshots": list(snapshots)})

    def keeps(self, *backups: dict[str, Any]) -> None:
        operation = "describe_db_instance_automated_backups"
        self.stub.add_response(operation, {"DBInstanceAutomatedBackups": list(backups)})


@pytest.fixture
def cloud(scope: Scope) -> Iterator[Cloud]:
    account = Cloud(Aws(scope, Connection(access_key="x", secret_key="x")))
    yield account
    for stub in (account.stub, account.once, account.login):
        stub.assert_no_pending_responses()


def wanted(scope: Scope, **restore: str) -> Want:
    more = {"username": "phoenix_owner", "database": "application", "secret": "login"}
    return Want("db_instance", "main", {**spec(scope, KEY, ("sg-1",)), **more, "restore": restore})


def test_a_snapshot_is_restored_into_the_declared_groups_and_protected(
    cloud: Cloud, scope: Scope
) -> None:
    want = wanted(scope, snapshot="last")
    cloud.holds(SNAPSHOT)
    made = item(want.spec, DBInstanceStatus="creating")
    cloud.once.add_response("restore_db_instance_from_db_snapshot", {"DBInstance": made})
    have = DbInstance().create(cloud.aws, want)
    assert not have.settled
    name, asked = cloud.sent[-1]
    assert (name, asked["DBSnapshotIdentifier"]) == ("RestoreDBInstanceFromDBSnapshot", "last")
    assert asked.items() >= FROM_THE_FIRST_MOMENT.items()
    tags = {tag["Key"]: tag["Value"] for tag in asked["Tags"]}
    assert tags.items() >= want.spec["tags"].items()
    assert tags[RESTORED] == "last 2026-11-28T10:15:00+00:00 login-of-before"
    # AWS has no such arguments, or takes them from the copy.
    assert not asked.keys() & {
        "MasterUserPassword",
        "KmsKeyId",
        "EngineVersion",
        "DBName",
        "Engine",
    }


@pytest.mark.parametrize(
    ("time", "told"),
    [
        ({}, {"UseLatestRestorableTime": True}),
        ({"time": "latest"}, {"UseLatestRestorableTime": True}),
        ({"time": "2026-11-28T10:00:00Z"}, {"RestoreTime": "2026-11-28T10:00:00Z"}),
    ],
)
def test_a_backup_is_restored_as_of_a_time(
    cloud: Cloud, scope: Scope, time: dict[str, str], told: dict[str, Any]
) -> None:
    want = wanted(scope, backup=ARN, **time)
    cloud.keeps(BACKUP)
    made = item(want.spec, DBInstanceStatus="creating")
    cloud.once.add_response("restore_db_instance_to_point_in_time", {"DBInstance": made})
    DbInstance().create(cloud.aws, want)
    name, asked = cloud.sent[-1]
    assert name == "RestoreDBInstanceToPointInTime"
    assert asked["SourceDBInstanceAutomatedBackupsArn"] == ARN
    assert asked["TargetDBInstanceIdentifier"] == "production-home-database"
    assert {key: asked[key] for key in asked if "Time" in key and "Target" not in key} == told
    assert asked.items() >= FROM_THE_FIRST_MOMENT.items()


def test_a_primary_that_stands_is_restored_beside_itself(cloud: Cloud, scope: Scope) -> None:
    want = wanted(scope, instance="other", time="latest")
    cloud.keeps({**BACKUP, "DBInstanceIdentifier": "other", "Status": "active"})
    cloud.stub.add_response("describe_db_instances", {"DBInstances": [item(want.spec)]})
    made = item(want.spec, DBInstanceStatus="creating")
    cloud.once.add_response("restore_db_instance_to_point_in_time", {"DBInstance": made})
    DbInstance().create(cloud.aws, want)
    _name, asked = cloud.sent[-1]
    assert asked["SourceDBInstanceIdentifier"] == "other" and asked["UseLatestRestorableTime"]
    assert "SourceDBInstanceAutomatedBackupsArn" not in asked
    assert asked.items() >= FROM_THE_FIRST_MOMENT.items()


def test_a_restored_one_that_is_to_leave_nothing_is_marked_from_the_first_moment(
    cloud: Cloud, scope: Scope
) -> None:
    want = wanted(scope, snapshot="last")
    want = replace(want, spec={**want.spec, "final_snapshot": False})
    cloud.holds(SNAPSHOT)
    made = item(want.spec, DBInstanceStatus="creating")
    cloud.once.add_response("restore_db_instance_from_db_snapshot", {"DBInstance": made})
    DbInstance().create(cloud.aws, want)
    tags = {tag["Key"]: tag["Value"] for tag in cloud.sent[-1][1]["Tags"]}
    assert tags["phoenix:final-snapshot"] == "none" and RESTORED in tags


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ({"EngineVersion": "15.4"}, "is of PostgreSQL 15.4, and 16 is declared"),
        ({"KmsKeyId": "arn:aws:kms:us-east-1:123456789012:key/2"}, "is encrypted with"),
        ({"KmsKeyId": None}, "is encrypted with no key"),
        ({"MasterUsername": "postgres"}, "the master user in snapshot last is postgres"),
        ({"Status": "creating"}, "there is no last"),
    ],
)
def test_what_would_never_become_as_declared_is_not_restored(
    cloud: Cloud, scope: Scope, found: dict[str, Any], why: str
) -> None:
    cloud.holds({key: value for key, value in {**SNAPSHOT, **found}.items() if value})
    with pytest.raises(NotRestorable, match=why):
        DbInstance().create(cloud.aws, wanted(scope, snapshot="last"))


@pytest.mark.parametrize(
    ("snapshots", "objections"),
    [
        ([], 1),
        ([{**SNAPSHOT, "EngineVersion": "15.4"}], 1),
        ([{**SNAPSHOT, "KmsKeyId": "arn:aws:kms:us-east-1:123456789012:key/2"}], 1),
        ([SNAPSHOT], 0),
    ],
)
def test_a_plan_tells_that_a_copy_is_not_there_or_of_something_else(
    cloud: Cloud, scope: Scope, snapshots: list[dict[str, Any]], objections: int
) -> None:
    cloud.stub.add_client_error("describe_db_instances", "DBInstanceNotFound")
    cloud.holds(*snapshots)
    want = wanted(scope, snapshot="last")
    found = list(DbInstance().objections(View(cloud.aws), want, None))
    assert [type(error) for error in found] == [NotRestorable] * objections


def test_a_restored_instance_gets_the_password_of_the_secret_once(
    cloud: Cloud, scope: Scope
) -> None:
    want = wanted(scope, snapshot="last")
    mark = {"Key": RESTORED, "Value": "last 2026-11-28T10:15:00+00:00 login-of-before"}
    told = item(want.spec, DBName=None)
    told = {key: value for key, value in told.items() if value is not None}
    fresh = {**told, "TagList": [*told["TagList"], mark]}
    have = cloud.have(want, fresh)
    changes = compare(want.spec, have.spec)
    assert [(change.key, change.before) for change in changes] == [("secret", "")]
    secret = {"username": "phoenix_owner", "password": PASSWORD}
    cloud.login.add_response("get_secret_value", {"SecretString": json.dumps(secret)})
    cloud.stub.add_response("modify_db_instance", {})
    cloud.stub.add_response("add_tags_to_resource", {})
    after = DbInstance().update(cloud.aws, want, have, changes)
    assert after is not None and not after.settled
    assert cloud.sent[-2][1]["MasterUserPassword"] == PASSWORD
    assert PASSWORD not in repr(after)
    [tag] = cloud.sent[-1][1]["Tags"]
    assert tag == {"Key": RESTORED, "Value": "last 2026-11-28T10:15:00+00:00 login-set"}
    later = cloud.have(want, {**told, "TagList": [*told["TagList"], tag]})
    assert compare(want.spec, later.spec, purge=frozenset({"tags"})) == ()


def test_what_aws_refuses_of_a_restored_instance_does_not_keep_its_password_from_it(
    cloud: Cloud, scope: Scope
) -> None:
    want = wanted(scope, snapshot="last")
    mark = {"Key": RESTORED, "Value": "last 2026-11-28T10:15:00+00:00 login-of-before"}
    told = item(want.spec, MaxAllocatedStorage=0, MultiAZ=not want.spec["multi_az"])
    have = cloud.have(want, {**told, "TagList": [*told["TagList"], mark]})
    secret = {"username": "phoenix_owner", "password": PASSWORD}
    cloud.login.add_response("get_secret_value", {"SecretString": json.dumps(secret)})
    cloud.stub.add_response("modify_db_instance", {})
    cloud.stub.add_response("add_tags_to_resource", {})
    after = DbInstance().update(cloud.aws, want, have, compare(want.spec, have.spec))
    assert set(cloud.sent[-2][1]) == {
        "ApplyImmediately",
        "DBInstanceIdentifier",
        "MasterUserPassword",
    }
    assert after is not None
    rest = compare(want.spec, after.spec)
    assert {change.key for change in rest} == {"max_allocated_storage", "multi_az"}
    cloud.stub.add_response("modify_db_instance", {})
    taken = replace(after, status="available")
    assert DbInstance().update(cloud.aws, want, taken, rest) is not None
    assert set(cloud.sent[-1][1]) == {
        "ApplyImmediately",
        "DBInstanceIdentifier",
        "MaxAllocatedStorage",
        "MultiAZ",
    }


@pytest.mark.parametrize(
    ("limit", "size", "told"), [(0, 190, False), (0, 180, True), (150, 190, True)]
)
def test_a_limit_of_growth_that_aws_does_not_take_any_more_is_no_difference(
    cloud: Cloud, scope: Scope, limit: int, size: int, told: bool
) -> None:
    want = wanted(scope, snapshot="last")
    assert want.spec["max_allocated_storage"] == 200
    answer = item(want.spec, AllocatedStorage=size, MaxAllocatedStorage=limit)
    assert cloud.differences(want, answer) == ({"max_allocated_storage"} if told else set())


def test_what_stands_is_never_compared_with_what_it_would_be_restored_from(
    cloud: Cloud, scope: Scope
) -> None:
    want = wanted(scope, snapshot="last")
    assert cloud.differences(want, item(want.spec)) == set()
    other = replace(want, spec={**want.spec, "restore": {"backup": ARN, "time": "latest"}})
    assert cloud.differences(other, item(want.spec)) == set()
