# SPDX-License-Identifier: GPL-3.0-or-later
"""Load balancers as data, to be put together in tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.balancers.wanted import (
    Action,
    Balancer,
    Check,
    Condition,
    Forward,
    Group,
    Listener,
    Node,
    Rule,
    Target,
)

HERE = Node("subnet-1", "eu-west-1a", "10.0.0.5")
THERE = Node("subnet-2", "eu-west-1b", "10.0.1.5")
CHECK = Check("HTTP", "/ready", 0, 10, 5, 2, 3, "200,301-399")
ARN = "arn:aws:elasticloadbalancing:eu-west-1:123456789012"


def target(number: int, node: Node = HERE) -> Target:
    return Target(f"i-{number}", f"10.0.2.{number}", 8080, node.zone)


def group(name: str = "web", *targets: Target, **attributes: str) -> Group:
    dotted = {key.replace("__", "."): value for key, value in attributes.items()}
    return Group(
        name, f"{ARN}:targetgroup/{name}/1", "HTTP", "HTTP1", CHECK, tuple(targets), (), dotted
    )


def default(action: Action | None = None) -> Rule:
    return Rule(None, (), action or Forward((("web", 1),)))


def rule(priority: int, action: Action, *conditions: Condition) -> Rule:
    return Rule(priority, conditions, action)


def listener(*rules: Rule, port: int = 80, **more: Any) -> Listener:
    return Listener(port, more.pop("protocol", "HTTP"), "", more.pop("certificates", ()), rules)


def balancer(
    *listeners: Listener,
    groups: tuple[Group, ...] = (),
    attributes: Mapping[str, str] | None = None,
) -> Balancer:
    return Balancer(
        arn=f"{ARN}:loadbalancer/app/main/50dc6c495c0c9188",
        account_id="123456789012",
        region="eu-west-1",
        name="main",
        dns_name="main-1.eu-west-1.elb.amazonaws.com",
        scheme="internet-facing",
        vpc_id="vpc-1",
        security_groups=("sg-1",),
        nodes=(HERE, THERE),
        listeners=listeners,
        groups=groups,
        attributes=attributes or {},
    )
