# SPDX-License-Identifier: GPL-3.0-or-later
"""Warm pools hold prepared instances that the group takes when it scales out."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.sandbox.shims.web_group import (
    DRAIN,
    GROUP,
    LAUNCH,
    activities,
    group,
    ids,
    make,
    numbered,
    states,
)

STOP = 40  # seconds until an instance is stopped at speed 1
LOOK = 1  # seconds in which the pool sees that it is
HOOK = {**GROUP, "LifecycleHookName": "ready"}
IN, OUT = "autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"


def pooled(cloud: Any, size: int = 2, **pool: Any) -> Any:
    """The group with a warm pool, and a client for it."""
    make(cloud, DesiredCapacity=size)
    asg = cloud.client("autoscaling")
    asg.put_warm_pool(**GROUP, **pool)
    return asg


def warm(cloud: Any) -> list[dict[str, Any]]:
    return list(cloud.client("autoscaling").describe_warm_pool(**GROUP)["Instances"])


def resting(cloud: Any) -> Counter[str]:
    return Counter(one["LifecycleState"] for one in warm(cloud))


def state(cloud: Any, name: str) -> str:
    found = cloud.client("ec2").describe_instances(InstanceIds=[name])["Reservations"]
    return str(found[0]["Instances"][0]["State"]["Name"])


def test_a_pool_is_as_large_as_what_the_group_could_still_grow(cloud: Any) -> None:
    asg = pooled(cloud)
    assert resting(cloud) == {"Warmed:Stopped": 4}
    assert group(cloud)["WarmPoolSize"] == 4
    assert states(cloud) == {"InService": 2}
    asg.put_warm_pool(**GROUP, MaxGroupPreparedCapacity=3)
    assert len(warm(cloud)) == 1
    asg.put_warm_pool(**GROUP, MinSize=2)
    assert len(warm(cloud)) == 2
    asg.put_warm_pool(**GROUP, MaxGroupPreparedCapacity=-1)
    assert len(warm(cloud)) == 4
    assert "MaxGroupPreparedCapacity" not in group(cloud)["WarmPoolConfiguration"]


def test_an_instance_is_prepared_and_then_stopped(cloud: Any) -> None:
    make(cloud, DesiredCapacity=1)
    cloud.slow()
    cloud.client("autoscaling").put_warm_pool(**GROUP, MaxGroupPreparedCapacity=2)
    name = warm(cloud)[0]["InstanceId"]
    assert resting(cloud) == {"Warmed:Pending": 1}
    cloud.advance(LAUNCH - 1)
    assert state(cloud, name) == "running"
    cloud.advance(1)
    assert state(cloud, name) == "stopping"
    cloud.advance(STOP + LOOK)
    assert resting(cloud) == {"Warmed:Stopped": 1}
    assert state(cloud, name) == "stopped"
    told = activities(cloud)[0]["Description"]
    assert told == f"Launching a new EC2 instance into warm pool: {name}"


def test_a_pool_may_go_on_running(cloud: Any) -> None:
    pooled(cloud, PoolState="Running", MaxGroupPreparedCapacity=3)
    assert resting(cloud) == {"Warmed:Running": 1}
    assert state(cloud, warm(cloud)[0]["InstanceId"]) == "running"


def test_scaling_out_takes_from_the_pool_which_is_filled_again(cloud: Any) -> None:
    asg = pooled(cloud, MinSize=2, MaxGroupPreparedCapacity=2)
    before = {one["InstanceId"] for one in warm(cloud)}
    cloud.slow()
    asg.set_desired_capacity(**GROUP, DesiredCapacity=3)
    new = next(iter(set(ids(cloud, "Pending"))))
    assert new in before
    assert Counter(resting(cloud)) == {"Warmed:Stopped": 1, "Warmed:Pending": 1}
    cloud.advance(LAUNCH)
    assert states(cloud) == {"InService": 3}
    assert state(cloud, new) == "running"
    told = activities(cloud, f"Launching a new EC2 instance from warm pool: {new}")
    assert [one["StatusCode"] for one in told] == ["Successful"]


def test_scaling_in_terminates_unless_instances_are_to_be_reused(cloud: Any) -> None:
    asg = pooled(cloud, 3, MinSize=0, MaxGroupPreparedCapacity=3)
    asg.set_desired_capacity(**GROUP, DesiredCapacity=2)
    assert len(warm(cloud)) == 1
    asg.set_desired_capacity(**GROUP, DesiredCapacity=3)
    asg.put_warm_pool(**GROUP, InstanceReusePolicy={"ReuseOnScaleIn": True})
    before = set(ids(cloud))
    cloud.slow()
    asg.set_desired_capacity(**GROUP, DesiredCapacity=2)
    cloud.advance(DRAIN + STOP + LOOK)
    [back] = warm(cloud)
    assert {back["InstanceId"]} == before - set(ids(cloud))
    assert back["LifecycleState"] == "Warmed:Stopped"


def test_hooks_hold_on_the_way_into_the_pool_out_of_it_and_at_its_end(cloud: Any) -> None:
    make(cloud, DesiredCapacity=0, MaxSize=1)
    cloud.slow()
    asg = cloud.client("autoscaling")
    for name, transition in (("ready", IN), ("bye", OUT)):
        asg.put_lifecycle_hook(
            **{**HOOK, "LifecycleHookName": name}, LifecycleTransition=transition
        )
    done = {**HOOK, "LifecycleActionResult": "CONTINUE"}
    asg.put_warm_pool(**GROUP)
    cloud.advance(20)
    assert resting(cloud) == {"Warmed:Pending:Wait": 1}
    name = warm(cloud)[0]["InstanceId"]
    asg.complete_lifecycle_action(**done, InstanceId=name)
    assert resting(cloud) == {"Warmed:Pending:Proceed": 1}
    cloud.advance(LAUNCH + STOP)
    assert resting(cloud) == {"Warmed:Stopped": 1}
    asg.set_desired_capacity(**GROUP, DesiredCapacity=1)
    cloud.advance(20)
    assert states(cloud) == {"Pending:Wait": 1}
    asg.complete_lifecycle_action(**done, InstanceId=name)
    cloud.advance(LAUNCH)
    assert ids(cloud, "InService") == [name]
    asg.update_auto_scaling_group(**GROUP, MaxSize=2)
    cloud.advance(20)
    new = warm(cloud)[0]["InstanceId"]
    asg.complete_lifecycle_action(**done, InstanceId=new)
    cloud.advance(LAUNCH + STOP)
    asg.delete_warm_pool(**GROUP)
    assert resting(cloud) == {"Warmed:Terminating:Wait": 1}
    asg.complete_lifecycle_action(**{**done, "LifecycleHookName": "bye"}, InstanceId=new)
    assert "WarmPoolConfiguration" not in asg.describe_warm_pool(**GROUP)


def test_an_abandoned_instance_does_not_enter_the_pool(cloud: Any) -> None:
    make(cloud, DesiredCapacity=0, MaxSize=1)
    asg = cloud.client("autoscaling")
    asg.put_lifecycle_hook(**HOOK, LifecycleTransition=IN)
    asg.put_warm_pool(**GROUP)
    [waits] = warm(cloud)
    asg.complete_lifecycle_action(
        **HOOK, InstanceId=waits["InstanceId"], LifecycleActionResult="ABANDON"
    )
    [other] = warm(cloud)
    assert other["InstanceId"] != waits["InstanceId"]


def test_a_pool_empties_before_it_is_gone_unless_by_force(cloud: Any) -> None:
    asg = pooled(cloud)
    names = [one["InstanceId"] for one in warm(cloud)]
    asg.put_lifecycle_hook(**HOOK, LifecycleTransition=OUT)
    asg.delete_warm_pool(**GROUP)
    assert asg.describe_warm_pool(**GROUP)["WarmPoolConfiguration"]["Status"] == "PendingDelete"
    assert cloud.refused("autoscaling", "put_warm_pool", **GROUP) == "ValidationError"
    asg.delete_warm_pool(**GROUP, ForceDelete=True)
    assert warm(cloud) == []
    assert "WarmPoolSize" not in group(cloud)
    assert {state(cloud, name) for name in names} == {"terminated"}
    assert cloud.refused("autoscaling", "delete_warm_pool", **GROUP) == "ValidationError"


def test_a_group_with_a_pool_is_deleted_by_force_only_and_takes_it_along(cloud: Any) -> None:
    asg = pooled(cloud, 0)
    names = [one["InstanceId"] for one in warm(cloud)]
    assert cloud.refused("autoscaling", "delete_auto_scaling_group", **GROUP) == "ResourceInUse"
    asg.delete_auto_scaling_group(**GROUP, ForceDelete=True)
    assert {state(cloud, name) for name in names} == {"terminated"}


def test_instances_of_the_pool_are_listed_and_cannot_be_handled_as_others(cloud: Any) -> None:
    asg = pooled(cloud)
    name = warm(cloud)[0]["InstanceId"]
    listed = asg.describe_auto_scaling_instances(InstanceIds=[name])["AutoScalingInstances"]
    assert listed[0]["LifecycleState"] == "Warmed:Stopped"
    for call, more in (
        (
            "terminate_instance_in_auto_scaling_group",
            {"InstanceId": name, "ShouldDecrementDesiredCapacity": False},
        ),
        (
            "set_instance_protection",
            {**GROUP, "InstanceIds": [name], "ProtectedFromScaleIn": True},
        ),
    ):
        assert cloud.refused("autoscaling", call, **more) == "ValidationError"


def test_a_lost_instance_of_the_pool_is_replaced(cloud: Any) -> None:
    asg = pooled(cloud, PoolState="Running", MaxGroupPreparedCapacity=3)
    [lost] = warm(cloud)
    cloud.client("ec2").terminate_instances(InstanceIds=[lost["InstanceId"]])
    [new] = warm(cloud)
    assert new["InstanceId"] != lost["InstanceId"]
    assert len(asg.describe_auto_scaling_instances()["AutoScalingInstances"]) == 3


def test_a_refresh_replaces_the_pool_too_and_tells_both(cloud: Any) -> None:
    make(cloud, versions=2, LaunchTemplate=numbered(1), DesiredCapacity=2)
    asg = cloud.client("autoscaling")
    asg.put_warm_pool(**GROUP, MaxGroupPreparedCapacity=4)
    cloud.slow()
    asg.start_instance_refresh(
        **GROUP,
        DesiredConfiguration={"LaunchTemplate": numbered(2)},
        Preferences={"MinHealthyPercentage": 0},
    )
    cloud.advance(10 + LAUNCH + DRAIN)
    told = asg.describe_instance_refreshes(**GROUP)["InstanceRefreshes"][0]
    assert told["ProgressDetails"]["LivePoolProgress"]["PercentageComplete"] == 100
    cloud.advance(2 * (LAUNCH + STOP))
    told = asg.describe_instance_refreshes(**GROUP)["InstanceRefreshes"][0]
    assert (told["Status"], told["PercentageComplete"]) == ("Successful", 100)
    assert {one["LaunchTemplate"]["Version"] for one in warm(cloud)} == {"2"}
    assert resting(cloud) == {"Warmed:Stopped": 2}


@pytest.mark.parametrize(
    "wrong",
    [
        {"PoolState": "Hibernated"},
        {"MaxGroupPreparedCapacity": 1, "MinSize": 2},
    ],
)
def test_a_pool_that_cannot_be_is_refused(cloud: Any, wrong: dict[str, Any]) -> None:
    make(cloud, DesiredCapacity=0)
    assert cloud.refused("autoscaling", "put_warm_pool", **GROUP, **wrong) == "ValidationError"
    assert warm(cloud) == []


def test_a_template_that_allows_it_hibernates(cloud: Any) -> None:
    make(cloud, DesiredCapacity=0)
    cloud.client("ec2").create_launch_template_version(
        LaunchTemplateName="web",
        SourceVersion="1",
        LaunchTemplateData={"HibernationOptions": {"Configured": True}},
    )
    cloud.client("autoscaling").put_warm_pool(
        **GROUP, PoolState="Hibernated", MaxGroupPreparedCapacity=1
    )
    assert resting(cloud) == {"Warmed:Hibernated": 1}


def test_plain_pools_are_empty(plain: Any) -> None:
    pooled(plain)
    assert warm(plain) == []
