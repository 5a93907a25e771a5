# SPDX-License-Identifier: GPL-3.0-or-later
"""The secret: its value is made once and is in no spec, fact or message."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.errors import Conflict
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import SECRETS
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.secret import Secret
from ansible_collections.operatingdev.phoenix.plugins.module_utils.tiers import policies


@pytest.fixture
def want(aws: Any, scope: Scope) -> Want:
    kms = aws.client("kms")
    for alias in (scope.key_alias, "alias/other"):
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName=alias, TargetKeyId=key)
    return Want(
        "secret",
        "database",
        {
            "name": "production/home/database",
            "description": "Master user of the database of production-home",
            "key": scope.key_alias,
            "policy": policies.secret(scope),
            "username": "phoenix_owner",
            "tags": scope.marks("secret", "database"),
        },
    )


def value(aws: Any, want: Want) -> dict[str, str]:
    answer = aws.client("secretsmanager").get_secret_value(SecretId=want.spec["name"])
    found: dict[str, str] = json.loads(answer["SecretString"])
    return found


def test_a_new_secret_is_as_declared_and_holds_a_login_rds_takes(
    life: Any, aws: Any, want: Want
) -> None:
    life(Secret()).make(want)
    assert life(Secret()).differences(want) == {}
    found = value(aws, want)
    assert found["username"] == "phoenix_owner"
    assert len(found["password"]) >= 30
    assert not set(found["password"]) & set("/@\" '")
    assert found["password"].isascii()


def test_the_password_is_in_nothing_that_leaves(life: Any, aws: Any, want: Want) -> None:
    have = life(Secret()).make(want)
    password = value(aws, want)["password"]
    assert password not in repr((have, life(Secret()).find(want)))
    assert SECRETS.clean(f"failed with {password}") == "failed with ********"


@pytest.mark.parametrize(
    ("call", "arguments", "field"),
    [
        ("update_secret", {"Description": "other"}, "description"),
        ("update_secret", {"KmsKeyId": "alias/other"}, "key"),
        ("delete_resource_policy", {}, "policy"),
        ("tag_resource", {"Tags": [{"Key": "team", "Value": "else"}]}, "tags.team"),
        ("untag_resource", {"TagKeys": ["Name"]}, "tags.Name"),
    ],
)
def test_a_change_behind_its_back_is_seen_and_repaired_and_the_value_stays(
    life: Any, aws: Any, want: Want, call: str, arguments: dict[str, Any], field: str
) -> None:
    one = life(Secret())
    one.make(want)
    before = value(aws, want)
    getattr(aws.client("secretsmanager"), call)(SecretId=want.spec["name"], **arguments)
    assert set(one.differences(want)) == {field}
    one.repair(want)
    assert one.differences(want) == {}
    assert value(aws, want) == before


@pytest.mark.parametrize("spelling", ["Arn", "KeyId"])
def test_a_key_told_by_id_is_the_same_key(
    life: Any, aws: Any, scope: Scope, want: Want, spelling: str
) -> None:
    one = life(Secret())
    one.make(want)
    data = aws.client("kms").describe_key(KeyId=scope.key_alias)["KeyMetadata"]
    aws.client("secretsmanager").update_secret(SecretId=want.spec["name"], KmsKeyId=data[spelling])
    assert one.differences(want) == {}


def test_a_removed_secret_is_absent_and_comes_back_with_its_value(
    life: Any, aws: Any, want: Want
) -> None:
    one = life(Secret())
    have, before = one.make(want), value(aws, want)
    one.remove(want)
    assert one.find(want) is None
    assert one.make(want).facts == have.facts
    assert one.differences(want) == {}
    assert value(aws, want) == before


def test_a_removed_secret_of_somebody_else_is_not_restored(life: Any, aws: Any, want: Want) -> None:
    client, name = aws.client("secretsmanager"), want.spec["name"]
    client.create_secret(Name=name, SecretString="theirs")
    assert life(Secret()).find(want) is None
    client.delete_secret(SecretId=name)
    with pytest.raises(Conflict, match="without the owner tags"):
        life(Secret()).make(want)


def test_every_site_makes_a_password_of_its_own(life: Any, aws: Any, want: Want) -> None:
    one = life(Secret())
    other = one.another(want, name="production/other/database")
    one.make(want)
    one.make(other)
    assert value(aws, want)["password"] != value(aws, other)["password"]


def test_one_without_a_declared_policy_has_whatever_others_gave_it(
    life: Any, aws: Any, want: Want
) -> None:
    one = life(Secret())
    bare = Want(want.kind, want.id, {k: v for k, v in want.spec.items() if k != "policy"})
    one.make(bare)
    aws.client("secretsmanager").put_resource_policy(
        SecretId=want.spec["name"], ResourcePolicy='{"Version": "2012-10-17", "Statement": []}'
    )
    assert one.differences(bare) == {}


def test_each_one_that_is_no_longer_declared_is_seen_by_its_own_id(
    life: Any, scope: Scope, want: Want
) -> None:
    life(Secret()).make(want)
    tags = scope.marks("secret", "reader")
    spec = {**want.spec, "name": "production/home/reader", "tags": tags}
    life(Secret()).make(Want("secret", "reader", spec))
    found = {have.id: have.facts["name"] for have in life(Secret()).undeclared()}
    assert found == {"database": "production/home/database", "reader": "production/home/reader"}


def test_one_that_is_no_longer_declared_is_seen(life: Any, want: Want) -> None:
    assert life(Secret()).undeclared() == []
    made = life(Secret()).make(want)
    [have] = life(Secret()).undeclared()
    assert (have.address, have.facts) == (made.address, made.facts)
