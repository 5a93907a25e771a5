# SPDX-License-Identifier: GPL-3.0-or-later
"""One sandbox with real databases for all tests of this folder, and what asks them."""

from __future__ import annotations

import itertools
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from pg8000.native import Connection

from sandbox.fabric.visitor import enter
from sandbox.ground import namespaces
from sandbox.ground.identity import Identity
from sandbox.running import Handle

HOME, AWAY = "eu-west-1", "eu-central-1"
USER, PASSWORD = "owner", "correct-horse-9"
# Real seconds after which a test gives up waiting; no promise is measured by it.
PATIENCE = 240.0
PLACES = {HOME: "10.10", AWAY: "10.20"}


class Estate:
    """An account with a VPC, a subnet group and a parameter group in two regions."""

    def __init__(self, cloud: Handle, folder: Path) -> None:
        self.cloud = cloud
        self.folder = folder
        self.identity = Identity(folder)
        self._subnets: dict[str, str] = {}
        self._visitors = itertools.count(1)
        for region in PLACES:
            self._furnish(region)

    def client(self, service: str, region: str = HOME) -> Any:
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.cloud.endpoint,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=60),
        )

    def _furnish(self, region: str) -> None:
        ec2, rds = self.client("ec2", region), self.client("rds", region)
        net = PLACES[region]
        vpc = ec2.create_vpc(CidrBlock=f"{net}.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(
                VpcId=vpc, CidrBlock=f"{net}.{n}.0/24", AvailabilityZone=f"{region}{zone}"
            )["Subnet"]["SubnetId"]
            for n, zone in enumerate("ab")
        ]
        self._subnets[region] = subnets[0]
        rds.create_db_subnet_group(
            DBSubnetGroupName="subnets", DBSubnetGroupDescription="d", SubnetIds=subnets
        )
        rds.create_db_parameter_group(
            DBParameterGroupName="parameters", DBParameterGroupFamily="postgres15", Description="d"
        )

    def create(self, name: str = "db", **more: Any) -> None:
        """Ask for an instance in the home region, with a database `shop`."""
        settings = {
            "DBInstanceIdentifier": name,
            "DBName": "shop",
            "Engine": "postgres",
            "EngineVersion": "15",
            "DBInstanceClass": "db.t4g.micro",
            "AllocatedStorage": 20,
            "MasterUsername": USER,
            "MasterUserPassword": PASSWORD,
            "DBSubnetGroupName": "subnets",
            "DBParameterGroupName": "parameters",
            "BackupRetentionPeriod": 7,
            **more,
        }
        given = {key: value for key, value in settings.items() if value is not None}
        self.client("rds").create_db_instance(**given)

    def one(self, name: str = "db", region: str = HOME) -> dict[str, Any]:
        found = self.client("rds", region).describe_db_instances(DBInstanceIdentifier=name)
        return dict(found["DBInstances"][0])

    def settle(self, name: str = "db", region: str = HOME, to: str = "available") -> dict[str, Any]:
        """The instance, once it has the status `to`."""
        self.until(lambda: self.one(name, region)["DBInstanceStatus"] == to)
        return self.one(name, region)

    def status(self, name: str = "db", region: str = HOME) -> dict[str, Any]:
        """What the sandbox itself says of a server."""
        servers = self.cloud.databases()
        return next(s for s in servers if (s["name"], s["region"]) == (name, region))

    @staticmethod
    def until(true: Callable[[], object], pause: float = 0.1) -> None:
        until = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < until, "it never came true"
            time.sleep(pause)

    def visitor(self, region: str) -> str:
        """A namespace in the VPC of a region, as a host of its default group would be there."""
        name = self.identity.name("visitor", str(next(self._visitors)))
        ec2 = self.client("ec2", region)
        card = ec2.create_network_interface(SubnetId=self._subnets[region])["NetworkInterface"]
        self.cloud.settle()
        enter(self.identity, name, card["VpcId"], card["PrivateIpAddress"])
        return name

    def connect(self, name: str = "db", region: str = HOME, **more: Any) -> Connection:
        """A connection from a host of the VPC, by the endpoint's name and with TLS."""
        instance, server = self.one(name, region), self.status(name, region)
        line = self.reach({**server, "port": instance["Endpoint"]["Port"]}, 10.0)
        line.settimeout(60.0)
        settings = {"user": USER, "password": PASSWORD, "database": "shop", **more}
        settings.setdefault("ssl_context", self.trust())
        return Connection(host=instance["Endpoint"]["Address"], sock=line, **settings)

    def reach(self, server: dict[str, Any], timeout: float) -> socket.socket:
        """A line to a server from a host of its VPC. Raises OSError."""
        host = self.visitor(server["region"])
        try:
            return namespaces.connect(host, server["address"], server["port"], timeout)
        finally:
            # The socket outlives the name of its namespace.
            namespaces.forget(host)

    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.folder / "rds-ca.pem"))

    def ask(self, question: str, name: str = "db", region: str = HOME, **more: Any) -> Any:
        """The first value of the answer, None if there is none."""
        with closing(self.connect(name, region, **more)) as connection:
            rows = connection.run(question)
            return rows[0][0] if rows else None


@pytest.fixture
def estate(real_cloud: Handle, folder: Path) -> Estate:
    """An account without a database, in which AWS's times do not pass."""
    real_cloud.reset()
    real_cloud.speed(0)
    return Estate(real_cloud, folder)
