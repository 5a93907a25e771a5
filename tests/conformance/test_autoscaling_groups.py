# SPDX-License-Identifier: GPL-3.0-or-later
"""Auto Scaling groups: their size, their instances, and the balancer's targets."""

from __future__ import annotations

from typing import Any

import pytest

from .account import Account, refused, until

NAMED = {"AutoScalingGroupName": "web"}


@pytest.fixture
def groups(account: Account) -> Any:
    return account.client("autoscaling")


@pytest.fixture
def asked(account: Account) -> dict[str, Any]:
    """The arguments of a group of two instances in two zones, from the template `web`."""
    ec2 = account.client("ec2")
    net = account.network()
    account.gateway(net["vpc"])
    data = {"ImageId": account.image(), "InstanceType": "t3.micro"}
    ec2.create_launch_template(
        LaunchTemplateName="web", LaunchTemplateData={**data, "SecurityGroupIds": [net["group"]]}
    )
    elb = account.client("elbv2")
    targets = elb.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=net["vpc"])
    arn = targets["TargetGroups"][0]["TargetGroupArn"]
    balancer = elb.create_load_balancer(
        Name="front", Subnets=net["subnets"][:2], SecurityGroups=[net["group"]]
    )["LoadBalancers"][0]["LoadBalancerArn"]
    elb.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": arn}],
    )
    return {
        **NAMED,
        "MinSize": 2,
        "MaxSize": 6,
        "DesiredCapacity": 2,
        "LaunchTemplate": {"LaunchTemplateName": "web", "Version": "$Latest"},
        "VPCZoneIdentifier": ",".join(net["subnets"][:2]),
        "TargetGroupARNs": [arn],
        "HealthCheckType": "EC2",
        "HealthCheckGracePeriod": 0,
        "Tags": [{"Key": "Name", "Value": "web", "PropagateAtLaunch": True}],
    }


@pytest.fixture
def group(groups: Any, asked: dict[str, Any]) -> dict[str, Any]:
    """The group, once its instances are in service."""
    groups.create_auto_scaling_group(**asked)
    until(lambda: len(serving(groups)) == 2)
    return one(groups)


def one(groups: Any) -> dict[str, Any]:
    found = groups.describe_auto_scaling_groups(AutoScalingGroupNames=["web"])
    return dict(found["AutoScalingGroups"][0])


def serving(groups: Any) -> set[str]:
    """The instances that are in service."""
    instances = one(groups)["Instances"]
    return {i["InstanceId"] for i in instances if i["LifecycleState"] == "InService"}


def targets(account: Account, group: dict[str, Any]) -> set[str]:
    """The registered targets that do not drain."""
    elb = account.client("elbv2")
    told = elb.describe_target_health(TargetGroupArn=group["TargetGroupARNs"][0])
    gone = ("draining", "unused")
    found = [t for t in told["TargetHealthDescriptions"] if t["TargetHealth"]["State"] not in gone]
    return {target["Target"]["Id"] for target in found}


def test_instances_are_spread_over_the_zones(group: dict[str, Any]) -> None:
    assert len({i["AvailabilityZone"] for i in group["Instances"]}) == 2


def test_instances_are_there_in_ec2_with_the_tags_of_the_group(
    ec2: Any, group: dict[str, Any]
) -> None:
    ids = [i["InstanceId"] for i in group["Instances"]]
    found = ec2.describe_instances(InstanceIds=ids)["Reservations"]
    for instance in (i for reservation in found for i in reservation["Instances"]):
        tags = {tag["Key"]: tag["Value"] for tag in instance["Tags"]}
        assert (tags["aws:autoscaling:groupName"], tags["Name"]) == ("web", "web")


def test_instances_are_registered_as_targets(
    account: Account, groups: Any, group: dict[str, Any]
) -> None:
    until(lambda: targets(account, group) == serving(groups))


def test_a_group_grows_to_the_desired_capacity_and_never_above_its_maximum(
    groups: Any, group: dict[str, Any]
) -> None:
    assert group["MaxSize"] == 6
    groups.set_desired_capacity(**NAMED, DesiredCapacity=4)
    until(lambda: len(serving(groups)) == 4)
    above = refused(groups.set_desired_capacity, **NAMED, DesiredCapacity=9)
    assert above == "ValidationError"


def test_a_terminated_instance_is_replaced(groups: Any, ec2: Any, group: dict[str, Any]) -> None:
    gone = group["Instances"][0]["InstanceId"]
    ec2.terminate_instances(InstanceIds=[gone])
    until(lambda: len(serving(groups)) == 2 and gone not in serving(groups))


def test_an_instance_that_is_said_to_be_unhealthy_is_replaced(
    groups: Any, group: dict[str, Any]
) -> None:
    sick = group["Instances"][-1]["InstanceId"]
    groups.set_instance_health(
        InstanceId=sick, HealthStatus="Unhealthy", ShouldRespectGracePeriod=False
    )
    until(lambda: len(serving(groups)) == 2 and sick not in serving(groups))


