# SPDX-License-Identifier: GPL-3.0-or-later
"""Target groups: kept as declared; another port makes another one."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.target_group import (
    TargetGroup,
)


@pytest.fixture
def net(aws: Aws) -> dict[str, Any]:
    """A network with three subnets and a security group."""
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    subnets = {
        f"us-east-1{letter}": ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.20.{place}.0/24", AvailabilityZone=f"us-east-1{letter}"
        )["Subnet"]["SubnetId"]
        for place, letter in enumerate("abc")
    }
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"]
    return {"vpc": vpc, "subnets": subnets, "group": group}


@pytest.fixture
def targets(scope: Scope, net: dict[str, Any]) -> Want:
    spec = {
        "port": 8080,
        "protocol": "HTTP",
        "vpc": net["vpc"],
        "check": {
            "path": "/ready",
            "interval": 10,
            "timeout": 5,
            "healthy": 2,
            "unhealthy": 3,
            "codes": "200",
        },
        "attributes": {"deregistration_delay.timeout_seconds": "30"},
        "tags": scope.marks("target_group", "web"),
    }
    return Want("target_group", "web", spec)


def test_a_new_group_is_as_declared(life: Any, targets: Want) -> None:
    have = life(TargetGroup()).make(targets)
    assert life(TargetGroup()).differences(targets) == {}
    assert have.facts["suffix"].startswith("targetgroup/production-home-web-8080/")


@pytest.mark.parametrize(
    ("argument", "value", "key"),
    [
        ("HealthCheckPath", "/else", "path"),
        ("HealthCheckIntervalSeconds", 30, "interval"),
        ("HealthCheckTimeoutSeconds", 6, "timeout"),
        ("HealthyThresholdCount", 9, "healthy"),
        ("UnhealthyThresholdCount", 9, "unhealthy"),
        ("Matcher", {"HttpCode": "200-399"}, "codes"),
    ],
)
def test_a_changed_health_check_is_seen_and_put_right(
    life: Any, aws: Aws, targets: Want, argument: str, value: Any, key: str
) -> None:
    arn = life(TargetGroup()).make(targets).facts["arn"]
    aws.client("elbv2").modify_target_group(TargetGroupArn=arn, **{argument: value})
    [(field, (before, after))] = life(TargetGroup()).differences(targets).items()
    assert field == "check"
    assert {name for name in after if before[name] != after[name]} == {key}
    life(TargetGroup()).repair(targets)
    assert life(TargetGroup()).differences(targets) == {}


def test_a_changed_attribute_is_seen_and_put_right(life: Any, aws: Aws, targets: Want) -> None:
    arn = life(TargetGroup()).make(targets).facts["arn"]
    key = "deregistration_delay.timeout_seconds"
    aws.client("elbv2").modify_target_group_attributes(
        TargetGroupArn=arn, Attributes=[{"Key": key, "Value": "300"}]
    )
    assert life(TargetGroup()).differences(targets) == {f"attributes.{key}": ("300", "30")}
    life(TargetGroup()).repair(targets)
    assert life(TargetGroup()).differences(targets) == {}


def test_another_port_makes_another_group_and_the_first_is_no_longer_declared(
    life: Any, view: Any, targets: Want
) -> None:
    old = life(TargetGroup()).make(targets).facts["arn"]
    other = life(TargetGroup()).another(targets, port=9090)
    assert life(TargetGroup()).find(other) is None
    new = life(TargetGroup()).make(other).facts["arn"]
    found = {have.facts["arn"]: have.id for have in TargetGroup().find(view(), [other])}
    assert found == {new: "web", old: "production-home-web-8080"}


def test_a_group_of_https_is_another_one_and_is_asked_by_https(
    life: Any, aws: Aws, targets: Want
) -> None:
    life(TargetGroup()).make(targets)
    other = life(TargetGroup()).another(targets, protocol="HTTPS")
    made = life(TargetGroup()).make(other)
    assert made.facts["name"] == "production-home-web-8080s"
    [found] = aws.client("elbv2").describe_target_groups(TargetGroupArns=[made.facts["arn"]])[
        "TargetGroups"
    ]
    assert (found["Protocol"], found["HealthCheckProtocol"]) == ("HTTPS", "HTTPS")


def test_it_is_found_without_its_declaration(life: Any, targets: Want) -> None:
    made = life(TargetGroup()).make(targets)
    have = life(TargetGroup()).find(Want("target_group", "web", given=True))
    assert have and have.facts == made.facts


def test_a_group_of_our_name_without_our_tags_is_not_ours(
    life: Any, aws: Aws, net: dict[str, Any], targets: Want
) -> None:
    aws.client("elbv2").create_target_group(
        Name="production-home-web-8080", Protocol="HTTP", Port=8080, VpcId=net["vpc"]
    )
    assert life(TargetGroup()).find(targets) is None


def test_a_deleted_group_is_gone(life: Any, targets: Want) -> None:
    life(TargetGroup()).make(targets)
    life(TargetGroup()).remove(targets)
    assert life(TargetGroup()).find(targets) is None
