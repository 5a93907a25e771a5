# SPDX-License-Identifier: GPL-3.0-or-later
"""The customer key: one per region, found by alias, never made twice."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.errors import Conflict
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.kms_key import KmsKey
from ansible_collections.operatingdev.phoenix.plugins.module_utils.tiers import key_policy


@pytest.fixture
def want(scope: Scope) -> Want:
    return Want(
        "kms_key",
        "main",
        {
            "alias": scope.key_alias,
            "description": "Data of production-home",
            "policy": key_policy.key(scope),
            "rotation": True,
            "enabled": True,
            "tags": scope.marks("kms_key", "main"),
        },
    )


def keys(aws: Any) -> list[str]:
    return [key["KeyId"] for key in aws.client("kms").list_keys()["Keys"]]


def test_a_new_key_is_as_declared(life: Any, want: Want) -> None:
    have = life(KmsKey()).make(want)
    assert life(KmsKey()).differences(want) == {}
    assert have.facts["arn"].startswith("arn:aws:kms:us-east-1:123456789012:key/")
    assert have.facts["id"] in have.facts["arn"]


@pytest.mark.parametrize(
    ("call", "arguments", "field"),
    [
        ("disable_key_rotation", {}, "rotation"),
        ("update_key_description", {"Description": "other"}, "description"),
        ("disable_key", {}, "enabled"),
        (
            "put_key_policy",
            {
                "PolicyName": "default",
                "Policy": '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":'
                '{"AWS":"arn:aws:iam::123456789012:root"},"Action":"kms:*","Resource":"*"}]}',
            },
            "policy",
        ),
        ("tag_resource", {"Tags": [{"TagKey": "team", "TagValue": "else"}]}, "tags.team"),
        ("untag_resource", {"TagKeys": ["Name"]}, "tags.Name"),
    ],
)
def test_a_change_behind_its_back_is_seen_and_repaired(
    life: Any, aws: Any, want: Want, call: str, arguments: dict[str, Any], field: str
) -> None:
    one = life(KmsKey())
    have = one.make(want)
    getattr(aws.client("kms"), call)(KeyId=have.facts["id"], **arguments)
    assert set(one.differences(want)) == {field}
    one.repair(want)
    assert one.differences(want) == {}


def test_a_key_whose_alias_was_never_made_is_adopted(life: Any, aws: Any, want: Want) -> None:
    one = life(KmsKey())
    have = one.make(want)
    aws.client("kms").delete_alias(AliasName=want.spec["alias"])
    assert set(one.differences(want)) == {"alias"}
    one.repair(want)
    assert one.differences(want) == {}
    assert keys(aws) == [have.facts["id"]]


def test_a_removed_key_is_on_its_way_out_and_comes_back_as_the_same_key(
    life: Any, aws: Any, want: Want
) -> None:
    one = life(KmsKey())
    have = one.make(want)
    one.remove(want)
    leaving = one.find(want)
    assert leaving.leaving and not leaving.spec["enabled"]
    one.repair(want)
    assert one.find(want).facts == have.facts
    assert one.differences(want) == {}
    assert keys(aws) == [have.facts["id"]]


def test_a_removed_key_stays_for_thirty_days(life: Any, aws: Any, want: Want) -> None:
    one = life(KmsKey())
    have = one.make(want)
    one.remove(want)
    data = aws.client("kms").describe_key(KeyId=have.facts["id"])["KeyMetadata"]
    assert (data["DeletionDate"] - data["CreationDate"]).days in (29, 30)


def test_an_alias_of_somebody_else_is_left_alone(life: Any, aws: Any, want: Want) -> None:
    kms = aws.client("kms")
    theirs = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=want.spec["alias"], TargetKeyId=theirs)
    assert life(KmsKey()).find(want) is None
    with pytest.raises(Conflict, match="without the owner tags"):
        life(KmsKey()).make(want)
    assert keys(aws) == [theirs]


def test_the_key_of_the_other_site_is_read_with_one_request(
    view: Any, life: Any, want: Want
) -> None:
    life(KmsKey()).make(want)
    given = Want("kms_key", "main", {"alias": want.spec["alias"]}, given=True)
    look = view()
    [have] = KmsKey().find(look, [given])
    assert have.settled
    assert len(look._answers) == 1


def test_one_that_is_no_longer_declared_is_seen(life: Any, want: Want) -> None:
    assert life(KmsKey()).undeclared() == []
    made = life(KmsKey()).make(want)
    [have] = life(KmsKey()).undeclared()
    assert (have.address, have.facts) == (made.address, made.facts)
