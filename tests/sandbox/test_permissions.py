# SPDX-License-Identifier: GPL-3.0-or-later
"""IAM policies are in force once that is switched on, for all keys that the account gave out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.policies import ALLOWED, DENIED, NOT_MENTIONED, decision
from sandbox.running import Handle

Clients = Callable[..., Any]
TRUST = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
HERE = {"aws:RequestedRegion": "us-east-1"}


def allow(action: str | list[str], resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: str, resource: str = "*", **more: Any) -> dict[str, Any]:
    return {**allow(action, resource, **more), "Effect": "Deny"}


def decided(
    *statements: Mapping[str, Any], action: str = "s3:GetObject", resource: str | None = "*"
) -> str:
    return decision([{"Statement": list(statements)}], action, resource, HERE)


@pytest.mark.parametrize(
    ("statements", "resource", "result"),
    [
        ([], "*", NOT_MENTIONED),
        ([allow("s3:Get*")], "*", ALLOWED),
        ([allow(["ec2:*", "S3:getobjec?"])], "*", ALLOWED),
        ([allow("s3:*"), deny("s3:GetObject")], "*", DENIED),
        ([allow("s3:*", "arn:aws:s3:::a/*")], "arn:aws:s3:::a/k", ALLOWED),
        ([allow("s3:*", "arn:aws:s3:::a/*")], "arn:aws:s3:::b/k", NOT_MENTIONED),
        ([allow("s3:*", "arn:aws:s3:::a/*")], None, ALLOWED),
        ([allow("s3:*"), deny("s3:*", "arn:aws:s3:::a/*")], None, ALLOWED),
        ([{"Effect": "Allow", "NotAction": "s3:Put*", "Resource": "*"}], "*", ALLOWED),
        ([{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}], "*", NOT_MENTIONED),
    ],
)
def test_a_policy_allows_what_it_says_and_a_denial_wins(
    statements: list[dict[str, Any]], resource: str | None, result: str
) -> None:
    assert decided(*statements, resource=resource) == result


def test_a_condition_on_a_known_key_is_held_to_and_one_on_another_refuses_nothing() -> None:
    def only(operator: str, key: str, *values: str) -> dict[str, Any]:
        return {"Condition": {operator: {key: list(values)}}}

    region = "aws:requestedregion"
    assert decided(allow("s3:*", **only("StringEquals", region, "us-east-1"))) == ALLOWED
    assert decided(allow("s3:*", **only("StringEquals", region, "us-west-2"))) == NOT_MENTIONED
    elsewhere = only("StringNotEquals", region, "us-west-2", "us-east-1")
    assert decided(allow("s3:*"), deny("s3:*", **elsewhere)) == ALLOWED
    assert decided(allow("s3:*"), deny("s3:*", **only("StringNotLike", region, "eu-*"))) == DENIED
    unknown = only("StringEquals", "aws:ResourceTag/site", "home")
    assert decided(allow("s3:*", **unknown)) == ALLOWED
    assert decided(allow("s3:*"), deny("s3:*", **unknown)) == ALLOWED


class Role:
    """A role with one policy, and clients that act as it."""

    def __init__(self, cloud: Handle, client: Clients, *statements: Mapping[str, Any]) -> None:
        iam = client("iam")
        trust = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
        role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)["Role"]
        if statements:
            policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
            iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=policy)
        told = client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="session")
        self._keys = told["Credentials"]
        self._endpoint = cloud.endpoint

    def __call__(self, service: str, region: str = "us-east-1") -> Any:
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self._endpoint,
            aws_access_key_id=self._keys["AccessKeyId"],
            aws_secret_access_key=self._keys["SecretAccessKey"],
            aws_session_token=self._keys["SessionToken"],
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )


def code(call: Callable[..., Any], **arguments: Any) -> str:
    try:
        call(**arguments)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def test_a_role_does_what_its_policies_allow_and_is_refused_the_rest_by_each_protocol(
    cloud: Handle, client: Clients
) -> None:
    role = Role(cloud, client, allow("ec2:Describe*"), allow("s3:List*"))
    cloud.enforce_permissions()
    assert code(role("ec2").describe_vpcs) == ""
    assert code(role("ec2").create_vpc, CidrBlock="10.0.0.0/16") == "UnauthorizedOperation"
    assert code(role("rds").describe_db_instances) == "AccessDenied"
    assert code(role("s3").create_bucket, Bucket="bucket") == "AccessDenied"
    assert code(role("kms").list_keys) == "AccessDeniedException"
    assert code(role("sts").get_caller_identity) == ""
    assert client("ec2").describe_vpcs()["Vpcs"]
    cloud.enforce_permissions(False)
    assert code(role("kms").list_keys) == ""


def test_a_policy_for_one_resource_is_one_for_no_other(cloud: Handle, client: Clients) -> None:
    secrets, s3 = client("secretsmanager"), client("s3")
    arn = secrets.create_secret(Name="staging/db", SecretString="s")["ARN"]
    secrets.create_secret(Name="production/db", SecretString="p")
    for name in ("staging", "production"):
        s3.create_bucket(Bucket=name)
        s3.put_object(Bucket=name, Key="k", Body=b"x")
    parameters = "arn:aws:ssm:*:*:parameter/staging/*"
    role = Role(
        cloud,
        client,
        allow("secretsmanager:GetSecretValue", arn[:-6] + "??????"),
        allow("s3:GetObject", "arn:aws:s3:::staging/*"),
        allow("ssm:GetParameter*", parameters),
    )
    cloud.enforce_permissions()
    read = role("secretsmanager").get_secret_value
    assert code(read, SecretId="staging/db") == ""
    assert code(read, SecretId="production/db") == "AccessDeniedException"
    assert code(role("s3").get_object, Bucket="staging", Key="k") == ""
    assert code(role("s3").get_object, Bucket="production", Key="k") == "AccessDenied"
    below = role("ssm").get_parameters_by_path
    assert code(below, Path="/staging/app") == ""
    assert code(below, Path="/production/app") == "AccessDeniedException"


def test_a_reset_lifts_the_switch(cloud: Handle, client: Clients) -> None:
    cloud.enforce_permissions()
    cloud.reset()
    assert code(Role(cloud, client)("ec2").describe_vpcs) == ""


def test_policies_of_aws_can_be_attached_and_are_in_force(cloud: Handle, client: Clients) -> None:
    role = Role(cloud, client)
    iam = client("iam")
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    cloud.enforce_permissions()
    assert code(role("ec2").describe_vpcs) == "UnauthorizedOperation"
    iam.attach_role_policy(RoleName="r", PolicyArn=arn)
    assert code(role("ec2").describe_vpcs) == ""
    unknown = f"{arn}OrNot"
    assert code(iam.attach_role_policy, RoleName="r", PolicyArn=unknown) == "NoSuchEntity"
    found = iam.list_attached_role_policies(RoleName="r")["AttachedPolicies"]
    assert found == [{"PolicyName": "ReadOnlyAccess", "PolicyArn": arn}]


def test_a_simulation_decides_as_the_enforcement_does(cloud: Handle, client: Clients) -> None:
    Role(cloud, client, allow("s3:*"), deny("s3:DeleteBucket"))
    told = client("iam").simulate_principal_policy(
        PolicySourceArn="arn:aws:iam::123456789012:role/r",
        ActionNames=["s3:GetObject", "s3:DeleteBucket", "ec2:RunInstances"],
    )["EvaluationResults"]
    assert [one["EvalDecision"] for one in told] == [ALLOWED, DENIED, NOT_MENTIONED]
    nobody = "arn:aws:iam::123456789012:role/nobody"
    asked = {"PolicySourceArn": nobody, "ActionNames": ["s3:GetObject"]}
    assert code(client("iam").simulate_principal_policy, **asked) == "NoSuchEntity"
