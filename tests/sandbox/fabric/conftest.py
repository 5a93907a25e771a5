# SPDX-License-Identifier: GPL-3.0-or-later
"""A sandbox with real networks, and hosts in them that are no more than a namespace."""

from __future__ import annotations

import itertools
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from sandbox.fabric.visitor import enter
from sandbox.ground import namespaces
from sandbox.ground.identity import Identity
from sandbox.running import Handle

HOME, AWAY = "us-east-1", "us-west-2"
# Real seconds after which a packet that was dropped is given up, and after which a test fails.
DROPPED, PATIENCE = 1.0, 60.0


@dataclass
class Host:
    """A namespace with an address; `card` is the id of its network interface."""

    namespace: str
    address: str
    card: str = ""

    def listen(self, port: int) -> socket.socket:
        return namespaces.listener(self.namespace, self.address, port)

    def dial(self, address: str, port: int) -> socket.socket:
        """A connection. Raises OSError."""
        return namespaces.connect(self.namespace, address, port, DROPPED)

    def reaches(self, address: str, port: int) -> bool:
        try:
            self.dial(address, port).close()
        except OSError:
            return False
        return True


class Country:
    """An account in which networks are made, and what stands in them."""

    def __init__(self, cloud: Handle, folder: Path) -> None:
        self.cloud = cloud
        self.identity = Identity(folder)
        self._names = itertools.count(1)

    def client(self, service: str, region: str = HOME) -> Any:
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.cloud.endpoint,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=60),
        )

    def vpc(self, cidr: str, region: str = HOME) -> str:
        return str(self.client("ec2", region).create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"])

    def subnet(self, vpc: str, cidr: str, zone: str = "a", region: str = HOME) -> str:
        ec2 = self.client("ec2", region)
        made = ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=f"{region}{zone}")
        return str(made["Subnet"]["SubnetId"])

    def group(self, vpc: str, name: str = "web", region: str = HOME) -> str:
        """A security group that lets all out and nothing in."""
        ec2 = self.client("ec2", region)
        made = ec2.create_security_group(GroupName=name, Description="d", VpcId=vpc)
        return str(made["GroupId"])

    def allow(self, of: str, /, region: str = HOME, side: str = "ingress", **rule: Any) -> None:
        ec2 = self.client("ec2", region)
        getattr(ec2, f"authorize_security_group_{side}")(
            GroupId=of, IpPermissions=[permission(**rule)]
        )

    def revoke(self, of: str, /, region: str = HOME, side: str = "ingress", **rule: Any) -> None:
        ec2 = self.client("ec2", region)
        getattr(ec2, f"revoke_security_group_{side}")(
            GroupId=of, IpPermissions=[permission(**rule)]
        )

    def gateway(self, vpc: str, region: str = HOME) -> str:
        """An internet gateway of a VPC."""
        ec2 = self.client("ec2", region)
        number = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=number, VpcId=vpc)
        return str(number)

    def route(self, vpc: str, subnet: str, region: str = HOME, **to: str) -> str:
        """A route table of its own for a subnet, with one route."""
        ec2 = self.client("ec2", region)
        table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        ec2.create_route(RouteTableId=table, **{"DestinationCidrBlock": "0.0.0.0/0", **to})
        return str(table)

    def host(self, subnet: str, *groups: str, region: str = HOME, public: bool = False) -> Host:
        ec2 = self.client("ec2", region)
        made = ec2.create_network_interface(SubnetId=subnet, Groups=list(groups))
        card = made["NetworkInterface"]
        if public:
            address = ec2.allocate_address(Domain="vpc")["AllocationId"]
            ec2.associate_address(
                AllocationId=address, NetworkInterfaceId=card["NetworkInterfaceId"]
            )
        self.cloud.settle()
        name = self.identity.name("host", str(next(self._names)))
        enter(self.identity, name, card["VpcId"], card["PrivateIpAddress"])
        return Host(name, card["PrivateIpAddress"], card["NetworkInterfaceId"])

    def public_address(self, host: Host, region: str = HOME) -> str:
        found = self.client("ec2", region).describe_network_interfaces(
            NetworkInterfaceIds=[host.card]
        )
        return str(found["NetworkInterfaces"][0]["Association"]["PublicIp"])

    def customer(self) -> Host:
        """Somebody in the internet, which is there when a VPC has a gateway and a host."""
        number = next(self._names)
        address = str(self.identity.public.network_address + 32 + number % 30)
        name = self.identity.name("customer", str(number))
        enter(self.identity, name, "internet", address)
        return Host(name, address)

    @staticmethod
    def until(true: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < end, "it never came true"
            time.sleep(0.05)

    def forget(self) -> None:
        for kind in ("host", "customer"):
            for name in namespaces.listed(self.identity.name(kind)):
                namespaces.delete(name)


def permission(
    protocol: str = "tcp", port: int = -1, to: str = "", group: str = "", last: int | None = None
) -> dict[str, Any]:
    """A rule in the words of the API."""
    found: dict[str, Any] = {"IpProtocol": protocol}
    if protocol != "-1":
        found |= {"FromPort": port, "ToPort": port if last is None else last}
    if to:
        found["IpRanges"] = [{"CidrIp": to}]
    if group:
        found["UserIdGroupPairs"] = [{"GroupId": group}]
    return found


@pytest.fixture
def country(real_cloud: Handle, folder: Path) -> Iterator[Country]:
    real_cloud.reset()
    made = Country(real_cloud, folder)
    yield made
    made.forget()
