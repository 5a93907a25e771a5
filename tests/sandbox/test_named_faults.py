# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong on order has a name, says what it wants, and can be ordered by one command."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from sandbox.background import Background
from sandbox.balancers import real
from sandbox.calls import Call
from sandbox.client import Client, Refused
from sandbox.control import Control
from sandbox.fabric import follower
from sandbox.faults import NOTHING, Faults
from sandbox.request_log import RequestLog
from sandbox.running import Handle, running
from sandbox.world import World

PROMISED = {
    *("host-dies", "zone-dies", "region-dark", "regions-cut", "replica-lags", "response-lost"),
    *("api-dark", "http-500", "slow-answers"),
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


def test_of_a_region_whose_api_is_dark_only_the_api_is(tmp_path: Path) -> None:
    world, faults = World(), Faults()
    control = Control(world, RequestLog(tmp_path / "log"), faults)
    body = json.dumps({"disaster": "api-dark", "region": "us-east-1"}).encode()
    assert control.answer("POST", "/_sandbox/disasters", {}, body).status == 200
    assert world.dark == frozenset()
    here, there = (call(region) for region in ("us-east-1", "us-west-2"))
    assert faults.decide(here).name == "dark"
    assert faults.decide(here, asker="us-west-2").name == "dark"
    assert faults.decide(here, asker="us-east-1") == NOTHING
    assert faults.decide(there) == NOTHING


def call(region: str) -> Call:
    return Call("ec2", "DescribeVpcs", region, "x", "ec2", "POST", "/", False, False, {})


def test_where_no_host_is_real_no_disk_is_full(cloud: Handle, client: Any) -> None:
    ec2 = client("ec2")
    name = "/aws/service/debian/release/12/latest/amd64"
    image = client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
    [instance] = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"]
    with pytest.raises(Refused, match="no host is real here"):
        cloud.strike("disk-full", region="us-east-1", instance=instance["InstanceId"])


def test_so_many_internal_errors_come_as_were_ordered(cloud: Handle, client: Any) -> None:
    cloud.strike("http-500", service="ec2", times="2")
    for _ in range(2):
        with pytest.raises(ClientError) as refused:
            client("ec2").describe_vpcs()
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert client("ec2").describe_vpcs()["Vpcs"]


def test_what_is_done_is_told_so_also_where_what_is_real_does_not_follow(tmp_path: Path) -> None:
    world, faults = World(), Faults()
    world.settle = lambda: False
    control = Control(world, RequestLog(tmp_path / "log"), faults)
    body = json.dumps({"disaster": "region-dark", "region": "us-east-1"}).encode()
    answer = control.answer("POST", "/_sandbox/disasters", {}, body)
    assert (answer.status, json.loads(answer.body)["settled"]) == (200, False)
    assert world.dark == {"us-east-1"}
    answer = control.answer("DELETE", "/_sandbox/faults", {}, b"")
    assert (answer.status, json.loads(answer.body)["settled"]) == (200, False)
    assert world.dark == frozenset()


def test_a_client_waits_longer_than_the_sandbox_for_what_is_real() -> None:
    patience = inspect.signature(Client.call).parameters["timeout"].default
    assert patience > follower._PATIENCE + real._PATIENCE


EAST, WEST = "us-east-1", "us-west-2"
ZONE_OF_MARS = "there is no availability zone 'mars-1a'"


@pytest.mark.parametrize(
    ("name", "details", "said"),
    [
        ("zone-dies", {}, "zone is missing"),
        ("zone-dies", {"zone": "us-east-1a", "soon": "yes"}, "'soon' is not known"),
        ("zone-dies", {"zone": 5}, "zone must be a text, not 5"),
        ("zone-dies", {"zone": "mars-1a"}, ZONE_OF_MARS),
        ("zone-returns", {"zone": "mars-1a"}, ZONE_OF_MARS),
        ("zone-returns", {"zone": "us-east-1a"}, "us-east-1a is not dead"),
        ("slow-answers", {"seconds": "long"}, "seconds must be a number, not 'long'"),
        ("slow-answers", {"seconds": []}, "seconds must be a number, not []"),
        ("slow-answers", {"seconds": "-1"}, "seconds must be at least 0, not -1"),
        ("slow-answers", {"seconds": "1e300"}, "seconds must be at most"),
        ("slow-answers", {"seconds": "nan"}, "seconds must be a number, not 'nan'"),
        ("slow-answers", {"seconds": 1, "service": "ec3"}, "there is no service 'ec3'"),
        ("http-500", {"action": "CreateVPC", "service": "ec2"}, "ec2 has no action 'CreateVPC'"),
        ("http-500", {"probability": "2"}, "probability must be at most 1, not 2"),
        ("http-500", {"times": "1.5"}, "times must be a whole number, not '1.5'"),
        ("region-dark", {"region": "mars"}, "there is no region 'mars'"),
        ("api-dark", {"region": "mars"}, "there is no region 'mars'"),
        ("api-dark", {}, "region is missing"),
        ("regions-cut", {"one": EAST, "other": WEST, "cut": "maybe"}, "cut must be true or false"),
        ("regions-cut", {"one": EAST, "other": "mars"}, "there is no region 'mars'"),
        ("regions-cut", {"one": EAST, "other": EAST}, "cannot be cut from itself"),
        ("no-capacity", {"region": "mars"}, "there is no region 'mars'"),
        (
            "no-capacity",
            {"region": EAST, "zone": "us-east-1q"},
            "no availability zone 'us-east-1q'",
        ),
        ("no-capacity", {"region": EAST, "zone": "us-west-2a"}, "zone must be one of us-east-1"),
        ("capacity-returns", {"region": EAST}, "nothing was taken away, not us-east-1"),
        ("host-dies", {"region": EAST, "instance": "i-0"}, "there is no instance i-0 in us-east-1"),
        ("host-dies", {"region": "mars", "instance": "i-0"}, "there is no region 'mars'"),
        ("disk-full", {"region": EAST, "instance": "i-0"}, "there is no instance i-0 in us-east-1"),
        ("target-fails", {"region": EAST, "instance": "i-0"}, "i-0 is no target in us-east-1"),
        ("target-recovers", {"region": "mars", "instance": "i-0"}, "there is no region 'mars'"),
        ("database-dies", {"region": EAST, "name": "no"}, "there is no database instance no in"),
        ("database-dies", {"region": "mars", "name": "no"}, "there is no region 'mars'"),
        (
            "replica-lags",
            {"region": EAST, "name": "no", "seconds": 5},
            "no database instance no in",
        ),
        (
            "replica-lags",
            {"region": EAST, "name": "db", "seconds": -5},
            "must be at least 0, not -5",
        ),
        ("replica-lags", {"region": EAST, "name": "db", "seconds": 5}, "db is no replica"),
        ("flood", {}, "there is no 'flood'; there are "),
    ],
)
def test_what_cannot_be_meant_is_refused_with_how_it_is_ordered(
    cloud: Handle, client: Any, name: str, details: dict[str, Any], said: str
) -> None:
    client("rds").create_db_instance(
        DBInstanceIdentifier="db",
        Engine="postgres",
        DBInstanceClass="db.t3.micro",
        AllocatedStorage=20,
        MasterUsername="u",
        MasterUserPassword="not-a-secret",
    )
    with pytest.raises(Refused) as refused:
        cloud.strike(name, **details)
    told = str(refused.value)
    assert said in told
    assert name == "flood" or f"it is ordered as: {name} " in told
    assert name == "flood" or "e.g. " in told
    for internal in ("keyword", "argument", "locals", "convert", "invalid literal", "()"):
        assert internal not in told
    assert client("ec2").describe_vpcs()["Vpcs"]
    assert cloud.fired() == []


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"effect": "dark", "region": "mars"}, "there is no region 'mars'; one is us-east-1"),
        ({"effect": "lost", "service": "ec3"}, "there is no service 'ec3'; one is ec2"),
        ({"effect": "lost", "service": "rds", "action": "CreateVpc"}, "rds has no action"),
        ({"effect": "lost", "action": "CreateVcp"}, "no service of a site has an action"),
        ({"effect": "throttle", "probability": 1.5}, "probability must be at most 1, not 1.5"),
        ({"effect": "delay", "seconds": -1}, "seconds must be"),
    ],
)
def test_a_rule_that_could_never_fire_is_refused(
    cloud: Handle, rule: dict[str, Any], said: str
) -> None:
    with pytest.raises(Refused) as refused:
        cloud.faults([{"effect": "lost", "action": "CreateVpc"}, rule])
    assert said in str(refused.value)
    assert Client(cloud.endpoint).call("GET", "faults") == []


