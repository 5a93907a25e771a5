# SPDX-License-Identifier: GPL-3.0-or-later
"""Instance refreshes give up, and put back."""

from __future__ import annotations

from typing import Any

from tests.sandbox.shims.refreshing import HOUR, TWO, begin, progress, refresh, refreshed
from tests.sandbox.shims.web_group import DRAIN, GROUP, LAUNCH, group, ids, make, numbered, versions


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
