# SPDX-License-Identifier: GPL-3.0-or-later
"""Target groups of load balancers, and the health of targets."""

from __future__ import annotations

from typing import Any

import pytest

from .account import Account, refused


@pytest.fixture
def elb(account: Account) -> Any:
    return account.client("elbv2")


@pytest.fixture
def net(account: Account) -> dict[str, Any]:
    net = account.network()
    account.gateway(net["vpc"])
    return net


@pytest.fixture
def asked(net: dict[str, Any]) -> dict[str, Any]:
    return {
        "Name": "web",
        "Protocol": "HTTP",
        "Port": 80,
        "VpcId": net["vpc"],
        "HealthCheckPath": "/healthz",
        "HealthCheckIntervalSeconds": 10,
        "TargetType": "instance",
    }


@pytest.fixture
def targets(elb: Any, asked: dict[str, Any]) -> str:
    return str(elb.create_target_group(**asked)["TargetGroups"][0]["TargetGroupArn"])


def listen(elb: Any, net: dict[str, Any], targets: str) -> str:
    """A balancer that forwards to the group; its ARN."""
    made = elb.create_load_balancer(
        Name="front", Subnets=net["subnets"][:2], SecurityGroups=[net["group"]]
    )["LoadBalancers"][0]["LoadBalancerArn"]
    elb.create_listener(
        LoadBalancerArn=made,
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": targets}],
    )
    return str(made)


def instance(account: Account, net: dict[str, Any]) -> str:
    made = account.client("ec2").run_instances(
        ImageId=account.image(),
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        SubnetId=net["subnets"][0],
        SecurityGroupIds=[net["group"]],
    )
    return str(made["Instances"][0]["InstanceId"])


def health(elb: Any, targets: str) -> dict[str, str]:
    found = elb.describe_target_health(TargetGroupArn=targets)["TargetHealthDescriptions"]
    return {one["Target"]["Id"]: one["TargetHealth"]["State"] for one in found}


def test_a_group_has_the_check_it_was_made_with_and_another_when_changed(
    elb: Any, targets: str
) -> None:
    named = {"TargetGroupArns": [targets]}
    found = elb.describe_target_groups(**named)["TargetGroups"][0]
    check = found["HealthCheckPath"], found["HealthCheckIntervalSeconds"]
    assert check == ("/healthz", 10)
    elb.modify_target_group(TargetGroupArn=targets, HealthCheckPath="/ready")
    found = elb.describe_target_groups(**named)["TargetGroups"][0]
    assert found["HealthCheckPath"] == "/ready"


def test_attributes_of_a_group_are_kept(elb: Any, targets: str) -> None:
    wanted = {
        "deregistration_delay.timeout_seconds": "5",
        "slow_start.duration_seconds": "30",
    }
    listed = [{"Key": key, "Value": value} for key, value in wanted.items()]
    elb.modify_target_group_attributes(TargetGroupArn=targets, Attributes=listed)
    told = elb.describe_target_group_attributes(TargetGroupArn=targets)["Attributes"]
    assert wanted.items() <= {one["Key"]: one["Value"] for one in told}.items()


def test_a_target_is_initial_until_it_is_known_to_be_healthy(
    account: Account, elb: Any, net: dict[str, Any], targets: str
) -> None:
    listen(elb, net, targets)
    number = instance(account, net)
    account.cloud.speed(1)
    elb.register_targets(TargetGroupArn=targets, Targets=[{"Id": number}])
    assert health(elb, targets) == {number: "initial"}


def test_a_target_that_no_balancer_sends_anything_to_is_unused(
    account: Account, elb: Any, net: dict[str, Any], targets: str
) -> None:
    number = instance(account, net)
    elb.register_targets(TargetGroupArn=targets, Targets=[{"Id": number}])
    assert health(elb, targets) == {number: "unused"}


def test_a_target_drains_before_it_is_gone(
    account: Account, elb: Any, net: dict[str, Any], targets: str
) -> None:
    listen(elb, net, targets)
    number = instance(account, net)
    elb.register_targets(TargetGroupArn=targets, Targets=[{"Id": number}])
    account.cloud.speed(1)
    elb.deregister_targets(TargetGroupArn=targets, Targets=[{"Id": number}])
    assert health(elb, targets) == {number: "draining"}


def test_an_instance_that_there_is_not_is_no_target(elb: Any, targets: str) -> None:
    unknown = {"TargetGroupArn": targets, "Targets": [{"Id": "i-00000000000000000"}]}
    assert refused(elb.register_targets, **unknown) == "InvalidTarget"


def test_a_group_that_a_listener_forwards_to_is_not_deleted(
    elb: Any, net: dict[str, Any], targets: str
) -> None:
    made = listen(elb, net, targets)
    named = {"TargetGroupArn": targets}
    assert refused(elb.delete_target_group, **named) == "ResourceInUse"
    elb.delete_load_balancer(LoadBalancerArn=made)
    assert refused(elb.delete_target_group, **named) == ""


def test_the_same_request_answers_with_the_same_group_and_another_is_refused(
    elb: Any, asked: dict[str, Any], targets: str
) -> None:
    again = elb.create_target_group(**asked)["TargetGroups"][0]["TargetGroupArn"]
    assert again == targets
    other = refused(elb.create_target_group, **{**asked, "Port": 8080})
    assert other == "DuplicateTargetGroupName"
