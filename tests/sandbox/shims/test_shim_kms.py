# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys, roles, topics and log groups of the sandbox behave as those of AWS."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
LOCKED_OUT = json.dumps({"Version": "2012-10-17", "Statement": []})


def make(cloud: Any) -> str:
    return str(cloud.client("kms").create_key()["KeyMetadata"]["KeyId"])


def test_a_key_that_waits_for_deletion_is_of_no_use_until_it_is_cancelled(cloud: Any) -> None:
    kms, key = cloud.client("kms"), make(cloud)
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    for call, more in (
        ("encrypt", {"KeyId": key, "Plaintext": b"x"}),
        ("enable_key_rotation", {"KeyId": key}),
        ("schedule_key_deletion", {"KeyId": key}),
        ("tag_resource", {"KeyId": key, "Tags": [{"TagKey": "a", "TagValue": "b"}]}),
        ("update_key_description", {"KeyId": key, "Description": "d"}),
        ("create_alias", {"AliasName": "alias/a", "TargetKeyId": key}),
    ):
        assert cloud.refused("kms", call, **more) == "KMSInvalidStateException", call
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    kms.cancel_key_deletion(KeyId=key)
    assert cloud.refused("kms", "encrypt", KeyId=key, Plaintext=b"x") == "DisabledException"
    kms.enable_key(KeyId=key)
    assert cloud.refused("kms", "encrypt", KeyId=key, Plaintext=b"x") == ""
    code = cloud.refused("kms", "cancel_key_deletion", KeyId=key)
    assert code == "KMSInvalidStateException"
    short = {"KeyId": key, "PendingWindowInDays": 3}
    assert cloud.refused("kms", "schedule_key_deletion", **short) == "ValidationException"


def test_a_key_policy_is_json_and_leaves_the_account_in(cloud: Any) -> None:
    key = make(cloud)
    for policy in ("{x", LOCKED_OUT):
        wanted = {"KeyId": key, "PolicyName": "default", "Policy": policy}
        code = cloud.refused("kms", "put_key_policy", **wanted)
        assert code == "MalformedPolicyDocumentException"
    assert cloud.refused("kms", "create_key", Policy="{x") == "MalformedPolicyDocumentException"
    own = cloud.client("kms").get_key_policy(KeyId=key, PolicyName="default")["Policy"]
    wanted = {"KeyId": key, "PolicyName": "default", "Policy": own}
    assert cloud.refused("kms", "put_key_policy", **wanted) == ""


def test_the_rotation_period_is_kept(cloud: Any) -> None:
    kms, key = cloud.client("kms"), make(cloud)
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=180)
    told = kms.get_key_rotation_status(KeyId=key)
    assert (told["KeyRotationEnabled"], told["RotationPeriodInDays"]) == (True, 180)


def test_a_trust_policy_is_one_and_profiles_tell_their_tags(cloud: Any) -> None:
    iam = cloud.client("iam")
    wrong = {"RoleName": "r", "AssumeRolePolicyDocument": "{x"}
    assert cloud.refused("iam", "create_role", **wrong) == "MalformedPolicyDocument"
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.create_instance_profile(InstanceProfileName="p", Tags=[{"Key": "a", "Value": "b"}])
    told = iam.list_instance_profile_tags(InstanceProfileName="p")
    assert told["Tags"] == [{"Key": "a", "Value": "b"}]


def test_a_topic_with_other_tags_is_another_topic(cloud: Any) -> None:
    cloud.client("sns").create_topic(Name="t", Tags=[{"Key": "a", "Value": "b"}])
    assert cloud.refused("sns", "create_topic", Name="t") == ""
    other = {"Name": "t", "Tags": [{"Key": "c", "Value": "d"}]}
    assert cloud.refused("sns", "create_topic", **other) == "InvalidParameter"


def test_logs_are_kept_for_a_time_that_aws_offers(cloud: Any) -> None:
    cloud.client("logs").create_log_group(logGroupName="g")
    wrong = {"logGroupName": "g", "retentionInDays": 31}
    code = cloud.refused("logs", "put_retention_policy", **wrong)
    assert code == "InvalidParameterException"
    right = {"logGroupName": "g", "retentionInDays": 30}
    assert cloud.refused("logs", "put_retention_policy", **right) == ""