@pytest.mark.parametrize(
    ("endpoint", "content", "said"),
    [
        ("disasters", {"zone": "us-east-1a"}, "disaster is missing"),
        ("disasters", [], "a JSON object"),
        ("permissions", {"enforced": "perhaps"}, "enforced must be true or false"),
        ("permissions", {"on": True}, "'on' is not known"),
        ("quotas", {"region": "us-east-1"}, "service is missing"),
        ("clock", {"speed": 5}, "'speed' is not known"),
        ("speed", {}, "speed is missing"),
    ],
)
def test_what_steers_the_sandbox_is_told_in_its_own_words(
    cloud: Handle, endpoint: str, content: Any, said: str
) -> None:
    with pytest.raises(Refused) as refused:
        Client(cloud.endpoint).call("POST", endpoint, content)
    assert said in str(refused.value)
    assert "argument" not in str(refused.value)


def test_regions_that_a_sandbox_has_not_are_none_of_it() -> None:
    with running(regions=["us-west-2", "eu-west-1"]) as cloud:
        with pytest.raises(Refused, match="there is no region 'us-east-2'; one is eu-west-1"):
            cloud.strike("no-capacity", region="us-east-2")
        with pytest.raises(Refused, match="there is no region 'us-east-2'"):
            cloud.strike("region-dark", region="us-east-2")
        with pytest.raises(Refused, match="there is no availability zone 'us-east-2a'"):
            cloud.strike("zone-dies", zone="us-east-2a")
        # IAM is there, whatever the regions.
        cloud.faults([{"effect": "dark", "service": "iam", "region": "us-east-1"}])


# Of what is not there, or has not happened, in an account without anything.
FOR_NOTHING = re.compile("there is no (database )?instance|is no target|is not dead|nothing was")


def test_the_example_of_each_is_taken(cloud: Handle) -> None:
    for one in cloud.disasters():
        name, *pairs = one["example"].split()
        assert name == one["name"]
        with suppress_nothing():
            cloud.strike(name, **dict(pair.split("=", 1) for pair in pairs))
        cloud.reset()


@contextmanager
def suppress_nothing() -> Iterator[None]:
    try:
        yield
    except Refused as refused:
        if not FOR_NOTHING.search(str(refused)):
            raise


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
