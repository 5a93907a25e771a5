# SPDX-License-Identifier: GPL-3.0-or-later
"""The request log names every request as botocore does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.serialize import create_serializer
from botocore.session import Session
from werkzeug.test import EnvironBuilder

from sandbox.calls import identify
from sandbox.running import Handle, running

from .conftest import Clients


def last(cloud: Handle) -> dict[str, Any]:
    return cloud.log()[-1]


# One call for each protocol and each way to name an operation.
CALLS = [
    ("ec2", "describe_vpcs", {}, "DescribeVpcs", False),
    ("ec2", "create_vpc", {"CidrBlock": "10.0.0.0/16"}, "CreateVpc", True),
    ("rds", "describe_db_instances", {}, "DescribeDBInstances", False),
    ("elbv2", "describe_load_balancers", {}, "DescribeLoadBalancers", False),
    ("autoscaling", "describe_auto_scaling_groups", {}, "DescribeAutoScalingGroups", False),
    ("iam", "list_roles", {}, "ListRoles", False),
    ("sts", "get_caller_identity", {}, "GetCallerIdentity", False),
    ("sns", "create_topic", {"Name": "t"}, "CreateTopic", True),
    ("cloudwatch", "describe_alarms", {}, "DescribeAlarms", False),
    ("cloudwatch", "put_metric_data", {"Namespace": "n", "MetricData": []}, "PutMetricData", True),
    ("kms", "list_keys", {}, "ListKeys", False),
    ("ssm", "get_parameters_by_path", {"Path": "/a"}, "GetParametersByPath", False),
    ("secretsmanager", "list_secrets", {}, "ListSecrets", False),
    ("acm", "list_certificates", {}, "ListCertificates", False),
    ("logs", "create_log_group", {"logGroupName": "g"}, "CreateLogGroup", True),
    ("resourcegroupstaggingapi", "get_resources", {}, "GetResources", False),
    ("route53", "list_hosted_zones", {}, "ListHostedZones", False),
    (
        "route53",
        "create_hosted_zone",
        {"Name": "example.com", "CallerReference": "1"},
        "CreateHostedZone",
        True,
    ),
    ("scheduler", "list_schedules", {}, "ListSchedules", False),
]


@pytest.mark.parametrize(
    ("service", "method", "given", "action", "write"), CALLS, ids=[c[3] for c in CALLS]
)
def test_a_request_is_logged_with_service_region_action_and_whether_it_writes(
    cloud: Handle,
    client: Clients,
    service: str,
    method: str,
    given: dict[str, Any],
    action: str,
    write: bool,
) -> None:
    getattr(client(service), method)(**given)
    entry = last(cloud)
    assert (entry["service"], entry["region"]) == (service, "us-east-1")
    assert (entry["action"], entry["write"]) == (action, write)
    assert entry["access_key"] == "AKIAIOSFODNN7EXAMPLE"


SIMPLE = {
    "map": {},
    "integer": 1,
    "long": 1,
    "boolean": True,
    "timestamp": 0,
    "blob": b"x",
    "float": 1.0,
    "double": 1.0,
}
NAMED = {
    "Bucket": "a-bucket",
    "Key": "a/key with space",
    "KMSKeyArn": "arn:aws:kms:us-east-1:1:key/k",
}


def _value(shape: Any, name: str) -> Any:
    """Any value of the shape: what is sent does not matter, only how the request looks."""
    if name in NAMED:
        return NAMED[name]
    if shape.type_name == "structure":
        needed = shape.required_members or list(shape.members)[: shape.is_tagged_union]
        return {k: _value(v, k) for k, v in shape.members.items() if k in needed}
    if shape.type_name == "list":
        return [_value(shape.member, name)]
    return SIMPLE.get(shape.type_name, (getattr(shape, "enum", None) or ["text"])[0])


# These leave by another road: another host (Outposts lambda, sessions, tables) than the API's.
ELSEWHERE = {"WriteGetObjectResponse"}
# A model of its own: a client's first request cuts the bucket out of the paths of the shared one.
_S3 = Session().get_service_model("s3")
S3_ACTIONS = sorted(set(_S3.operation_names) - ELSEWHERE)


@pytest.mark.parametrize("action", S3_ACTIONS)
def test_every_s3_request_is_named_like_its_operation(action: str) -> None:
    model = _S3.operation_model(action)
    given = _value(model.input_shape, "") if model.input_shape else {}
    sent = create_serializer("rest-xml").serialize_to_request(given, model)
    headers = {name: str(value) for name, value in sent["headers"].items()}
    headers["Authorization"] = (
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20250101/us-east-1/s3/aws4_request, x"
    )
    environ = EnvironBuilder(
        path=sent["url_path"].split("?")[0],
        query_string={
            **dict(parse_qsl(sent["url_path"].partition("?")[2], keep_blank_values=True)),
            **{k: str(v) for k, v in sent["query_string"].items()},
        },
        method=sent["method"],
        headers=headers,
    ).get_environ()
    call = identify(environ, b"")
    assert call.action in {action, *ALIKE.get(action, ())}
    assert call.write is (sent["method"] not in {"GET", "HEAD"}) or action == "SelectObjectContent"


# Operations whose requests are the same on the wire; botocore has an old and a new one of these.
ALIKE = {
    "GetBucketLifecycle": ("GetBucketLifecycleConfiguration",),
    "PutBucketLifecycle": ("PutBucketLifecycleConfiguration",),
    "GetBucketNotification": ("GetBucketNotificationConfiguration",),
    "PutBucketNotification": ("PutBucketNotificationConfiguration",),
    "ListDirectoryBuckets": ("ListBuckets",),
}


def test_a_mark_divides_the_writes_before_it_from_those_after(
    cloud: Handle, client: Clients
) -> None:
    ec2 = client("ec2")
    ec2.create_vpc(CidrBlock="10.0.0.0/16")
    mark = cloud.mark()
    ec2.describe_vpcs()
    assert cloud.writes_since(mark) == []
    ec2.create_vpc(CidrBlock="10.1.0.0/16")
    assert [entry["action"] for entry in cloud.writes_since(mark)] == ["CreateVpc"]


def test_a_dry_run_is_no_write(cloud: Handle, client: Clients) -> None:
    mark = cloud.mark()
    with pytest.raises(ClientError):
        client("ec2").create_vpc(CidrBlock="10.0.0.0/16", DryRun=True)
    assert cloud.writes_since(mark) == []
    assert last(cloud)["dry_run"] is True


def test_the_log_says_what_a_request_was_about_and_keeps_secrets_out(
    cloud: Handle, client: Clients
) -> None:
    client("secretsmanager").create_secret(Name="the-name", SecretString="hunter2-secret")
    client("ssm").put_parameter(Name="/p", Value="hunter2-secret", Type="SecureString")
    text = json.dumps(cloud.log())
    assert "the-name" in text
    assert "hunter2" not in text


def test_each_request_is_a_json_line_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "requests.jsonl"
    with running(log_file=file) as cloud:
        boto3.client(
            "ec2",
            region_name="us-west-2",
            endpoint_url=cloud.endpoint,
            aws_access_key_id="x",
            aws_secret_access_key="x",
        ).describe_vpcs()
        in_memory = cloud.log()
    assert [json.loads(line) for line in file.read_text().splitlines()] == in_memory
    assert in_memory[0]["region"] == "us-west-2"
