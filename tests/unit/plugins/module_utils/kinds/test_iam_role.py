# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles: declared rights are kept as declared, others are named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.view import View
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.iam_role import IamRole
from ansible_collections.operatingdev.phoenix.plugins.module_utils.tiers import policies

OTHER = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
    }
)
TRUST = OTHER.replace('"s3:*"', '"sts:AssumeRole"').replace(
    '"Resource": "*"', '"Principal": {"Service": "ec2.amazonaws.com"}'
)


@pytest.fixture
def managed(aws: Any) -> list[str]:
    """ARNs of two managed policies."""
    iam = aws.client("iam")
    return [
        iam.create_policy(PolicyName=name, PolicyDocument=OTHER)["Policy"]["Arn"]
        for name in ("agents", "everything")
    ]


@pytest.fixture
def want(scope: Scope, managed: list[str]) -> Want:
    west = Scope("production", "recovery", "us-west-2", "123456789012")
    document = policies.replication(scope, west, ("releases",))
    for statement in document["Statement"]:
        if statement["Sid"] == "Decrypt":
            statement["Resource"] = ("arn:aws:kms:us-east-1:123456789012:key/6a1b",)
    return Want(
        "iam_role",
        "replication",
        {
            "name": scope.name("replication"),
            "trust": policies.replication_trust(),
            "policies": {"replication": document},
            "attached": (managed[0],),
            "tags": scope.marks("iam_role", "replication"),
        },
    )


def test_a_new_role_is_as_declared(life: Any, want: Want) -> None:
    have = life(IamRole()).make(want)
    assert life(IamRole()).differences(want) == {}
    assert have.facts["arn"] == "arn:aws:iam::123456789012:role/production-home-replication"


@pytest.mark.parametrize(
    ("call", "arguments", "field"),
    [
        ("update_assume_role_policy", {"PolicyDocument": TRUST}, "trust"),
        ("delete_role_policy", {"PolicyName": "replication"}, "policies.replication"),
        (
            "put_role_policy",
            {"PolicyName": "replication", "PolicyDocument": OTHER},
            "policies.replication",
        ),
        (
            "detach_role_policy",
            {"PolicyArn": "arn:aws:iam::123456789012:policy/agents"},
            "attached",
        ),
        ("tag_role", {"Tags": [{"Key": "team", "Value": "else"}]}, "tags.team"),
        ("untag_role", {"TagKeys": ["Name"]}, "tags.Name"),
    ],
)
def test_a_change_behind_its_back_is_seen_and_repaired(
    life: Any, aws: Any, want: Want, call: str, arguments: dict[str, Any], field: str
) -> None:
    one = life(IamRole())
    one.make(want)
    getattr(aws.client("iam"), call)(RoleName=want.spec["name"], **arguments)
    assert set(one.differences(want)) == {field}
    one.repair(want)
    assert one.differences(want) == {}


def test_rights_that_nobody_declared_are_named_and_left(
    life: Any, aws: Any, want: Want, managed: list[str]
) -> None:
    one, iam, name = life(IamRole()), aws.client("iam"), want.spec["name"]
    one.make(want)
    iam.attach_role_policy(RoleName=name, PolicyArn=managed[1])
    iam.put_role_policy(RoleName=name, PolicyName="extra", PolicyDocument=OTHER)
    assert one.differences(want) == {}
    assert one.find(want).foreign == (
        f"inline policy extra of {name}",
        f"attached policy {managed[1]} of {name}",
    )
    with pytest.raises(Exception, match="DeleteConflict"):
        one.remove(want)


def test_roles_are_read_with_one_request(life: Any, aws: Any, want: Want) -> None:
    life(IamRole()).make(want)
    look = View(aws)
    assert list(IamRole().find(look, [want]))
    assert len(look._answers) == 1


def test_a_role_too_new_for_the_list_is_read_by_name(life: Any, aws: Any, want: Want) -> None:
    life(IamRole()).make(want)

    class Late(View):
        def pages(self, service: str, operation: str, key: str, **arguments: Any) -> list[Any]:
            if operation == "get_account_authorization_details":
                return []
            return super().pages(service, operation, key, **arguments)

    [late], [now] = IamRole().find(Late(aws), [want]), IamRole().find(View(aws), [want])
    assert late == now


def test_a_role_of_somebody_else_is_not_ours(life: Any, aws: Any, want: Want) -> None:
    aws.client("iam").create_role(RoleName=want.spec["name"], AssumeRolePolicyDocument=OTHER)
    assert life(IamRole()).find(want) is None


def test_a_removed_role_is_absent(life: Any, want: Want) -> None:
    one = life(IamRole())
    one.make(want)
    one.remove(want)
    assert one.find(want) is None


def test_a_role_that_is_no_longer_declared_is_seen_with_its_policy_and_goes(
    life: Any, aws: Any, want: Want
) -> None:
    one = life(IamRole())
    bare = one.another(want, attached=())
    aws.client("iam").create_role(RoleName="theirs", AssumeRolePolicyDocument=OTHER)
    one.make(bare)
    [have] = one.undeclared()
    assert have.address == want.address
    assert have.foreign == ()
    one.kind.delete(aws, have)
    assert one.undeclared() == []


def test_what_others_wrote_into_a_role_that_is_no_longer_declared_is_named(
    life: Any, aws: Any, want: Want
) -> None:
    one, name = life(IamRole()), want.spec["name"]
    one.make(want)
    aws.client("iam").put_role_policy(RoleName=name, PolicyName="extra", PolicyDocument=OTHER)
    [have] = one.undeclared()
    assert have.foreign[0] == f"inline policy extra of {name}"
    with pytest.raises(Exception, match="DeleteConflict"):
        one.kind.delete(aws, have)


def test_tiers_that_share_the_kind_take_each_its_own_for_theirs() -> None:
    assert IamRole("web").covers("web")
    assert not IamRole("web").covers("replication")
    assert IamRole().covers("replication")
