# SPDX-License-Identifier: GPL-3.0-or-later
"""Auto Scaling of the sandbox behaves as AWS's, where the emulator alone does not."""

from __future__ import annotations

import base64
from collections import Counter
from typing import Any

import pytest
from botocore.parsers import ResponseParserError

from tests.sandbox.shims.web_group import group, health, make, prepare, settings, states

EAST = "us-east-1"


def test_instances_are_spread_and_go_into_service_and_become_healthy(cloud: Any) -> None:
    cloud.slow()
    net = make(cloud)
    assert states(cloud) == {"Pending": 3}
    assert {i["AvailabilityZone"] for i in group(cloud)["Instances"]} == {
        f"{EAST}a",
        f"{EAST}b",
        f"{EAST}c",
    }
    assert health(cloud, net) == {}
    cloud.advance(46)
    assert states(cloud) == {"InService": 3}
    assert health(cloud, net) == {"initial": 3}
    cloud.advance(104)
    assert health(cloud, net) == {"healthy": 3}


def test_instances_carry_the_tags_and_the_version_they_were_launched_from(cloud: Any) -> None:
    net = make(cloud)
    ec2 = cloud.client("ec2")
    text = base64.b64encode(b"#!/bin/sh\ntrue").decode()
    ec2.create_launch_template_version(
        LaunchTemplateName="web",
        SourceVersion="1",
        LaunchTemplateData={"UserData": text},
    )
    cloud.client("autoscaling").set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=4)
    versions = Counter(i["LaunchTemplate"]["Version"] for i in group(cloud)["Instances"])
    assert versions == {"1": 3, "2": 1}
    name = group(cloud)["Instances"][0]["InstanceId"]
    told = ec2.describe_instances(InstanceIds=[name])["Reservations"][0]["Instances"][0]
    tags = {t["Key"]: t["Value"] for t in told["Tags"]}
    assert tags["a"] == "b"
    assert tags["aws:autoscaling:groupName"] == "web"
    assert told["SubnetId"] in net["subnets"]


def test_scaling_in_drains_and_then_terminates(cloud: Any) -> None:
    net = make(cloud)
    cloud.slow()
    cloud.client("autoscaling").set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=1)
    assert states(cloud) == {"InService": 1, "Terminating": 2}
    assert health(cloud, net) == {"healthy": 1, "draining": 2}
    cloud.advance(300)
    assert states(cloud) == {"InService": 1}
    assert health(cloud, net) == {"healthy": 1}


def test_a_lost_instance_is_replaced_and_its_replacement_registered(cloud: Any) -> None:
    net = make(cloud)
    lost = group(cloud)["Instances"][0]["InstanceId"]
    cloud.client("ec2").terminate_instances(InstanceIds=[lost])
    names = {i["InstanceId"] for i in group(cloud)["Instances"]}
    assert len(names) == 3
    assert lost not in names
    assert health(cloud, net) == {"healthy": 3}


def test_an_unhealthy_instance_is_replaced(cloud: Any) -> None:
    make(cloud)
    sick = group(cloud)["Instances"][0]["InstanceId"]
    cloud.client("autoscaling").set_instance_health(InstanceId=sick, HealthStatus="Unhealthy")
    names = {i["InstanceId"] for i in group(cloud)["Instances"]}
    assert len(names) == 3
    assert sick not in names


def test_suspended_processes_do_not_happen_until_they_are_resumed(cloud: Any) -> None:
    make(cloud, DesiredCapacity=0)
    asg = cloud.client("autoscaling")
    wanted = {"AutoScalingGroupName": "web", "ScalingProcesses": ["Launch"]}
    asg.suspend_processes(**wanted)
    asg.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=2)
    assert states(cloud) == {}
    asg.resume_processes(**wanted)
    assert states(cloud) == {"InService": 2}


@pytest.mark.parametrize(
    "wrong",
    [
        {"DesiredCapacity": 7},
        {"MinSize": 7},
        {"MinSize": 4},
        {"TargetGroupARNs": ["arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/x/1"]},
    ],
)
def test_a_wrong_group_is_refused_and_not_made(cloud: Any, wrong: dict[str, Any]) -> None:
    wanted = settings(prepare(cloud), **wrong)
    code = cloud.refused("autoscaling", "create_auto_scaling_group", **wanted)
    assert code == "ValidationError"
    assert cloud.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"] == []


