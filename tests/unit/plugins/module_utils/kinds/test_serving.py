# SPDX-License-Identifier: GPL-3.0-or-later
"""The service: it serves once enough hosts answer well, and nothing is made for it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds import autoscaling
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.serving import Serving
from botocore.stub import Stubber


@pytest.fixture
def group(aws: Aws, scope: Scope) -> str:
    """An auto scaling group of ours without hosts."""
    name = scope.name("web")
    launch = {"ImageId": "ami-0123456789abcdef0", "InstanceType": "t4g.small"}
    aws.client("ec2").create_launch_template(LaunchTemplateName="any", LaunchTemplateData=launch)
    tags = scope.marks("autoscaling_group", "web")
    client = aws.client("autoscaling")
    client.create_auto_scaling_group(
        AutoScalingGroupName=name,
        LaunchTemplate={"LaunchTemplateName": "any", "Version": "1"},
        MinSize=0,
        MaxSize=4,
        AvailabilityZones=["us-east-1a"],
        Tags=autoscaling.tags(name, tags, {}),
    )
    client.suspend_processes(AutoScalingGroupName=name, ScalingProcesses=["ReplaceUnhealthy"])
    return name


@pytest.fixture
def target(aws: Aws, group: str) -> str:
    """The ARN of the group's target group."""
    vpc = aws.client("ec2").create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    made = aws.client("elbv2").create_target_group(Name="t", Protocol="HTTP", Port=80, VpcId=vpc)
    arn = str(made["TargetGroups"][0]["TargetGroupArn"])
    aws.client("autoscaling").attach_load_balancer_target_groups(
        AutoScalingGroupName=group, TargetGroupARNs=[arn]
    )
    return arn


def states(*names: str) -> dict[str, Any]:
    return {"TargetHealthDescriptions": [{"TargetHealth": {"State": name}} for name in names]}


@pytest.mark.parametrize(
    ("found", "settled", "status"),
    [
        (states(), False, "0 of 2 hosts healthy"),
        (states("healthy", "initial"), False, "1 of 2 hosts healthy"),
        (states("healthy", "unhealthy", "draining"), False, "1 of 2 hosts healthy"),
        (states("healthy", "healthy", "initial"), True, "2 of 2 hosts healthy"),
    ],
    ids=["none", "one starts", "one fails", "enough"],
)
def test_it_serves_once_enough_hosts_answer_well(
    aws: Aws, view: Any, target: str, found: dict[str, Any], settled: bool, status: str
) -> None:
    want = Want("serving", "main", {"minimum": 2}, given=True)
    with Stubber(aws.client("elbv2")) as stub:
        stub.add_response("describe_target_health", found, {"TargetGroupArn": target})
        [have] = Serving().find(view(), [want])
    assert (have.settled, have.status) == (settled, status)


def test_there_is_nothing_that_serves_without_a_group(life: Any) -> None:
    assert life(Serving()).find(Want("serving", "main", {"minimum": 2}, given=True)) is None


def test_nobody_is_asked_where_nobody_wants_to_know(aws: Aws, view: Any) -> None:
    with Stubber(aws.client("autoscaling")):
        assert list(Serving().find(view(), [])) == []


def test_to_make_it_is_a_mistake(aws: Aws) -> None:
    with pytest.raises(TypeError, match="only read"):
        Serving().create(aws, Want("serving", "main", {"minimum": 2}))
