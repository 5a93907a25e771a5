# SPDX-License-Identifier: GPL-3.0-or-later
"""Scheduled actions of Auto Scaling groups happen at their time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.sandbox.shims.web_group import GROUP, activities, group, make, states

ACTION = {**GROUP, "ScheduledActionName": "morning"}
HOUR = 3600.0
DAY = 24 * HOUR


def ahead(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def scheduled(cloud: Any) -> list[dict[str, Any]]:
    found = cloud.client("autoscaling").describe_scheduled_actions(**GROUP)
    return list(found["ScheduledUpdateGroupActions"])


def sizes(cloud: Any) -> tuple[int, int, int]:
    told = group(cloud)
    return told["MinSize"], told["DesiredCapacity"], told["MaxSize"]


def test_an_action_happens_once_at_its_time(cloud: Any) -> None:
    make(cloud)
    asg = cloud.client("autoscaling")
    asg.put_scheduled_update_group_action(
        **ACTION, StartTime=ahead(DAY), MinSize=4, MaxSize=8, DesiredCapacity=5
    )
    assert scheduled(cloud)[0]["ScheduledActionARN"].endswith(":scheduledActionName/morning")
    cloud.clock(DAY - HOUR)
    assert sizes(cloud) == (0, 3, 6)
    cloud.clock(2 * HOUR)
    assert sizes(cloud) == (4, 5, 8)
    assert states(cloud) == {"InService": 5}
    assert scheduled(cloud) == []
    assert (
        "the scheduled action morning executed. Setting min size from 0 to 4."
        in (activities(cloud)[0]["Cause"])
    )


def test_world_time_brings_an_action_about_too(cloud: Any) -> None:
    make(cloud)
    asg = cloud.client("autoscaling")
    asg.put_scheduled_update_group_action(**ACTION, StartTime=ahead(HOUR), DesiredCapacity=1)
    cloud.advance(2 * HOUR)
    assert sizes(cloud) == (0, 1, 6)


def test_an_action_recurs_between_its_start_and_its_end(cloud: Any) -> None:
    make(cloud)
    asg = cloud.client("autoscaling")
    night = {**ACTION, "ScheduledActionName": "night"}
    last = ahead(9 * DAY)
    asg.put_scheduled_update_group_action(
        **ACTION, Recurrence="0 8 * * *", EndTime=last, DesiredCapacity=5
    )
    asg.put_scheduled_update_group_action(**night, Recurrence="0 20 * * *", DesiredCapacity=1)
    seen = set()
    for _ in range(8):
        cloud.clock(12 * HOUR)
        seen.add(sizes(cloud)[1])
    assert seen == {1, 5}
    start = scheduled(cloud)[0]["StartTime"]
    assert (start.hour in (8, 20), start.minute) == (True, 0)
    cloud.clock(10 * DAY)
    assert [one["ScheduledActionName"] for one in scheduled(cloud)] == ["night"]


def test_a_recurrence_is_in_its_time_zone(cloud: Any) -> None:
    make(cloud)
    cloud.client("autoscaling").put_scheduled_update_group_action(
        **ACTION, Recurrence="30 9 * * *", TimeZone="Asia/Kathmandu", DesiredCapacity=5
    )
    start = scheduled(cloud)[0]["StartTime"]
    assert (start.hour, start.minute) == (3, 45)


def test_the_sizes_that_an_action_does_not_name_hold_and_bound(cloud: Any) -> None:
    make(cloud)
    asg = cloud.client("autoscaling")
    asg.put_scheduled_update_group_action(**ACTION, StartTime=ahead(HOUR), MinSize=5)
    cloud.clock(2 * HOUR)
    assert sizes(cloud) == (5, 5, 6)


def test_sizes_that_cannot_be_are_told_as_a_failed_activity(cloud: Any) -> None:
    make(cloud)
    asg = cloud.client("autoscaling")
    asg.put_scheduled_update_group_action(**ACTION, StartTime=ahead(HOUR), MinSize=9)
    cloud.clock(2 * HOUR)
    assert sizes(cloud) == (0, 3, 6)
    assert activities(cloud)[0]["StatusCode"] == "Failed"


def test_nothing_happens_where_scheduled_actions_are_suspended(cloud: Any) -> None:
    make(cloud)
    asg = cloud.client("autoscaling")
    asg.suspend_processes(**GROUP, ScalingProcesses=["ScheduledActions"])
    asg.put_scheduled_update_group_action(**ACTION, StartTime=ahead(HOUR), DesiredCapacity=5)
    cloud.clock(2 * HOUR)
    assert sizes(cloud) == (0, 3, 6)
    assert scheduled(cloud) == []


def test_an_action_can_be_put_anew_and_deleted(cloud: Any) -> None:
    make(cloud)
    asg = cloud.client("autoscaling")
    asg.put_scheduled_update_group_action(**ACTION, StartTime=ahead(HOUR), DesiredCapacity=5)
    asg.put_scheduled_update_group_action(**ACTION, StartTime=ahead(DAY), DesiredCapacity=2)
    cloud.clock(2 * HOUR)
    assert sizes(cloud) == (0, 3, 6)
    asg.delete_scheduled_action(**ACTION)
    cloud.clock(2 * DAY)
    assert sizes(cloud) == (0, 3, 6)
    assert cloud.refused("autoscaling", "delete_scheduled_action", **ACTION) == "ValidationError"


def test_two_groups_have_actions_of_the_same_name(cloud: Any) -> None:
    net = make(cloud)
    asg = cloud.client("autoscaling")
    asg.create_auto_scaling_group(
        AutoScalingGroupName="other",
        MinSize=0,
        MaxSize=1,
        LaunchTemplate={"LaunchTemplateName": "web"},
        VPCZoneIdentifier=net["subnets"][0],
    )
    other = {**ACTION, "AutoScalingGroupName": "other"}
    asg.put_scheduled_update_group_action(**ACTION, StartTime=ahead(HOUR), DesiredCapacity=5)
    asg.put_scheduled_update_group_action(**other, StartTime=ahead(HOUR), DesiredCapacity=1)
    assert len(asg.describe_scheduled_actions()["ScheduledUpdateGroupActions"]) == 2
    asg.delete_auto_scaling_group(AutoScalingGroupName="other", ForceDelete=True)
    assert len(asg.describe_scheduled_actions()["ScheduledUpdateGroupActions"]) == 1


def test_many_actions_are_put_at_once_and_the_wrong_ones_are_told(cloud: Any) -> None:
    make(cloud)
    asg = cloud.client("autoscaling")
    told = asg.batch_put_scheduled_update_group_action(
        **GROUP,
        ScheduledUpdateGroupActions=[
            {"ScheduledActionName": "a", "StartTime": ahead(HOUR), "DesiredCapacity": 1},
            {"ScheduledActionName": "b", "StartTime": ahead(-HOUR), "DesiredCapacity": 1},
            {"ScheduledActionName": "c", "Recurrence": "never", "DesiredCapacity": 1},
        ],
    )["FailedScheduledUpdateGroupActions"]
    assert [one["ScheduledActionName"] for one in told] == ["b", "c"]
    assert told[0]["ErrorMessage"] == "Given start time is in the past"
    told = asg.batch_delete_scheduled_action(**GROUP, ScheduledActionNames=["a", "b"])
    assert [one["ScheduledActionName"] for one in told["FailedScheduledActions"]] == ["b"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"StartTime": ahead(-HOUR), "DesiredCapacity": 1},
        {"StartTime": ahead(2 * HOUR), "EndTime": ahead(HOUR), "DesiredCapacity": 1},
        {"StartTime": ahead(HOUR)},
        {"DesiredCapacity": 1},
        {"StartTime": ahead(HOUR), "MinSize": 3, "MaxSize": 2},
        {"StartTime": ahead(HOUR), "MinSize": 3, "MaxSize": 5, "DesiredCapacity": 6},
        {"Recurrence": "0 8 * *", "DesiredCapacity": 1},
        {"Recurrence": "0 25 * * *", "DesiredCapacity": 1},
        {"Recurrence": "0 8 * * *", "TimeZone": "Middle/Earth", "DesiredCapacity": 1},
    ],
)
def test_a_wrong_action_is_refused(cloud: Any, wrong: dict[str, Any]) -> None:
    make(cloud, DesiredCapacity=0)
    call = ("autoscaling", "put_scheduled_update_group_action")
    assert cloud.refused(*call, **ACTION, **wrong) == "ValidationError"
    assert scheduled(cloud) == []


def test_two_actions_of_a_group_at_the_same_time_are_refused(cloud: Any) -> None:
    make(cloud, DesiredCapacity=0)
    start = {"StartTime": ahead(HOUR).replace(microsecond=0), "DesiredCapacity": 1}
    cloud.client("autoscaling").put_scheduled_update_group_action(**ACTION, **start)
    other = {**ACTION, "ScheduledActionName": "other"}
    call = ("autoscaling", "put_scheduled_update_group_action")
    assert cloud.refused(*call, **other, **start) == "AlreadyExists"


def test_plain_actions_of_any_time_are_taken(plain: Any) -> None:
    make(plain, DesiredCapacity=0)
    asg = plain.client("autoscaling")
    asg.put_scheduled_update_group_action(**ACTION, StartTime=ahead(-HOUR), DesiredCapacity=1)
    assert len(scheduled(plain)) == 1
    assert group(plain)["DesiredCapacity"] == 0
