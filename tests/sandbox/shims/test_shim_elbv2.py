# SPDX-License-Identifier: GPL-3.0-or-later
"""Load balancers of the sandbox behave as AWS's, where the emulator alone does not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sandbox.shims.balancing import attributes, balance, balancer, public, state


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


def test_no_more_than_20_resources_tell_their_tags_at_once(cloud: Any) -> None:
    lb = balance(cloud, public(cloud))
    assert cloud.refused("elbv2", "describe_tags", ResourceArns=[lb] * 21) == "ValidationError"
    tags = [{"Key": f"k{n}", "Value": "v"} for n in range(12)]
    cloud.client("elbv2").add_tags(ResourceArns=[lb], Tags=tags)
    found = cloud.client("elbv2").describe_tags(ResourceArns=[lb])
    assert len(found["TagDescriptions"][0]["Tags"]) == 12
