# SPDX-License-Identifier: GPL-3.0-or-later
"""Load balancers of the sandbox behave as AWS's, where the emulator alone does not."""

from __future__ import annotations

import json
from typing import Any

import pytest

EAST = "us-east-1"


def public(cloud: Any, zones: str = "abc") -> dict[str, Any]:
    """A network with an internet gateway."""
    net: dict[str, Any] = cloud.network(EAST, zones)
    ec2 = cloud.client("ec2")
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=net["vpc"])
    return net


def balancer(net: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"Name": "web", "Subnets": net["subnets"], "SecurityGroups": [net["group"]], **more}


def balance(cloud: Any, net: dict[str, Any], **more: Any) -> str:
    made = cloud.client("elbv2").create_load_balancer(**balancer(net, **more))
    return str(made["LoadBalancers"][0]["LoadBalancerArn"])


def group(cloud: Any, net: dict[str, Any], **more: Any) -> str:
    wanted = {"Name": "app", "Protocol": "HTTP", "Port": 8080, "VpcId": net["vpc"], **more}
    made = cloud.client("elbv2").create_target_group(**wanted)
    return str(made["TargetGroups"][0]["TargetGroupArn"])


def listener(lb: str, tg: str, **more: Any) -> dict[str, Any]:
    return {
        "LoadBalancerArn": lb,
        "Protocol": "HTTP",
        "Port": 80,
        "DefaultActions": [{"Type": "forward", "TargetGroupArn": tg}],
        **more,
    }


def state(cloud: Any, lb: str) -> str:
    found = cloud.client("elbv2").describe_load_balancers(LoadBalancerArns=[lb])
    return str(found["LoadBalancers"][0]["State"]["Code"])


def instance(cloud: Any, net: dict[str, Any]) -> str:
    made = cloud.client("ec2").run_instances(
        ImageId=cloud.image(), MinCount=1, MaxCount=1, SubnetId=net["subnets"][0]
    )
    return str(made["Instances"][0]["InstanceId"])


def health(cloud: Any, tg: str) -> list[tuple[str, str]]:
    found = cloud.client("elbv2").describe_target_health(TargetGroupArn=tg)
    return [
        (t["TargetHealth"]["State"], t["TargetHealth"].get("Reason", ""))
        for t in found["TargetHealthDescriptions"]
    ]


def test_a_load_balancer_is_provisioning_until_its_time_has_passed(cloud: Any) -> None:
    cloud.slow()
    lb = balance(cloud, public(cloud))
    assert state(cloud, lb) == "provisioning"
    cloud.advance(149)
    assert state(cloud, lb) == "provisioning"
    cloud.advance(1)
    assert state(cloud, lb) == "active"


def test_the_same_load_balancer_again_is_the_same_and_another_one_is_refused(cloud: Any) -> None:
    net = public(cloud)
    lb = balance(cloud, net)
    assert balance(cloud, net, Subnets=net["subnets"][::-1]) == lb
    wanted = balancer(net, Subnets=net["subnets"][:2])
    assert cloud.refused("elbv2", "create_load_balancer", **wanted) == "DuplicateLoadBalancerName"


def test_two_load_balancers_have_different_names_in_dns_and_the_zone_of_their_region(
    cloud: Any,
) -> None:
    net = public(cloud)
    balance(cloud, net)
    balance(cloud, net, Name="web2")
    found = cloud.client("elbv2").describe_load_balancers()["LoadBalancers"]
    assert len({lb["DNSName"] for lb in found}) == 2
    assert {lb["CanonicalHostedZoneId"] for lb in found} == {"Z35SXDOTRQ7X7K"}


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"Subnets": 1}, "ValidationError"),
        ({"SecurityGroups": ["sg-0123456789abcdef0"]}, "InvalidConfigurationRequest"),
        ({"Name": "under_score"}, "ValidationError"),
    ],
)
def test_a_wrong_load_balancer_is_refused(cloud: Any, wrong: dict[str, Any], code: str) -> None:
    net = public(cloud)
    if "Subnets" in wrong:
        wrong = {"Subnets": net["subnets"][:1]}
    assert cloud.refused("elbv2", "create_load_balancer", **balancer(net, **wrong)) == code
    assert cloud.client("elbv2").describe_load_balancers()["LoadBalancers"] == []


def test_a_public_load_balancer_wants_an_internet_gateway(cloud: Any) -> None:
    net = cloud.network()
    assert cloud.refused("elbv2", "create_load_balancer", **balancer(net)) == "InvalidSubnet"
    assert cloud.refused("elbv2", "create_load_balancer", **balancer(net, Scheme="internal")) == ""


