# SPDX-License-Identifier: GPL-3.0-or-later
"""A single host: launched with what is declared, gone for good when it is shut down."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.errors import StillUsed
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.instance import Instance
from moto.ec2.models import ec2_backends


@pytest.fixture
def builder(scope: Scope, aws: Aws) -> Want:
    ec2, iam = aws.client("ec2"), aws.client("iam")
    subnet = ec2.describe_subnets()["Subnets"][0]
    group = ec2.create_security_group(GroupName="builder", Description="d", VpcId=subnet["VpcId"])[
        "GroupId"
    ]
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
            "subnet": subnet["SubnetId"],
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
    assert item["SubnetId"] == builder.spec["subnet"]
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
        life(Instance()).remove(builder)
    assert described(aws)["State"]["Name"] == "running"
    made.state = "failed"
    life(Instance()).remove(builder)
    assert life(Instance()).find(builder) is None
