# SPDX-License-Identifier: GPL-3.0-or-later
"""Instance refreshes that cannot be are refused."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.parsers import ResponseParserError

from tests.sandbox.shims.refreshing import TWO, begin
from tests.sandbox.shims.web_group import GROUP, make, numbered


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