def test_assumed_credentials_act_in_the_account_of_the_role(cloud: Any) -> None:
    """The emulator does this by itself; the collection's account check depends on it."""
    role = "arn:aws:iam::210987654321:role/x"
    sts = cloud.client("sts")
    assert sts.get_caller_identity()["Account"] == "123456789012"
    told = sts.assume_role(RoleArn=role, RoleSessionName="session")
    assert told["AssumedRoleUser"]["Arn"].startswith("arn:aws:sts::210987654321:assumed-role/")


def test_plain_all_of_this_is_taken(plain: Any) -> None:
    """What the emulator does by itself. When this fails it has learned it: mend no more."""
    kms, key = plain.client("kms"), make(plain)
    wanted = {"KeyId": key, "PolicyName": "default", "Policy": LOCKED_OUT}
    assert plain.refused("kms", "put_key_policy", **wanted) == ""
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=180)
    assert "RotationPeriodInDays" not in kms.get_key_rotation_status(KeyId=key)
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert plain.refused("kms", "encrypt", KeyId=key, Plaintext=b"x") == ""
    assert plain.refused("kms", "schedule_key_deletion", KeyId=key) == ""
    wrong = {"RoleName": "r", "AssumeRolePolicyDocument": "{x"}
    assert plain.refused("iam", "create_role", **wrong) == ""
    plain.client("sns").create_topic(Name="t", Tags=[{"Key": "a", "Value": "b"}])
    other = {"Name": "t", "Tags": [{"Key": "c", "Value": "d"}]}
    assert plain.refused("sns", "create_topic", **other) == ""
    plain.client("logs").create_log_group(logGroupName="g")
    days = {"logGroupName": "g", "retentionInDays": 31}
    assert plain.refused("logs", "put_retention_policy", **days) == ""


def subscribed(cloud: Any) -> dict[str, str]:
    """A topic with an HTTP endpoint that nobody listens at."""
    sns = cloud.client("sns")
    topic = {"TopicArn": str(sns.create_topic(Name="t")["TopicArn"])}
    sns.subscribe(**topic, Protocol="http", Endpoint="http://127.0.0.1:9/")
    return topic


def test_an_endpoint_that_cannot_be_reached_is_no_error_of_the_publisher(cloud: Any) -> None:
    assert cloud.client("sns").publish(**subscribed(cloud), Message="m")["MessageId"]


def test_plain_publish_fails_with_its_subscriber(plain: Any) -> None:
    topic = subscribed(plain)
    with pytest.raises((ClientError, ResponseParserError)):
        plain.client("sns").publish(**topic, Message="m")


def test_a_log_group_gets_another_key_that_there_is_or_none(cloud: Any) -> None:
    logs, named = cloud.client("logs"), {"logGroupName": "g"}
    logs.create_log_group(**named)
    key = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    logs.associate_kms_key(**named, kmsKeyId=key)
    assert logs.describe_log_groups()["logGroups"][0]["kmsKeyId"] == key
    unknown = {**named, "kmsKeyId": key[:-4] + "0000"}
    assert cloud.refused("logs", "associate_kms_key", **unknown) == "InvalidParameterException"
    nobody = {"logGroupName": "none", "kmsKeyId": key}
    assert cloud.refused("logs", "associate_kms_key", **nobody) == "ResourceNotFoundException"
    logs.disassociate_kms_key(**named)
    assert "kmsKeyId" not in logs.describe_log_groups()["logGroups"][0]


def test_plain_a_log_group_keeps_its_key(plain: Any) -> None:
    logs, named = plain.client("logs"), {"logGroupName": "g"}
    logs.create_log_group(**named)
    key = plain.client("kms").create_key()["KeyMetadata"]["Arn"]
    with pytest.raises((ClientError, ResponseParserError)):
        logs.associate_kms_key(**named, kmsKeyId=key)
