# SPDX-License-Identifier: GPL-3.0-or-later
"""Subnets: hosts get no public address by themselves."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.errors import (
    Meaning,
    meaning,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.subnet import Subnet


@pytest.fixture
def want(aws: Any, scope: Scope) -> Want:
    vpc = aws.client("ec2").create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    return Want(
        "subnet",
        "public-a",
        {
            "vpc": vpc,
            "cidr": "10.20.0.0/21",
            "zone": "us-east-1a",
            "public_ip": False,
            "tags": scope.marks("subnet", "public-a"),
        },
    )


def test_a_new_subnet_is_as_declared(life: Any, want: Want) -> None:
    have = life(Subnet()).make(want)
    assert life(Subnet()).differences(want) == {}
    assert have.facts["zone"] == "us-east-1a"


@pytest.mark.parametrize("declared", [True, False])
def test_public_addresses_are_as_declared_whatever_somebody_set(
    life: Any, aws: Any, want: Want, declared: bool
) -> None:
    one = life(Subnet())
    want = one.another(want, public_ip=declared)
    subnet = one.make(want).facts["id"]
    assert one.differences(want) == {}
    aws.client("ec2").modify_subnet_attribute(
        SubnetId=subnet, MapPublicIpOnLaunch={"Value": not declared}
    )
    assert one.differences(want) == {"public_ip": (not declared, declared)}
    one.repair(want)
    assert one.differences(want) == {}


def test_a_tag_changed_behind_its_back_is_repaired(life: Any, aws: Any, want: Want) -> None:
    one = life(Subnet())
    subnet = one.make(want).facts["id"]
    aws.client("ec2").delete_tags(Resources=[subnet], Tags=[{"Key": "Name"}])
    assert set(one.differences(want)) == {"tags.Name"}
    one.repair(want)
    assert one.differences(want) == {}


def test_its_place_cannot_be_changed() -> None:
    assert Subnet().rules.replace == {"vpc", "cidr", "zone"}


def test_addresses_in_use_by_another_subnet_are_a_taken_name(
    life: Any, aws: Any, want: Want
) -> None:
    aws.client("ec2").create_subnet(VpcId=want.spec["vpc"], CidrBlock="10.20.0.0/20")
    with pytest.raises(Exception, match="conflicts") as caught:
        life(Subnet()).make(want)
    assert meaning(caught.value) is Meaning.EXISTS


def test_a_removed_subnet_is_gone(life: Any, want: Want) -> None:
    one = life(Subnet())
    one.make(want)
    one.remove(want)
    assert one.find(want) is None
