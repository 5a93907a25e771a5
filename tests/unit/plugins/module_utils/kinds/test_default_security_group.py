# SPDX-License-Identifier: GPL-3.0-or-later
"""The default group of our VPC is empty, whoever put a rule into it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.errors import (
    Meaning,
    NotYet,
    meaning,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import (
    Scope,
    specification,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds import (
    default_security_group as kind,
)

SSH = {
    "IpProtocol": "tcp",
    "FromPort": 22,
    "ToPort": 22,
    "IpRanges": [{"CidrIp": "192.0.2.0/24"}],
}


@pytest.fixture
def want(aws: Any, scope: Scope) -> Want:
    vpc = aws.client("ec2").create_vpc(
        CidrBlock="10.20.0.0/16", TagSpecifications=specification("vpc", scope.marks("vpc", "main"))
    )["Vpc"]["VpcId"]
    tags = scope.marks("default_security_group", "main")
    return Want("default_security_group", "main", {"vpc": vpc, "rules": (), "tags": tags})


def test_the_group_of_a_new_vpc_has_rules_and_no_tags(life: Any, want: Want) -> None:
    differences = life(kind.DefaultSecurityGroup()).differences(want)
    assert "rules" in differences
    assert "tags.Name" in differences


def test_it_is_stripped_and_tagged(life: Any, want: Want) -> None:
    life(kind.DefaultSecurityGroup()).make(want)
    assert life(kind.DefaultSecurityGroup()).differences(want) == {}


def test_a_group_found_as_aws_made_it_is_stripped_by_an_update(life: Any, want: Want) -> None:
    one = life(kind.DefaultSecurityGroup())
    one.repair(want)
    assert one.differences(want) == {}


def test_rules_in_both_directions_are_shown_and_removed(life: Any, aws: Any, want: Want) -> None:
    one = life(kind.DefaultSecurityGroup())
    group = one.make(want).facts["id"]
    client = aws.client("ec2")
    client.authorize_security_group_ingress(GroupId=group, IpPermissions=[SSH])
    client.authorize_security_group_egress(GroupId=group, IpPermissions=[SSH])
    before, after = one.differences(want)["rules"]
    assert [rule.rpartition(" (")[0] for rule in before] == [
        "in tcp 22 from 192.0.2.0/24",
        "out tcp 22 to 192.0.2.0/24",
    ]
    assert after == ()
    one.repair(want)
    assert one.differences(want) == {}


def test_without_a_vpc_of_ours_there_is_none(life: Any, aws: Any, want: Want) -> None:
    aws.client("ec2").delete_tags(Resources=[want.spec["vpc"]], Tags=[{"Key": "phoenix:id"}])
    assert life(kind.DefaultSecurityGroup()).find(want) is None


def test_a_group_that_does_not_show_yet_is_looked_for_again(
    life: Any, aws: Any, want: Want
) -> None:
    elsewhere = life(kind.DefaultSecurityGroup()).another(want, vpc="vpc-0")
    with pytest.raises(NotYet) as caught:
        kind.DefaultSecurityGroup().create(aws, elsewhere)
    assert meaning(caught.value) is Meaning.UNPROPAGATED


def test_it_stays_until_aws_removes_it_with_the_vpc(life: Any, want: Want) -> None:
    one = life(kind.DefaultSecurityGroup())
    one.make(want)
    one.remove(want)
    assert one.find(want) is not None
