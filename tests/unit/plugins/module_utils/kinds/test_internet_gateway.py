# SPDX-License-Identifier: GPL-3.0-or-later
"""The internet gateway is attached to our VPC, however often that is asked for."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Change, Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.internet_gateway import (
    InternetGateway,
)


def new_vpc(aws: Any) -> str:
    vpc: str = aws.client("ec2").create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    return vpc


@pytest.fixture
def want(aws: Any, scope: Scope) -> Want:
    tags = scope.marks("internet_gateway", "main")
    return Want("internet_gateway", "main", {"vpc": new_vpc(aws), "tags": tags})


def test_a_new_gateway_is_attached(life: Any, want: Want) -> None:
    life(InternetGateway()).make(want)
    assert life(InternetGateway()).differences(want) == {}


def test_a_gateway_that_cannot_be_attached_yet_is_made_and_not_settled(
    life: Any, aws: Any, want: Want
) -> None:
    one = life(InternetGateway())
    early = one.another(want, vpc="vpc-00000000000000000")
    have = InternetGateway().create(aws, early)
    assert (have.settled, have.status) == (False, "incomplete")
    one.repair(want)
    assert one.differences(want) == {}
    assert one.find(want).facts == have.facts


def test_a_loose_gateway_is_attached_again(life: Any, aws: Any, want: Want) -> None:
    one = life(InternetGateway())
    gateway = one.make(want).facts["id"]
    aws.client("ec2").detach_internet_gateway(InternetGatewayId=gateway, VpcId=want.spec["vpc"])
    assert one.differences(want) == {"vpc": ("", want.spec["vpc"])}
    one.repair(want)
    assert one.differences(want) == {}


def test_a_gateway_attached_elsewhere_is_fetched_back(life: Any, aws: Any, want: Want) -> None:
    one = life(InternetGateway())
    gateway = one.make(want).facts["id"]
    elsewhere = new_vpc(aws)
    client = aws.client("ec2")
    client.detach_internet_gateway(InternetGatewayId=gateway, VpcId=want.spec["vpc"])
    client.attach_internet_gateway(InternetGatewayId=gateway, VpcId=elsewhere)
    assert one.differences(want) == {"vpc": (elsewhere, want.spec["vpc"])}
    one.repair(want)
    assert one.differences(want) == {}


def test_an_attachment_whose_answer_was_lost_is_no_error(life: Any, aws: Any, want: Want) -> None:
    one = life(InternetGateway())
    have = one.make(want)
    InternetGateway().update(aws, want, have, [Change(("vpc",), "", want.spec["vpc"])])
    assert one.differences(want) == {}


def test_a_tag_changed_behind_its_back_is_repaired(life: Any, aws: Any, want: Want) -> None:
    one = life(InternetGateway())
    gateway = one.make(want).facts["id"]
    aws.client("ec2").create_tags(Resources=[gateway], Tags=[{"Key": "team", "Value": "x"}])
    assert one.differences(want) == {"tags.team": ("x", "shop")}
    one.repair(want)
    assert one.differences(want) == {}


def test_an_attached_gateway_is_removed(life: Any, want: Want) -> None:
    one = life(InternetGateway())
    one.make(want)
    one.remove(want)
    assert one.find(want) is None


def test_a_loose_gateway_is_removed(life: Any, aws: Any, want: Want) -> None:
    one = life(InternetGateway())
    gateway = one.make(want).facts["id"]
    aws.client("ec2").detach_internet_gateway(InternetGatewayId=gateway, VpcId=want.spec["vpc"])
    one.remove(want)
    assert one.find(want) is None
