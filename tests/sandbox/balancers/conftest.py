# SPDX-License-Identifier: GPL-3.0-or-later
"""One sandbox with real load balancers for all tests of this folder, and hosts behind them."""

from __future__ import annotations

import http.client
import itertools
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from sandbox.fabric.visitor import enter
from sandbox.ground import namespaces
from sandbox.ground.identity import Identity
from sandbox.running import Handle

REGION = "eu-west-1"
ZONES = ("a", "b")
# Real seconds after which a test gives up waiting; no promise is measured by it.
PATIENCE = 120.0
APPLICATION = Path(__file__).with_name("application.py")
Answer = tuple[int, dict[str, str], bytes]


class Host:
    """A target that serves the application of these tests; its id is its address."""

    def __init__(self, estate: Estate, address: str) -> None:
        self.id = self.address = address
        self.namespace = estate.identity.name("host", address)
        enter(estate.identity, self.namespace, estate.vpc, address)
        self._process: subprocess.Popen[bytes] | None = None
        self.serve()

    def serve(self) -> None:
        """Begin to serve on port 8080; what it says of its health is in the file `answer`."""
        command = [sys.executable, str(APPLICATION), self.address, "8080", self.id]
        self._process = namespaces.within(
            self.namespace, lambda: subprocess.Popen(command, stdout=subprocess.PIPE)
        )
        assert self._process.stdout
        assert self._process.stdout.readline() == b"serving\n"

    def stop(self) -> None:
        if self._process:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def ask(self, path: str) -> bytes:
        """An answer of the application itself, not through a load balancer."""
        with namespaces.connect(self.namespace, self.address, 8080, 10.0) as line:
            line.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
            parts = []
            while part := line.recv(65536):
                parts.append(part)
        return b"".join(parts).partition(b"\r\n\r\n")[2]