def test_targets_follow_what_the_group_does(
    account: Account, groups: Any, ec2: Any, group: dict[str, Any]
) -> None:
    groups.set_desired_capacity(**NAMED, DesiredCapacity=4)
    until(lambda: len(serving(groups)) == 4)
    groups.set_desired_capacity(**NAMED, DesiredCapacity=2)
    until(lambda: len(serving(groups)) == 2)
    ec2.terminate_instances(InstanceIds=[min(serving(groups))])
    until(lambda: len(serving(groups)) == 2 and targets(account, group) == serving(groups))


def test_what_a_group_did_is_told(groups: Any, group: dict[str, Any]) -> None:
    assert group["DesiredCapacity"] == 2
    told = groups.describe_scaling_activities(**NAMED)["Activities"]
    assert [activity["StatusCode"] for activity in told] == ["Successful"] * 2


def test_a_name_is_given_once(groups: Any, asked: dict[str, Any], group: dict[str, Any]) -> None:
    assert refused(groups.create_auto_scaling_group, **asked) == "AlreadyExists"
    assert {i["InstanceId"] for i in group["Instances"]} == serving(groups)


def test_a_group_with_instances_is_deleted_by_force_only(
    groups: Any, group: dict[str, Any]
) -> None:
    assert group["Instances"]
    assert refused(groups.delete_auto_scaling_group, **NAMED) == "ResourceInUse"
    groups.delete_auto_scaling_group(**NAMED, ForceDelete=True)
    found = {"AutoScalingGroupNames": ["web"]}
    until(lambda: not groups.describe_auto_scaling_groups(**found)["AutoScalingGroups"])


def test_a_group_launches_from_a_second_version_with_user_data(
    groups: Any, ec2: Any, asked: dict[str, Any]
) -> None:
    data = {"InstanceType": "t3.small", "UserData": "IyEvYmluL3No"}
    ec2.create_launch_template_version(
        LaunchTemplateName="web", SourceVersion="1", LaunchTemplateData=data
    )
    groups.create_auto_scaling_group(**asked)
    until(lambda: len(serving(groups)) == 2)
    found = one(groups)["Instances"]
    assert {i["InstanceType"] for i in found} == {"t3.small"}
    assert {i["LaunchTemplate"]["Version"] for i in found} == {"2"}


def test_sizes_of_a_group_are_updated(groups: Any, group: dict[str, Any]) -> None:
    assert group["MinSize"] == 2
    groups.update_auto_scaling_group(**NAMED, MinSize=3, MaxSize=8)
    found = one(groups)
    assert (found["MinSize"], found["MaxSize"], found["DesiredCapacity"]) == (3, 8, 3)


def test_processes_are_suspended_and_resumed(groups: Any, group: dict[str, Any]) -> None:
    assert group["SuspendedProcesses"] == []
    groups.suspend_processes(**NAMED, ScalingProcesses=["ScheduledActions", "Launch"])
    groups.resume_processes(**NAMED, ScalingProcesses=["Launch"])
    left = one(groups)["SuspendedProcesses"]
    assert [process["ProcessName"] for process in left] == ["ScheduledActions"]


def test_target_groups_are_attached_and_detached(groups: Any, group: dict[str, Any]) -> None:
    arns = {"TargetGroupARNs": group["TargetGroupARNs"]}
    groups.detach_load_balancer_target_groups(**NAMED, **arns)
    until(lambda: one(groups)["TargetGroupARNs"] == [])
    groups.attach_load_balancer_target_groups(**NAMED, **arns)
    assert one(groups)["TargetGroupARNs"] == group["TargetGroupARNs"]


def test_tags_of_a_group_are_put_and_deleted(groups: Any, group: dict[str, Any]) -> None:
    where = {"ResourceId": group["AutoScalingGroupName"], "ResourceType": "auto-scaling-group"}
    tag = {**where, "Key": "site", "Value": "home", "PropagateAtLaunch": False}
    groups.create_or_update_tags(Tags=[tag])
    assert {t["Key"] for t in one(groups)["Tags"]} == {"Name", "site"}
    groups.delete_tags(Tags=[{**where, "Key": "site"}])
    assert {t["Key"] for t in one(groups)["Tags"]} == {"Name"}


def test_metrics_of_a_group_are_collected_once_asked_for(
    groups: Any, group: dict[str, Any]
) -> None:
    assert group["EnabledMetrics"] == []
    groups.enable_metrics_collection(**NAMED, Granularity="1Minute")
    names = {metric["Metric"] for metric in one(groups)["EnabledMetrics"]}
    assert {"GroupInServiceInstances", "GroupDesiredCapacity"} <= names
