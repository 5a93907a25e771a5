# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts boot in real time, and no group takes them for broken, or for ready, before they did."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.shims._fleet_hosts import LONGEST_BOOT
from tests.sandbox.shims.web_group import (
    GROUP,
    activities,
    group,
    health,
    ids,
    make,
    numbered,
    states,
    versions,
    zones,
)

BOOT = 25  # seconds, more than a grace period of AWS takes at these speeds
SPEEDS = pytest.mark.parametrize("speed", [0, 60])
STEP = 2.0  # seconds
SICK = "in response to an ELB system health check failure."


def furnish(cloud: Any, speed: float, **more: Any) -> dict[str, Any]:
    """A group of two real hosts behind a balancer whose checks count for it."""
    cloud.slow(speed)
    cloud.hosts(BOOT)
    checked = {"HealthCheckType": "ELB", "HealthCheckGracePeriod": 60, "DesiredCapacity": 2}
    net = make(cloud, versions=2, **{"LaunchTemplate": numbered(1), **checked, **more})
    cloud.advance(2 * BOOT)
    assert states(cloud) == {"InService": 2}
    return net


def refresh(cloud: Any, **prefer: Any) -> None:
    wanted = {"MinHealthyPercentage": 100, "MaxHealthyPercentage": 150, **prefer}
    cloud.client("autoscaling").start_instance_refresh(
        **GROUP, DesiredConfiguration={"LaunchTemplate": numbered(2)}, Preferences=wanted
    )


def told(cloud: Any) -> dict[str, Any]:
    found = cloud.client("autoscaling").describe_instance_refreshes(**GROUP)["InstanceRefreshes"]
    return dict(found[0])


def pass_until_over(cloud: Any, net: dict[str, Any]) -> int:
    """Let the refresh come to its end; the fewest targets that were healthy on the way."""
    least = 99
    for _ in range(int(10 * LONGEST_BOOT / STEP)):
        cloud.advance(STEP)
        least = min(least, health(cloud, net)["healthy"])
        if told(cloud)["Status"] not in ("Pending", "InProgress", "RollbackInProgress"):
            return least
    raise AssertionError(told(cloud))


@pytest.mark.parametrize(("speed", "grace"), [(0, 60), (60, 0), (60, 60)])
def test_a_host_that_boots_longer_than_its_grace_period_is_not_replaced(
    cloud: Any, speed: float, grace: int
) -> None:
    net = furnish(cloud, speed, HealthCheckGracePeriod=grace)
    cloud.client("ec2").terminate_instances(InstanceIds=ids(cloud)[:1])
    cloud.advance(4 * BOOT)
    assert health(cloud, net)["healthy"] == 2
    assert len(activities(cloud, "Launching")) == 3
    assert not any(one["Cause"].endswith(SICK) for one in activities(cloud))


def test_a_host_that_never_answers_is_found_unhealthy(cloud: Any) -> None:
    furnish(cloud, 60)
    cloud.hosts(BOOT, well=False)
    cloud.client("ec2").terminate_instances(InstanceIds=ids(cloud)[:1])
    cloud.advance(4 * BOOT)
    assert any(one["Cause"].endswith(SICK) for one in activities(cloud))


def test_a_host_whose_boot_has_no_end_is_found_unhealthy(cloud: Any) -> None:
    furnish(cloud, 60)
    cloud.hosts(10 * LONGEST_BOOT)
    cloud.client("ec2").terminate_instances(InstanceIds=ids(cloud)[:1])
    cloud.advance(LONGEST_BOOT - BOOT)
    assert not any(one["Cause"].endswith(SICK) for one in activities(cloud))
    cloud.advance(3 * BOOT)
    assert any(one["Cause"].endswith(SICK) for one in activities(cloud))


@SPEEDS
def test_a_refresh_takes_no_old_host_before_the_balancer_finds_a_new_one_healthy(
    cloud: Any, speed: float
) -> None:
    net = furnish(cloud, speed)
    refresh(cloud)
    assert pass_until_over(cloud, net) == 2
    assert told(cloud)["Status"] == "Successful"
    assert health(cloud, net) == {"healthy": 2}
    assert versions(cloud) == {"2": 2}


def test_a_refresh_says_that_it_waits_for_the_balancer(cloud: Any) -> None:
    furnish(cloud, 60)
    refresh(cloud)
    cloud.advance(BOOT + 5)
    assert told(cloud)["StatusReason"].endswith(
        "has insufficient data to evaluate its health with Elastic Load Balancing."
    )


def test_a_refresh_of_a_group_with_ec2_checks_waits_for_the_boot_only(cloud: Any) -> None:
    furnish(cloud, 60, HealthCheckType="EC2")
    old = ids(cloud)
    refresh(cloud)
    cloud.advance(BOOT - 1)
    assert set(old) <= set(ids(cloud, "InService"))
    cloud.advance(5)
    assert not set(old) <= set(ids(cloud, "InService"))


@SPEEDS
def test_a_release_that_never_answers_fails_its_refresh_and_takes_no_old_host(
    cloud: Any, speed: float
) -> None:
    net = furnish(cloud, speed)
    old = ids(cloud)
    cloud.hosts(BOOT, well=False)
    refresh(cloud)
    assert pass_until_over(cloud, net) == 2
    assert told(cloud)["Status"] == "Failed"
    assert set(old) <= set(ids(cloud, "InService"))


def test_a_release_that_never_answers_is_rolled_back_where_that_is_asked(cloud: Any) -> None:
    net = furnish(cloud, 60)
    old = ids(cloud)
    cloud.hosts(BOOT, well=False)
    refresh(cloud, AutoRollback=True)
    assert pass_until_over(cloud, net) == 2
    assert told(cloud)["Status"] == "RollbackSuccessful"
    assert set(old) == {one["InstanceId"] for one in group(cloud)["Instances"]}


def test_a_group_that_is_balanced_keeps_the_old_host_until_the_new_one_is_healthy(
    cloud: Any,
) -> None:
    net = furnish(cloud, 60)
    subnets = net["subnets"]
    asg = cloud.client("autoscaling")
    asg.update_auto_scaling_group(**GROUP, VPCZoneIdentifier=subnets[0])
    for _ in range(40):
        cloud.advance(STEP)
        assert health(cloud, net)["healthy"] >= 2
    assert zones(cloud) == {"a": 2}


def test_a_region_that_is_lit_again_keeps_its_hosts(cloud: Any) -> None:
    net = furnish(cloud, 60)
    before = ids(cloud)
    cloud.disturb("dark=us-east-1")
    cloud.advance(120)
    cloud.disturb("")
    cloud.advance(120)
    assert ids(cloud) == before
    assert health(cloud, net) == {"healthy": 2}