def test_a_name_in_use_is_refused(cloud: Any) -> None:
    net = make(cloud)
    code = cloud.refused("autoscaling", "create_auto_scaling_group", **settings(net))
    assert code == "AlreadyExists"
    assert states(cloud) == {"InService": 3}


def test_limits_move_the_desired_capacity_and_bound_it(cloud: Any) -> None:
    make(cloud)
    asg = cloud.client("autoscaling")
    asg.update_auto_scaling_group(AutoScalingGroupName="web", MinSize=5)
    assert states(cloud) == {"InService": 5}
    name = {"AutoScalingGroupName": "web"}
    call = ("autoscaling", "set_desired_capacity")
    assert cloud.refused(*call, **name, DesiredCapacity=4) == "ValidationError"
    assert cloud.refused(*call, **name, DesiredCapacity=7) == "ValidationError"


def test_settings_that_the_emulator_ignores_come_back(cloud: Any) -> None:
    make(cloud, DesiredCapacity=0, DefaultInstanceWarmup=60)
    assert group(cloud)["HealthCheckGracePeriod"] == 0
    wanted = {
        "DefaultCooldown": 10,
        "DefaultInstanceWarmup": 90,
        "MaxInstanceLifetime": 86400,
        "TerminationPolicies": ["OldestInstance"],
        "CapacityRebalance": True,
        "HealthCheckGracePeriod": 30,
        "HealthCheckType": "ELB",
    }
    cloud.client("autoscaling").update_auto_scaling_group(AutoScalingGroupName="web", **wanted)
    told = group(cloud)
    assert {name: told[name] for name in wanted} == wanted


def test_a_group_with_instances_is_deleted_by_force_only_and_takes_time(cloud: Any) -> None:
    net = make(cloud)
    name = {"AutoScalingGroupName": "web"}
    assert cloud.refused("autoscaling", "delete_auto_scaling_group", **name) == "ResourceInUse"
    cloud.slow()
    asg = cloud.client("autoscaling")
    asg.delete_auto_scaling_group(**name, ForceDelete=True)
    assert group(cloud)["Status"] == "Delete in progress"
    cloud.advance(60)
    assert asg.describe_auto_scaling_groups()["AutoScalingGroups"] == []
    assert health(cloud, net) == {"draining": 3}
    found = cloud.client("ec2").describe_instances()["Reservations"]
    assert {i["State"]["Name"] for r in found for i in r["Instances"]} == {"terminated"}


def track(net: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "AutoScalingGroupName": "web",
        "PolicyName": "load",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingConfiguration": {
            "TargetValue": 50.0,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "ASGAverageCPUUtilization",
                **more,
            },
        },
    }


def test_target_tracking_makes_two_alarms_that_go_with_it(cloud: Any) -> None:
    net = make(cloud, DesiredCapacity=0)
    asg, alarms = cloud.client("autoscaling"), cloud.client("cloudwatch")
    made = asg.put_scaling_policy(**track(net))
    asg.put_scaling_policy(**track(net))
    told = asg.describe_policies(AutoScalingGroupName="web")["ScalingPolicies"]
    assert len(told) == 1
    assert len(made["Alarms"]) == 2
    assert len(alarms.describe_alarms()["MetricAlarms"]) == 2
    asg.delete_policy(AutoScalingGroupName="web", PolicyName="load")
    assert alarms.describe_alarms()["MetricAlarms"] == []
    code = cloud.refused(
        "autoscaling", "delete_policy", AutoScalingGroupName="web", PolicyName="load"
    )
    assert code == "ValidationError"


def test_requests_per_target_want_the_label_of_an_attached_target_group(cloud: Any) -> None:
    net = make(cloud, DesiredCapacity=0)
    kind = {"PredefinedMetricType": "ALBRequestCountPerTarget"}
    wrong = track(net, **kind, ResourceLabel="app/web/0/targetgroup/web/0")
    assert cloud.refused("autoscaling", "put_scaling_policy", **wrong) == "ValidationError"
    label = f"{net['balancer'].split(':loadbalancer/')[1]}/{net['targets'].split(':')[-1]}"
    cloud.client("autoscaling").put_scaling_policy(**track(net, **kind, ResourceLabel=label))


