# SPDX-License-Identifier: GPL-3.0-or-later
"""A single host: launched with what is declared, gone for good when it is shut down."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.errors import (
    NoCapacity,
    StillUsed,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope, pairs
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.instance import Instance
from botocore.exceptions import ClientError
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends
from moto.ec2.models.instances import InstanceBackend
from moto.ec2.responses import EC2Response

Refuse = Callable[[Mapping[str, tuple[str, int]]], list[str]]


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Refuse:
    """Launches are refused by zone with a code and a status. Answers the zones as they are asked.

    A code that is told once is followed by a launch.
    """
    launch, answer = InstanceBackend.run_instances, EC2Response.call_action

    def answers(refusals: Mapping[str, tuple[str, int]]) -> list[str]:
        asked: list[str] = []

        def run(self: Any, *args: Any, **more: Any) -> Any:
            zone = self.get_subnet(more["nics"][0]["SubnetId"]).availability_zone
            asked.append(zone)
            name, _status = refusals.get(zone, ("", 0))
            if not name or (name == "InternalError" and asked.count(zone) > 1):
                return launch(self, *args, **more)
            raise EC2ClientError(name, f"not in {zone}")

        def call(self: EC2Response) -> Any:
            status, headers, body = answer(self)
            told = [it for name, it in refusals.values() if f"<Code>{name}<" in body]
            return (told or [status])[0], headers, body

        monkeypatch.setattr(InstanceBackend, "run_instances", run)
        monkeypatch.setattr(EC2Response, "call_action", call)
        return asked

    return answers


@pytest.fixture
def builder(scope: Scope, aws: Aws) -> Want:
    ec2, iam = aws.client("ec2"), aws.client("iam")
    listed = ec2.describe_subnets()["Subnets"]
    subnets = {item["AvailabilityZone"][-1]: item["SubnetId"] for item in listed}
    named = {f"public-{zone}": subnets[zone] for zone in "abc"}
    for id, subnet in named.items():
        ec2.create_tags(Resources=[subnet], Tags=pairs(scope.marks("subnet", id)))
    vpc = listed[0]["VpcId"]
    group = ec2.create_security_group(GroupName="builder", Description="d", VpcId=vpc)["GroupId"]
    profile = iam.create_instance_profile(InstanceProfileName="builder")["InstanceProfile"]["Arn"]
    launch = {
        "image": "ami-0123456789abcdef0",
        "instance_type": "t4g.small",
        "profile": profile,
        "root_device": "/dev/xvda",
        "root_volume_gb": 20,
        "key": "arn:aws:kms:us-east-1:123456789012:key/6a1b",
        "public_address": True,
        "security_groups": (group,),
        "metadata": {"tokens": "required", "hops": 1, "tags": "disabled"},
        "monitoring": False,
        "user_data": "#cloud-config\n{}\n",
        "instance_tags": {},
        "volume_tags": {"Name": "builder"},
        "others": (),
    }
    return Want(
        "instance",
        "builder",
        {
            "launch": launch,
            "fallback_types": (),
            "subnets": named,
            "launched_with": "0a1b",
            "tags": scope.marks("instance", "builder"),
        },
    )


def described(aws: Aws) -> dict[str, Any]:
    found = aws.client("ec2").describe_instances()["Reservations"][0]["Instances"][0]
    return dict(found)


def test_a_new_host_is_as_declared(life: Any, aws: Aws, builder: Want) -> None:
    have = life(Instance()).make(builder)
    assert life(Instance()).differences(builder) == {}
    item = described(aws)
    assert have.facts["id"] == item["InstanceId"]
    assert have.facts["public_ip"] == item["PublicIpAddress"]
    assert item["SubnetId"] == builder.spec["subnets"]["public-a"]
    groups = [group["GroupId"] for group in item["NetworkInterfaces"][0]["Groups"]]
    assert groups == list(builder.spec["launch"]["security_groups"])


def test_its_user_data_arrives_as_declared(life: Any, aws: Aws, builder: Want) -> None:
    number = life(Instance()).make(builder).facts["id"]
    answer = aws.client("ec2").describe_instance_attribute(InstanceId=number, Attribute="userData")
    assert base64.b64decode(answer["UserData"]["Value"]).decode() == "#cloud-config\n{}\n"


def test_a_host_that_is_shut_down_ends_for_good(life: Any, aws: Aws, builder: Want) -> None:
    number = life(Instance()).make(builder).facts["id"]
    answer = aws.client("ec2").describe_instance_attribute(
        InstanceId=number, Attribute="instanceInitiatedShutdownBehavior"
    )
    assert answer["InstanceInitiatedShutdownBehavior"]["Value"] == "terminate"


def test_another_launch_is_another_host(life: Any, builder: Want) -> None:
    life(Instance()).make(builder)
    other = life(Instance()).another(builder, launched_with="2c3d")
    assert life(Instance()).differences(other) == {"launched_with": ("0a1b", "2c3d")}
    assert "launched_with" in Instance.rules.replace


@pytest.mark.parametrize(
    "refusal",
    [
        ("InsufficientInstanceCapacity", 500),
        ("InsufficientHostCapacity", 500),
        ("InsufficientFreeAddressesInSubnet", 400),
        ("Unsupported", 400),
    ],
)
def test_where_a_zone_cannot_launch_it_the_next_one_does_and_it_is_as_declared(
    life: Any, aws: Aws, builder: Want, refuse: Refuse, refusal: tuple[str, int]
) -> None:
    asked = refuse({"us-east-1a": refusal, "us-east-1b": refusal})
    life(Instance()).make(builder)
    # Each was asked once: no zone gets capacity by being asked again.
    assert asked == ["us-east-1a", "us-east-1b", "us-east-1c"]
    assert described(aws)["SubnetId"] == builder.spec["subnets"]["public-c"]
    assert life(Instance()).differences(builder) == {}


def test_where_no_zone_can_launch_it_all_are_named(
    life: Any, aws: Aws, builder: Want, refuse: Refuse
) -> None:
    lacks = ("InsufficientInstanceCapacity", 500)
    asked = refuse({"us-east-1a": lacks, "us-east-1b": ("Unsupported", 400), "us-east-1c": lacks})
    with pytest.raises(NoCapacity) as refused:
        life(Instance()).make(builder)
    assert asked == ["us-east-1a", "us-east-1b", "us-east-1c"]
    for zone, (name, _status) in zip("abc", (lacks, ("Unsupported", 400), lacks), strict=True):
        assert f"us-east-1{zone}: An error occurred ({name})" in str(refused.value)
    assert "web_tier_instance_type" in refused.value.hint


def test_what_is_refused_for_another_reason_is_no_matter_of_zones(
    life: Any, builder: Want, refuse: Refuse
) -> None:
    asked = refuse({"us-east-1a": ("InvalidParameterValue", 400)})
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        life(Instance()).make(builder)
    assert asked == ["us-east-1a"]


def test_of_an_unclear_answer_the_same_request_finds_out_and_not_that_of_another_zone(
    life: Any, aws: Aws, builder: Want, refuse: Refuse
) -> None:
    tokens: list[str] = []
    for client in (aws.client("ec2"), aws.once("ec2")):
        client.meta.events.register(
            "before-parameter-build.ec2.RunInstances",
            lambda params, **_: tokens.append(params["ClientToken"]),
        )
    unclear = ("InternalError", 500)
    asked = refuse({"us-east-1a": ("Unsupported", 400), "us-east-1b": unclear})
    life(Instance()).make(builder)
    assert asked == ["us-east-1a", "us-east-1b", "us-east-1b"]
    # Another subnet is another request; a repeated one is known as such by its token.
    assert tokens[0] != tokens[1] == tokens[2]


def test_one_that_stands_in_a_subnet_that_is_not_declared_makes_way_for_another(
    life: Any, builder: Want
) -> None:
    life(Instance()).make(builder)
    subnets = dict(builder.spec["subnets"])
    gone = {"public-a": subnets.pop("public-a")}
    other = life(Instance()).another(builder, subnets=subnets)
    assert life(Instance()).differences(other) == {"subnets": (gone, subnets)}
    assert "subnets" in Instance.rules.replace


def test_a_tag_is_repaired_and_a_foreign_one_stays(life: Any, aws: Aws, builder: Want) -> None:
    number = life(Instance()).make(builder).facts["id"]
    tags = [{"Key": "team", "Value": "else"}, {"Key": "theirs", "Value": "1"}]
    aws.client("ec2").create_tags(Resources=[number], Tags=tags)
    assert life(Instance()).differences(builder) == {"tags.team": ("else", "shop")}
    life(Instance()).repair(builder)
    assert life(Instance()).differences(builder) == {}
    assert {"Key": "theirs", "Value": "1"} in described(aws)["Tags"]


def test_a_host_that_is_removed_counts_as_absent_at_once(
    life: Any, aws: Aws, builder: Want
) -> None:
    life(Instance()).make(builder)
    life(Instance()).remove(builder)
    assert described(aws)["State"]["Name"] in ("shutting-down", "terminated")
    assert life(Instance()).find(builder) is None
    assert life(Instance()).undeclared() == []


def test_one_of_its_hosts_is_found_where_nobody_declares_it(life: Any, builder: Want) -> None:
    number = life(Instance()).make(builder).facts["id"]
    assert [have.facts["id"] for have in life(Instance()).undeclared()] == [number]


def test_a_host_stays_while_an_image_is_made_of_it(life: Any, aws: Aws, builder: Want) -> None:
    number = life(Instance()).make(builder).facts["id"]
    image = aws.client("ec2").create_image(InstanceId=number, Name="golden")["ImageId"]
    made = ec2_backends["123456789012"]["us-east-1"].amis[image]
    made.state = "pending"
    with pytest.raises(StillUsed, match=f"image {image} is being made of {number}"):
        Instance().delete(aws, life(Instance()).find(builder))
    assert described(aws)["State"]["Name"] == "running"
    made.state = "failed"
    life(Instance()).remove(builder)
    assert life(Instance()).find(builder) is None
