# SPDX-License-Identifier: GPL-3.0-or-later
"""Where an Auto Scaling group launches: zones, capacity, mixed instances; and who goes first."""

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
    prepare,
    settings,
    states,
    zones,
)

EAST = {"region": "us-east-1"}


def mixed(*types: str, weights: bool = False, **split: Any) -> dict[str, Any]:
    overrides = [
        {"InstanceType": kind, **({"WeightedCapacity": str(2**n)} if weights else {})}
        for n, kind in enumerate(types)
    ]
    return {
        "LaunchTemplate": {"LaunchTemplateSpecification": numbered(1), "Overrides": overrides},
        **({"InstancesDistribution": split} if split else {}),
    }


def types(cloud: Any) -> Counter[str]:
    return Counter(one["InstanceType"] for one in group(cloud)["Instances"])


def test_a_zone_without_capacity_is_told_and_the_others_are_used(cloud: Any) -> None:
    cloud.strike("no-capacity", **EAST, zone="us-east-1a")
    make(cloud)
    assert set(zones(cloud)) == {"b", "c"}
    failed = [one for one in activities(cloud) if one["StatusCode"] == "Failed"]
    assert failed
    assert (
        "We currently do not have sufficient t3.micro capacity in the Availability Zone you "
        in (failed[0]["StatusMessage"])
    )
    assert "Status Reason: We currently do not have" in failed[0]["Description"]


def test_capacity_that_returns_is_used_to_balance_the_zones_again(cloud: Any) -> None:
    cloud.strike("no-capacity", **EAST, zone="us-east-1a")
    make(cloud, DesiredCapacity=4)
    assert zones(cloud) == {"b": 2, "c": 2}
    cloud.strike("capacity-returns", **EAST, zone="us-east-1a")
    cloud.advance(3600)
    assert states(cloud) == {"InService": 4}
    assert sorted(zones(cloud).values()) == [1, 1, 2]


def test_a_region_without_capacity_is_tried_again(cloud: Any) -> None:
    cloud.slow()
    cloud.strike("no-capacity", **EAST)
    make(cloud)
    assert states(cloud) == {}
    cloud.advance(30)
    cloud.strike("capacity-returns", **EAST)
    cloud.advance(120)
    assert states(cloud) == {"InService": 3}


def test_a_group_that_is_to_be_balanced_only_does_not_move_to_another_zone(cloud: Any) -> None:
    cloud.strike("no-capacity", **EAST, zone="us-east-1a")
    only = {"CapacityDistributionStrategy": "balanced-only"}
    net = prepare(cloud)
    asked = settings(net, DesiredCapacity=0, AvailabilityZoneDistribution=only)
    asg = cloud.client("autoscaling")
    asg.create_auto_scaling_group(**asked)
    asg.set_desired_capacity(**GROUP, DesiredCapacity=3)
    assert zones(cloud) == {}


def test_a_launch_by_hand_is_refused_where_there_is_no_capacity(cloud: Any) -> None:
    net = cloud.network()
    cloud.strike("no-capacity", **EAST, zone="us-east-1b", instance_type="t3.micro")
    asked = {"ImageId": cloud.image(), "MinCount": 1, "MaxCount": 1}
    for number, kind, code in (
        (1, "t3.micro", "InsufficientInstanceCapacity"),
        (1, "t3.small", ""),
        (0, "t3.micro", ""),
    ):
        more = {"SubnetId": net["subnets"][number], "InstanceType": kind}
        assert cloud.refused("ec2", "run_instances", **asked, **more) == code


def test_the_next_type_of_a_mixed_group_is_taken_where_the_first_has_no_capacity(
    cloud: Any,
) -> None:
    cloud.strike("no-capacity", **EAST, zone="us-east-1a", instance_type="t3.small")
    make(cloud, LaunchTemplate=None, MixedInstancesPolicy=mixed("t3.small", "t3.medium"))
    assert types(cloud) == {"t3.small": 2, "t3.medium": 1}
    assert sorted(zones(cloud).values()) == [1, 1, 1]


def test_a_mixed_group_counts_weights_and_buys_spot_as_it_is_told(cloud: Any) -> None:
    policy = mixed(
        "t3.small",
        weights=False,
        OnDemandBaseCapacity=1,
        OnDemandPercentageAboveBaseCapacity=50,
    )
    make(cloud, LaunchTemplate=None, MixedInstancesPolicy=policy, DesiredCapacity=5)
    found = cloud.client("ec2").describe_instances()["Reservations"]
    bought = Counter(i.get("InstanceLifecycle", "on-demand") for r in found for i in r["Instances"])
    assert bought == {"on-demand": 3, "spot": 2}


