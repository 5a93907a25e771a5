# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing of a sandbox is left, however it ended, and two of them do not meet."""

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
from sandbox.ground import namespaces
from sandbox.ground.commands import run
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


def processes(folder: Path) -> list[int]:
    """The processes whose command names the folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes()
        except OSError:
            continue
        if str(folder).encode() in words:
            found.append(int(entry.parent.name))
    return found


def test_down_removes_everything_also_after_a_kill(folder: Path) -> None:
    background = Background(folder)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    endpoint = background.up(port, None, REGION, real=True)
    known = json.loads((folder / "connection.json").read_text(encoding="ascii"))
    rds = boto3.client(
        "rds",
        region_name=REGION,
        endpoint_url=endpoint,
        aws_access_key_id=known["access_key"],
        aws_secret_access_key=known["secret_key"],
    )
    given = {"region_name": REGION, "endpoint_url": endpoint}
    given |= {"aws_access_key_id": known["access_key"]}
    given |= {"aws_secret_access_key": known["secret_key"]}
    ec2, ssm = boto3.client("ec2", **given), boto3.client("ssm", **given)
    parameter = "/aws/service/debian/release/12/latest/amd64"
    image = ssm.get_parameter(Name=parameter)["Parameter"]["Value"]
    made = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]
    ec2.get_waiter("instance_status_ok").wait(
        InstanceIds=[made["InstanceId"]], WaiterConfig={"Delay": 1}
    )
    rds.create_db_instance(
        DBInstanceIdentifier="db",
        Engine="postgres",
        EngineVersion="15",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=20,
        MasterUsername="owner",
        MasterUserPassword="correct-horse-9",
    )
    rds.get_waiter("db_instance_available").wait(
        DBInstanceIdentifier="db", WaiterConfig={"Delay": 1}
    )
    identity = Identity(folder)
    assert len(Podman(identity).containers()) == 2
    assert namespaces.listed(identity.prefix)
    os.kill(Client(endpoint).call("GET", "health")["pid"], signal.SIGKILL)
    background.down()
    assert left(identity) == []
    assert processes(folder) == []
    assert not folder.exists()
    assert not (Path("/run") / identity.prefix).exists()
    assert str(folder) not in run("cat", "/proc/self/mounts")
