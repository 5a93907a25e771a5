# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes an Auto Scaling group change by itself: policies, schedules, refreshes, warm pools."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from .account import Account, refused, until

NAMED = {"AutoScalingGroupName": "web"}
CPU = {
    "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"},
    "TargetValue": 50.0,
}


@pytest.fixture
def groups(account: Account) -> Any:
    """Auto Scaling, with the group `web` of two instances."""
    net = account.network()
    data = {"ImageId": account.image(), "InstanceType": "t3.micro"}
    account.client("ec2").create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)
    groups = account.client("autoscaling")
    groups.create_auto_scaling_group(
        **NAMED,
        MinSize=2,
        MaxSize=6,
        DesiredCapacity=2,
        LaunchTemplate={"LaunchTemplateName": "web", "Version": "1"},
        VPCZoneIdentifier=",".join(net["subnets"][:2]),
    )
    until(lambda: in_service(groups) == 2)
    return groups


def one(groups: Any) -> dict[str, Any]:
    found = groups.describe_auto_scaling_groups(AutoScalingGroupNames=["web"])
    return dict(found["AutoScalingGroups"][0])


def in_service(groups: Any) -> int:
    return [i["LifecycleState"] for i in one(groups)["Instances"]].count("InService")


def schedule(groups: Any, at: datetime, desired: int) -> None:
    groups.put_scheduled_update_group_action(
        **NAMED,
        ScheduledActionName="campaign",
        StartTime=at,
        MinSize=desired,
        MaxSize=8,
        DesiredCapacity=desired,
    )


def test_a_scheduled_action_is_told_before_its_time(groups: Any) -> None:
    schedule(groups, datetime.now(UTC) + timedelta(days=1), 4)
    told = groups.describe_scheduled_actions(**NAMED)["ScheduledUpdateGroupActions"]
    assert [action["DesiredCapacity"] for action in told] == [4]
    assert one(groups)["DesiredCapacity"] == 2


def test_a_scheduled_action_happens_at_its_time(groups: Any) -> None:
    schedule(groups, datetime.now(UTC) + timedelta(seconds=2), 5)
    until(lambda: one(groups)["DesiredCapacity"] == 5)


def test_target_tracking_makes_two_alarms_which_go_with_the_policy(
    account: Account, groups: Any
) -> None:
    told = groups.put_scaling_policy(
        **NAMED,
        PolicyName="cpu",
        PolicyType="TargetTrackingScaling",
        TargetTrackingConfiguration=CPU,
    )
    assert len(told["Alarms"]) == 2
    found = groups.describe_policies(**NAMED)["ScalingPolicies"]
    assert [policy["PolicyName"] for policy in found] == ["cpu"]
    groups.delete_policy(**NAMED, PolicyName="cpu")
    assert groups.describe_policies(**NAMED)["ScalingPolicies"] == []
    assert account.client("cloudwatch").describe_alarms()["MetricAlarms"] == []


def test_a_predictive_policy_is_kept(groups: Any) -> None:
    metric = {
        "TargetValue": 50,
        "PredefinedMetricPairSpecification": {"PredefinedMetricType": "ASGCPUUtilization"},
    }
    groups.put_scaling_policy(
        **NAMED,
        PolicyName="forecast",
        PolicyType="PredictiveScaling",
        PredictiveScalingConfiguration={"MetricSpecifications": [metric], "Mode": "ForecastOnly"},
    )
    found = groups.describe_policies(**NAMED)["ScalingPolicies"]
    assert [policy["PolicyType"] for policy in found] == ["PredictiveScaling"]


def test_a_lifecycle_hook_is_kept(groups: Any) -> None:
    groups.put_lifecycle_hook(
        **NAMED,
        LifecycleHookName="boot",
        LifecycleTransition="autoscaling:EC2_INSTANCE_LAUNCHING",
        HeartbeatTimeout=60,
    )
    found = groups.describe_lifecycle_hooks(**NAMED)["LifecycleHooks"]
    assert [hook["LifecycleHookName"] for hook in found] == ["boot"]


def test_a_warm_pool_fills_up_to_the_maximum_of_its_group(groups: Any) -> None:
    groups.put_warm_pool(**NAMED, MinSize=1, PoolState="Stopped")
    # Without MaxGroupPreparedCapacity: what is missing to the group's maximum.
    until(lambda: len(groups.describe_warm_pool(**NAMED)["Instances"]) == 4)


def test_a_warm_pool_with_a_prepared_capacity_has_what_is_missing_to_that(groups: Any) -> None:
    groups.put_warm_pool(**NAMED, MinSize=1, MaxGroupPreparedCapacity=3, PoolState="Stopped")
    until(lambda: len(groups.describe_warm_pool(**NAMED)["Instances"]) == 1)


def renew(account: Account) -> dict[str, Any]:
    """The desired configuration of a refresh: a second version of the template."""
    data = {"InstanceType": "t3.small"}
    account.client("ec2").create_launch_template_version(
        LaunchTemplateName="web", SourceVersion="1", LaunchTemplateData=data
    )
    return {"LaunchTemplate": {"LaunchTemplateName": "web", "Version": "2"}}


