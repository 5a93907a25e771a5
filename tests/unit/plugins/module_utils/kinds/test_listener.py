# SPDX-License-Identifier: GPL-3.0-or-later
"""Listeners: kept as declared; rules and listeners of others stay."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.listener import Listener
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.load_balancer import (
    LoadBalancer,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.target_group import (
    TargetGroup,
)


@pytest.fixture
def net(aws: Aws) -> dict[str, Any]:
    """A network with three subnets and a security group."""
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    subnets = {
        f"us-east-1{letter}": ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.20.{place}.0/24", AvailabilityZone=f"us-east-1{letter}"
        )["Subnet"]["SubnetId"]
        for place, letter in enumerate("abc")
    }
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"]
    return {"vpc": vpc, "subnets": subnets, "group": group}


@pytest.fixture
def balancer(scope: Scope, net: dict[str, Any]) -> Want:
    spec = {
        "scheme": "internet-facing",
        "subnets": net["subnets"],
        "security_groups": (net["group"],),
        "attributes": {
            "deletion_protection.enabled": "true",
            "idle_timeout.timeout_seconds": "60",
            "routing.http.drop_invalid_header_fields.enabled": "true",
        },
        "tags": scope.marks("load_balancer", "main"),
    }
    return Want("load_balancer", "main", spec)


@pytest.fixture
def targets(scope: Scope, net: dict[str, Any]) -> Want:
    spec = {
        "port": 8080,
        "protocol": "HTTP",
        "vpc": net["vpc"],
        "check": {
            "path": "/ready",
            "interval": 10,
            "timeout": 5,
            "healthy": 2,
            "unhealthy": 3,
            "codes": "200",
        },
        "attributes": {"deregistration_delay.timeout_seconds": "30"},
        "tags": scope.marks("target_group", "web"),
    }
    return Want("target_group", "web", spec)


@pytest.fixture
def place(life: Any, aws: Aws, balancer: Want, targets: Want) -> dict[str, str]:
    """ARNs of what a listener refers to."""
    asked = aws.client("acm").request_certificate
    return {
        "balancer": life(LoadBalancer()).make(balancer).facts["arn"],
        "target_group": life(TargetGroup()).make(targets).facts["arn"],
        "certificate": asked(DomainName="www.example.org")["CertificateArn"],
        "other": asked(DomainName="other.example.org")["CertificateArn"],
    }


@pytest.fixture
def https(scope: Scope, place: dict[str, str]) -> Want:
    spec = {
        "balancer": place["balancer"],
        "port": 443,
        "protocol": "HTTPS",
        "ssl_policy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
        "certificate": place["certificate"],
        "action": {"type": "forward", "target_group": place["target_group"]},
        "tags": scope.marks("listener", "https"),
    }
    return Want("listener", "https", spec)


@pytest.fixture
def http(scope: Scope, https: Want) -> Want:
    action = {"type": "redirect", "protocol": "HTTPS", "port": "443", "code": "HTTP_301"}
    plain = {"port": 80, "protocol": "HTTP", "ssl_policy": "", "certificate": "", "action": action}
    return Want(
        "listener", "http", {**https.spec, **plain, "tags": scope.marks("listener", "http")}
    )


def test_new_listeners_are_as_declared(life: Any, https: Want, http: Want) -> None:
    for want in (https, http):
        life(Listener()).make(want)
        assert life(Listener()).differences(want) == {}


def test_each_changed_setting_is_seen_and_put_right(
    life: Any, aws: Aws, place: dict[str, str], https: Want
) -> None:
    arn = life(Listener()).make(https).facts["arn"]
    answer = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}
    for field, edit in {
        "certificate": {"Certificates": [{"CertificateArn": place["other"]}]},
        "ssl_policy": {"SslPolicy": "ELBSecurityPolicy-2016-08"},
        "action": {"DefaultActions": [answer]},
        "port": {"Port": 8443},
    }.items():
        aws.client("elbv2").modify_listener(ListenerArn=arn, **edit)
        assert set(life(Listener()).differences(https)) == {field}
        life(Listener()).repair(https)
        assert life(Listener()).differences(https) == {}


def test_another_redirect_is_seen_and_put_right(life: Any, aws: Aws, http: Want) -> None:
    arn = life(Listener()).make(http).facts["arn"]
    config = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301", "Host": "x.org"}
    aws.client("elbv2").modify_listener(
        ListenerArn=arn, DefaultActions=[{"Type": "redirect", "RedirectConfig": config}]
    )
    assert set(life(Listener()).differences(http)) == {"action"}
    life(Listener()).repair(http)
    assert life(Listener()).differences(http) == {}


def test_a_rule_of_somebody_else_is_named_and_stays(
    life: Any, aws: Aws, place: dict[str, str], https: Want
) -> None:
    arn = life(Listener()).make(https).facts["arn"]
    elb = aws.client("elbv2")
    elb.create_rule(
        ListenerArn=arn,
        Priority=7,
        Conditions=[{"Field": "path-pattern", "Values": ["/x"]}],
        Actions=[{"Type": "forward", "TargetGroupArn": place["target_group"]}],
    )
    elb.modify_listener(ListenerArn=arn, SslPolicy="ELBSecurityPolicy-2016-08")
    life(Listener()).repair(https)
    have = life(Listener()).find(https)
    assert have and have.foreign == ("rule of priority 7",)


def test_a_changed_tag_is_seen_and_put_right(life: Any, aws: Aws, https: Want) -> None:
    arn = life(Listener()).make(https).facts["arn"]
    edit = [{"Key": "team", "Value": "else"}]
    aws.client("elbv2").add_tags(ResourceArns=[arn], Tags=edit)
    assert life(Listener()).differences(https) == {"tags.team": ("else", "shop")}
    life(Listener()).repair(https)
    assert life(Listener()).differences(https) == {}


def test_a_deleted_listener_is_gone_and_the_other_stays(life: Any, https: Want, http: Want) -> None:
    life(Listener()).make(https)
    life(Listener()).make(http)
    life(Listener()).remove(http)
    assert life(Listener()).find(http) is None
    assert life(Listener()).differences(https) == {}
