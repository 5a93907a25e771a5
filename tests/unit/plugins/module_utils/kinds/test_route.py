# SPDX-License-Identifier: GPL-3.0-or-later
"""The default route of a table is ours while it is declared, and after that if it leads to us."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import (
    Scope,
    specification,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.view import View
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Ref, Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.route import Route


def new_door(aws: Any, vpc: str, tags: dict[str, str]) -> str:
    """An internet gateway; without a VPC a loose one."""
    client = aws.client("ec2")
    door: str = client.create_internet_gateway(
        TagSpecifications=specification("internet-gateway", tags)
    )["InternetGateway"]["InternetGatewayId"]
    if vpc:
        client.attach_internet_gateway(InternetGatewayId=door, VpcId=vpc)
    return door


@pytest.fixture
def want(aws: Any, scope: Scope) -> Want:
    client = aws.client("ec2")
    vpc = client.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    tags = scope.marks("route_table", "public")
    table = client.create_route_table(
        VpcId=vpc, TagSpecifications=specification("route-table", tags)
    )["RouteTable"]["RouteTableId"]
    door = new_door(aws, vpc, scope.marks("internet_gateway", "main"))
    return Want("route", "public", {"table": table, "destination": "0.0.0.0/0", "target": door})


def undeclared(aws: Any) -> list[str]:
    """What is found of ours when nothing is declared."""
    return [have.address for have in Route().find(View(aws), [])]


def test_a_new_route_is_as_declared(life: Any, want: Want) -> None:
    life(Route()).make(want)
    assert life(Route()).differences(want) == {}


def test_a_route_is_found_before_its_target_is_known(life: Any, want: Want) -> None:
    one = life(Route())
    one.make(want)
    refs = {"table": Ref("route_table/public"), "target": Ref("internet_gateway/main")}
    assert one.find(one.another(want, **refs)).spec == want.spec


def test_a_route_to_a_nat_gateway_is_one(life: Any, aws: Any, want: Want, scope: Scope) -> None:
    client = aws.client("ec2")
    vpc = client.describe_route_tables(RouteTableIds=[want.spec["table"]])["RouteTables"][0][
        "VpcId"
    ]
    subnet = client.create_subnet(VpcId=vpc, CidrBlock="10.20.0.0/21")["Subnet"]["SubnetId"]
    nat = client.create_nat_gateway(
        SubnetId=subnet,
        AllocationId=client.allocate_address(Domain="vpc")["AllocationId"],
        TagSpecifications=specification("natgateway", scope.marks("nat_gateway", "a")),
    )["NatGateway"]["NatGatewayId"]
    one = life(Route())
    want = one.another(want, target=nat)
    one.make(want)
    assert one.differences(want) == {}
    [route] = [
        item
        for item in client.describe_route_tables(RouteTableIds=[want.spec["table"]])["RouteTables"][
            0
        ]["Routes"]
        if item["DestinationCidrBlock"] == "0.0.0.0/0"
    ]
    assert route["NatGatewayId"] == nat


def test_a_route_that_was_turned_elsewhere_is_turned_back(life: Any, aws: Any, want: Want) -> None:
    one = life(Route())
    one.make(want)
    elsewhere = new_door(aws, "", {"Name": "theirs"})
    aws.client("ec2").replace_route(
        RouteTableId=want.spec["table"], DestinationCidrBlock="0.0.0.0/0", GatewayId=elsewhere
    )
    assert one.differences(want) == {"target": (elsewhere, want.spec["target"])}
    one.repair(want)
    assert one.differences(want) == {}


def test_a_route_that_was_removed_is_absent(life: Any, aws: Any, want: Want) -> None:
    one = life(Route())
    one.make(want)
    aws.client("ec2").delete_route(
        RouteTableId=want.spec["table"], DestinationCidrBlock="0.0.0.0/0"
    )
    assert one.find(want) is None


def test_a_route_to_our_gateway_that_nobody_declares_any_more_is_ours(
    life: Any, aws: Any, want: Want
) -> None:
    life(Route()).make(want)
    assert undeclared(aws) == ["route/public"]


def test_a_route_to_a_gateway_of_somebody_else_is_not_ours(life: Any, aws: Any, want: Want) -> None:
    theirs = new_door(aws, "", {"Name": "theirs"})
    Route().create(aws, life(Route()).another(want, target=theirs))
    assert undeclared(aws) == []


def test_a_route_to_another_destination_is_not_ours(life: Any, aws: Any, want: Want) -> None:
    Route().create(aws, life(Route()).another(want, destination="192.168.0.0/16"))
    assert life(Route()).find(want) is None
    assert undeclared(aws) == []


def test_a_removed_route_is_gone(life: Any, want: Want) -> None:
    one = life(Route())
    one.make(want)
    one.remove(want)
    assert one.find(want) is None
