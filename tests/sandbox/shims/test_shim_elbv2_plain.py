# SPDX-License-Identifier: GPL-3.0-or-later
"""What the emulator alone makes of load balancers: if it mends it, ours can go."""

from __future__ import annotations

from typing import Any

from tests.sandbox.shims.balancing import (
    attributes,
    balance,
    certificate,
    group,
    health,
    listener,
    secure,
    state,
)


def test_plain_load_balancers_are_active_at_once_and_never_protected(plain: Any) -> None:
    net = plain.network()
    lb = balance(plain, net, Subnets=net["subnets"][:1])
    balance(plain, net)
    assert state(plain, lb) == "active"
    found = plain.client("elbv2").describe_load_balancers()["LoadBalancers"]
    assert len(found) == 2
    assert len({one["DNSName"] for one in found}) == 1
    logs = {"access_logs__s3__enabled": "true", "access_logs__s3__bucket": "absent"}
    assert attributes(plain, lb, deletion_protection__enabled="true", **logs) == ""
    assert plain.refused("elbv2", "delete_load_balancer", LoadBalancerArn=lb) == ""


def test_plain_targets_are_healthy_without_a_listener_and_unknown_ones_too(plain: Any) -> None:
    tg = group(plain, plain.network())
    targets = [{"Id": "i-0123456789abcdef0"}]
    plain.client("elbv2").register_targets(TargetGroupArn=tg, Targets=targets)
    assert health(plain, tg)[0][0] == "healthy"
    plain.client("elbv2").deregister_targets(TargetGroupArn=tg, Targets=targets)
    assert health(plain, tg) == []


def test_plain_listeners_share_a_port_take_any_certificate_and_one_group_serves_two(
    plain: Any,
) -> None:
    net = plain.network()
    lb, tg = balance(plain, net), group(plain, net)
    elb = plain.client("elbv2")
    elb.create_listener(**listener(lb, tg))
    again = elb.create_listener(**listener(lb, tg))["Listeners"][0]
    assert "SslPolicy" in again
    assert "ForwardConfig" not in again["DefaultActions"][0]
    elb.create_listener(**secure(lb, tg, certificate(plain)))
    elb.create_listener(**listener(balance(plain, net, Name="web2"), tg))
    elb.delete_listener(ListenerArn=again["ListenerArn"])
    found = elb.describe_target_groups(TargetGroupArns=[tg])["TargetGroups"][0]
    assert len(found["LoadBalancerArns"]) == 4


def test_plain_a_target_group_again_is_refused(plain: Any) -> None:
    net = plain.network()
    group(plain, net)
    wanted = {"Name": "app", "Protocol": "HTTP", "Port": 8080, "VpcId": net["vpc"]}
    code = plain.refused("elbv2", "create_target_group", **wanted)
    assert code == "DuplicateTargetGroupName"


def test_plain_there_are_no_pages_and_few_tags(plain: Any) -> None:
    net = plain.network()
    for number in range(3):
        group(plain, net, Name=f"g{number}")
    elb = plain.client("elbv2")
    assert len(elb.describe_target_groups(PageSize=2)["TargetGroups"]) == 3
    lb = balance(plain, net)
    tags = [{"Key": f"k{n}", "Value": "v"} for n in range(12)]
    elb.add_tags(ResourceArns=[lb], Tags=tags[:10])
    assert plain.refused("elbv2", "add_tags", ResourceArns=[lb], Tags=tags) == "TooManyTags"
