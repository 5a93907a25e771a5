# SPDX-License-Identifier: GPL-3.0-or-later
"""Scaling policies: ours keep their target, those of others stay."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds import autoscaling
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.scaling_policy import (
    ScalingPolicy,
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
    spec = {
        "group": group,
        "metric": "ALBRequestCountPerTarget",
        "label": "app/one/1/targetgroup/two/2",
        "target": 1000.0,
        "scale_in": True,
        "enabled": True,
    }
    return Want("scaling_policy", "requests", spec)


def test_a_new_policy_is_as_declared(life: Any, want: Want) -> None:
    life(ScalingPolicy()).make(want)
    assert life(ScalingPolicy()).differences(want) == {}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("target", 50.0),
        ("label", "app/else/1/targetgroup/two/2"),
        ("scale_in", False),
    ],
)
def test_a_changed_setting_is_seen_and_put_right(
    life: Any, want: Want, field: str, value: Any
) -> None:
    life(ScalingPolicy()).make(life(ScalingPolicy()).another(want, **{field: value}))
    assert life(ScalingPolicy()).differences(want) == {field: (value, want.spec[field])}
    life(ScalingPolicy()).repair(want)
    assert life(ScalingPolicy()).differences(want) == {}


def test_a_policy_of_somebody_else_is_not_ours(
    life: Any, aws: Aws, view: Any, group: str, want: Want
) -> None:
    life(ScalingPolicy()).make(want)
    aws.client("autoscaling").put_scaling_policy(
        AutoScalingGroupName=group,
        PolicyName="theirs",
        PolicyType="SimpleScaling",
        AdjustmentType="ChangeInCapacity",
        ScalingAdjustment=1,
    )
    assert [have.id for have in ScalingPolicy().find(view(), [])] == ["requests"]


def test_a_deleted_policy_is_gone(life: Any, want: Want) -> None:
    life(ScalingPolicy()).make(want)
    life(ScalingPolicy()).remove(want)
    assert life(ScalingPolicy()).find(want) is None
