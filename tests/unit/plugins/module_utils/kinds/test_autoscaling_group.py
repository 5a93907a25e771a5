# SPDX-License-Identifier: GPL-3.0-or-later
"""Auto scaling groups: bounds, network and template are kept, the number of hosts is not."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import (
    Scope,
    specification,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.autoscaling_group import (
    AutoscalingGroup,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.launch_template import (
    LaunchTemplate,
)
from botocore.awsrequest import AWSResponse


@pytest.fixture(autouse=True)
def no_refreshes(aws: Aws) -> None:
    """The account in this process knows no instance refreshes; see test_refresh of a whole one."""

    def answer(**_call: Any) -> tuple[AWSResponse, dict[str, Any]]:
        return AWSResponse("", 200, {}, None), {"InstanceRefreshes": []}

    events = aws.client("autoscaling").meta.events
    events.register("before-call.auto-scaling.DescribeInstanceRefreshes", answer)


@pytest.fixture
def launch() -> dict[str, Any]:
    return {
        "image": "resolve:ssm:/aws/service/debian/release/12/latest/arm64",
        "instance_type": "t4g.small",
        "profile": "arn:aws:iam::123456789012:instance-profile/production-home-web",
        "root_device": "/dev/xvda",
        "root_volume_gb": 20,
        "key": "arn:aws:kms:us-east-1:123456789012:key/6a1b",
        "public_address": False,
        "security_groups": ("sg-0a1b2c3d",),
        "metadata": {"tokens": "required", "hops": 1, "tags": "disabled"},
        "monitoring": True,
        "user_data": "#!/bin/sh\necho ready\n",
        "instance_tags": {"Name": "web"},
        "volume_tags": {"Name": "web"},
        "others": (),
    }


@pytest.fixture
def template(scope: Scope, launch: dict[str, Any]) -> Want:
    spec = {"launch": launch, "tags": scope.marks("launch_template", "web")}
    return Want("launch_template", "web", spec)


@pytest.fixture
def subnets(aws: Aws, scope: Scope) -> dict[str, str]:
    """Two application subnets of ours."""
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    return {
        f"app-{letter}": ec2.create_subnet(
            VpcId=vpc,
            CidrBlock=f"10.20.{place}.0/24",
            AvailabilityZone=f"us-east-1{letter}",
            TagSpecifications=specification("subnet", scope.marks("subnet", f"app-{letter}")),
        )["Subnet"]["SubnetId"]
        for place, letter in enumerate("ab")
    }


@pytest.fixture
def targets(aws: Aws, subnets: dict[str, str]) -> list[str]:
    """ARNs of two target groups."""
    vpc = aws.client("ec2").describe_subnets(SubnetIds=[subnets["app-a"]])["Subnets"][0]["VpcId"]
    make = aws.client("elbv2").create_target_group
    return [
        make(Name=name, Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"][0]["TargetGroupArn"]
        for name in ("one", "two")
    ]


@pytest.fixture
def group(
    life: Any, scope: Scope, template: Want, subnets: dict[str, str], targets: list[str]
) -> Want:
    facts = life(LaunchTemplate()).make(template).facts
    tags = scope.marks("autoscaling_group", "web")
    spec = {
        "template": facts["id"],
        "template_version": facts["version"],
        "launch": template.spec["launch"],
        "fallback_types": (),
        "min_size": 0,
        "max_size": 12,
        "subnets": subnets,
        "target_groups": (targets[0],),
        "health_check": "ELB",
        "grace": 300,
        "metrics": ("GroupDesiredCapacity", "GroupMaxSize"),
        "watched": (),
        "tags": tags,
        "propagate": {key: key != "phoenix:id" for key in tags},
        # The account in this process forgets the warm-up; see the tests against a whole one.
        "warmup": None,
    }
    return Want("autoscaling_group", "web", spec)


def raw(aws: Aws) -> dict[str, Any]:
    found: dict[str, Any] = aws.client("autoscaling").describe_auto_scaling_groups()
    [item] = found["AutoScalingGroups"]
    return dict(item)


@pytest.fixture
def made(life: Any, group: Want) -> Want:
    """The group, made with a warm-up, which is not told here."""
    life(AutoscalingGroup()).make(life(AutoscalingGroup()).another(group, warmup=120))
    return group


def test_a_new_group_is_as_declared(life: Any, made: Want) -> None:
    assert life(AutoscalingGroup()).differences(made) == {}


def test_a_new_group_does_not_replace_hosts_that_cannot_be_healthy_yet(
    aws: Aws, made: Want
) -> None:
    assert [item["ProcessName"] for item in raw(aws)["SuspendedProcesses"]] == ["ReplaceUnhealthy"]


def test_its_tags_are_handed_on_to_hosts_but_for_its_own_id(aws: Aws, made: Want) -> None:
    kept = [tag["Key"] for tag in raw(aws)["Tags"] if not tag["PropagateAtLaunch"]]
    assert kept == ["phoenix:id"]


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        ({"MinSize": 1}, "min_size"),
        ({"MaxSize": 20}, "max_size"),
        ({"HealthCheckType": "EC2"}, "health_check"),
        ({"HealthCheckGracePeriod": 10}, "grace"),
    ],
)
def test_a_changed_setting_is_seen_and_put_right(
    life: Any, aws: Aws, made: Want, edit: dict[str, Any], field: str
) -> None:
    aws.client("autoscaling").update_auto_scaling_group(
        AutoScalingGroupName="production-home-web", **edit
    )
    assert set(life(AutoscalingGroup()).differences(made)) == {field}
    life(AutoscalingGroup()).repair(life(AutoscalingGroup()).another(made, warmup=120))
    assert life(AutoscalingGroup()).differences(made) == {}


def test_the_number_of_hosts_within_the_bounds_is_not_ours(life: Any, aws: Aws, made: Want) -> None:
    aws.client("autoscaling").update_auto_scaling_group(
        AutoScalingGroupName="production-home-web", DesiredCapacity=3
    )
    assert life(AutoscalingGroup()).differences(made) == {}


def test_other_subnets_and_target_groups_are_seen_and_put_right(
    life: Any, aws: Aws, made: Want, subnets: dict[str, str], targets: list[str]
) -> None:
    name, client = "production-home-web", aws.client("autoscaling")
    client.update_auto_scaling_group(AutoScalingGroupName=name, VPCZoneIdentifier=subnets["app-a"])
    client.attach_load_balancer_target_groups(
        AutoScalingGroupName=name, TargetGroupARNs=[targets[1]]
    )
    assert set(life(AutoscalingGroup()).differences(made)) == {"subnets", "target_groups"}
    life(AutoscalingGroup()).repair(life(AutoscalingGroup()).another(made, warmup=120))
    assert life(AutoscalingGroup()).differences(made) == {}


def test_changed_tags_are_seen_and_put_right_and_foreign_ones_stay(
    life: Any, aws: Aws, made: Want
) -> None:
    about = {
        "ResourceId": "production-home-web",
        "ResourceType": "auto-scaling-group",
        "PropagateAtLaunch": False,
    }
    aws.client("autoscaling").create_or_update_tags(
        Tags=[{**about, "Key": "team", "Value": "x"}, {**about, "Key": "theirs", "Value": "1"}]
    )
    assert life(AutoscalingGroup()).differences(made) == {
        "tags.team": ("x", "shop"),
        "propagate.team": (False, True),
    }
    life(AutoscalingGroup()).repair(made)
    assert life(AutoscalingGroup()).differences(made) == {}
    assert "theirs" in {tag["Key"] for tag in raw(aws)["Tags"]}


def test_a_new_template_version_is_a_change_of_the_group_that_says_what_changes(
    life: Any, launch: dict[str, Any], template: Want, made: Want
) -> None:
    larger = {**launch, "instance_type": "m7g.large"}
    wanted = life(AutoscalingGroup()).another(made, launch=larger)
    # Before the new version is there the plan can tell from the content alone.
    assert life(AutoscalingGroup()).differences(wanted) == {
        "launch.instance_type": ("t4g.small", "m7g.large")
    }
    life(LaunchTemplate()).repair(life(LaunchTemplate()).another(template, launch=larger))
    facts = life(LaunchTemplate()).find(template).facts
    wanted = life(AutoscalingGroup()).another(wanted, template_version=facts["version"])
    life(AutoscalingGroup()).repair(life(AutoscalingGroup()).another(wanted, warmup=120))
    assert life(AutoscalingGroup()).differences(wanted) == {}


def test_a_policy_of_somebody_else_is_named(life: Any, aws: Aws, made: Want) -> None:
    aws.client("autoscaling").put_scaling_policy(
        AutoScalingGroupName="production-home-web",
        PolicyName="theirs",
        PolicyType="SimpleScaling",
        AdjustmentType="ChangeInCapacity",
        ScalingAdjustment=1,
    )
    have = life(AutoscalingGroup()).find(made)
    assert have and have.foreign == ("scaling policy theirs",)


def test_a_deleted_group_is_gone(life: Any, made: Want) -> None:
    life(AutoscalingGroup()).remove(made)
    assert life(AutoscalingGroup()).find(made) is None
