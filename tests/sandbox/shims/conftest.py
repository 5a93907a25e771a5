# SPDX-License-Identifier: GPL-3.0-or-later
"""Two emulated clouds: the mended one, and the emulator as it comes."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

HOME = "us-east-1"
# Switches that the sandbox sets, as they are without it (but for a wait of a minute).
AS_IT_COMES = {"MOTO_ENABLE_AMI_VALIDATION": "", "MOTO_ACM_VALIDATION_WAIT": "0"}


class Cloud:
    """A running emulator and clients for it."""

    def __init__(self, kind: str) -> None:
        script = Path(__file__).with_name("stepped_cloud.py")
        self._process = subprocess.Popen(
            [sys.executable, str(script), kind],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **(AS_IT_COMES if kind == "plain" else {})},
        )
        if self._process.stdout is None:
            raise RuntimeError("no output of the emulator")
        self.endpoint = f"http://127.0.0.1:{int(self._process.stdout.readline())}"
        self._numbers = itertools.count(1)
        self._clients: dict[tuple[str, str], Any] = {}

    def client(self, service: str, region: str = HOME) -> Any:
        if (service, region) not in self._clients:
            self._clients[service, region] = boto3.client(
                service,
                region_name=region,
                endpoint_url=self.endpoint,
                aws_access_key_id="test",
                aws_secret_access_key="test",
                config=Config(retries={"total_max_attempts": 1}),
            )
        return self._clients[service, region]

    def post(self, path: str) -> None:
        with urllib.request.urlopen(f"{self.endpoint}{path}", data=b"") as answer:
            answer.read()

    def reset(self) -> None:
        self.post("/steer/reset")
        self.post("/moto-api/reset")

    def slow(self, speed: float = 1) -> None:
        """From now on steps take as long as on AWS, by a clock that only `advance` moves."""
        self.post(f"/steer/speed?value={speed}")

    def hosts(self, boot: float, well: bool = True) -> None:
        """Instances have hosts from now on, which boot in so many seconds at any speed.

        Those that are not well never pass a check of their balancer.
        """
        self.post(f"/steer/hosts?boot={boot}&well={well}")

    def advance(self, seconds: float) -> None:
        self.post(f"/steer/advance?seconds={seconds}")

    def clock(self, seconds: float) -> None:
        """Move the clock of the schedules, and nothing else."""
        self.post(f"/steer/clock?seconds={seconds}")

    def strike(self, disaster: str, **details: str) -> None:
        """Have something happen to what is real, or to what there is of it."""
        self.post(f"/steer/strike?{urllib.parse.urlencode({'disaster': disaster, **details})}")

    def disturb(self, what: str) -> None:
        """Have regions be dark or cut off (`dark=us-west-2`, `cut=one,other`), "" mends all."""
        self.post(f"/steer/disturb?{what}")

    def tick(self) -> None:
        """Have done what is done every minute."""
        self.post("/steer/tick")

    def name(self, prefix: str = "thing") -> str:
        return f"{prefix}-{next(self._numbers)}"

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()

    def image(self, region: str = HOME) -> str:
        """An image to launch from; the emulator as it comes takes any name."""
        found = self.client("ec2", region).describe_images()["Images"]
        return str(found[0]["ImageId"]) if found else "ami-12c6146b"

    def refused(self, service: str, call: str, region: str = HOME, /, **arguments: Any) -> str:
        """The error code with which a call is refused; empty where it is accepted."""
        try:
            getattr(self.client(service, region), call)(**arguments)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return ""

    def network(self, region: str = HOME, zones: str = "abc") -> dict[str, Any]:
        """A VPC with one subnet per zone and one security group: ids under vpc, subnets, group."""
        ec2 = self.client("ec2", region)
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(
                VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{region}{zone}"
            )["Subnet"]["SubnetId"]
            for n, zone in enumerate(zones)
        ]
        group = ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"]
        return {"vpc": vpc, "subnets": subnets, "group": group}


@pytest.fixture(scope="session")
def _mended() -> Iterator[Cloud]:
    cloud = Cloud("mended")
    yield cloud
    cloud.close()


@pytest.fixture(scope="session")
def _plain() -> Iterator[Cloud]:
    cloud = Cloud("plain")
    yield cloud
    cloud.close()


@pytest.fixture
def cloud(_mended: Cloud) -> Cloud:
    """The emulator with every shim, empty."""
    _mended.reset()
    return _mended


@pytest.fixture
def plain(_plain: Cloud) -> Cloud:
    """The emulator as it comes, empty."""
    _plain.reset()
    return _plain