def attributes(cloud: Any, lb: str, **new: str) -> str:
    return str(
        cloud.refused(
            "elbv2",
            "modify_load_balancer_attributes",
            LoadBalancerArn=lb,
            Attributes=[{"Key": k.replace("__", "."), "Value": v} for k, v in new.items()],
        )
    )


def test_a_protected_load_balancer_is_not_deleted(cloud: Any) -> None:
    lb = balance(cloud, public(cloud))
    assert attributes(cloud, lb, deletion_protection__enabled="true") == ""
    code = cloud.refused("elbv2", "delete_load_balancer", LoadBalancerArn=lb)
    assert code == "OperationNotPermitted"
    assert attributes(cloud, lb, deletion_protection__enabled="false") == ""
    assert cloud.refused("elbv2", "delete_load_balancer", LoadBalancerArn=lb) == ""
    assert cloud.client("elbv2").describe_load_balancers()["LoadBalancers"] == []


def test_all_attributes_are_described(cloud: Any) -> None:
    lb = balance(cloud, public(cloud))
    found = cloud.client("elbv2").describe_load_balancer_attributes(LoadBalancerArn=lb)
    values = {a["Key"]: a["Value"] for a in found["Attributes"]}
    assert values["routing.http.drop_invalid_header_fields.enabled"] == "false"
    assert values["access_logs.s3.enabled"] == "false"
    assert values["idle_timeout.timeout_seconds"] == "60"


def logs_policy() -> str:
    """What lets a bucket called logs take those of a balancer in its folder web."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::logs/web/AWSLogs/123456789012/*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_access_logs_want_a_bucket_that_elb_may_write_to(cloud: Any) -> None:
    lb = balance(cloud, public(cloud))
    logs = {"access_logs__s3__enabled": "true", "access_logs__s3__bucket": "logs"}
    assert attributes(cloud, lb, **logs) == "InvalidConfigurationRequest"
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="logs")
    assert attributes(cloud, lb, **logs) == "InvalidConfigurationRequest"
    s3.put_bucket_policy(Bucket="logs", Policy=logs_policy())
    assert attributes(cloud, lb, **logs) == "InvalidConfigurationRequest"
    assert attributes(cloud, lb, **logs, access_logs__s3__prefix="web") == ""
    kms = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "k"}
    s3.put_bucket_encryption(
        Bucket="logs",
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": kms}]},
    )
    code = attributes(cloud, lb, **logs, access_logs__s3__prefix="web")
    assert code == "InvalidConfigurationRequest"


def test_a_new_bucket_policy_is_not_seen_by_elb_at_once(cloud: Any) -> None:
    lb = balance(cloud, public(cloud))
    logs = {
        "access_logs__s3__enabled": "true",
        "access_logs__s3__bucket": "logs",
        "access_logs__s3__prefix": "web",
    }
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="logs")
    cloud.slow()
    s3.put_bucket_policy(Bucket="logs", Policy=logs_policy())
    assert json.loads(s3.get_bucket_policy(Bucket="logs")["Policy"])["Statement"]
    assert attributes(cloud, lb, **logs) == "InvalidConfigurationRequest"
    # The same policy again begins anew: nobody sees the one before any sooner.
    cloud.advance(10)
    s3.put_bucket_policy(Bucket="logs", Policy=logs_policy())
    cloud.advance(15)
    assert attributes(cloud, lb, **logs) == "InvalidConfigurationRequest"
    cloud.advance(10)
    assert attributes(cloud, lb, **logs) == ""


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


def certificate(cloud: Any, region: str = EAST) -> str:
    acm = cloud.client("acm", region)
    return str(
        acm.request_certificate(DomainName="example.org", ValidationMethod="DNS")["CertificateArn"]
    )


def secure(lb: str, tg: str, arn: str) -> dict[str, Any]:
    return listener(lb, tg, Protocol="HTTPS", Port=443, Certificates=[{"CertificateArn": arn}])


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


def test_no_more_than_20_resources_tell_their_tags_at_once(cloud: Any) -> None:
    lb = balance(cloud, public(cloud))
    assert cloud.refused("elbv2", "describe_tags", ResourceArns=[lb] * 21) == "ValidationError"
    tags = [{"Key": f"k{n}", "Value": "v"} for n in range(12)]
    cloud.client("elbv2").add_tags(ResourceArns=[lb], Tags=tags)
    found = cloud.client("elbv2").describe_tags(ResourceArns=[lb])
    assert len(found["TagDescriptions"][0]["Tags"]) == 12


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


# What the emulator does by itself. A test that fails here says: it has learned it, mend no more.


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
