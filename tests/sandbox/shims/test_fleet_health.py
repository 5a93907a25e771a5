# SPDX-License-Identifier: GPL-3.0-or-later
"""An Auto Scaling group replaces what is lost or sick, as AWS does and says."""

from __future__ import annotations

from typing import Any

from tests.sandbox.shims.web_group import (
    GROUP,
    LAUNCH,
    activities,
    group,
    ids,
    make,
    states,
)


def sicken(cloud: Any, instance: str, **more: Any) -> None:
    cloud.client("autoscaling").set_instance_health(
        InstanceId=instance, HealthStatus="Unhealthy", **more
    )


def test_a_terminated_instance_is_noticed_and_replaced_after_a_while(cloud: Any) -> None:
    make(cloud)
    cloud.slow()
    lost = ids(cloud)[0]
    cloud.client("ec2").terminate_instances(InstanceIds=[lost])
    assert states(cloud) == {"InService": 3}
    cloud.advance(30)
    assert states(cloud) == {"InService": 2, "Pending": 1}
    cloud.advance(LAUNCH)
    assert states(cloud) == {"InService": 3}
    assert lost not in ids(cloud)
    gone = activities(cloud, f"Terminating EC2 instance: {lost}")[0]
    assert gone["Cause"].endswith(
        "an instance was taken out of service in response to an EC2 health check indicating it has "
        "been terminated or stopped."
    )
    new = activities(cloud, "Launching a new EC2 instance")[0]
    assert new["Cause"].endswith(
        "an instance was launched in response to an unhealthy instance needing to be replaced."
    )


def test_a_stopped_instance_is_replaced(cloud: Any) -> None:
    make(cloud)
    stopped = ids(cloud)[0]
    cloud.client("ec2").stop_instances(InstanceIds=[stopped])
    assert stopped not in ids(cloud)
    assert states(cloud) == {"InService": 3}


def test_reported_health_respects_the_grace_period_unless_told_otherwise(cloud: Any) -> None:
    cloud.slow()
    make(cloud, HealthCheckGracePeriod=300)
    cloud.advance(LAUNCH)
    first, second, _ = ids(cloud)
    sicken(cloud, first)
    sicken(cloud, second, ShouldRespectGracePeriod=False)
    cloud.advance(60)
    assert first in ids(cloud, "InService")
    assert second not in ids(cloud, "InService")
    cloud.advance(300)
    sicken(cloud, first)
    cloud.advance(60)
    assert first not in ids(cloud, "InService")


def test_a_failing_balancer_check_replaces_after_the_grace_period(cloud: Any) -> None:
    cloud.slow()
    make(cloud, HealthCheckType="ELB", HealthCheckGracePeriod=200)
    cloud.advance(LAUNCH)
    sick = ids(cloud)[0]
    cloud.strike("target-fails", region="us-east-1", instance=sick)
    cloud.advance(150)
    assert sick in ids(cloud, "InService")
    cloud.advance(90)
    assert sick not in ids(cloud, "InService")
    cause = activities(cloud, f"Terminating EC2 instance: {sick}")[0]["Cause"]
    assert cause.endswith("in response to an ELB system health check failure.")


def test_a_failing_balancer_check_is_nothing_to_a_group_with_ec2_checks(cloud: Any) -> None:
    make(cloud)
    sick = ids(cloud)[0]
    cloud.strike("target-fails", region="us-east-1", instance=sick)
    cloud.advance(600)
    assert sick in ids(cloud, "InService")


def test_no_health_check_and_no_replacement_where_these_are_suspended(cloud: Any) -> None:
    make(cloud)
    asg = cloud.client("autoscaling")
    asg.suspend_processes(**GROUP, ScalingProcesses=["HealthCheck"])
    first, second, _ = ids(cloud)
    cloud.client("ec2").terminate_instances(InstanceIds=[first])
    assert first in ids(cloud)
    asg.suspend_processes(**GROUP, ScalingProcesses=["ReplaceUnhealthy"])
    asg.resume_processes(**GROUP, ScalingProcesses=["HealthCheck"])
    sicken(cloud, second)
    told = {one["InstanceId"]: one["HealthStatus"] for one in group(cloud)["Instances"]}
    assert (told[first], told[second]) == ("Unhealthy", "Unhealthy")
    asg.resume_processes(**GROUP)
    assert states(cloud) == {"InService": 3}
    assert not {first, second} & set(ids(cloud))


def test_an_unknown_instance_or_health_is_refused(cloud: Any) -> None:
    make(cloud)
    call = ("autoscaling", "set_instance_health")
    name = ids(cloud)[0]
    assert cloud.refused(*call, InstanceId="i-0", HealthStatus="Unhealthy") == "ValidationError"
    assert cloud.refused(*call, InstanceId=name, HealthStatus="Poorly") == "ValidationError"
