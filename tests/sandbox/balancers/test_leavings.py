# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing of a load balancer is left, however its sandbox ended."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from sandbox.background import Background
from sandbox.client import Client
from sandbox.ground.identity import Identity
from sandbox.ground.podman import Podman
from sandbox.ground.sweep import left, sweep

pytestmark = pytest.mark.real
REGION = "eu-west-1"


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="real-"))
    yield made
    identity = Identity(made)
    sweep(identity, Podman(identity))
    shutil.rmtree(made, ignore_errors=True)


def working_in(folder: Path) -> list[int]:
    """The processes whose working folder is below a folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cwd"):
        try:
            place = entry.readlink()
        except OSError:
            continue
        if place.is_relative_to(folder):
            found.append(int(entry.parent.name))
    return found


def test_down_removes_proxies_and_their_files_also_after_a_kill(folder: Path) -> None:
    background = Background(folder)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    endpoint = background.up(port, None, REGION, real=True)
    known = json.loads((folder / "connection.json").read_text(encoding="ascii"))
    keys = {
        "aws_access_key_id": known["access_key"],
        "aws_secret_access_key": known["secret_key"],
    }
    ec2 = boto3.client("ec2", region_name=REGION, endpoint_url=endpoint, **keys)
    elb = boto3.client("elbv2", region_name=REGION, endpoint_url=endpoint, **keys)
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]][:2]
    elb.create_load_balancer(Name="main", Subnets=subnets, Scheme="internal")
    elb.get_waiter("load_balancer_available").wait(Names=["main"], WaiterConfig={"Delay": 1})
    # A master and a worker in each of two subnets.
    assert len(working_in(folder)) == 4
    os.kill(Client(endpoint).call("GET", "health")["pid"], signal.SIGKILL)
    assert len(working_in(folder)) == 4
    background.down()
    assert left(Identity(folder)) == []
    assert working_in(folder) == []
    assert not folder.exists()
