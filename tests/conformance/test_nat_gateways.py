# SPDX-License-Identifier: GPL-3.0-or-later
"""NAT gateways and the addresses they hold."""

from __future__ import annotations

from typing import Any

import pytest

from .account import Account, refused


@pytest.fixture
def asked(account: Account, ec2: Any) -> dict[str, Any]:
    """The arguments of a gateway in a subnet with a way out."""
    net = account.network()
    account.gateway(net["vpc"])
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    return {"SubnetId": net["subnets"][0], "AllocationId": address, "ClientToken": "nat-1"}


def state(ec2: Any, number: str) -> str:
    found = ec2.describe_nat_gateways(NatGatewayIds=[number])["NatGateways"][0]
    return str(found["State"])


def test_a_gateway_is_pending_first_and_available_to_its_waiter(
    ec2: Any, asked: dict[str, Any]
) -> None:
    made = ec2.create_nat_gateway(**asked)["NatGateway"]
    assert made["State"] == "pending"
    ec2.get_waiter("nat_gateway_available").wait(NatGatewayIds=[made["NatGatewayId"]])
    assert state(ec2, made["NatGatewayId"]) == "available"


def test_the_same_token_answers_with_the_same_gateway(ec2: Any, asked: dict[str, Any]) -> None:
    first, second = (ec2.create_nat_gateway(**asked)["NatGateway"] for _ in range(2))
    assert first["NatGatewayId"] == second["NatGatewayId"]
    assert len(ec2.describe_nat_gateways()["NatGateways"]) == 1


def test_the_same_token_with_other_arguments_is_refused(ec2: Any, asked: dict[str, Any]) -> None:
    ec2.create_nat_gateway(**asked)
    other = {**asked, "AllocationId": ec2.allocate_address(Domain="vpc")["AllocationId"]}
    assert refused(ec2.create_nat_gateway, **other) == "IdempotentParameterMismatch"


def test_an_address_is_not_released_while_a_gateway_holds_it(
    ec2: Any, asked: dict[str, Any]
) -> None:
    number = ec2.create_nat_gateway(**asked)["NatGateway"]["NatGatewayId"]
    address = {"AllocationId": asked["AllocationId"]}
    assert refused(ec2.release_address, **address)
    assert refused(ec2.create_nat_gateway, **{**asked, "ClientToken": "nat-2"})
    ec2.delete_nat_gateway(NatGatewayId=number)
    assert state(ec2, number) == "deleted"
    assert refused(ec2.release_address, **address) == ""
    assert ec2.describe_addresses()["Addresses"] == []


def test_a_gateway_in_a_vpc_without_a_way_out_fails(account: Account, ec2: Any) -> None:
    net = account.network()
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    made = ec2.create_nat_gateway(SubnetId=net["subnets"][0], AllocationId=address)["NatGateway"]
    assert state(ec2, made["NatGatewayId"]) == "failed"
