# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes of a group: what rests without reason goes on."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds import autoscaling
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.scaling_processes import (
    ScalingProcesses,
)


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
def want(group: str) -> Want:
    return Want("scaling_processes", "web", {"group": group, "suspended": ()})


def resting(aws: Aws) -> list[str]:
    found = aws.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    return sorted(item["ProcessName"] for item in found[0]["SuspendedProcesses"])


def test_what_a_new_group_held_back_goes_on(life: Any, aws: Aws, want: Want) -> None:
    assert resting(aws) == ["ReplaceUnhealthy"]
    ScalingProcesses().create(aws, want)
    assert resting(aws) == []
    assert life(ScalingProcesses()).differences(want) == {}


def test_a_process_at_rest_is_seen_and_put_right(life: Any, aws: Aws, want: Want) -> None:
    ScalingProcesses().create(aws, want)
    aws.client("autoscaling").suspend_processes(
        AutoScalingGroupName=want.spec["group"], ScalingProcesses=["Launch", "Terminate"]
    )
    assert life(ScalingProcesses()).differences(want) == {
        "suspended": (("Launch", "Terminate"), ())
    }
    life(ScalingProcesses()).repair(want)
    assert resting(aws) == []


def test_a_process_that_shall_rest_is_put_to_rest(life: Any, aws: Aws, want: Want) -> None:
    held = life(ScalingProcesses()).another(want, suspended=("Launch",))
    life(ScalingProcesses()).repair(held)
    assert resting(aws) == ["Launch"]


def test_to_remove_the_state_changes_nothing(life: Any, aws: Aws, want: Want) -> None:
    life(ScalingProcesses()).remove(want)
    assert resting(aws) == ["ReplaceUnhealthy"]
