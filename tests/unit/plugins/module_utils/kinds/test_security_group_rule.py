# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules are changed in place, and one that says the same is taken over, never doubled or cut."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import (
    Scope,
    pairs,
    specification,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds import (
    security_group_rule as kind,
)


def new_group(aws: Any, scope: Scope, vpc: str, id: str) -> str:
    group: str = aws.client("ec2").create_security_group(
        GroupName=scope.name(id),
        Description=id,
        VpcId=vpc,
        TagSpecifications=specification("security-group", scope.marks("security_group", id)),
    )["GroupId"]
    return group


@pytest.fixture
def groups(aws: Any, scope: Scope) -> dict[str, str]:
    """The ids of two groups of ours, in a VPC of ours."""
    tags = specification("vpc", scope.marks("vpc", "main"))
    vpc = aws.client("ec2").create_vpc(CidrBlock="10.20.0.0/16", TagSpecifications=tags)["Vpc"]
    return {id: new_group(aws, scope, vpc["VpcId"], id) for id in ("balancer", "web")}


@pytest.fixture
def want(scope: Scope, groups: dict[str, str]) -> Want:
    return Want(
        "security_group_rule",
        "balancer/in-https",
        {
            "group": groups["balancer"],
            "direction": "in",
            "by": "cidr",
            "peer": "0.0.0.0/0",
            "protocol": "tcp",
            "from_port": 443,
            "to_port": 443,
            "description": "Visitors",
            "tags": scope.marks("security_group_rule", "balancer/in-https"),
        },
    )


@pytest.fixture
def between(groups: dict[str, str], want: Want) -> Want:
    """A rule that names a group. The emulator in this process loses the description of one."""
    named = {"group": groups["web"], "by": "group", "peer": groups["balancer"], "description": ""}
    return replace(want, spec={**want.spec, **named})


def permission(**changes: Any) -> dict[str, Any]:
    """The same rule as an argument of AWS."""
    peer = {"CidrIp": "0.0.0.0/0", "Description": changes.pop("description", "Visitors")}
    return {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [peer], **changes}


def rules(aws: Any, group: str) -> list[str]:
    filters = [{"Name": "group-id", "Values": [group]}]
    found = aws.client("ec2").describe_security_group_rules(Filters=filters)["SecurityGroupRules"]
    return [rule["SecurityGroupRuleId"] for rule in found if not rule["IsEgress"]]


@pytest.mark.parametrize("direction", ["in", "out"])
def test_a_new_rule_is_as_declared(life: Any, want: Want, direction: str) -> None:
    one = life(kind.SecurityGroupRule())
    want = one.another(want, direction=direction)
    assert one.make(want).facts["id"].startswith("sgr-")
    assert one.differences(want) == {}


def test_a_rule_may_name_a_group(life: Any, between: Want) -> None:
    life(kind.SecurityGroupRule()).make(between)
    assert life(kind.SecurityGroupRule()).differences(between) == {}


@pytest.mark.parametrize(
    ("field", "value", "argument"),
    [
        ("from_port", 440, {"FromPort": 440}),
        ("to_port", 450, {"ToPort": 450}),
        ("protocol", "udp", {"IpProtocol": "udp"}),
        ("peer", "192.0.2.0/24", {"CidrIpv4": "192.0.2.0/24"}),
        ("description", "theirs", {"Description": "theirs"}),
    ],
)
def test_a_change_behind_its_back_is_seen_and_undone_in_place(
    life: Any, aws: Any, want: Want, field: str, value: Any, argument: dict[str, Any]
) -> None:
    one = life(kind.SecurityGroupRule())
    id = one.make(want).facts["id"]
    plain = {
        "IpProtocol": "tcp",
        "FromPort": 443,
        "ToPort": 443,
        "CidrIpv4": "0.0.0.0/0",
        "Description": "Visitors",
    }
    changed = {"SecurityGroupRuleId": id, "SecurityGroupRule": {**plain, **argument}}
    aws.client("ec2").modify_security_group_rules(
        GroupId=want.spec["group"], SecurityGroupRules=[changed]
    )
    assert one.differences(want) == {field: (value, want.spec[field])}
    one.repair(want)
    assert one.differences(want) == {}
    assert one.find(want).facts["id"] == id


def test_another_port_of_a_rule_between_groups_is_set_in_place(life: Any, between: Want) -> None:
    one = life(kind.SecurityGroupRule())
    id = one.make(between).facts["id"]
    want = one.another(between, from_port=8080, to_port=8080)
    one.repair(want)
    assert one.differences(want) == {}
    assert one.find(want).facts["id"] == id


def test_a_rule_cannot_turn_from_network_to_group() -> None:
    assert kind.SecurityGroupRule().rules.replace == {"group", "direction", "by"}


@pytest.mark.parametrize("description", ["Visitors", "made by hand"])
def test_a_rule_without_an_owner_that_says_the_same_is_taken_over(
    life: Any, aws: Any, want: Want, description: str
) -> None:
    group = want.spec["group"]
    aws.client("ec2").authorize_security_group_ingress(
        GroupId=group, IpPermissions=[permission(description=description)]
    )
    before = rules(aws, group)
    one = life(kind.SecurityGroupRule())
    one.make(want)
    assert one.differences(want) == {}
    assert rules(aws, group) == before


def test_a_rule_that_another_owner_claims_is_left_to_them(
    life: Any, aws: Any, want: Want, scope: Scope
) -> None:
    group = want.spec["group"]
    tags = {**want.spec["tags"], "phoenix:environment": "staging"}
    aws.client("ec2").authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[permission()],
        TagSpecifications=specification("security-group-rule", tags),
    )
    with pytest.raises(Exception, match="Duplicate"):
        kind.SecurityGroupRule().create(aws, want)
    assert life(kind.SecurityGroupRule()).find(want) is None


def test_a_rule_that_lost_its_tags_gets_them_back(life: Any, aws: Any, want: Want) -> None:
    one = life(kind.SecurityGroupRule())
    id = one.make(want).facts["id"]
    aws.client("ec2").delete_tags(Resources=[id], Tags=pairs(want.spec["tags"]))
    assert one.find(want) is None
    assert one.make(want).facts["id"] == id


def test_a_tag_changed_behind_its_back_is_repaired(life: Any, aws: Any, want: Want) -> None:
    one = life(kind.SecurityGroupRule())
    rule = one.make(want).facts["id"]
    aws.client("ec2").create_tags(Resources=[rule], Tags=[{"Key": "team", "Value": "x"}])
    assert one.differences(want) == {"tags.team": ("x", "shop")}
    one.repair(want)
    assert one.differences(want) == {}


@pytest.mark.parametrize("direction", ["in", "out"])
def test_a_removed_rule_is_gone(life: Any, want: Want, direction: str) -> None:
    one = life(kind.SecurityGroupRule())
    want = one.another(want, direction=direction)
    one.make(want)
    one.remove(want)
    assert one.find(want) is None
