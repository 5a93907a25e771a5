# SPDX-License-Identifier: GPL-3.0-or-later
"""A sandbox with real hosts for all tests of this folder, and a VPC in which they are launched."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from sandbox.ground import namespaces
from sandbox.ground.identity import Identity
from sandbox.ground.podman import Podman
from sandbox.hosts.room import inotify_instances
from sandbox.running import Handle

HOME, AWAY = "us-east-1", "us-west-2"
# Real seconds after which a test gives up waiting; no promise is measured by it.
PATIENCE = 240.0
MOST = 110  # inotify instances of all processes of the machine, beyond which no test goes


class Site:
    """An account with a VPC, two subnets and an open group in two regions."""

    def __init__(self, cloud: Handle, folder: Path) -> None:
        self.cloud = cloud
        self.identity = Identity(folder)
        self.podman = Podman(self.identity)
        self.subnets: dict[str, list[str]] = {}
        self.vpcs: dict[str, str] = {}
        self.groups: dict[str, str] = {}
        for region, net in ((HOME, "10.20"), (AWAY, "10.30")):
            self._furnish(region, net)

    def client(self, service: str, region: str = HOME) -> Any:
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.cloud.endpoint,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=60),
        )

    def _furnish(self, region: str, net: str) -> None:
        ec2 = self.client("ec2", region)
        vpc = ec2.create_vpc(CidrBlock=f"{net}.0.0/16")["Vpc"]["VpcId"]
        self.subnets[region] = [
            ec2.create_subnet(
                VpcId=vpc, CidrBlock=f"{net}.{n}.0/24", AvailabilityZone=f"{region}{zone}"
            )["Subnet"]["SubnetId"]
            for n, zone in enumerate("ab", 1)
        ]
        group = ec2.create_security_group(GroupName="web", Description="d", VpcId=vpc)["GroupId"]
        ec2.authorize_security_group_ingress(
            GroupId=group,
            IpPermissions=[{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}],
        )
        self.vpcs[region], self.groups[region] = vpc, group

    def gateway(self, region: str = HOME) -> None:
        """Let the VPC of a region out, and the world in, as far as groups allow."""
        ec2 = self.client("ec2", region)
        number = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=number, VpcId=self.vpcs[region])
        ec2.create_route(
            RouteTableId=self.main_table(region),
            DestinationCidrBlock="0.0.0.0/0",
            GatewayId=number,
        )

    def main_table(self, region: str = HOME) -> str:
        """The route table of the subnets of a region."""
        own = {"vpc-id": self.vpcs[region], "association.main": "true"}
        filters = [{"Name": name, "Values": [value]} for name, value in own.items()]
        found = self.client("ec2", region).describe_route_tables(Filters=filters)
        return str(found["RouteTables"][0]["RouteTableId"])

    def group(self, name: str, region: str = HOME) -> str:
        """A security group that lets all out and nothing in."""
        made = self.client("ec2", region).create_security_group(
            GroupName=name, Description="d", VpcId=self.vpcs[region]
        )
        return str(made["GroupId"])

    def public(self, group: str, region: str = HOME, **more: Any) -> str:
        """Launch an instance with a public address; its id."""
        card = {
            "DeviceIndex": 0,
            "SubnetId": self.subnets[region][0],
            "Groups": [group],
            "AssociatePublicIpAddress": True,
        }
        return self.run(region, NetworkInterfaces=[card], **more)

    def image(self, region: str = HOME) -> str:
        name = "/aws/service/debian/release/12/latest/amd64"
        found = self.client("ssm", region).get_parameter(Name=name)
        return str(found["Parameter"]["Value"])

    def run(self, region: str = HOME, **more: Any) -> str:
        """Launch one instance; its id."""
        assert inotify_instances() < MOST, "there is no room for a host beside all others"
        settings = {
            "ImageId": self.image(region),
            "InstanceType": "t3.micro",
            "MetadataOptions": {"HttpTokens": "required"},
            "MinCount": 1,
            "MaxCount": 1,
            **more,
        }
        if "NetworkInterfaces" not in more:
            settings.setdefault("SubnetId", self.subnets[region][0])
            settings.setdefault("SecurityGroupIds", [self.groups[region]])
        found = self.client("ec2", region).run_instances(**settings)
        return str(found["Instances"][0]["InstanceId"])

    def one(self, number: str, region: str = HOME) -> dict[str, Any]:
        found = self.client("ec2", region).describe_instances(InstanceIds=[number])
        return dict(found["Reservations"][0]["Instances"][0])

    def state(self, number: str, region: str = HOME) -> str:
        return str(self.one(number, region)["State"]["Name"])

    def checks(self, number: str, region: str = HOME) -> str:
        found = self.client("ec2", region).describe_instance_status(InstanceIds=[number])
        statuses = found["InstanceStatuses"]
        return str(statuses[0]["InstanceStatus"]["Status"]) if statuses else "not running"

    def up(self, number: str, region: str = HOME) -> dict[str, Any]:
        """The instance, once it passes its status checks."""
        self.until(lambda: self.checks(number, region) == "ok")
        return self.one(number, region)

    def inside(self, number: str, *words: str) -> str:
        """What a command printed in a host. Raises CommandFailed."""
        return self.podman("exec", self.identity.name(number), *words)

    def shell(self, number: str, script: str) -> str:
        return self.inside(number, "sh", "-c", script).strip()

    def leaves(self, number: str) -> list[str]:
        """What there is of an instance on the machine."""
        name = self.identity.name(number)
        found = [c["Names"][0] for c in self.podman.containers() if name in c["Names"]]
        return [*found, *(f"namespace {n}" for n in namespaces.listed(name))]

    @staticmethod
    def until(true: Callable[[], object], pause: float = 0.2) -> None:
        until = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < until, "it never came true"
            time.sleep(pause)


@pytest.fixture
def site(real_cloud: Handle, folder: Path) -> Site:
    real_cloud.reset()
    real_cloud.speed(0)
    return Site(real_cloud, folder)
