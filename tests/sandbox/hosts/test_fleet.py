# SPDX-License-Identifier: GPL-3.0-or-later
"""Auto Scaling groups have real hosts, and nothing is left of those that went."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from sandbox.running import Handle
from tools.fleet import Fleet

pytestmark = pytest.mark.real
HOME = "us-east-1"


def test_two_groups_of_hosts_come_are_replaced_and_go_without_a_trace(
    real_cloud: Handle, folder: Path
) -> None:
    real_cloud.reset()
    real_cloud.speed(0)
    fleet = Fleet(real_cloud, folder, 4)
    for _ in range(2):
        fleet.round()


def test_a_group_replaces_a_host_that_died(site: Any) -> None:
    groups, ec2 = site.client("autoscaling"), site.client("ec2")
    ec2.create_launch_template(
        LaunchTemplateName="web",
        LaunchTemplateData={"ImageId": site.image(), "InstanceType": "t3.micro"},
    )
    groups.create_auto_scaling_group(
        AutoScalingGroupName="web",
        LaunchTemplate={"LaunchTemplateName": "web", "Version": "1"},
        MinSize=1,
        MaxSize=2,
        VPCZoneIdentifier=site.subnets[HOME][0],
    )

    def serving() -> str:
        found = groups.describe_auto_scaling_groups()["AutoScalingGroups"][0]["Instances"]
        live = [one["InstanceId"] for one in found if one["LifecycleState"] == "InService"]
        return live[0] if len(live) == 1 and site.checks(live[0]) == "ok" else ""

    site.until(serving)
    first = serving()
    site.cloud.strike("host-dies", region=HOME, instance=first)
    site.until(lambda: serving() not in ("", first))
    assert site.state(first) == "terminated"
    assert site.leaves(first) == []


def test_a_group_leaves_a_dead_zone_and_no_host_boots_in_it(site: Any) -> None:
    groups, ec2 = site.client("autoscaling"), site.client("ec2")
    ec2.create_launch_template(
        LaunchTemplateName="web",
        LaunchTemplateData={"ImageId": site.image(), "InstanceType": "t3.micro"},
    )
    groups.create_auto_scaling_group(
        AutoScalingGroupName="web",
        LaunchTemplate={"LaunchTemplateName": "web", "Version": "1"},
        MinSize=2,
        MaxSize=2,
        VPCZoneIdentifier=",".join(site.subnets[HOME]),
    )

    def serving() -> dict[str, str]:
        found = groups.describe_auto_scaling_groups()["AutoScalingGroups"][0]["Instances"]
        live = {
            one["InstanceId"]: one["AvailabilityZone"][-1]
            for one in found
            if one["LifecycleState"] == "InService" and site.checks(one["InstanceId"]) == "ok"
        }
        return live if len(live) == 2 else {}

    def healthy() -> list[tuple[str, str]]:
        return [(host["zone"][-1], host["health"]) for host in site.cloud.hosts()]

    site.until(lambda: sorted(serving().values()) == ["a", "b"])
    site.cloud.strike("zone-dies", zone=f"{HOME}a")
    site.until(lambda: sorted(serving().values()) == ["b", "b"])
    site.until(lambda: healthy() == [("b", "ok"), ("b", "ok")])
    site.cloud.strike("zone-returns", zone=f"{HOME}a")
    site.until(lambda: sorted(serving().values()) == ["a", "b"])


def test_a_host_that_boots_when_its_zone_dies_does_not_come_up_there(site: Any) -> None:
    number = site.run()
    site.cloud.strike("zone-dies", zone=f"{HOME}a")
    site.until(lambda: [host["health"] for host in site.cloud.hosts()] == ["impaired"])
    site.client("ec2").reboot_instances(InstanceIds=[number])
    time.sleep(3.0)
    assert [host["health"] for host in site.cloud.hosts()] == ["impaired"]
    assert site.checks(number) == "impaired"


def test_a_warm_pool_holds_stopped_hosts_that_start_when_they_are_wanted(site: Any) -> None:
    groups, ec2 = site.client("autoscaling"), site.client("ec2")
    ec2.create_launch_template(
        LaunchTemplateName="web",
        LaunchTemplateData={"ImageId": site.image(), "InstanceType": "t3.micro"},
    )
    groups.create_auto_scaling_group(
        AutoScalingGroupName="web",
        LaunchTemplate={"LaunchTemplateName": "web", "Version": "1"},
        MinSize=0,
        MaxSize=1,
        DesiredCapacity=0,
        VPCZoneIdentifier=site.subnets[HOME][0],
    )
    groups.put_warm_pool(AutoScalingGroupName="web", PoolState="Stopped")

    def warm() -> list[str]:
        found = groups.describe_warm_pool(AutoScalingGroupName="web")["Instances"]
        return [one["InstanceId"] for one in found if one["LifecycleState"] == "Warmed:Stopped"]

    site.until(warm)
    number = warm()[0]
    assert site.state(number) == "stopped"
    assert [host["health"] for host in site.cloud.hosts()] == ["stopped"]
    groups.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=1)
    site.up(number)
    assert [host["id"] for host in site.cloud.hosts() if host["health"] == "ok"] == [number]