class Estate:
    """A VPC with two subnets, a load balancer, and hosts."""

    def __init__(self, cloud: Handle, folder: Path) -> None:
        self.cloud = cloud
        self.folder = folder
        self.identity = Identity(folder)
        self.hosts: list[Host] = []
        self._names = itertools.count(1)
        ec2 = self.client("ec2")
        self.vpc = ec2.create_vpc(CidrBlock="10.10.0.0/16")["Vpc"]["VpcId"]
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)
        self.subnets = [
            ec2.create_subnet(
                VpcId=self.vpc, CidrBlock=f"10.10.{n}.0/24", AvailabilityZone=f"{REGION}{zone}"
            )["Subnet"]["SubnetId"]
            for n, zone in enumerate(ZONES)
        ]
        tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [self.vpc]}])
        ec2.create_route(
            RouteTableId=tables["RouteTables"][0]["RouteTableId"],
            DestinationCidrBlock="0.0.0.0/0",
            GatewayId=gateway,
        )
        self.security_group = self._group("balancer", 80, 443, IpRanges=[{"CidrIp": "0.0.0.0/0"}])
        near = [{"GroupId": self.security_group}]
        self.hosts_group = self._group("hosts", 8080, 8080, UserIdGroupPairs=near)
        card = ec2.create_network_interface(SubnetId=self.subnets[0])["NetworkInterface"]
        cloud.settle()
        self.visitor = self.identity.name("visitor")
        self.visitor_address = str(card["PrivateIpAddress"])
        enter(self.identity, self.visitor, self.vpc, self.visitor_address)

    def _group(self, name: str, low: int, high: int, **who: Any) -> str:
        """The id of a security group that lets in whom it says."""
        ec2 = self.client("ec2")
        made = ec2.create_security_group(GroupName=name, Description="d", VpcId=self.vpc)
        rule = {"IpProtocol": "tcp", "FromPort": low, "ToPort": high, **who}
        ec2.authorize_security_group_ingress(GroupId=made["GroupId"], IpPermissions=[rule])
        return str(made["GroupId"])

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.cloud.endpoint,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(
                retries={"total_max_attempts": 1}, read_timeout=60, s3={"addressing_style": "path"}
            ),
        )

    def balancer(self, scheme: str = "internet-facing", **attributes: str) -> str:
        """The ARN of a load balancer that takes requests."""
        elb = self.client("elbv2")
        name = f"main-{next(self._names)}"
        arn = str(
            elb.create_load_balancer(
                Name=name,
                Scheme=scheme,
                Subnets=self.subnets,
                SecurityGroups=[self.security_group],
            )["LoadBalancers"][0]["LoadBalancerArn"]
        )
        if attributes:
            pairs = [
                {"Key": key.replace("__", "."), "Value": value} for key, value in attributes.items()
            ]
            elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=pairs)
        self.until(lambda: self.one(arn)["State"]["Code"] == "active")
        return arn

    def one(self, arn: str) -> dict[str, Any]:
        found = self.client("elbv2").describe_load_balancers(LoadBalancerArns=[arn])
        return dict(found["LoadBalancers"][0])

    def group(self, name: str = "web", **more: Any) -> str:
        """The ARN of a target group whose targets are checked each second."""
        attributes = more.pop("attributes", {})
        elb = self.client("elbv2")
        settings = {
            "Name": name,
            "Protocol": "HTTP",
            "TargetType": "ip",
            "Port": 8080,
            "VpcId": self.vpc,
            "HealthCheckPath": "/ready",
            "HealthCheckIntervalSeconds": 5,
            "HealthCheckTimeoutSeconds": 2,
            "HealthyThresholdCount": 2,
            "UnhealthyThresholdCount": 2,
            **more,
        }
        arn = str(elb.create_target_group(**settings)["TargetGroups"][0]["TargetGroupArn"])
        pairs = [
            {"Key": key.replace("__", "."), "Value": value} for key, value in attributes.items()
        ]
        if pairs:
            elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=pairs)
        return arn

    def listen(self, balancer: str, action: dict[str, Any], port: int = 80, **more: Any) -> str:
        """The ARN of a listener with a default action."""
        found = self.client("elbv2").create_listener(
            LoadBalancerArn=balancer,
            Port=port,
            Protocol=more.pop("Protocol", "HTTP"),
            DefaultActions=[action],
            **more,
        )
        return str(found["Listeners"][0]["ListenerArn"])

    def host(self, zone: int = 0) -> Host:
        """An address of a zone at which the application is served."""
        made = self.client("ec2").create_network_interface(
            SubnetId=self.subnets[zone], Groups=[self.hosts_group]
        )
        self.cloud.settle()
        host = Host(self, str(made["NetworkInterface"]["PrivateIpAddress"]))
        self.hosts.append(host)
        return host

    def register(self, group: str, *hosts: Host) -> None:
        targets = [{"Id": host.id} for host in hosts]
        self.client("elbv2").register_targets(TargetGroupArn=group, Targets=targets)

    def deregister(self, group: str, *hosts: Host) -> None:
        targets = [{"Id": host.id} for host in hosts]
        self.client("elbv2").deregister_targets(TargetGroupArn=group, Targets=targets)

    def health(self, group: str) -> dict[str, dict[str, str]]:
        """What the API tells of each target."""
        found = self.client("elbv2").describe_target_health(TargetGroupArn=group)
        return {
            one["Target"]["Id"]: one["TargetHealth"] for one in found["TargetHealthDescriptions"]
        }

    def await_state(self, group: str, host: Host, state: str) -> dict[str, str]:
        """What the API tells of a target, once it is in a state."""
        self.until(lambda: self.health(group).get(host.id, {}).get("State") == state)
        return self.health(group)[host.id]

    def status(self, arn: str) -> dict[str, Any]:
        """What the sandbox itself says of a load balancer."""
        return next(found for found in self.cloud.balancers() if found["arn"] == arn)

    def line(self, arn: str, port: int = 80, node: int = 0) -> socket.socket:
        """A connection from a host of the VPC to a node."""
        address = self.status(arn)["nodes"][node]["address"]
        return namespaces.connect(self.visitor, address, port, 10.0)

    def get(
        self,
        arn: str,
        path: str = "/",
        headers: dict[str, str] | None = None,
        *,
        method: str = "GET",
        port: int = 80,
        node: int = 0,
        tls: ssl.SSLContext | None = None,
        name: str = "www.example.org",
    ) -> Answer:
        """Status, headers and body of an answer of a load balancer's node."""
        line = self.line(arn, port, node)
        line.settimeout(60.0)
        if tls:
            line = tls.wrap_socket(line, server_hostname=name)
        connection = http.client.HTTPConnection("unused")
        connection.sock = line
        try:
            connection.request(method, path, headers={"Host": name, **(headers or {})})
            found = connection.getresponse()
            return found.status, {k.lower(): v for k, v in found.getheaders()}, found.read()
        finally:
            connection.close()

    @staticmethod
    def until(true: Callable[[], object], pause: float = 0.1) -> None:
        until = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < until, "it never came true"
            time.sleep(pause)

    def leave(self) -> None:
        """End the hosts."""
        for host in self.hosts:
            host.stop()
            namespaces.delete(host.namespace)
        namespaces.delete(self.visitor)


@pytest.fixture
def estate(real_cloud: Handle, folder: Path) -> Iterator[Estate]:
    """An account with a network only, in which AWS's times do not pass."""
    real_cloud.reset()
    real_cloud.speed(0)
    made = Estate(real_cloud, folder)
    yield made
    made.leave()
