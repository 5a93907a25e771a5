# SPDX-License-Identifier: GPL-3.0-or-later
"""Subnets, internet gateways, route tables and gateway endpoints."""

from __future__ import annotations

from typing import Any

import pytest

from .account import HOME, Account, refused

ANYWHERE = "0.0.0.0/0"


@pytest.fixture
def net(account: Account) -> dict[str, Any]:
    return account.network()


def table(ec2: Any, vpc: str) -> str:
    return str(ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"])


def routes(ec2: Any, number: str) -> list[dict[str, Any]]:
    return list(ec2.describe_route_tables(RouteTableIds=[number])["RouteTables"][0]["Routes"])


def test_five_addresses_of_each_subnet_are_aws_s_own(ec2: Any, net: dict[str, Any]) -> None:
    found = ec2.describe_subnets(SubnetIds=net["subnets"])["Subnets"]
    assert [subnet["AvailableIpAddressCount"] for subnet in found] == [251] * 3
    assert {subnet["AvailabilityZone"] for subnet in found} == {f"{HOME}{z}" for z in "abc"}


def test_subnets_that_overlap_are_refused(ec2: Any, net: dict[str, Any]) -> None:
    inside = {"VpcId": net["vpc"], "CidrBlock": "10.1.0.0/25"}
    assert refused(ec2.create_subnet, **inside) == "InvalidSubnet.Conflict"


def test_a_subnet_gives_public_addresses_once_told_so(ec2: Any, net: dict[str, Any]) -> None:
    one = net["subnets"][0]
    ec2.modify_subnet_attribute(SubnetId=one, MapPublicIpOnLaunch={"Value": True})
    assert ec2.describe_subnets(SubnetIds=[one])["Subnets"][0]["MapPublicIpOnLaunch"] is True


def test_subnets_come_in_pages(ec2: Any, net: dict[str, Any]) -> None:
    for n in range(3, 8):
        ec2.create_subnet(VpcId=net["vpc"], CidrBlock=f"10.1.{n}.0/24")
    first = ec2.describe_subnets(MaxResults=5)
    assert (len(first["Subnets"]), bool(first["NextToken"])) == (5, True)
    pages = ec2.get_paginator("describe_subnets").paginate(PaginationConfig={"PageSize": 5})
    found = [s["SubnetId"] for page in pages for s in page["Subnets"]]
    assert len(set(found)) == len(found) >= 8


def test_a_gateway_is_attached_to_one_vpc_and_not_deleted_meanwhile(
    account: Account, ec2: Any, net: dict[str, Any]
) -> None:
    door = account.gateway(net["vpc"])
    found = ec2.describe_internet_gateways(InternetGatewayIds=[door])["InternetGateways"][0]
    assert [a["VpcId"] for a in found["Attachments"]] == [net["vpc"]]
    assert refused(ec2.delete_internet_gateway, InternetGatewayId=door) == "DependencyViolation"
    ec2.detach_internet_gateway(InternetGatewayId=door, VpcId=net["vpc"])
    assert refused(ec2.delete_internet_gateway, InternetGatewayId=door) == ""


def test_a_route_is_active_beside_the_local_one_and_not_made_twice(
    account: Account, ec2: Any, net: dict[str, Any]
) -> None:
    number, door = table(ec2, net["vpc"]), account.gateway(net["vpc"])
    route = {"RouteTableId": number, "DestinationCidrBlock": ANYWHERE, "GatewayId": door}
    ec2.create_route(**route)
    assert [r["State"] for r in routes(ec2, number)] == ["active", "active"]
    assert refused(ec2.create_route, **route) == "RouteAlreadyExists"


def test_the_destination_of_a_route_is_canonical(
    account: Account, ec2: Any, net: dict[str, Any]
) -> None:
    number, door = table(ec2, net["vpc"]), account.gateway(net["vpc"])
    route = {"RouteTableId": number, "GatewayId": door}
    ec2.create_route(**route, DestinationCidrBlock="100.68.0.18/18")
    assert "100.68.0.0/18" in [r["DestinationCidrBlock"] for r in routes(ec2, number)]


def test_a_route_to_a_nat_gateway_that_is_not_there_is_refused(
    account: Account, ec2: Any, net: dict[str, Any]
) -> None:
    number, door = table(ec2, net["vpc"]), account.gateway(net["vpc"])
    route = {"RouteTableId": number, "DestinationCidrBlock": ANYWHERE}
    missing = {"NatGatewayId": "nat-0123456789abcdef0"}
    assert refused(ec2.create_route, **route, **missing) == "InvalidNatGatewayID.NotFound"
    ec2.create_route(**route, GatewayId=door)
    assert refused(ec2.replace_route, **route, **missing) == "InvalidNatGatewayID.NotFound"
    assert [r.get("GatewayId") for r in routes(ec2, number)] == ["local", door]


def test_a_route_is_replaced_and_deleted(account: Account, ec2: Any, net: dict[str, Any]) -> None:
    number, door = table(ec2, net["vpc"]), account.gateway(net["vpc"])
    route = {"RouteTableId": number, "DestinationCidrBlock": ANYWHERE}
    ec2.create_route(**route, GatewayId=door)
    ec2.replace_route(**route, GatewayId=door)
    ec2.delete_route(**route)
    assert len(routes(ec2, number)) == 1
    assert refused(ec2.delete_route, **route) == "InvalidRoute.NotFound"


def test_a_subnet_changes_its_table_by_its_association(ec2: Any, net: dict[str, Any]) -> None:
    first, second = table(ec2, net["vpc"]), table(ec2, net["vpc"])
    made = ec2.associate_route_table(RouteTableId=first, SubnetId=net["subnets"][0])
    moved = ec2.replace_route_table_association(
        AssociationId=made["AssociationId"], RouteTableId=second
    )
    assert refused(ec2.delete_route_table, RouteTableId=second) == "DependencyViolation"
    ec2.disassociate_route_table(AssociationId=moved["NewAssociationId"])
    for number in (first, second):
        assert refused(ec2.delete_route_table, RouteTableId=number) == ""


def test_a_gateway_endpoint_is_there_at_once_and_follows_its_tables(
    ec2: Any, net: dict[str, Any]
) -> None:
    first, second = table(ec2, net["vpc"]), table(ec2, net["vpc"])
    asked = {
        "VpcId": net["vpc"],
        "ServiceName": f"com.amazonaws.{HOME}.s3",
        "RouteTableIds": [first],
        "ClientToken": "endpoint-1",
    }
    made = ec2.create_vpc_endpoint(**asked)["VpcEndpoint"]
    assert (made["State"], made["VpcEndpointType"]) == ("available", "Gateway")
    number = made["VpcEndpointId"]
    assert ec2.create_vpc_endpoint(**asked)["VpcEndpoint"]["VpcEndpointId"] == number
    ec2.modify_vpc_endpoint(
        VpcEndpointId=number, AddRouteTableIds=[second], RemoveRouteTableIds=[first]
    )
    found = ec2.describe_vpc_endpoints(VpcEndpointIds=[number])["VpcEndpoints"][0]
    assert found["RouteTableIds"] == [second]
    assert ec2.delete_vpc_endpoints(VpcEndpointIds=[number])["Unsuccessful"] == []
    assert ec2.describe_vpc_endpoints()["VpcEndpoints"] == []
