# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances wait for lifecycle hooks, until somebody says how they go on or time is up."""

from __future__ import annotations

from typing import Any

from tests.sandbox.shims.web_group import (
    DRAIN,
    GROUP,
    LAUNCH,
    activities,
    group,
    ids,
    make,
    states,
)

HOOK = {**GROUP, "LifecycleHookName": "ready"}
IN, OUT = "autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"


def hooked(cloud: Any, transition: str = IN, size: int = 0, **more: Any) -> Any:
    """The group with a hook, and a client for it; time is as on AWS."""
    make(cloud, DesiredCapacity=size)
    cloud.slow()
    asg = cloud.client("autoscaling")
    asg.put_lifecycle_hook(**HOOK, LifecycleTransition=transition, **more)
    return asg


def launched(asg: Any, cloud: Any) -> str:
    """One instance that waits for the hook."""
    asg.set_desired_capacity(**GROUP, DesiredCapacity=1)
    cloud.advance(20)
    return ids(cloud)[0]


def test_a_launched_instance_waits_until_its_hook_says_continue(cloud: Any) -> None:
    asg = hooked(cloud)
    name = launched(asg, cloud)
    assert states(cloud) == {"Pending:Wait": 1}
    assert activities(cloud)[0]["StatusCode"] == "MidLifecycleAction"
    cloud.advance(600)
    assert states(cloud) == {"Pending:Wait": 1}
    asg.complete_lifecycle_action(**HOOK, InstanceId=name, LifecycleActionResult="CONTINUE")
    assert states(cloud) == {"Pending:Proceed": 1}
    cloud.advance(LAUNCH)
    assert states(cloud) == {"InService": 1}
    assert activities(cloud)[0]["StatusCode"] == "Successful"


def test_an_abandoned_launch_is_cancelled_and_tried_anew(cloud: Any) -> None:
    asg = hooked(cloud)
    name = launched(asg, cloud)
    asg.complete_lifecycle_action(**HOOK, InstanceId=name, LifecycleActionResult="ABANDON")
    cloud.advance(1)
    assert name not in ids(cloud)
    assert len(ids(cloud)) == 1
    told = activities(cloud, f"Launching a new EC2 instance: {name}")[0]
    assert told["StatusCode"] == "Cancelled"
    assert told["StatusMessage"].endswith("Lifecycle Action Completed with ABANDON Result")


def test_a_hook_that_nobody_answers_ends_with_its_default_result(cloud: Any) -> None:
    asg = hooked(cloud, HeartbeatTimeout=120)
    name = launched(asg, cloud)
    cloud.advance(121)
    assert name not in ids(cloud)
    asg.put_lifecycle_hook(**HOOK, DefaultResult="CONTINUE")
    other = ids(cloud)[0]
    cloud.advance(20 + 120 + LAUNCH)
    assert ids(cloud, "InService") == [other]


def test_a_heartbeat_lets_the_timeout_begin_anew(cloud: Any) -> None:
    asg = hooked(cloud, HeartbeatTimeout=120)
    name = launched(asg, cloud)
    for _ in range(4):
        cloud.advance(100)
        asg.record_lifecycle_action_heartbeat(**HOOK, InstanceId=name)
    assert ids(cloud, "Pending:Wait") == [name]
    cloud.advance(121)
    assert name not in ids(cloud)


def test_heartbeats_do_not_last_for_ever(cloud: Any) -> None:
    asg = hooked(cloud, HeartbeatTimeout=30)
    assert asg.describe_lifecycle_hooks(**GROUP)["LifecycleHooks"][0]["GlobalTimeout"] == 3000
    name = launched(asg, cloud)
    for _ in range(149):
        cloud.advance(20)
        asg.record_lifecycle_action_heartbeat(**HOOK, InstanceId=name)
    cloud.advance(21)
    assert name not in ids(cloud)


def test_a_terminating_instance_waits_after_it_has_drained(cloud: Any) -> None:
    asg = hooked(cloud, OUT, 1)
    name = ids(cloud)[0]
    asg.set_desired_capacity(**GROUP, DesiredCapacity=0)
    assert states(cloud) == {"Terminating": 1}
    assert activities(cloud)[0]["StatusCode"] == "WaitingForELBConnectionDraining"
    cloud.advance(DRAIN)
    assert states(cloud) == {"Terminating:Wait": 1}
    asg.complete_lifecycle_action(**HOOK, InstanceId=name, LifecycleActionResult="ABANDON")
    assert states(cloud) == {}


