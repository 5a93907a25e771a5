# SPDX-License-Identifier: GPL-3.0-or-later
"""Single instances are attached, detached, put on standby, protected and terminated."""

from __future__ import annotations

from typing import Any

from tests.sandbox.shims.web_group import (
    DRAIN,
    GROUP,
    activities,
    group,
    health,
    ids,
    make,
    states,
)


def lone(cloud: Any, net: dict[str, Any], number: int = 0) -> str:
    """An instance of no group."""
    made = cloud.client("ec2").run_instances(
        ImageId=cloud.image(), MinCount=1, MaxCount=1, SubnetId=net["subnets"][number]
    )
    return str(made["Instances"][0]["InstanceId"])


def test_an_instance_on_standby_drains_is_not_counted_and_comes_back(cloud: Any) -> None:
    net = make(cloud)
    cloud.slow()
    asg, one = cloud.client("autoscaling"), ids(cloud)[:1]
    told = asg.enter_standby(**GROUP, InstanceIds=one, ShouldDecrementDesiredCapacity=True)
    assert told["Activities"][0]["Description"] == f"Moving EC2 instance to Standby: {one[0]}"
    assert told["Activities"][0]["Cause"].endswith(
        f"instance {one[0]} was moved to standby in response to a user request, shrinking the "
        "capacity from 3 to 2."
    )
    assert states(cloud) == {"InService": 2, "EnteringStandby": 1}
    cloud.advance(DRAIN)
    assert states(cloud) == {"InService": 2, "Standby": 1}
    assert health(cloud, net) == {"healthy": 2}
    told = asg.exit_standby(**GROUP, InstanceIds=one)
    assert told["Activities"][0]["StatusCode"] == "PreInService"
    cloud.advance(200)
    assert states(cloud) == {"InService": 3}
    assert health(cloud, net) == {"healthy": 3}
    assert group(cloud)["DesiredCapacity"] == 3


def test_standby_without_decrement_is_replaced(cloud: Any) -> None:
    make(cloud)
    asg, one = cloud.client("autoscaling"), ids(cloud)[:1]
    asg.enter_standby(**GROUP, InstanceIds=one, ShouldDecrementDesiredCapacity=False)
    assert states(cloud) == {"InService": 3, "Standby": 1}


def test_a_detached_instance_runs_on_and_is_replaced_unless_told_otherwise(cloud: Any) -> None:
    net = make(cloud)
    asg = cloud.client("autoscaling")
    first, second, _ = ids(cloud)
    asg.detach_instances(**GROUP, InstanceIds=[first], ShouldDecrementDesiredCapacity=True)
    assert group(cloud)["DesiredCapacity"] == 2
    asg.detach_instances(**GROUP, InstanceIds=[second], ShouldDecrementDesiredCapacity=False)
    assert states(cloud) == {"InService": 2}
    assert not {first, second} & set(ids(cloud))
    found = cloud.client("ec2").describe_instances(InstanceIds=[first, second])["Reservations"]
    assert {i["State"]["Name"] for r in found for i in r["Instances"]} == {"running"}
    assert health(cloud, net)["healthy"] == 2


def test_an_attached_instance_is_registered_and_counts(cloud: Any) -> None:
    net = make(cloud)
    name = lone(cloud, net)
    cloud.client("autoscaling").attach_instances(**GROUP, InstanceIds=[name])
    assert name in ids(cloud)
    assert (states(cloud), group(cloud)["DesiredCapacity"]) == ({"InService": 4}, 4)
    assert health(cloud, net) == {"healthy": 4}


def test_an_instance_is_terminated_with_or_without_a_replacement(cloud: Any) -> None:
    make(cloud)
    asg = cloud.client("autoscaling")
    first, second, third = ids(cloud)
    told = asg.terminate_instance_in_auto_scaling_group(
        InstanceId=first, ShouldDecrementDesiredCapacity=True
    )["Activity"]
    assert told["Cause"].endswith(
        f"instance {first} was taken out of service in response to a user request, shrinking the "
        "capacity from 3 to 2."
    )
    assert states(cloud) == {"InService": 2}
    many = asg.terminate_instance_in_auto_scaling_group(
        **GROUP, InstanceIds=[second, third], ShouldDecrementDesiredCapacity=False
    )["Activities"]
    assert len(many) == 2
    assert states(cloud) == {"InService": 2}
    assert not {first, second, third} & set(ids(cloud))


def test_a_protected_instance_is_not_scaled_in(cloud: Any) -> None:
    make(cloud, NewInstancesProtectedFromScaleIn=True)
    asg = cloud.client("autoscaling")
    free = ids(cloud)[:1]
    asg.set_instance_protection(**GROUP, InstanceIds=free, ProtectedFromScaleIn=False)
    asg.set_desired_capacity(**GROUP, DesiredCapacity=0)
    assert len(ids(cloud)) == 2
    assert free[0] not in ids(cloud)
    asg.set_instance_protection(**GROUP, InstanceIds=ids(cloud), ProtectedFromScaleIn=False)
    assert ids(cloud) == []


