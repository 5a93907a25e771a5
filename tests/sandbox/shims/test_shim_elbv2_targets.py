# SPDX-License-Identifier: GPL-3.0-or-later
"""Target groups and listeners of the sandbox behave as AWS's, where the emulator does not."""

from __future__ import annotations

from typing import Any

from tests.sandbox.shims.balancing import (
    balance,
    certificate,
    group,
    health,
    instance,
    listener,
    public,
    secure,
)


def test_the_same_target_group_again_is_the_same_and_another_one_is_refused(cloud: Any) -> None:
    net = public(cloud)
    assert group(cloud, net) == group(cloud, net)
    other = {"Name": "app", "Protocol": "HTTP", "Port": 9090, "VpcId": net["vpc"]}
    code = cloud.refused("elbv2", "create_target_group", **other)
    assert code == "DuplicateTargetGroupName"


def test_a_target_is_unused_then_initial_then_healthy_then_draining(cloud: Any) -> None:
    net = public(cloud)
    cloud.slow()
    lb, tg = balance(cloud, net), group(cloud, net)
    elb = cloud.client("elbv2")
    cloud.advance(60)
    name = instance(cloud, net)
    cloud.advance(600)
    elb.register_targets(TargetGroupArn=tg, Targets=[{"Id": name}])
    assert health(cloud, tg) == [("unused", "Target.NotInUse")]
    cloud.advance(600)
    elb.create_listener(**listener(lb, tg))
    assert health(cloud, tg) == [("initial", "Elb.RegistrationInProgress")]
    cloud.advance(103)
    assert health(cloud, tg)[0][0] == "initial"
    cloud.advance(1)
    assert health(cloud, tg) == [("healthy", "")]
    elb.deregister_targets(TargetGroupArn=tg, Targets=[{"Id": name}])
    assert health(cloud, tg) == [("draining", "Target.DeregistrationInProgress")]
    cloud.advance(300)
    assert health(cloud, tg) == []


def test_a_terminated_instance_leaves_its_target_group(cloud: Any) -> None:
    net = public(cloud)
    lb, tg = balance(cloud, net), group(cloud, net)
    elb = cloud.client("elbv2")
    elb.create_listener(**listener(lb, tg))
    name = instance(cloud, net)
    elb.register_targets(TargetGroupArn=tg, Targets=[{"Id": name}])
    assert health(cloud, tg) == [("healthy", "")]
    cloud.client("ec2").terminate_instances(InstanceIds=[name])
    assert health(cloud, tg) == []


def test_an_unknown_instance_is_not_registered(cloud: Any) -> None:
    tg = group(cloud, public(cloud))
    wanted = {"TargetGroupArn": tg, "Targets": [{"Id": "i-0123456789abcdef0"}]}
    assert cloud.refused("elbv2", "register_targets", **wanted) == "InvalidTarget"


def test_the_same_listener_again_is_the_same_and_another_one_is_refused(cloud: Any) -> None:
    net = public(cloud)
    lb, tg = balance(cloud, net), group(cloud, net)
    elb = cloud.client("elbv2")
    first = elb.create_listener(**listener(lb, tg))["Listeners"][0]
    again = elb.create_listener(**listener(lb, tg))["Listeners"][0]
    assert first["ListenerArn"] == again["ListenerArn"]
    assert "SslPolicy" not in first
    other = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
    wanted = listener(lb, tg, DefaultActions=[other])
    assert cloud.refused("elbv2", "create_listener", **wanted) == "DuplicateListener"


def test_actions_come_back_in_full(cloud: Any) -> None:
    net = public(cloud)
    lb, tg = balance(cloud, net), group(cloud, net)
    elb = cloud.client("elbv2")
    elb.create_listener(**listener(lb, tg))
    redirect = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    action = {"Type": "redirect", "RedirectConfig": redirect}
    elb.create_listener(**listener(lb, tg, Port=81, DefaultActions=[action]))
    found = elb.describe_listeners(LoadBalancerArn=lb)["Listeners"]
    actions = {one["Port"]: one["DefaultActions"][0] for one in found}
    assert actions[80]["ForwardConfig"]["TargetGroups"] == [{"TargetGroupArn": tg, "Weight": 1}]
    assert actions[81]["RedirectConfig"]["Path"] == "/#{path}"


def test_an_https_listener_wants_an_issued_certificate_of_its_region(cloud: Any) -> None:
    net = public(cloud)
    lb, tg = balance(cloud, net), group(cloud, net)
    wanted = secure(lb, tg, certificate(cloud, "us-west-2"))
    assert cloud.refused("elbv2", "create_listener", **wanted) == "CertificateNotFound"
    wanted = secure(lb, tg, certificate(cloud))
    assert cloud.refused("elbv2", "create_listener", **wanted) == "UnsupportedCertificate"
    del wanted["Certificates"]
    assert cloud.refused("elbv2", "create_listener", **wanted) == "ValidationError"


def test_a_target_group_serves_one_load_balancer_and_is_kept_while_in_use(cloud: Any) -> None:
    net = public(cloud)
    lb, tg = balance(cloud, net), group(cloud, net)
    other = balance(cloud, net, Name="web2")
    elb = cloud.client("elbv2")
    made = elb.create_listener(**listener(lb, tg))["Listeners"][0]["ListenerArn"]
    code = cloud.refused("elbv2", "create_listener", **listener(other, tg))
    assert code == "TargetGroupAssociationLimit"
    assert cloud.refused("elbv2", "delete_target_group", TargetGroupArn=tg) == "ResourceInUse"
    elb.delete_listener(ListenerArn=made)
    found = elb.describe_target_groups(TargetGroupArns=[tg])["TargetGroups"][0]
    assert found["LoadBalancerArns"] == []
    assert cloud.refused("elbv2", "delete_target_group", TargetGroupArn=tg) == ""


def test_target_groups_have_pages(cloud: Any) -> None:
    net = public(cloud)
    for number in range(5):
        group(cloud, net, Name=f"g{number}")
    elb = cloud.client("elbv2")
    assert len(elb.describe_target_groups(PageSize=2)["TargetGroups"]) == 2
    pages = elb.get_paginator("describe_target_groups").paginate(PageSize=2)
    assert len([g for page in pages for g in page["TargetGroups"]]) == 5


def test_an_unknown_rule_and_a_default_one_are_not_deleted(cloud: Any) -> None:
    net = public(cloud)
    lb, tg = balance(cloud, net), group(cloud, net)
    elb = cloud.client("elbv2")
    arn = elb.create_listener(**listener(lb, tg))["Listeners"][0]["ListenerArn"]
    rule = elb.describe_rules(ListenerArn=arn)["Rules"][0]["RuleArn"]
    code = cloud.refused("elbv2", "delete_rule", RuleArn=rule)
    assert code == "OperationNotPermitted"
    code = cloud.refused("elbv2", "delete_rule", RuleArn=rule + "0")
    assert code == "RuleNotFound"
