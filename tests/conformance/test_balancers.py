# SPDX-License-Identifier: GPL-3.0-or-later
"""Application Load Balancers, their listeners and rules."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from .account import HOME, Account, refused, tags


@pytest.fixture
def elb(account: Account) -> Any:
    return account.client("elbv2")


@pytest.fixture
def net(account: Account) -> dict[str, Any]:
    net = account.network()
    account.gateway(net["vpc"])
    return net


@pytest.fixture
def balancer(elb: Any, net: dict[str, Any]) -> dict[str, Any]:
    return make(elb, net)


def make(elb: Any, net: dict[str, Any], **more: Any) -> dict[str, Any]:
    asked = {"Name": "front", "Subnets": net["subnets"][:2], "SecurityGroups": [net["group"]]}
    return dict(elb.create_load_balancer(**{**asked, **more})["LoadBalancers"][0])


@pytest.fixture
def targets(elb: Any, net: dict[str, Any]) -> str:
    made = elb.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=net["vpc"])
    return str(made["TargetGroups"][0]["TargetGroupArn"])


def listen(elb: Any, balancer: dict[str, Any], targets: str, **more: Any) -> dict[str, Any]:
    asked = {
        "LoadBalancerArn": balancer["LoadBalancerArn"],
        "Protocol": "HTTP",
        "Port": 80,
        "DefaultActions": [{"Type": "forward", "TargetGroupArn": targets}],
        **more,
    }
    return dict(elb.create_listener(**asked)["Listeners"][0])


def test_a_balancer_is_provisioning_first_and_available_to_its_waiter(
    elb: Any, balancer: dict[str, Any]
) -> None:
    assert balancer["State"]["Code"] == "provisioning"
    arns = [balancer["LoadBalancerArn"]]
    elb.get_waiter("load_balancer_available").wait(LoadBalancerArns=arns)
    found = elb.describe_load_balancers(LoadBalancerArns=arns)["LoadBalancers"][0]
    assert found["State"]["Code"] == "active"


def test_the_same_request_answers_with_the_same_balancer(
    elb: Any, net: dict[str, Any], balancer: dict[str, Any]
) -> None:
    assert make(elb, net)["LoadBalancerArn"] == balancer["LoadBalancerArn"]


def test_a_name_with_other_settings_is_refused(
    elb: Any, net: dict[str, Any], balancer: dict[str, Any]
) -> None:
    other = {"Name": balancer["LoadBalancerName"], "Subnets": net["subnets"][:2]}
    code = refused(elb.create_load_balancer, **other, Scheme="internal")
    assert code == "DuplicateLoadBalancerName"


def test_one_zone_is_not_enough(elb: Any, net: dict[str, Any]) -> None:
    one = {"Name": "front", "Subnets": net["subnets"][:1]}
    assert refused(elb.create_load_balancer, **one) in ("ValidationError", "InvalidSubnet")


def test_a_protected_balancer_is_not_deleted(elb: Any, balancer: dict[str, Any]) -> None:
    named = {"LoadBalancerArn": balancer["LoadBalancerArn"]}

    def protect(value: str) -> None:
        attribute = {"Key": "deletion_protection.enabled", "Value": value}
        elb.modify_load_balancer_attributes(**named, Attributes=[attribute])

    protect("true")
    assert refused(elb.delete_load_balancer, **named) == "OperationNotPermitted"
    told = elb.describe_load_balancer_attributes(**named)["Attributes"]
    assert {"Key": "deletion_protection.enabled", "Value": "true"} in told
    protect("false")
    assert refused(elb.delete_load_balancer, **named) == ""


def test_groups_and_subnets_of_a_balancer_change(
    account: Account, elb: Any, net: dict[str, Any], balancer: dict[str, Any]
) -> None:
    group = account.client("ec2").create_security_group(
        GroupName="other", Description="d", VpcId=net["vpc"]
    )["GroupId"]
    named = {"LoadBalancerArn": balancer["LoadBalancerArn"]}
    told = elb.set_security_groups(**named, SecurityGroups=[group])
    assert told["SecurityGroupIds"] == [group]
    zones = elb.set_subnets(**named, Subnets=net["subnets"])["AvailabilityZones"]
    assert {zone["SubnetId"] for zone in zones} == set(net["subnets"])


def test_tags_of_a_balancer_are_added_and_removed(elb: Any, balancer: dict[str, Any]) -> None:
    arns = [balancer["LoadBalancerArn"]]
    elb.add_tags(ResourceArns=arns, Tags=tags(site="home", own="me"))
    elb.remove_tags(ResourceArns=arns, TagKeys=["own"])
    found = elb.describe_tags(ResourceArns=arns)["TagDescriptions"][0]["Tags"]
    assert found == tags(site="home")


def test_a_listener_forwards_and_its_rules_come_in_order(
    elb: Any, balancer: dict[str, Any], targets: str
) -> None:
    made = listen(elb, balancer, targets)
    busy = {"StatusCode": "503", "ContentType": "text/plain", "MessageBody": "later"}
    elb.create_rule(
        ListenerArn=made["ListenerArn"],
        Priority=10,
        Conditions=[{"Field": "path-pattern", "Values": ["/x*"]}],
        Actions=[{"Type": "fixed-response", "FixedResponseConfig": busy}],
    )
    found = elb.describe_rules(ListenerArn=made["ListenerArn"])["Rules"]
    assert [rule["Priority"] for rule in found] == ["10", "default"]


def test_a_listener_is_changed_and_deleted(
    elb: Any, balancer: dict[str, Any], targets: str
) -> None:
    arn = listen(elb, balancer, targets)["ListenerArn"]
    away = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    action = {"Type": "redirect", "RedirectConfig": away}
    elb.modify_listener(ListenerArn=arn, DefaultActions=[action])
    named = {"LoadBalancerArn": balancer["LoadBalancerArn"]}
    found = elb.describe_listeners(**named)["Listeners"]
    assert [one["DefaultActions"][0]["Type"] for one in found] == ["redirect"]
    elb.delete_listener(ListenerArn=arn)
    assert elb.describe_listeners(**named)["Listeners"] == []


def test_a_port_is_listened_to_once(elb: Any, balancer: dict[str, Any], targets: str) -> None:
    listen(elb, balancer, targets)
    asked = {
        "LoadBalancerArn": balancer["LoadBalancerArn"],
        "Protocol": "HTTP",
        "Port": 80,
        "DefaultActions": [
            {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}
        ],
    }
    assert refused(elb.create_listener, **asked) == "DuplicateListener"


def test_a_listener_wants_a_certificate_that_there_is(
    elb: Any, balancer: dict[str, Any], targets: str
) -> None:
    asked = {
        "LoadBalancerArn": balancer["LoadBalancerArn"],
        "Protocol": "HTTPS",
        "Port": 443,
        "Certificates": [{"CertificateArn": f"arn:aws:acm:{HOME}:1:certificate/none"}],
        "DefaultActions": [{"Type": "forward", "TargetGroupArn": targets}],
    }
    assert refused(elb.create_listener, **asked) == "CertificateNotFound"


def test_capacity_is_reserved_in_advance(elb: Any, balancer: dict[str, Any]) -> None:
    told = elb.modify_capacity_reservation(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        MinimumLoadBalancerCapacity={"CapacityUnits": 100},
    )
    assert told["MinimumLoadBalancerCapacity"] == {"CapacityUnits": 100}


def test_the_name_of_a_balancer_resolves_on_this_machine(balancer: dict[str, Any]) -> None:
    assert socket.gethostbyname(balancer["DNSName"])