def test_a_refresh_replaces_the_instances_by_those_of_its_configuration(
    account: Account, groups: Any
) -> None:
    before = {i["InstanceId"] for i in one(groups)["Instances"]}
    groups.start_instance_refresh(
        **NAMED,
        DesiredConfiguration=renew(account),
        Preferences={"MinHealthyPercentage": 50, "AutoRollback": True, "SkipMatching": True},
    )

    def status() -> str:
        told = groups.describe_instance_refreshes(**NAMED)["InstanceRefreshes"]
        return str(told[0]["Status"])

    until(lambda: status() == "Successful")
    after = one(groups)["Instances"]
    assert not before & {i["InstanceId"] for i in after}
    assert {i["LaunchTemplate"]["Version"] for i in after} == {"2"}


def test_only_a_refresh_that_goes_on_is_rolled_back(groups: Any) -> None:
    code = refused(groups.rollback_instance_refresh, **NAMED)
    assert code in ("ActiveInstanceRefreshNotFound", "ActiveInstanceRefreshNotFoundFault")


def test_a_group_on_the_newest_version_cannot_be_rolled_back_by_itself(
    account: Account, groups: Any
) -> None:
    newest = {"LaunchTemplateName": "web", "Version": "$Latest"}
    groups.update_auto_scaling_group(**NAMED, LaunchTemplate=newest)
    code = refused(
        groups.start_instance_refresh,
        **NAMED,
        DesiredConfiguration=renew(account),
        Preferences={"AutoRollback": True},
    )
    assert code == "ValidationError"


def refresh_of(groups: Any) -> dict[str, Any]:
    return dict(groups.describe_instance_refreshes(**NAMED)["InstanceRefreshes"][0])


def test_a_refresh_passes_over_what_is_as_it_should_be(groups: Any) -> None:
    before = {i["InstanceId"] for i in one(groups)["Instances"]}
    same = {"LaunchTemplate": {"LaunchTemplateName": "web", "Version": "1"}}
    groups.start_instance_refresh(
        **NAMED, DesiredConfiguration=same, Preferences={"SkipMatching": True}
    )
    until(lambda: refresh_of(groups)["Status"] == "Successful")
    assert {i["InstanceId"] for i in one(groups)["Instances"]} == before


def test_a_refresh_keeps_the_preferences_that_it_was_given(account: Account, groups: Any) -> None:
    wanted = {"MinHealthyPercentage": 100, "MaxHealthyPercentage": 150, "AutoRollback": True}
    desired = renew(account)
    groups.start_instance_refresh(**NAMED, DesiredConfiguration=desired, Preferences=wanted)
    found = refresh_of(groups)
    assert wanted.items() <= found["Preferences"].items()
    template = found["DesiredConfiguration"]["LaunchTemplate"]
    assert (template["LaunchTemplateName"], template["Version"]) == ("web", "2")


@pytest.mark.parametrize(
    "wrong",
    [
        {"MinHealthyPercentage": 101},
        {"MinHealthyPercentage": 90, "MaxHealthyPercentage": 201},
        {"MinHealthyPercentage": 50, "MaxHealthyPercentage": 151},
        {"MaxHealthyPercentage": 110},
    ],
)
def test_percentages_that_cannot_be_are_refused(groups: Any, wrong: dict[str, int]) -> None:
    code = refused(groups.start_instance_refresh, **NAMED, Preferences=wrong)
    assert code in ("ValidationError", "ValidationException")


def test_one_refresh_goes_on_at_a_time_and_can_be_cancelled(account: Account, groups: Any) -> None:
    code = refused(groups.cancel_instance_refresh, **NAMED)
    assert code in ("ActiveInstanceRefreshNotFound", "ActiveInstanceRefreshNotFoundFault")
    account.cloud.speed(1)
    started = groups.start_instance_refresh(**NAMED)["InstanceRefreshId"]
    code = refused(groups.start_instance_refresh, **NAMED)
    assert code in ("InstanceRefreshInProgress", "InstanceRefreshInProgressFault")
    assert groups.cancel_instance_refresh(**NAMED)["InstanceRefreshId"] == started
    assert refresh_of(groups)["Status"] in ("Cancelling", "Cancelled")


def test_a_refresh_that_goes_on_is_rolled_back(account: Account, groups: Any) -> None:
    desired = renew(account)
    account.cloud.speed(60)
    started = groups.start_instance_refresh(**NAMED, DesiredConfiguration=desired)
    told = groups.rollback_instance_refresh(**NAMED)
    assert told["InstanceRefreshId"] == started["InstanceRefreshId"]
    account.cloud.speed(0)
    until(lambda: refresh_of(groups)["Status"] == "RollbackSuccessful")
    assert {i["LaunchTemplate"]["Version"] for i in one(groups)["Instances"]} == {"1"}
    assert one(groups)["LaunchTemplate"]["Version"] == "1"
