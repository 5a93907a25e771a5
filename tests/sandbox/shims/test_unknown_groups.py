# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of a group that does not exist is refused as AWS does it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.shims.web_group import GROUP, make

NOBODY = {"AutoScalingGroupName": "nobody"}
TAG = {"ResourceId": "nobody", "ResourceType": "auto-scaling-group", "Key": "a"}
CALLS: dict[str, dict[str, Any]] = {
    "create_or_update_tags": {"Tags": [{**TAG, "Value": "b", "PropagateAtLaunch": True}]},
    "delete_tags": {"Tags": [TAG]},
    "enable_metrics_collection": {**NOBODY, "Granularity": "1Minute"},
    "attach_load_balancer_target_groups": {**NOBODY, "TargetGroupARNs": ["arn:x"]},
    "detach_load_balancer_target_groups": {**NOBODY, "TargetGroupARNs": ["arn:x"]},
    "describe_load_balancer_target_groups": NOBODY,
    "execute_policy": {**NOBODY, "PolicyName": "out"},
}


@pytest.mark.parametrize("call", CALLS)
def test_an_unknown_group_is_refused(cloud: Any, call: str) -> None:
    assert cloud.refused("autoscaling", call, **CALLS[call]) == "ValidationError"


def test_of_tags_for_several_groups_none_is_put_where_one_is_unknown(cloud: Any) -> None:
    make(cloud, Tags=None)
    here = {**TAG, "ResourceId": "web", "Value": "b", "PropagateAtLaunch": True}
    both = [here, {**here, "ResourceId": "nobody"}]
    call = ("autoscaling", "create_or_update_tags")
    assert cloud.refused(*call, Tags=both) == "ValidationError"
    assert cloud.client("autoscaling").describe_tags()["Tags"] == []
    assert cloud.refused(*call, Tags=[here]) == ""


def test_an_unknown_policy_of_a_group_is_refused(cloud: Any) -> None:
    make(cloud)
    asked = {**GROUP, "PolicyName": "out"}
    assert cloud.refused("autoscaling", "execute_policy", **asked) == "ValidationError"
