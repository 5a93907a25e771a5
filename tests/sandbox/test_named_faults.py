# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong on order has a name, says what it wants, and can be ordered by one command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from sandbox.background import Background
from sandbox.client import Refused
from sandbox.running import Handle

PROMISED = {
    *("host-dies", "zone-dies", "region-dark", "regions-cut", "replica-lags", "response-lost"),
    *("http-500", "slow-answers"),
}


def test_each_says_what_it_wants_and_what_it_does(cloud: Handle) -> None:
    known = {one["name"]: one for one in cloud.disasters()}
    assert set(known) >= PROMISED
    assert known["zone-dies"]["usage"] == "zone-dies zone=…"
    assert all(one["what"].endswith(".") for one in known.values())


def test_a_lost_response_is_of_a_write_that_was_done(cloud: Handle, client: Any) -> None:
    cloud.strike("response-lost", action="CreateVpc")
    with pytest.raises(ConnectionClosedError):
        client("ec2").create_vpc(CidrBlock="10.1.0.0/16")
    found = client("ec2").describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.1.0.0/16"]}])
    assert len(found["Vpcs"]) == 1


def test_a_region_is_dark_until_the_faults_are_lifted(cloud: Handle, client: Any) -> None:
    cloud.strike("region-dark", region="us-east-1")
    with pytest.raises(ConnectionClosedError):
        client("ec2").describe_vpcs()
    assert client("ec2", "us-west-2").describe_vpcs()["Vpcs"]
    cloud.faults([])
    assert client("ec2").describe_vpcs()["Vpcs"]


def test_so_many_internal_errors_come_as_were_ordered(cloud: Handle, client: Any) -> None:
    cloud.strike("http-500", service="ec2", times="2")
    for _ in range(2):
        with pytest.raises(ClientError) as refused:
            client("ec2").describe_vpcs()
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert client("ec2").describe_vpcs()["Vpcs"]


@pytest.mark.parametrize(
    ("name", "details", "said"),
    [
        ("zone-dies", {}, "missing a required argument: 'zone'"),
        ("zone-dies", {"zone": "us-east-1a", "soon": "yes"}, "unexpected keyword argument 'soon'"),
        ("slow-answers", {"seconds": "long"}, "could not convert string to float: 'long'"),
        ("regions-cut", {"one": "a", "other": "b", "cut": "maybe"}, "cut must be true or false"),
        ("flood", {}, "there is no 'flood'; there are "),
    ],
)
def test_what_cannot_be_meant_is_refused_with_how_it_is_ordered(
    cloud: Handle, name: str, details: dict[str, str], said: str
) -> None:
    with pytest.raises(Refused) as refused:
        cloud.strike(name, **details)
    assert said in str(refused.value)
    assert name == "flood" or f"it is ordered as: {name} " in str(refused.value)


def test_one_command_lists_orders_and_lifts(tmp_path: Path) -> None:
    folder = tmp_path / "sandbox"
    background = Background(folder)
    endpoint = background.up(0, None, "us-east-1", real=False)

    def command(*words: str) -> str:
        whole = [sys.executable, "-m", "sandbox", "--dir", str(folder), "fault", *words]
        return subprocess.run(whole, check=True, capture_output=True, text=True).stdout

    try:
        assert "zone-dies zone=…" in command()
        client = background.client(endpoint)
        command("throttling", "service=ec2")
        (rule,) = client.call("GET", "faults")
        assert (rule["effect"], rule["service"]) == ("throttle", "ec2")
        assert "region" not in rule
        command("lifted")
        assert client.call("GET", "faults") == []
    finally:
        background.down()
