# SPDX-License-Identifier: GPL-3.0-or-later
"""An emulated account, and the things that many checks begin with."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.running import Handle

HOME, AWAY = "eu-west-1", "eu-central-1"
ACCOUNT = "123456789012"
PASSWORD = "correct-horse-9"
OWNER = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "not-a-secret"}
# Real seconds after which a check gives up waiting; no promise is measured by it.
PATIENCE = 60.0


class Account:
    """Clients of one sandbox, and builders that return what AWS answered."""

    def __init__(self, cloud: Handle) -> None:
        self.cloud = cloud
        self._clients: dict[tuple[str, str], Any] = {}

    def client(self, service: str, region: str = HOME) -> Any:
        if (service, region) not in self._clients:
            self._clients[service, region] = self._make(service, region, OWNER)
        return self._clients[service, region]

    def as_session(self, keys: Mapping[str, str]) -> Callable[[str], Any]:
        """Makes clients that act with the credentials that AssumeRole gave out."""
        given = {
            "aws_access_key_id": keys["AccessKeyId"],
            "aws_secret_access_key": keys["SecretAccessKey"],
            "aws_session_token": keys["SessionToken"],
        }
        return lambda service: self._make(service, HOME, given)

    def _make(self, service: str, region: str, keys: Mapping[str, str]) -> Any:
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.cloud.endpoint,
            config=Config(
                retries={"total_max_attempts": 1},
                read_timeout=60,
                s3={"addressing_style": "path"},
            ),
            **keys,
        )

    def image(self, region: str = HOME) -> str:
        """The newest Amazon Linux."""
        name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
        found = self.client("ssm", region).get_parameter(Name=name)
        return str(found["Parameter"]["Value"])

    def network(self, region: str = HOME, net: str = "10.1", zones: str = "abc") -> dict[str, Any]:
        """A VPC with a subnet for each zone and a group: under vpc, subnets and group."""
        ec2 = self.client("ec2", region)
        vpc = ec2.create_vpc(CidrBlock=f"{net}.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(
                VpcId=vpc, CidrBlock=f"{net}.{n}.0/24", AvailabilityZone=f"{region}{zone}"
            )["Subnet"]["SubnetId"]
            for n, zone in enumerate(zones)
        ]
        group = ec2.create_security_group(GroupName="web", Description="d", VpcId=vpc)["GroupId"]
        return {"vpc": vpc, "subnets": subnets, "group": group}

    def gateway(self, vpc: str, region: str = HOME) -> str:
        """An internet gateway that is attached to a VPC."""
        ec2 = self.client("ec2", region)
        made = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=vpc)
        return str(made)

    def key(self, region: str = HOME) -> str:
        """The ARN of a new KMS key."""
        return str(self.client("kms", region).create_key()["KeyMetadata"]["Arn"])


def refused(call: Callable[..., Any], **arguments: Any) -> str:
    """The error code with which a call is refused; "" where it is accepted."""
    try:
        call(**arguments)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def until(true: Callable[[], object], pause: float = 0.05) -> None:
    """Wait until something is true."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(pause)


def tags(**values: str) -> list[dict[str, str]]:
    """Tags in the form of most services."""
    return [{"Key": key, "Value": value} for key, value in values.items()]


def specified(kind: str, **values: str) -> list[dict[str, Any]]:
    """Tags in the form in which EC2 takes them at a creation."""
    return [{"ResourceType": kind, "Tags": tags(**values)}]


def states(items: list[dict[str, Any]], key: str) -> list[Any]:
    return [item[key] for item in items]
