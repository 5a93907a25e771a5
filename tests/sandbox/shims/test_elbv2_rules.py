# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWS refuses of listeners, rules and target groups changes nothing of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.shims.balancing import balance, group, listener, public

INVALID = "ValidationError"
CHECKS: dict[str, dict[str, Any]] = {
    "interval as long as the timeout": {
        "HealthCheckIntervalSeconds": 10,
        "HealthCheckTimeoutSeconds": 10,
    },
    "interval too long": {"HealthCheckIntervalSeconds": 301},
    "timeout too long": {"HealthCheckIntervalSeconds": 300, "HealthCheckTimeoutSeconds": 121},
    "threshold too high": {"HealthyThresholdCount": 11},
    "path without a slash": {"HealthCheckPath": "ready"},
}


@pytest.fixture
def made(cloud: Any) -> dict[str, str]:
    """A network with a load balancer, two target groups and a listener, by what they are."""
    net = public(cloud)
    lb, first = balance(cloud, net), group(cloud, net)
    second = group(cloud, net, Name="other")
    elb = cloud.client("elbv2")
    made = elb.create_listener(**listener(lb, first))["Listeners"][0]["ListenerArn"]
    return {"vpc": net["vpc"], "lb": lb, "first": first, "second": second, "listener": made}


def actions(cloud: Any, made: dict[str, str]) -> Any:
    found = cloud.client("elbv2").describe_listeners(ListenerArns=[made["listener"]])
    return found["Listeners"][0]["DefaultActions"]


def forward(*groups: tuple[str, int]) -> list[dict[str, Any]]:
    pairs = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in groups]
    return [{"Type": "forward", "ForwardConfig": {"TargetGroups": pairs}}]


@pytest.mark.parametrize("case", ["unknown", "heavy", "many"])
def test_a_forward_that_cannot_be_is_refused_by_listeners_and_rules(
    cloud: Any, made: dict[str, str], case: str
) -> None:
    first = made["first"]
    wrong, code = {
        "unknown": (forward((first[:-4] + "0000", 1)), "TargetGroupNotFound"),
        "heavy": (forward((first, 1000)), INVALID),
        "many": (forward(*[(first, 1)] * 6), INVALID),
    }[case]
    before = actions(cloud, made)
    arn = {"ListenerArn": made["listener"]}
    assert cloud.refused("elbv2", "modify_listener", **arn, DefaultActions=wrong) == code
    where = [{"Field": "path-pattern", "Values": ["/x"]}]
    rule = {**arn, "Priority": 5, "Conditions": where}
    assert cloud.refused("elbv2", "create_rule", **rule, Actions=wrong) == code
    right = forward((first, 999), (made["second"], 0))
    elb = cloud.client("elbv2")
    number = elb.create_rule(**rule, Actions=right)["Rules"][0]["RuleArn"]
    assert cloud.refused("elbv2", "modify_rule", RuleArn=number, Actions=wrong) == code
    asked = {"LoadBalancerArn": made["lb"], "Protocol": "HTTP", "Port": 81}
    assert cloud.refused("elbv2", "create_listener", **asked, DefaultActions=wrong) == code
    assert actions(cloud, made) == before


@pytest.mark.parametrize("case", CHECKS)
def test_a_health_check_that_cannot_be_is_refused(
    cloud: Any, made: dict[str, str], case: str
) -> None:
    asked = {"Name": "new", "Protocol": "HTTP", "Port": 80, "VpcId": made["vpc"]}
    assert cloud.refused("elbv2", "create_target_group", **asked, **CHECKS[case]) == INVALID
    change = {"TargetGroupArn": made["first"], **CHECKS[case]}
    assert cloud.refused("elbv2", "modify_target_group", **change) == INVALID
    found = cloud.client("elbv2").describe_target_groups(TargetGroupArns=[made["first"]])
    told = found["TargetGroups"][0]
    assert {name: told[name] for name in CHECKS[case]} != CHECKS[case]


def test_a_changed_interval_is_measured_by_the_timeout_that_is_there(
    cloud: Any, made: dict[str, str]
) -> None:
    arn = {"TargetGroupArn": made["first"]}
    call = ("elbv2", "modify_target_group")
    assert cloud.refused(*call, **arn, HealthCheckIntervalSeconds=5) == INVALID
    both = {"HealthCheckIntervalSeconds": 5, "HealthCheckTimeoutSeconds": 2}
    assert cloud.refused(*call, **arn, **both) == ""


def test_a_port_that_there_is_not_is_refused(cloud: Any, made: dict[str, str]) -> None:
    asked = {"Name": "new", "Protocol": "HTTP", "Port": 99999, "VpcId": made["vpc"]}
    assert cloud.refused("elbv2", "create_target_group", **asked) == INVALID
    heard = {"Protocol": "HTTP", "Port": 99999, "DefaultActions": forward((made["first"], 1))}
    balancer = {"LoadBalancerArn": made["lb"]}
    assert cloud.refused("elbv2", "create_listener", **balancer, **heard) == INVALID
    arn = {"ListenerArn": made["listener"]}
    assert cloud.refused("elbv2", "modify_listener", **arn, Port=99999) == INVALID


def test_an_attribute_that_a_target_group_does_not_have_is_refused(
    cloud: Any, made: dict[str, str]
) -> None:
    call = ("elbv2", "modify_target_group_attributes")
    arn = {"TargetGroupArn": made["first"]}
    wrong = [{"Key": "bogus", "Value": "1"}]
    assert cloud.refused(*call, **arn, Attributes=wrong) == INVALID
    right = [{"Key": "slow_start.duration_seconds", "Value": "30"}]
    assert cloud.refused(*call, **arn, Attributes=right) == ""
