# SPDX-License-Identifier: GPL-3.0-or-later
"""The policies that AWS manages; what is in force is in tests/sandbox/test_permissions.py."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from .test_shim_kms import TRUST

MANAGED = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
SERVICE = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"


def role(cloud: Any) -> str:
    made = cloud.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(TRUST))
    return str(made["Role"]["Arn"])


@pytest.mark.parametrize("arn", [MANAGED, SERVICE])
def test_a_policy_of_aws_is_read_and_attached_by_its_arn(cloud: Any, arn: str) -> None:
    iam = cloud.client("iam")
    role(cloud)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["PolicyName"] == arn.rpartition("/")[2]
    iam.attach_role_policy(RoleName="r", PolicyArn=arn)
    assert len(iam.list_attached_role_policies(RoleName="r")["AttachedPolicies"]) == 1
    iam.detach_role_policy(RoleName="r", PolicyArn=arn)


def test_the_policies_of_aws_are_listed_but_for_the_local_scope(cloud: Any) -> None:
    pages = cloud.client("iam").get_paginator("list_policies")
    names = {p["Arn"] for page in pages.paginate(Scope="AWS") for p in page["Policies"]}
    assert {MANAGED, SERVICE} <= names
    assert [p for page in pages.paginate(Scope="Local") for p in page["Policies"]] == []


def test_plain_there_are_no_policies_of_aws_and_no_simulation(plain: Any) -> None:
    arn = role(plain)
    attach = {"RoleName": "r", "PolicyArn": MANAGED}
    assert plain.refused("iam", "attach_role_policy", **attach) == "NoSuchEntity"
    with pytest.raises((ClientError, ResponseParserError)):
        plain.client("iam").simulate_principal_policy(
            PolicySourceArn=arn, ActionNames=["s3:GetObject"]
        )