def test_metrics_can_be_enabled_and_disabled(cloud: Any) -> None:
    make(cloud, DesiredCapacity=0)
    asg, name = cloud.client("autoscaling"), {"AutoScalingGroupName": "web"}
    asg.enable_metrics_collection(**name, Granularity="1Minute")
    assert len(group(cloud)["EnabledMetrics"]) == 8
    asg.disable_metrics_collection(**name, Metrics=["GroupMinSize"])
    assert len(group(cloud)["EnabledMetrics"]) == 7
    asg.disable_metrics_collection(**name)
    assert group(cloud)["EnabledMetrics"] == []


def test_activities_tell_what_happened(cloud: Any) -> None:
    make(cloud, DesiredCapacity=1)
    asg = cloud.client("autoscaling")
    asg.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=0)
    told = asg.describe_scaling_activities(AutoScalingGroupName="web")["Activities"]
    assert [(a["Description"].split()[0], a["StatusCode"]) for a in told] == [
        ("Terminating", "Successful"),
        ("Launching", "Successful"),
    ]


# What the emulator does by itself. A test that fails here says: it has learned it, mend no more.


def test_plain_all_instances_are_in_one_zone_and_stay_registered(plain: Any) -> None:
    net = make(plain)
    assert len({i["AvailabilityZone"] for i in group(plain)["Instances"]}) == 1
    assert states(plain) == {"InService": 3}
    asg = plain.client("autoscaling")
    asg.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=1)
    assert health(plain, net) == {"healthy": 3}
    assert group(plain)["HealthCheckGracePeriod"] == 300
    assert asg.describe_scaling_activities(AutoScalingGroupName="web")["Activities"] == []


def test_plain_any_size_and_any_name_is_taken_and_nothing_is_replaced(plain: Any) -> None:
    net = make(plain, DesiredCapacity=7)
    asg = plain.client("autoscaling")
    asg.create_auto_scaling_group(**settings(net))
    sick = group(plain)["Instances"][0]["InstanceId"]
    asg.set_instance_health(InstanceId=sick, HealthStatus="Unhealthy")
    assert sick in {i["InstanceId"] for i in group(plain)["Instances"]}
    asg.update_auto_scaling_group(AutoScalingGroupName="web", DefaultCooldown=10)
    assert group(plain)["DefaultCooldown"] == 300
    asg.delete_auto_scaling_group(AutoScalingGroupName="web")
    assert asg.describe_auto_scaling_groups()["AutoScalingGroups"] == []


def test_plain_policies_have_no_alarms_and_any_label(plain: Any) -> None:
    net = make(plain, DesiredCapacity=0)
    asg = plain.client("autoscaling")
    kind = {"PredefinedMetricType": "ALBRequestCountPerTarget", "ResourceLabel": "x"}
    assert "Alarms" not in asg.put_scaling_policy(**track(net, **kind))
    name = {"AutoScalingGroupName": "web"}
    asg.enable_metrics_collection(**name, Granularity="1Minute")
    assert group(plain)["EnabledMetrics"] == []
    with pytest.raises(ResponseParserError):
        asg.disable_metrics_collection(**name)
    asg.suspend_processes(**name, ScalingProcesses=["Launch"])
    asg.set_desired_capacity(**name, DesiredCapacity=2)
    assert states(plain) == {"InService": 2}


def test_in_a_dark_region_a_group_does_nothing_and_afterwards_what_is_left_to_do(
    cloud: Any,
) -> None:
    make(cloud)
    before = {i["InstanceId"] for i in group(cloud)["Instances"]}
    cloud.disturb(f"dark={EAST}")
    cloud.client("autoscaling").set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=4)
    assert {i["InstanceId"] for i in group(cloud)["Instances"]} == before
    cloud.disturb("")
    cloud.tick()
    cloud.advance(60)
    after = {i["InstanceId"] for i in group(cloud)["Instances"]}
    assert before < after
    assert len(after) == 4
