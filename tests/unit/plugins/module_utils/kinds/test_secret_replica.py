# SPDX-License-Identifier: GPL-3.0-or-later
"""The copy of the secret in the other region."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope, pairs
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.view import View
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.secret_replica import (
    SecretReplica,
)
from moto.secretsmanager.models import FakeSecret


@pytest.fixture(autouse=True)
def keys_as_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """The emulator forgets the key of a copy."""
    original = FakeSecret.create_replicas

    def create_replicas(self: FakeSecret, replica_regions: Any, force_overwrite: bool) -> Any:
        replicas = original(self, replica_regions, force_overwrite)
        for replica, asked in zip(replicas, replica_regions, strict=True):
            replica.config["KmsKeyId"] = asked["KmsKeyId"]
        return replicas

    monkeypatch.setattr(FakeSecret, "create_replicas", create_replicas)


@pytest.fixture
def want(aws: Any, scope: Scope) -> Want:
    aws.client("secretsmanager").create_secret(
        Name="production/home/database",
        SecretString="{}",
        Tags=pairs(scope.marks("secret", "database")),
    )
    key = "alias/phoenix-production-recovery"
    return Want(
        "secret_replica",
        "database",
        {
            "name": "production/home/database",
            "region": "us-west-2",
            "key": key,
            "state": "usable",
        },
    )


def test_a_new_copy_is_as_declared_and_is_in_its_region(life: Any, aws: Any, want: Want) -> None:
    have = life(SecretReplica()).make(want)
    assert life(SecretReplica()).differences(want) == {}
    assert have.settled
    there = aws.client("secretsmanager", "us-west-2").describe_secret(SecretId=want.spec["name"])
    assert have.facts["arn"] == there["ARN"]


def test_a_copy_with_another_key_is_seen(life: Any, want: Want) -> None:
    one = life(SecretReplica())
    one.make(one.another(want, key="alias/other"))
    assert set(one.differences(want)) == {"key"}


def test_a_copy_that_failed_says_why_and_is_to_be_made_again(
    life: Any, monkeypatch: pytest.MonkeyPatch, want: Want
) -> None:
    one = life(SecretReplica())
    one.make(want)
    told = {"Region": "us-west-2", "KmsKeyId": want.spec["key"], "Status": "Failed"}
    told["StatusMessage"] = "Secret name simple already exists in region us-west-2."
    original = FakeSecret.to_dict

    def to_dict(self: FakeSecret, *given: Any, **more: Any) -> Any:
        return {**original(self, *given, **more), "ReplicationStatus": [told]}

    monkeypatch.setattr(FakeSecret, "to_dict", to_dict)
    have = one.find(want)
    assert have.failed and not have.settled
    assert have.status == "Failed: Secret name simple already exists in region us-west-2."
    assert one.differences(want) == {"state": ("failed", "usable")}


def test_a_copy_of_a_secret_that_is_not_ours_is_not_ours(life: Any, aws: Any, want: Want) -> None:
    one = life(SecretReplica())
    one.make(want)
    aws.client("secretsmanager").untag_resource(
        SecretId=want.spec["name"], TagKeys=["phoenix:environment"]
    )
    assert one.find(want) is None


def test_a_removed_copy_is_absent_and_the_secret_stays(life: Any, aws: Any, want: Want) -> None:
    one = life(SecretReplica())
    one.make(want)
    one.remove(want)
    assert one.find(want) is None
    assert aws.client("secretsmanager").describe_secret(SecretId=want.spec["name"])["ARN"]


def test_one_that_is_no_longer_declared_is_seen_and_goes(life: Any, aws: Any, want: Want) -> None:
    one = life(SecretReplica())
    assert one.undeclared() == []
    one.make(want)
    [have] = one.undeclared()
    assert (have.address, have.spec) == (want.address, want.spec)
    one.kind.delete(aws, have)
    assert one.undeclared() == []


def test_one_in_a_region_that_is_no_longer_declared_is_seen_beside_the_declared_one(
    life: Any, aws: Any, want: Want
) -> None:
    one = life(SecretReplica())
    moved = one.another(want, region="eu-west-1")
    one.make(want)
    one.make(moved)
    found = {have.address: have.spec["region"] for have in one.kind.find(View(aws), [moved])}
    assert found == {
        "secret_replica/database": "eu-west-1",
        "secret_replica/database-us-west-2": "us-west-2",
    }


def test_one_with_a_key_of_somebody_else_is_left_alone(life: Any, want: Want) -> None:
    one = life(SecretReplica())
    one.make(one.another(want, key="alias/other"))
    assert one.undeclared() == []
