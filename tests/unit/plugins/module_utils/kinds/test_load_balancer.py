# SPDX-License-Identifier: GPL-3.0-or-later
"""Balancers: kept as declared; listeners of others are named."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds import elbv2
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.load_balancer import (
    LoadBalancer,
)
from botocore.exceptions import ClientError
from botocore.stub import Stubber


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


def test_a_new_balancer_is_as_declared(life: Any, balancer: Want) -> None:
    have = life(LoadBalancer()).make(balancer)
    assert life(LoadBalancer()).differences(balancer) == {}
    assert have.settled
    assert have.facts["suffix"].startswith("app/production-home-main/")
    assert have.facts["dns_name"] == have.facts["dns_name"].lower()


def test_a_bucket_that_does_not_take_logs_yet_leaves_a_balancer_to_complete(
    life: Any, aws: Aws, balancer: Want
) -> None:
    with Stubber(aws.client("elbv2")) as stub:
        stub.add_client_error(
            "modify_load_balancer_attributes",
            "InvalidConfigurationRequest",
            "Access Denied for bucket: logs. Please check S3bucket permission",
            400,
        )
        have = LoadBalancer().create(aws, balancer)
    assert (have.settled, have.facts["name"]) == (False, "production-home-main")
    assert "attributes.deletion_protection.enabled" in life(LoadBalancer()).differences(balancer)
    life(LoadBalancer()).repair(balancer)
    assert life(LoadBalancer()).differences(balancer) == {}
    assert len(aws.client("elbv2").describe_load_balancers()["LoadBalancers"]) == 1


@pytest.mark.parametrize(("state", "settled"), [("provisioning", False), ("active", True)])
def test_a_create_that_is_answered_with_what_is_there_already_awaits_nothing(
    life: Any, aws: Aws, balancer: Want, state: str, settled: bool
) -> None:
    life(LoadBalancer()).make(balancer)
    (there,) = aws.client("elbv2").describe_load_balancers()["LoadBalancers"]
    with Stubber(aws.once("elbv2")) as stub:
        there["State"] = {"Code": state}
        stub.add_response("create_load_balancer", {"LoadBalancers": [there]})
        have = LoadBalancer().create(aws, balancer)
    assert (have.settled, have.status) == (settled, state)


def test_settings_that_are_refused_for_good_are_an_error(aws: Aws, balancer: Want) -> None:
    with Stubber(aws.client("elbv2")) as stub:
        stub.add_client_error("modify_load_balancer_attributes", "ValidationError", "no", 400)
        with pytest.raises(ClientError, match="ValidationError"):
            LoadBalancer().create(aws, balancer)


def attribute(key: str, value: str) -> dict[str, Any]:
    return {"Attributes": [{"Key": key, "Value": value}]}


@pytest.mark.parametrize(
    ("call", "arguments", "field", "found", "wanted"),
    [
        (
            "modify_load_balancer_attributes",
            attribute("deletion_protection.enabled", "false"),
            "attributes.deletion_protection.enabled",
            "false",
            "true",
        ),
        (
            "modify_load_balancer_attributes",
            attribute("idle_timeout.timeout_seconds", "10"),
            "attributes.idle_timeout.timeout_seconds",
            "10",
            "60",
        ),
    ],
)
def test_a_changed_setting_is_seen_and_put_right(
    life: Any,
    aws: Aws,
    balancer: Want,
    call: str,
    arguments: Any,
    field: str,
    found: Any,
    wanted: Any,
) -> None:
    arn = life(LoadBalancer()).make(balancer).facts["arn"]
    getattr(aws.client("elbv2"), call)(LoadBalancerArn=arn, **arguments)
    assert life(LoadBalancer()).differences(balancer) == {field: (found, wanted)}
    life(LoadBalancer()).repair(balancer)
    assert life(LoadBalancer()).differences(balancer) == {}


def test_other_subnets_and_groups_are_seen_and_put_right(
    life: Any, aws: Aws, net: dict[str, Any], balancer: Want
) -> None:
    arn = life(LoadBalancer()).make(balancer).facts["arn"]
    elb, ec2 = aws.client("elbv2"), aws.client("ec2")
    other = ec2.create_security_group(GroupName="o", Description="o", VpcId=net["vpc"])["GroupId"]
    elb.set_subnets(LoadBalancerArn=arn, Subnets=sorted(net["subnets"].values())[:2])
    elb.set_security_groups(LoadBalancerArn=arn, SecurityGroups=[other])
    assert set(life(LoadBalancer()).differences(balancer)) == {"subnets", "security_groups"}
    life(LoadBalancer()).repair(balancer)
    assert life(LoadBalancer()).differences(balancer) == {}


def test_a_foreign_tag_stays_when_ours_are_repaired(life: Any, aws: Aws, balancer: Want) -> None:
    arn = life(LoadBalancer()).make(balancer).facts["arn"]
    edits = [{"Key": "team", "Value": "x"}, {"Key": "theirs", "Value": "1"}]
    aws.client("elbv2").add_tags(ResourceArns=[arn], Tags=edits)
    assert life(LoadBalancer()).differences(balancer) == {"tags.team": ("x", "shop")}
    life(LoadBalancer()).repair(balancer)
    have = life(LoadBalancer()).find(balancer)
    assert have and have.spec["tags"]["theirs"] == "1"


def test_a_listener_of_somebody_else_is_named(life: Any, aws: Aws, balancer: Want) -> None:
    arn = life(LoadBalancer()).make(balancer).facts["arn"]
    answer = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
    aws.client("elbv2").create_listener(
        LoadBalancerArn=arn, Protocol="HTTP", Port=8443, DefaultActions=[answer]
    )
    have = life(LoadBalancer()).find(balancer)
    assert have and have.foreign == ("listener on port 8443",)


def test_a_balancer_of_our_name_without_our_tags_is_not_ours(
    life: Any, aws: Aws, net: dict[str, Any], balancer: Want
) -> None:
    aws.client("elbv2").create_load_balancer(
        Name="production-home-main", Subnets=sorted(net["subnets"].values())
    )
    assert life(LoadBalancer()).find(balancer) is None


def test_a_deleted_balancer_is_gone(life: Any, balancer: Want) -> None:
    bare = life(LoadBalancer()).another(balancer, attributes={})
    life(LoadBalancer()).make(bare)
    life(LoadBalancer()).remove(bare)
    assert life(LoadBalancer()).find(bare) is None


def test_a_long_name_keeps_to_the_limit_and_stays_unlike_others() -> None:
    one = Scope("production-of-the-shop", "home", "us-east-1", "123456789012")
    two = Scope("production-of-the-shops", "home", "us-east-1", "123456789012")
    names = {elbv2.name(scope, "web", "8080") for scope in (one, two)}
    assert len(names) == 2
    assert all(len(name) <= 32 for name in names)
