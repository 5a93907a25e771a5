# SPDX-License-Identifier: GPL-3.0-or-later
"""Where AWS has no host of the preferred type, those of the next one serve."""

from __future__ import annotations

from typing import Any

import pytest
from environment import Environment, addresses, done

HOME = {"region": "us-east-1"}
GROUP = "production-home-web"
TYPES = {"fallback_instance_types": ["t4g.medium", "m7g.medium"]}
GROUPS = {"home autoscaling_group/web", "recovery autoscaling_group/web"}


def group(environment: Environment) -> dict[str, Any]:
    client = environment.aws("home").client("autoscaling")
    [found] = client.describe_auto_scaling_groups(AutoScalingGroupNames=[GROUP])[
        "AutoScalingGroups"
    ]
    return dict(found)


def hosts(environment: Environment) -> dict[str, str]:
    """Id -> type."""
    return {item["InstanceId"]: item["InstanceType"] for item in group(environment)["Instances"]}


def test_hosts_come_up_as_the_second_type_where_no_zone_has_the_first(empty: Environment) -> None:
    empty.handle.strike("no-capacity", **HOME, instance_type="t4g.small")
    empty.run(web_tier=TYPES)
    assert sorted(hosts(empty).values()) == ["t4g.medium", "t4g.medium"]
    assert addresses(empty.plan(web_tier=TYPES)) == set()


def test_other_types_by_themselves_replace_no_host_and_can_be_taken_back(
    standing: Environment,
) -> None:
    before, mark = hosts(standing), standing.handle.mark()
    try:
        assert addresses(standing.plan(web_tier=TYPES)) == GROUPS
        assert done(standing.run(web_tier=TYPES)) == GROUPS
        assert addresses(standing.plan(web_tier=TYPES)) == set()
        policy = group(standing)["MixedInstancesPolicy"]
        listed = [each["InstanceType"] for each in policy["LaunchTemplate"]["Overrides"]]
        assert listed == ["t4g.small", "t4g.medium", "m7g.medium"]
        assert policy["InstancesDistribution"]["OnDemandAllocationStrategy"] == "prioritized"
        assert policy["InstancesDistribution"]["OnDemandPercentageAboveBaseCapacity"] == 100
    finally:
        assert done(standing.run()) == GROUPS
    assert addresses(standing.plan()) == set()
    assert "MixedInstancesPolicy" not in group(standing)
    assert hosts(standing) == before
    asked = {call["action"] for call in standing.handle.writes_since(mark)}
    assert "StartInstanceRefresh" not in asked


def test_an_instance_refresh_brings_another_launch_and_other_types_at_once(
    empty: Environment,
) -> None:
    empty.run(web_tier=TYPES)
    before = hosts(empty)
    other = {"fallback_instance_types": ["m7g.medium"], "root_gb": 21}
    empty.run(web_tier=other)
    assert not before.keys() & hosts(empty).keys()
    assert addresses(empty.plan(web_tier=other)) == set()
    empty.run(web_tier={"root_gb": 22})
    assert "MixedInstancesPolicy" not in group(empty)
    assert addresses(empty.plan(web_tier={"root_gb": 22})) == set()


@pytest.mark.parametrize(
    "edit",
    [
        {"OnDemandPercentageAboveBaseCapacity": 50},
        pytest.param({"OnDemandAllocationStrategy": "lowest-price"}, marks=pytest.mark.sweep),
    ],
)
@pytest.mark.sweep
def test_what_somebody_else_makes_of_the_policy_is_seen_and_put_right(
    standing: Environment, edit: dict[str, Any]
) -> None:
    standing.run(web_tier=TYPES)
    found = group(standing)
    policy, host = found["MixedInstancesPolicy"], found["Instances"][0]
    named = {"LaunchTemplateName": GROUP, "Version": host["LaunchTemplate"]["Version"]}
    standing.aws("home").client("autoscaling").update_auto_scaling_group(
        AutoScalingGroupName=GROUP,
        MixedInstancesPolicy={
            "LaunchTemplate": {**policy["LaunchTemplate"], "LaunchTemplateSpecification": named},
            "InstancesDistribution": {**policy["InstancesDistribution"], **edit},
        },
    )
    try:
        assert addresses(standing.plan(web_tier=TYPES)) == {"home autoscaling_group/web"}
        standing.run(web_tier=TYPES)
        assert addresses(standing.plan(web_tier=TYPES)) == set()
    finally:
        standing.run()
