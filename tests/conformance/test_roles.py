# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles, their policies, and instance profiles."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .account import ACCOUNT, Account, refused, tags

ROLE = {"RoleName": "web"}
PROFILE = {"InstanceProfileName": "web"}
MANAGED = {"PolicyArn": "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"}


def document(**statement: Any) -> str:
    content = {"Effect": "Allow", **statement}
    return json.dumps({"Version": "2012-10-17", "Statement": [content]})


TRUST = document(Principal={"Service": "ec2.amazonaws.com"}, Action="sts:AssumeRole")
OBJECTS = {"PolicyName": "objects", "PolicyDocument": document(Action="s3:*", Resource="*")}


@pytest.fixture
def iam(account: Account) -> Any:
    """IAM, with a role that is in an instance profile and has a policy."""
    iam = account.client("iam")
    iam.create_role(**ROLE, AssumeRolePolicyDocument=TRUST, Tags=tags(site="home"))
    iam.put_role_policy(**ROLE, **OBJECTS)
    iam.create_instance_profile(**PROFILE)
    iam.add_role_to_instance_profile(**PROFILE, **ROLE)
    return iam


def test_a_role_is_deleted_when_nothing_is_left_of_it(iam: Any) -> None:
    assert refused(iam.delete_role, **ROLE) == "DeleteConflict"
    iam.delete_role_policy(**ROLE, PolicyName="objects")
    assert refused(iam.delete_instance_profile, **PROFILE) == "DeleteConflict"
    iam.remove_role_from_instance_profile(**PROFILE, **ROLE)
    iam.delete_instance_profile(**PROFILE)
    iam.delete_role(**ROLE)
    assert refused(iam.get_role, **ROLE) == refused(iam.get_instance_profile, **PROFILE)
    assert refused(iam.get_role, **ROLE) == "NoSuchEntity"


def test_a_policy_that_is_none_is_refused(iam: Any) -> None:
    wrong = {"PolicyName": "wrong", "PolicyDocument": "{"}
    assert refused(iam.put_role_policy, **ROLE, **wrong) == "MalformedPolicyDocument"
    found = iam.list_role_policies(**ROLE)["PolicyNames"]
    assert found == ["objects"]
    told = iam.get_role_policy(**ROLE, PolicyName="objects")["PolicyDocument"]
    assert told["Statement"][0]["Action"] == "s3:*"


def test_policies_of_aws_are_attached_and_detached(iam: Any) -> None:
    iam.attach_role_policy(**ROLE, **MANAGED)
    found = iam.list_attached_role_policies(**ROLE)["AttachedPolicies"]
    assert [one["PolicyArn"] for one in found] == [MANAGED["PolicyArn"]]
    iam.detach_role_policy(**ROLE, **MANAGED)
    assert iam.list_attached_role_policies(**ROLE)["AttachedPolicies"] == []


def test_a_simulation_says_what_a_role_may(iam: Any) -> None:
    told = iam.simulate_principal_policy(
        PolicySourceArn=f"arn:aws:iam::{ACCOUNT}:role/web",
        ActionNames=["s3:GetObject", "ec2:RunInstances"],
    )["EvaluationResults"]
    assert [one["EvalDecision"] for one in told] == ["allowed", "implicitDeny"]


def test_a_service_has_a_role_of_its_own(account: Account) -> None:
    told = account.client("iam").create_service_linked_role(
        AWSServiceName="autoscaling.amazonaws.com", CustomSuffix="shop"
    )["Role"]
    assert told["Path"].startswith("/aws-service-role/autoscaling.amazonaws.com/")


def test_who_may_take_a_role_on_changes(iam: Any) -> None:
    trust = document(Principal={"Service": "rds.amazonaws.com"}, Action="sts:AssumeRole")
    iam.update_assume_role_policy(**ROLE, PolicyDocument=trust)
    told = iam.get_role(**ROLE)["Role"]["AssumeRolePolicyDocument"]
    assert told["Statement"][0]["Principal"] == {"Service": "rds.amazonaws.com"}


def test_tags_of_roles_and_profiles_change(iam: Any) -> None:
    iam.tag_role(**ROLE, Tags=tags(own="me"))
    iam.untag_role(**ROLE, TagKeys=["site"])
    iam.tag_instance_profile(**PROFILE, Tags=tags(site="home", own="me"))
    iam.untag_instance_profile(**PROFILE, TagKeys=["own"])
    assert iam.get_role(**ROLE)["Role"]["Tags"] == tags(own="me")
    assert iam.get_instance_profile(**PROFILE)["InstanceProfile"]["Tags"] == tags(site="home")


def test_everything_about_roles_is_told_in_one_call(iam: Any) -> None:
    told = iam.get_account_authorization_details(Filter=["Role"])["RoleDetailList"]
    role = next(one for one in told if one["RoleName"] == "web")
    assert [policy["PolicyName"] for policy in role["RolePolicyList"]] == ["objects"]
    assert role["Tags"] == tags(site="home")
    assert [p["InstanceProfileName"] for p in role["InstanceProfileList"]] == ["web"]


def test_policies_are_in_force_once_that_is_switched_on(account: Account, iam: Any) -> None:
    trust = document(Principal={"AWS": "*"}, Action="sts:AssumeRole")
    iam.update_assume_role_policy(**ROLE, PolicyDocument=trust)
    keys = account.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/web", RoleSessionName="session"
    )["Credentials"]
    account.cloud.enforce_permissions()
    session = account.as_session(keys)
    assert refused(session("s3").list_buckets) == ""
    assert refused(session("rds").describe_db_instances) == "AccessDenied"