def test_what_the_limits_or_states_forbid_is_refused(cloud: Any) -> None:
    net = make(cloud, MinSize=3, MaxSize=3)
    other = lone(cloud, net)
    one = ids(cloud)[:1]
    less = {"ShouldDecrementDesiredCapacity": True}
    for call, more in (
        ("enter_standby", {**GROUP, "InstanceIds": one, **less}),
        ("exit_standby", {**GROUP, "InstanceIds": one}),
        ("detach_instances", {**GROUP, "InstanceIds": one, **less}),
        ("detach_instances", {**GROUP, "InstanceIds": [other], **less}),
        ("attach_instances", {**GROUP, "InstanceIds": [other]}),
        ("terminate_instance_in_auto_scaling_group", {"InstanceId": one[0], **less}),
        ("terminate_instance_in_auto_scaling_group", {"InstanceId": other, **less}),
        (
            "set_instance_protection",
            {**GROUP, "InstanceIds": [other], "ProtectedFromScaleIn": True},
        ),
    ):
        assert cloud.refused("autoscaling", call, **more) == "ValidationError", call
    assert states(cloud) == {"InService": 3}


def test_what_is_attached_must_run_in_a_zone_of_the_group_and_belong_to_nobody(cloud: Any) -> None:
    net = make(cloud, DesiredCapacity=1)
    asg = cloud.client("autoscaling")
    asg.update_auto_scaling_group(**GROUP, VPCZoneIdentifier=net["subnets"][0])
    elsewhere, stopped = lone(cloud, net, 2), lone(cloud, net)
    cloud.client("ec2").stop_instances(InstanceIds=[stopped])
    for name in (elsewhere, stopped, ids(cloud)[0], "i-00000000000000000"):
        code = cloud.refused("autoscaling", "attach_instances", **GROUP, InstanceIds=[name])
        assert code == "ValidationError"


def test_causes_tell_who_wanted_what(cloud: Any) -> None:
    make(cloud, DesiredCapacity=1)
    asg = cloud.client("autoscaling")
    cause = activities(cloud)[0]["Cause"]
    change = "changing the desired capacity from"
    assert f"a user request created an AutoScalingGroup {change} 0 to 1." in cause
    asg.set_desired_capacity(**GROUP, DesiredCapacity=2)
    cause = activities(cloud)[0]["Cause"]
    assert f"a user request explicitly set group desired capacity {change} 1 to 2." in cause
    assert cause.endswith(
        "an instance was started in response to a difference between desired and actual capacity, "
        "increasing the capacity from 1 to 2."
    )
    asg.update_auto_scaling_group(**GROUP, DesiredCapacity=1)
    cause = activities(cloud)[0]["Cause"]
    limits = "constraints to min: 0, max: 6, desired: 1"
    assert f"a user request update of AutoScalingGroup {limits} {change} 2 to 1." in cause
    assert "shrinking the capacity from 2 to 1." in cause
    assert cause.endswith("was selected for termination.")


def test_activities_are_filtered_and_come_in_pages(cloud: Any) -> None:
    make(cloud)
    asg = cloud.client("autoscaling")
    cloud.advance(60)
    asg.set_desired_capacity(**GROUP, DesiredCapacity=2)
    newest = activities(cloud)[0]
    since = [{"Name": "StartTimeLowerBound", "Values": [newest["StartTime"].isoformat()]}]
    found = asg.describe_scaling_activities(**GROUP, Filters=since)["Activities"]
    assert [one["ActivityId"] for one in found] == [newest["ActivityId"]]
    found = asg.describe_scaling_activities(ActivityIds=[newest["ActivityId"]])["Activities"]
    assert len(found) == 1
    first = asg.describe_scaling_activities(**GROUP, MaxRecords=3)
    rest = asg.describe_scaling_activities(**GROUP, NextToken=first["NextToken"])
    assert (len(first["Activities"]), len(rest["Activities"])) == (3, 1)


def test_a_suspended_process_says_since_when_and_an_unknown_one_is_refused(cloud: Any) -> None:
    make(cloud, DesiredCapacity=0)
    asg = cloud.client("autoscaling")
    asg.suspend_processes(**GROUP, ScalingProcesses=["Launch"])
    [told] = group(cloud)["SuspendedProcesses"]
    assert told["SuspensionReason"].startswith("User suspended at 2")
    wrong = {**GROUP, "ScalingProcesses": ["Lunch"]}
    assert cloud.refused("autoscaling", "suspend_processes", **wrong) == "ValidationError"
    asg.suspend_processes(**GROUP)
    assert len(group(cloud)["SuspendedProcesses"]) == 9
