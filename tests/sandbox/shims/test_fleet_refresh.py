# SPDX-License-Identifier: GPL-3.0-or-later
"""Instance refreshes replace a few at a time, pause, and bake."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.shims.refreshing import HOUR, TWO, begin, progress, refresh, refreshed
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


def test_scaling_out_during_a_refresh_launches_what_it_wants(cloud: Any) -> None:
    asg = refreshed(cloud)
    asg.set_desired_capacity(**GROUP, DesiredCapacity=5)
    cloud.advance(LAUNCH)
    assert versions(cloud) == {"1": 2, "2": 3}


def test_a_refresh_bakes_before_it_is_done(cloud: Any) -> None:
    refreshed(cloud, 1, BakeTime=HOUR)
    cloud.advance(LAUNCH + DRAIN)
    assert progress(cloud) == ("Baking", 100, 0)
    assert group(cloud)["LaunchTemplate"]["Version"] == "1"
    cloud.advance(HOUR)
    assert refresh(cloud)["Status"] == "Successful"
    assert group(cloud)["LaunchTemplate"]["Version"] == "2"


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


def test_activities_say_that_it_was_a_refresh(cloud: Any) -> None:
    make(cloud, DesiredCapacity=1)
    cloud.client("autoscaling").start_instance_refresh(**GROUP)
    new = activities(cloud, "Launching")[0]["Cause"]
    assert new.endswith("an instance was launched in response to an instance refresh.")
    gone = activities(cloud, "Terminating")[0]["Cause"]
    assert "an instance was taken out of service in response to an instance refresh." in gone
    assert gone.endswith("was selected for termination.")


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