def test_weights_fill_the_capacity(cloud: Any) -> None:
    policy = mixed("t3.small", "t3.medium", weights=True)
    cloud.strike("no-capacity", **EAST, instance_type="t3.small")
    make(cloud, LaunchTemplate=None, MixedInstancesPolicy=policy, DesiredCapacity=5)
    assert types(cloud) == {"t3.medium": 3}
    assert {one["WeightedCapacity"] for one in group(cloud)["Instances"]} == {"2"}


def test_an_update_without_a_policy_keeps_the_policy(cloud: Any) -> None:
    make(cloud, LaunchTemplate=None, MixedInstancesPolicy=mixed("t3.small"))
    asg = cloud.client("autoscaling")
    asg.update_auto_scaling_group(**GROUP, MaxSize=5)
    assert group(cloud)["MixedInstancesPolicy"]
    assert "LaunchTemplate" not in group(cloud)
    asg.update_auto_scaling_group(**GROUP, LaunchTemplate=numbered(1))
    assert "MixedInstancesPolicy" not in group(cloud)
    assert group(cloud)["LaunchTemplate"]["Version"] == "1"


def test_a_group_that_leaves_a_zone_launches_elsewhere_before_it_terminates_there(
    cloud: Any,
) -> None:
    net = make(cloud)
    cloud.slow()
    cloud.client("autoscaling").update_auto_scaling_group(
        **GROUP, VPCZoneIdentifier=",".join(net["subnets"][:2])
    )
    assert states(cloud) == {"InService": 3, "Pending": 1}
    cloud.advance(LAUNCH + DRAIN)
    assert states(cloud) == {"InService": 3}
    assert set(zones(cloud)) == {"a", "b"}


def test_a_group_is_not_balanced_where_that_is_suspended(cloud: Any) -> None:
    net = make(cloud)
    asg = cloud.client("autoscaling")
    asg.suspend_processes(**GROUP, ScalingProcesses=["AZRebalance"])
    asg.update_auto_scaling_group(**GROUP, VPCZoneIdentifier=net["subnets"][0])
    assert zones(cloud) == {"a": 1, "b": 1, "c": 1}
    asg.resume_processes(**GROUP)
    assert zones(cloud) == {"a": 3}


@pytest.mark.parametrize("policy", ["OldestInstance", "NewestInstance"])
def test_the_termination_policy_chooses_who_goes(cloud: Any, policy: str) -> None:
    net = make(cloud, DesiredCapacity=0, TerminationPolicies=[policy])
    asg = cloud.client("autoscaling")
    asg.update_auto_scaling_group(**GROUP, VPCZoneIdentifier=net["subnets"][0])
    order = []
    for size in (1, 2, 3):
        asg.set_desired_capacity(**GROUP, DesiredCapacity=size)
        order += [one for one in ids(cloud) if one not in order]
    asg.set_desired_capacity(**GROUP, DesiredCapacity=2)
    gone = order[0] if policy == "OldestInstance" else order[-1]
    assert set(order) - set(ids(cloud)) == {gone}


def test_the_default_policy_takes_the_oldest_version_first(cloud: Any) -> None:
    net = make(cloud, versions=2, LaunchTemplate=numbered(2), DesiredCapacity=2)
    asg = cloud.client("autoscaling")
    asg.update_auto_scaling_group(
        **GROUP, LaunchTemplate=numbered(1), VPCZoneIdentifier=net["subnets"][0]
    )
    asg.set_desired_capacity(**GROUP, DesiredCapacity=4)
    asg.set_desired_capacity(**GROUP, DesiredCapacity=2)
    asg.update_auto_scaling_group(**GROUP, LaunchTemplate=numbered(2))
    asg.set_desired_capacity(**GROUP, DesiredCapacity=3)
    asg.set_desired_capacity(**GROUP, DesiredCapacity=1)
    assert [one["LaunchTemplate"]["Version"] for one in group(cloud)["Instances"]] == ["2"]


def test_a_group_from_an_unknown_template_or_half_weighted_types_is_refused(cloud: Any) -> None:
    net = prepare(cloud)
    call = ("autoscaling", "create_auto_scaling_group")
    wrong = settings(net, LaunchTemplate=numbered(9))
    assert cloud.refused(*call, **wrong) == "ValidationError"
    policy = mixed("t3.small", "t3.medium")
    policy["LaunchTemplate"]["Overrides"][0]["WeightedCapacity"] = "2"
    half = {**settings(net), "MixedInstancesPolicy": policy}
    del half["LaunchTemplate"]
    assert cloud.refused(*call, **half) == "ValidationError"
    assert cloud.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"] == []
