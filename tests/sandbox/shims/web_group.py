# SPDX-License-Identifier: GPL-3.0-or-later
"""An Auto Scaling group `web` behind a balancer, and what is to be seen of it."""

from __future__ import annotations

import base64
from collections import Counter
from typing import Any

GROUP = {"AutoScalingGroupName": "web"}
DRAIN = 300  # seconds; the deregistration delay of a new target group
LAUNCH = 46  # seconds from launch to service at speed 1


def prepare(cloud: Any, versions: int = 1) -> dict[str, Any]:
    """A network with balancer, target group, listener and launch template `web`."""
    net: dict[str, Any] = cloud.network()
    ec2, elb = cloud.client("ec2"), cloud.client("elbv2")
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=net["vpc"])
    balancer = elb.create_load_balancer(Name="web", Subnets=net["subnets"])["LoadBalancers"][0]
    target = elb.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=net["vpc"])
    arn = target["TargetGroups"][0]["TargetGroupArn"]
    elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": arn}],
    )
    text = base64.b64encode(b"#!/bin/sh").decode()
    data = {"ImageId": cloud.image(), "InstanceType": "t3.micro", "UserData": text}
    ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)
    for number in range(1, versions):
        ec2.create_launch_template_version(
            LaunchTemplateName="web",
            SourceVersion="1",
            LaunchTemplateData={"InstanceType": ("t3.small", "t3.medium")[number % 2]},
        )
    return {**net, "balancer": balancer["LoadBalancerArn"], "targets": arn}


def settings(net: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        **GROUP,
        "MinSize": 0,
        "MaxSize": 6,
        "DesiredCapacity": 3,
        "VPCZoneIdentifier": ",".join(net["subnets"]),
        "LaunchTemplate": {"LaunchTemplateName": "web", "Version": "$Latest"},
        "TargetGroupARNs": [net["targets"]],
        "Tags": [{"Key": "a", "Value": "b", "PropagateAtLaunch": True}],
        **more,
    }


def numbered(version: int) -> dict[str, str]:
    return {"LaunchTemplateName": "web", "Version": str(version)}


def make(cloud: Any, versions: int = 1, **more: Any) -> dict[str, Any]:
    """The group; keys that are None are left out."""
    net = prepare(cloud, versions)
    asked = {name: value for name, value in settings(net, **more).items() if value is not None}
    cloud.client("autoscaling").create_auto_scaling_group(**asked)
    return net


def group(cloud: Any) -> dict[str, Any]:
    found = cloud.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=["web"])
    return dict(found["AutoScalingGroups"][0])


def ids(cloud: Any, state: str = "") -> list[str]:
    return [
        one["InstanceId"]
        for one in group(cloud)["Instances"]
        if not state or one["LifecycleState"] == state
    ]


def states(cloud: Any) -> Counter[str]:
    return Counter(i["LifecycleState"] for i in group(cloud)["Instances"])


def zones(cloud: Any) -> Counter[str]:
    return Counter(i["AvailabilityZone"][-1] for i in group(cloud)["Instances"])


def versions(cloud: Any) -> Counter[str]:
    """How many instances were launched from which version of the template; leaving ones not."""
    return Counter(
        one["LaunchTemplate"]["Version"]
        for one in group(cloud)["Instances"]
        if not one["LifecycleState"].startswith("Terminating")
    )


def health(cloud: Any, net: dict[str, Any]) -> Counter[str]:
    found = cloud.client("elbv2").describe_target_health(TargetGroupArn=net["targets"])
    return Counter(t["TargetHealth"]["State"] for t in found["TargetHealthDescriptions"])


def activities(cloud: Any, what: str = "") -> list[dict[str, Any]]:
    """The activities whose description begins so, newest first."""
    found = cloud.client("autoscaling").describe_scaling_activities(**GROUP)["Activities"]
    return [one for one in found if one["Description"].startswith(what)]


def running(cloud: Any) -> int:
    """How many instances run in the whole region."""
    found = cloud.client("ec2").describe_instances()["Reservations"]
    return sum(i["State"]["Name"] == "running" for r in found for i in r["Instances"])
