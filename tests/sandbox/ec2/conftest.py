# SPDX-License-Identifier: GPL-3.0-or-later
"""A network of EC2, for the tests of this folder."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Clients, client, cloud, shared_cloud

__all__ = ["client", "cloud", "shared_cloud"]


@pytest.fixture
def ec2(client: Clients) -> Any:
    return client("ec2")


@pytest.fixture
def vpc(ec2: Any) -> str:
    return str(ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"])


@pytest.fixture
def subnet(ec2: Any, vpc: str) -> str:
    made = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone="us-east-1a")
    return str(made["Subnet"]["SubnetId"])


@pytest.fixture
def door(ec2: Any, vpc: str) -> str:
    """An internet gateway, attached."""
    made = str(ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"])
    ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=vpc)
    return made


@pytest.fixture
def address(ec2: Any) -> str:
    return str(ec2.allocate_address(Domain="vpc")["AllocationId"])
