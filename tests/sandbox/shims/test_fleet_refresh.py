# SPDX-License-Identifier: GPL-3.0-or-later
"""Instance refreshes replace a few at a time, pause, give up, and put back."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.parsers import ResponseParserError

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
    versions,
)

BEGIN = 10  # seconds until a refresh begins at speed 1
HOUR = 3600
TWO = {"DesiredConfiguration": {"LaunchTemplate": numbered(2)}}


def refreshed(cloud: Any, size: int = 3, wanted: Any = TWO, **prefer: Any) -> Any:
    """The group on version 1, with a refresh to version 2 that has just begun; and a client."""
    make(cloud, versions=3, LaunchTemplate=numbered(1), DesiredCapacity=size)
    cloud.slow()
    asg = cloud.client("autoscaling")
    begin(cloud, asg, wanted, **prefer)
    return asg


def begin(cloud: Any, asg: Any, wanted: Any = TWO, **prefer: Any) -> None:
    asg.start_instance_refresh(**GROUP, **wanted, Preferences=prefer)
    cloud.advance(BEGIN)


def refresh(cloud: Any) -> dict[str, Any]:
    found = cloud.client("autoscaling").describe_instance_refreshes(**GROUP)["InstanceRefreshes"]
    return dict(found[0])


def progress(cloud: Any) -> tuple[str, int, int]:
    told = refresh(cloud)
    return told["Status"], told["PercentageComplete"], told["InstancesToUpdate"]


def serving(cloud: Any) -> int:
    """Instances in service or on their way into it."""
    return states(cloud)["InService"] + states(cloud)["Pending"]


def test_instances_are_replaced_one_by_one_by_default(cloud: Any) -> None:
    asg = refreshed(cloud)
    assert progress(cloud) == ("InProgress", 0, 3)
    assert states(cloud) == {"InService": 2, "Pending": 1, "Terminating": 1}
    cloud.advance(LAUNCH)
    assert versions(cloud) == {"1": 2, "2": 1}
    assert progress(cloud) == ("InProgress", 33, 2)
    assert group(cloud)["LaunchTemplate"]["Version"] == "1"
    cloud.advance(3 * (LAUNCH + DRAIN))
    assert progress(cloud) == ("Successful", 100, 0)
    assert versions(cloud) == {"2": 3}
    assert group(cloud)["LaunchTemplate"]["Version"] == "2"
    told = refresh(cloud)
    assert told["EndTime"] > told["StartTime"]
    assert told["Preferences"]["MinHealthyPercentage"] == 90
    begin(cloud, asg)


def test_the_share_that_must_stay_healthy_sets_the_pace(cloud: Any) -> None:
    refreshed(cloud, 4, MinHealthyPercentage=50)
    assert states(cloud) == {"InService": 2, "Pending": 2, "Terminating": 2}
    cloud.advance(LAUNCH + DRAIN)
    assert versions(cloud) == {"2": 4}


def test_all_are_replaced_at_once_where_none_must_stay(cloud: Any) -> None:
    refreshed(cloud, 4, MinHealthyPercentage=0)
    assert states(cloud) == {"Pending": 4, "Terminating": 4}


def test_where_all_must_stay_one_is_launched_before_one_goes(cloud: Any) -> None:
    refreshed(cloud, 3, MinHealthyPercentage=100)
    assert states(cloud) == {"InService": 3, "Pending": 1}
    cloud.advance(LAUNCH)
    assert states(cloud)["InService"] == 3
    assert states(cloud)["Terminating"] == 1
    least = 3
    for _ in range(60):
        cloud.advance(15)
        least = min(least, states(cloud)["InService"])
    assert least == 3
    assert progress(cloud)[0] == "Successful"


def test_a_whole_second_fleet_is_launched_first_where_that_is_allowed(cloud: Any) -> None:
    refreshed(cloud, 3, MinHealthyPercentage=100, MaxHealthyPercentage=200)
    assert states(cloud) == {"InService": 3, "Pending": 3}
    cloud.advance(LAUNCH)
    assert states(cloud) == {"InService": 3, "Terminating": 3}
    cloud.advance(DRAIN)
    assert progress(cloud) == ("Successful", 100, 0)


def test_the_next_waits_for_the_warm_up(cloud: Any) -> None:
    refreshed(cloud, 2, InstanceWarmup=600)
    cloud.advance(LAUNCH + DRAIN)
    assert progress(cloud) == ("InProgress", 0, 2)
    reason = refresh(cloud)["StatusReason"]
    assert reason.startswith("Waiting for instances to warm up before continuing. For example: i-")
    cloud.advance(600)
    assert progress(cloud)[1:] == (50, 1)


def test_skip_matching_replaces_only_what_is_another_version(cloud: Any) -> None:
    make(cloud, versions=2, LaunchTemplate=numbered(2), DesiredCapacity=2)
    asg = cloud.client("autoscaling")
    kept = ids(cloud)
    asg.update_auto_scaling_group(**GROUP, LaunchTemplate=numbered(1))
    asg.set_desired_capacity(**GROUP, DesiredCapacity=4)
    asg.start_instance_refresh(**GROUP, **TWO, Preferences={"SkipMatching": True})
    assert progress(cloud) == ("Successful", 100, 0)
    assert versions(cloud) == {"2": 4}
    assert set(kept) < set(ids(cloud))


def test_without_skip_matching_all_are_replaced_also_by_the_same(cloud: Any) -> None:
    make(cloud, DesiredCapacity=2)
    before = ids(cloud)
    cloud.client("autoscaling").start_instance_refresh(**GROUP)
    assert progress(cloud) == ("Successful", 100, 0)
    assert not set(before) & set(ids(cloud))


def test_a_refresh_pauses_at_its_checkpoints(cloud: Any) -> None:
    refreshed(
        cloud, 4, MinHealthyPercentage=50, CheckpointPercentages=[25, 100], CheckpointDelay=HOUR
    )
    cloud.advance(LAUNCH + DRAIN)
    assert progress(cloud) == ("InProgress", 25, 3)
    cloud.advance(HOUR - 400)
    assert versions(cloud) == {"1": 3, "2": 1}
    cloud.advance(1000 + DRAIN)
    assert progress(cloud) == ("Successful", 100, 0)


def test_a_refresh_ends_at_its_last_checkpoint(cloud: Any) -> None:
    refreshed(cloud, 4, CheckpointPercentages=[50], CheckpointDelay=60)
    cloud.advance(4 * (LAUNCH + DRAIN))
    assert progress(cloud)[:2] == ("Successful", 50)
    assert versions(cloud) == {"1": 2, "2": 2}


def test_a_cancelled_refresh_stops_and_leaves_what_is_done(cloud: Any) -> None:
    asg = refreshed(cloud)
    started = asg.cancel_instance_refresh(**GROUP)["InstanceRefreshId"]
    assert refresh(cloud)["Status"] == "Cancelling"
    cloud.advance(LAUNCH + DRAIN)
    assert progress(cloud) == ("Cancelled", 33, 2)
    assert refresh(cloud)["InstanceRefreshId"] == started
    assert versions(cloud) == {"1": 2, "2": 1}
    assert group(cloud)["LaunchTemplate"]["Version"] == "1"


def test_a_refresh_is_cancelled_at_once_if_nothing_is_to_be_waited_for(cloud: Any) -> None:
    asg = refreshed(cloud)
    asg.cancel_instance_refresh(**GROUP, WaitForTransitioningInstances=False)
    assert refresh(cloud)["Status"] == "Cancelled"


def test_a_rollback_puts_back_what_was_there(cloud: Any) -> None:
    asg = refreshed(cloud, 4, MinHealthyPercentage=50)
    cloud.advance(LAUNCH)
    assert progress(cloud)[:2] == ("InProgress", 50)
    asg.rollback_instance_refresh(**GROUP)
    told = refresh(cloud)
    assert told["Status"] == "RollbackInProgress"
    assert told["RollbackDetails"]["PercentageCompleteOnRollback"] == 50
    assert told["RollbackDetails"]["InstancesToUpdateOnRollback"] == 2
    cloud.advance(3 * (LAUNCH + DRAIN))
    assert progress(cloud) == ("RollbackSuccessful", 0, 4)
    assert versions(cloud) == {"1": 4}
    assert group(cloud)["LaunchTemplate"]["Version"] == "1"


def test_scaling_out_during_a_refresh_launches_what_it_wants(cloud: Any) -> None:
    asg = refreshed(cloud)
    asg.set_desired_capacity(**GROUP, DesiredCapacity=5)
    cloud.advance(LAUNCH)
    assert versions(cloud) == {"1": 2, "2": 3}


def test_an_alarm_fails_a_refresh_and_rolls_it_back_if_that_is_asked(cloud: Any) -> None:
    alarm = {"AlarmName": "errors", "StateReason": "test"}
    watch = cloud.client("cloudwatch")
    watch.put_metric_alarm(
        AlarmName="errors",
        MetricName="e",
        Namespace="n",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
    )
    watch.set_alarm_state(**alarm, StateValue="OK")
    asg = refreshed(cloud, 2, AlarmSpecification={"Alarms": ["errors"]})
    watch.set_alarm_state(**alarm, StateValue="ALARM")
    cloud.advance(60)
    assert refresh(cloud)["Status"] == "Failed"
    assert "errors" in refresh(cloud)["StatusReason"]
    watch.set_alarm_state(**alarm, StateValue="OK")
    cloud.advance(LAUNCH + DRAIN)
    begin(cloud, asg, AlarmSpecification={"Alarms": ["errors"]}, AutoRollback=True)
    cloud.advance(LAUNCH)
    watch.set_alarm_state(**alarm, StateValue="ALARM")
    cloud.advance(60)
    assert refresh(cloud)["Status"] == "RollbackInProgress"
    assert "errors" in refresh(cloud)["RollbackDetails"]["RollbackReason"]
    cloud.advance(3 * (LAUNCH + DRAIN))
    assert refresh(cloud)["Status"] == "RollbackSuccessful"


def test_a_refresh_bakes_before_it_is_done(cloud: Any) -> None:
    refreshed(cloud, 1, BakeTime=HOUR)
    cloud.advance(LAUNCH + DRAIN)
    assert progress(cloud) == ("Baking", 100, 0)
    assert group(cloud)["LaunchTemplate"]["Version"] == "1"
    cloud.advance(HOUR)
    assert refresh(cloud)["Status"] == "Successful"
    assert group(cloud)["LaunchTemplate"]["Version"] == "2"


def test_a_protected_instance_holds_a_refresh_up_for_an_hour(cloud: Any) -> None:
    make(cloud, versions=2, LaunchTemplate=numbered(1), DesiredCapacity=2)
    asg = cloud.client("autoscaling")
    kept = ids(cloud)[0]
    protection = {**GROUP, "InstanceIds": [kept]}
    asg.set_instance_protection(**protection, ProtectedFromScaleIn=True)
    cloud.slow()
    begin(cloud, asg)
    cloud.advance(LAUNCH + DRAIN + 60)
    assert progress(cloud) == ("InProgress", 50, 1)
    assert f"{kept} is protected from scale in" in refresh(cloud)["StatusReason"]
    cloud.advance(HOUR + 60)
    assert refresh(cloud)["Status"] == "Failed"
    begin(cloud, asg, SkipMatching=True)
    cloud.advance(60)
    asg.set_instance_protection(**protection, ProtectedFromScaleIn=False)
    cloud.advance(LAUNCH + DRAIN)
    assert refresh(cloud)["Status"] == "Successful"


@pytest.mark.parametrize(("choice", "left"), [("Refresh", 0), ("Ignore", 1)])
def test_protected_instances_are_replaced_or_ignored(cloud: Any, choice: str, left: int) -> None:
    make(cloud, versions=2, LaunchTemplate=numbered(1), NewInstancesProtectedFromScaleIn=True)
    asg = cloud.client("autoscaling")
    free = ids(cloud)[1:]
    asg.set_instance_protection(**GROUP, InstanceIds=free, ProtectedFromScaleIn=False)
    asg.start_instance_refresh(**GROUP, **TWO, Preferences={"ScaleInProtectedInstances": choice})
    assert progress(cloud) == ("Successful", 100, 0)
    assert versions(cloud)["1"] == left


@pytest.mark.parametrize(("choice", "left"), [("Terminate", 0), ("Ignore", 1)])
def test_instances_on_standby_are_terminated_or_ignored(cloud: Any, choice: str, left: int) -> None:
    make(cloud, versions=2, LaunchTemplate=numbered(1))
    asg = cloud.client("autoscaling")
    asg.enter_standby(**GROUP, InstanceIds=ids(cloud)[:1], ShouldDecrementDesiredCapacity=True)
    asg.start_instance_refresh(**GROUP, **TWO, Preferences={"StandbyInstances": choice})
    assert progress(cloud) == ("Successful", 100, 0)
    assert versions(cloud) == ({"2": 2, "1": 1} if left else {"2": 2})


def test_new_instances_that_stay_unhealthy_fail_a_refresh_and_roll_it_back(cloud: Any) -> None:
    refreshed(cloud, 2, AutoRollback=True, InstanceWarmup=600)
    asg = cloud.client("autoscaling")
    for _ in range(30):
        cloud.advance(180)
        for one in group(cloud)["Instances"]:
            sick = one["LifecycleState"] == "InService"
            if sick and one["LaunchTemplate"]["Version"] == "2":
                asg.set_instance_health(InstanceId=one["InstanceId"], HealthStatus="Unhealthy")
    assert refresh(cloud)["Status"] in ("RollbackInProgress", "RollbackSuccessful")
    cloud.advance(HOUR)
    assert refresh(cloud)["Status"] == "RollbackSuccessful"
    assert versions(cloud) == {"1": 2}


def test_a_launch_that_fails_for_an_hour_fails_a_refresh(cloud: Any) -> None:
    asg = refreshed(cloud, 2)
    cloud.strike("no-capacity", region="us-east-1")
    cloud.advance(LAUNCH + DRAIN + 600)
    assert "sufficient" in refresh(cloud)["StatusReason"]
    cloud.advance(HOUR)
    assert refresh(cloud)["Status"] == "Failed"
    assert asg.describe_instance_refreshes(**GROUP)["InstanceRefreshes"][0]["EndTime"]


def test_nothing_is_replaced_where_that_is_suspended(cloud: Any) -> None:
    make(cloud, versions=2, LaunchTemplate=numbered(1))
    asg = cloud.client("autoscaling")
    asg.suspend_processes(**GROUP, ScalingProcesses=["InstanceRefresh"])
    asg.start_instance_refresh(**GROUP, **TWO)
    assert progress(cloud) == ("InProgress", 0, 3)
    asg.resume_processes(**GROUP)
    assert progress(cloud) == ("Successful", 100, 0)


def test_activities_say_that_it_was_a_refresh(cloud: Any) -> None:
    make(cloud, DesiredCapacity=1)
    cloud.client("autoscaling").start_instance_refresh(**GROUP)
    new = activities(cloud, "Launching")[0]["Cause"]
    assert new.endswith("an instance was launched in response to an instance refresh.")
    gone = activities(cloud, "Terminating")[0]["Cause"]
    assert "an instance was taken out of service in response to an instance refresh." in gone
    assert gone.endswith("was selected for termination.")


def test_one_refresh_at_a_time_and_meanwhile_no_change_of_what_it_changes(cloud: Any) -> None:
    net = make(cloud, versions=3, LaunchTemplate=numbered(1))
    cloud.slow()
    asg = cloud.client("autoscaling")
    begin(cloud, asg)
    for call, more, code in (
        ("start_instance_refresh", {}, "InstanceRefreshInProgress"),
        ("put_warm_pool", {}, "InstanceRefreshInProgress"),
        (
            "attach_load_balancer_target_groups",
            {"TargetGroupARNs": [net["targets"]]},
            "InstanceRefreshInProgress",
        ),
        ("update_auto_scaling_group", {"LaunchTemplate": numbered(3)}, "ValidationError"),
        ("update_auto_scaling_group", {"MaxSize": 7}, ""),
    ):
        assert cloud.refused("autoscaling", call, **GROUP, **more) == code, call


def test_what_is_over_cannot_be_cancelled_or_rolled_back(cloud: Any) -> None:
    make(cloud)
    cloud.client("autoscaling").start_instance_refresh(**GROUP)
    for call in ("cancel_instance_refresh", "rollback_instance_refresh"):
        assert cloud.refused("autoscaling", call, **GROUP) == "ActiveInstanceRefreshNotFound"


def test_what_cannot_be_rolled_back_is_refused(cloud: Any) -> None:
    make(cloud, versions=2, LaunchTemplate={"LaunchTemplateName": "web", "Version": "$Latest"})
    cloud.slow()
    call, prefer = ("autoscaling", "start_instance_refresh"), {"AutoRollback": True}
    assert cloud.refused(*call, **GROUP, **TWO, Preferences=prefer) == "ValidationError"
    assert cloud.refused(*call, **GROUP, Preferences=prefer) == "ValidationError"
    asg = cloud.client("autoscaling")
    begin(cloud, asg)
    code = cloud.refused("autoscaling", "rollback_instance_refresh", **GROUP)
    assert code == "IrreversibleInstanceRefresh"


@pytest.mark.parametrize(
    "prefer",
    [
        {"MaxHealthyPercentage": 120},
        {"MinHealthyPercentage": 50, "MaxHealthyPercentage": 160},
        {"CheckpointDelay": 60},
        {"CheckpointPercentages": [50, 20]},
        {"CheckpointPercentages": [50, 50, 100]},
        {"ScaleInProtectedInstances": "Maybe"},
        {"StandbyInstances": "Maybe"},
        {"AlarmSpecification": {"Alarms": ["nothing"]}},
    ],
)
def test_preferences_that_cannot_be_meant_are_refused(cloud: Any, prefer: dict[str, Any]) -> None:
    make(cloud, DesiredCapacity=0)
    call = ("autoscaling", "start_instance_refresh")
    assert cloud.refused(*call, **GROUP, Preferences=prefer) == "ValidationError"
    found = cloud.client("autoscaling").describe_instance_refreshes(**GROUP)
    assert found["InstanceRefreshes"] == []


@pytest.mark.parametrize(
    "wanted", [{}, {"LaunchTemplate": numbered(9)}, {"LaunchTemplate": {"Version": "1"}}]
)
def test_a_configuration_that_cannot_be_launched_is_refused(cloud: Any, wanted: Any) -> None:
    make(cloud, DesiredCapacity=0)
    call = ("autoscaling", "start_instance_refresh")
    code = cloud.refused(*call, **GROUP, DesiredConfiguration=wanted)
    assert code == ("" if wanted == {} else "ValidationError")


def test_another_strategy_is_a_gap_and_no_success(cloud: Any) -> None:
    make(cloud, DesiredCapacity=0)
    with pytest.raises(ResponseParserError):
        cloud.client("autoscaling").start_instance_refresh(**GROUP, Strategy="ReplaceRootVolume")


def test_refreshes_are_listed_newest_first_and_in_pages(cloud: Any) -> None:
    make(cloud, DesiredCapacity=0)
    asg = cloud.client("autoscaling")
    made = [asg.start_instance_refresh(**GROUP)["InstanceRefreshId"] for _ in range(3)]
    found = asg.describe_instance_refreshes(**GROUP, MaxRecords=2)
    assert [one["InstanceRefreshId"] for one in found["InstanceRefreshes"]] == made[:0:-1]
    rest = asg.describe_instance_refreshes(**GROUP, NextToken=found["NextToken"])
    assert [one["InstanceRefreshId"] for one in rest["InstanceRefreshes"]] == made[:1]
    one = asg.describe_instance_refreshes(**GROUP, InstanceRefreshIds=made[:1])
    assert len(one["InstanceRefreshes"]) == 1