def test_a_deleted_hook_lets_go_what_waits_for_it(cloud: Any) -> None:
    asg = hooked(cloud, OUT, 1)
    asg.put_lifecycle_hook(**{**HOOK, "LifecycleHookName": "in"}, LifecycleTransition=IN)
    asg.set_desired_capacity(**GROUP, DesiredCapacity=0)
    cloud.advance(DRAIN)
    asg.delete_lifecycle_hook(**HOOK)
    assert states(cloud) == {}
    name = launched(asg, cloud)
    asg.set_desired_capacity(**GROUP, DesiredCapacity=0)
    asg.delete_lifecycle_hook(**{**HOOK, "LifecycleHookName": "in"})
    cloud.advance(1)
    assert name not in ids(cloud)


def test_all_hooks_of_a_transition_must_say_continue(cloud: Any) -> None:
    asg = hooked(cloud)
    other = {**HOOK, "LifecycleHookName": "other"}
    asg.put_lifecycle_hook(**other, LifecycleTransition=IN)
    name = launched(asg, cloud)
    asg.complete_lifecycle_action(**HOOK, InstanceId=name, LifecycleActionResult="CONTINUE")
    assert states(cloud) == {"Pending:Wait": 1}
    asg.complete_lifecycle_action(**other, InstanceId=name, LifecycleActionResult="CONTINUE")
    assert states(cloud) == {"Pending:Proceed": 1}


def test_a_hook_put_again_keeps_what_is_not_said(cloud: Any) -> None:
    asg = hooked(cloud, HeartbeatTimeout=120, NotificationMetadata="hello")
    asg.put_lifecycle_hook(**HOOK, DefaultResult="CONTINUE")
    told = asg.describe_lifecycle_hooks(**GROUP)["LifecycleHooks"][0]
    assert (told["HeartbeatTimeout"], told["DefaultResult"]) == (120, "CONTINUE")
    assert told["NotificationMetadata"] == "hello"
    assert "RoleARN" not in told


def test_a_hold_lasts_also_where_everything_else_is_at_once(cloud: Any) -> None:
    make(cloud, DesiredCapacity=0)
    asg = cloud.client("autoscaling")
    asg.put_lifecycle_hook(**HOOK, LifecycleTransition=IN)
    asg.set_desired_capacity(**GROUP, DesiredCapacity=1)
    assert states(cloud) == {"Pending:Wait": 1}


def test_what_is_wrong_is_refused(cloud: Any) -> None:
    asg = hooked(cloud)
    name = launched(asg, cloud)
    put, complete = "put_lifecycle_hook", "complete_lifecycle_action"
    new = {**GROUP, "LifecycleHookName": "new"}
    for call, wrong in (
        (put, new),
        (put, {**new, "LifecycleTransition": "sideways"}),
        (put, {**HOOK, "HeartbeatTimeout": 29}),
        (put, {**HOOK, "DefaultResult": "MAYBE"}),
        (complete, {**HOOK, "InstanceId": name, "LifecycleActionResult": "MAYBE"}),
        (complete, {**HOOK, "InstanceId": "i-0", "LifecycleActionResult": "CONTINUE"}),
        (complete, {**new, "InstanceId": name, "LifecycleActionResult": "CONTINUE"}),
        ("delete_lifecycle_hook", new),
        ("record_lifecycle_action_heartbeat", {**new, "InstanceId": name}),
    ):
        assert cloud.refused("autoscaling", call, **wrong) == "ValidationError", (call, wrong)
    assert len(group(cloud)["Instances"]) == 1


def test_plain_hooks_hold_nothing(plain: Any) -> None:
    make(plain, DesiredCapacity=0)
    asg = plain.client("autoscaling")
    asg.put_lifecycle_hook(**HOOK, LifecycleTransition=IN)
    asg.set_desired_capacity(**GROUP, DesiredCapacity=1)
    assert states(plain) == {"InService": 1}
