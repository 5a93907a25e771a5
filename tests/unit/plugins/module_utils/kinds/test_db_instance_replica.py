# SPDX-License-Identifier: GPL-3.0-or-later
"""A replica in another region: what AWS is told of it, and what it tells."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.errors import (
    Meaning,
    NotYet,
    meaning,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import (
    Aws,
    Connection,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.diff import compare
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.db_instance import (
    DbInstance,
)
from botocore.stub import Stubber

from .instances import HOME_ARN, Told, asked_to_go, item, spec


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


def test_a_replica_leaves_no_snapshot(scope: Scope, west: Aws) -> None:
    want = replica(scope)
    answer = item(want.spec, ReadReplicaSourceDBInstanceIdentifier=HOME_ARN)
    asked_to_go(Told(west), want, answer, SkipFinalSnapshot=True)
