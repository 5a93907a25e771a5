# SPDX-License-Identifier: GPL-3.0-or-later
"""Security groups start without the rule that AWS adds, and name the rules of others."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import (
    Scope,
    specification,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Change, Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.security_group import (
    SecurityGroup,
)

EVERYWHERE = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
SSH = {
    "IpProtocol": "tcp",
    "FromPort": 22,
    "ToPort": 22,
    "IpRanges": [{"CidrIp": "192.0.2.0/24"}],
}


@pytest.fixture
def want(aws: Any, scope: Scope) -> Want:
    tags = scope.marks("vpc", "main")
    vpc = aws.client("ec2").create_vpc(
        CidrBlock="10.20.0.0/16", TagSpecifications=specification("vpc", tags)
    )["Vpc"]["VpcId"]
    return Want(
        "security_group",
        "web",
        {
            "name": "production-home-web",
            "description": "Web of production-home",
            "vpc": vpc,
            "default_egress": False,
            "tags": scope.marks("security_group", "web"),
        },
    )


def rules(aws: Any, group: str) -> list[dict[str, Any]]:
    filters = [{"Name": "group-id", "Values": [group]}]
    found: list[dict[str, Any]] = aws.client("ec2").describe_security_group_rules(Filters=filters)[
        "SecurityGroupRules"
    ]
    return found


def test_a_new_group_lets_nothing_in_or_out(life: Any, aws: Any, want: Want) -> None:
    have = life(SecurityGroup()).make(want)
    assert life(SecurityGroup()).differences(want) == {}
    assert rules(aws, have.facts["id"]) == []


def test_a_group_may_keep_the_rule_that_aws_adds(life: Any, want: Want) -> None:
    one = life(SecurityGroup())
    want = one.another(want, default_egress=True)
    one.make(want)
    assert one.differences(want) == {}


def test_the_way_out_to_everywhere_is_closed_again(life: Any, aws: Any, want: Want) -> None:
    one = life(SecurityGroup())
    group = one.make(want).facts["id"]
    aws.client("ec2").authorize_security_group_egress(GroupId=group, IpPermissions=[EVERYWHERE])
    assert one.differences(want) == {"default_egress": (True, False)}
    one.repair(want)
    assert one.differences(want) == {}
    assert rules(aws, group) == []


def test_a_rule_of_somebody_else_is_named_and_stays(life: Any, aws: Any, want: Want) -> None:
    one = life(SecurityGroup())
    group = one.make(want).facts["id"]
    aws.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[SSH])
    [rule] = rules(aws, group)
    assert one.differences(want) == {}
    id = rule["SecurityGroupRuleId"]
    assert one.find(want).foreign == (f"rule in tcp 22 from 192.0.2.0/24 ({id})",)


def test_a_way_out_that_somebody_tagged_is_theirs(life: Any, aws: Any, want: Want) -> None:
    one = life(SecurityGroup())
    group = one.make(want).facts["id"]
    aws.client("ec2").authorize_security_group_egress(
        GroupId=group,
        IpPermissions=[EVERYWHERE],
        TagSpecifications=specification("security-group-rule", {"Name": "theirs"}),
    )
    assert one.differences(want) == {}
    [named] = one.find(want).foreign
    assert named.startswith("rule out all to 0.0.0.0/0 (")


@pytest.mark.parametrize("wanted", [True, False])
def test_an_edit_whose_answer_was_lost_is_no_error(
    life: Any, aws: Any, want: Want, wanted: bool
) -> None:
    one = life(SecurityGroup())
    want = one.another(want, default_egress=wanted)
    have = one.make(want)
    SecurityGroup().update(aws, want, have, [Change(("default_egress",), not wanted, wanted)])
    assert one.differences(want) == {}


def test_a_tag_changed_behind_its_back_is_repaired(life: Any, aws: Any, want: Want) -> None:
    one = life(SecurityGroup())
    group = one.make(want).facts["id"]
    aws.client("ec2").create_tags(Resources=[group], Tags=[{"Key": "team", "Value": "x"}])
    assert one.differences(want) == {"tags.team": ("x", "shop")}
    one.repair(want)
    assert one.differences(want) == {}


def test_a_group_of_our_name_without_our_tags_is_not_ours(life: Any, aws: Any, want: Want) -> None:
    aws.client("ec2").create_security_group(
        GroupName=want.spec["name"], Description="theirs", VpcId=want.spec["vpc"]
    )
    assert life(SecurityGroup()).find(want) is None


def test_a_removed_group_is_gone(life: Any, want: Want) -> None:
    one = life(SecurityGroup())
    one.make(want)
    one.remove(want)
    assert one.find(want) is None
