# SPDX-License-Identifier: GPL-3.0-or-later
"""Buckets: private, versioned, encrypted, and never taken from somebody else."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.errors import Conflict
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import (
    Aws,
    Connection,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.view import View
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.bucket import Bucket
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.bucket_content import empty
from ansible_collections.operatingdev.phoenix.plugins.module_utils.tiers import policies

KEY = "arn:aws:kms:us-east-1:123456789012:key/6a1b"


def bucket(scope: Scope, purpose: str = "releases", days: int = 0) -> Want:
    return Want(
        "bucket",
        purpose,
        {
            "name": scope.bucket(purpose),
            "versioning": True,
            "encryption": {"algorithm": "aws:kms", "key": KEY, "bucket_key": True},
            "policy": policies.bucket(scope, purpose),
            "private": True,
            "lifecycle": {"abort_days": 7, "noncurrent_days": 30, "expire_days": days},
            "tags": scope.marks("bucket", purpose),
        },
    )


@pytest.fixture
def want(scope: Scope) -> Want:
    return bucket(scope)


@pytest.mark.parametrize(("purpose", "days"), [("releases", 0), ("logs", 90)])
def test_a_new_bucket_is_as_declared(life: Any, scope: Scope, purpose: str, days: int) -> None:
    want = bucket(scope, purpose, days)
    have = life(Bucket()).make(want)
    assert life(Bucket()).differences(want) == {}
    assert have.settled
    assert have.facts["arn"] == f"arn:aws:s3:::{have.facts['name']}"


def test_a_bucket_of_another_region_is_made_there(aws: Any) -> None:
    west = Scope("production", "recovery", "us-west-2", "123456789012")
    there = Aws(west, Connection(access_key="x", secret_key="x"))
    want = bucket(west)
    Bucket().create(there, want)
    answer = there.client("s3").get_bucket_location(Bucket=want.spec["name"])
    assert answer["LocationConstraint"] == "us-west-2"


CHANGES = [
    ("put_bucket_versioning", {"VersioningConfiguration": {"Status": "Suspended"}}, "versioning"),
    ("delete_bucket_policy", {}, "policy"),
    ("delete_public_access_block", {}, "private"),
    (
        "put_public_access_block",
        {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True, "IgnorePublicAcls": True}},
        "private",
    ),
    ("delete_bucket_encryption", {}, "encryption"),
    (
        "put_bucket_encryption",
        {
            "ServerSideEncryptionConfiguration": {
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            }
        },
        "encryption",
    ),
    ("delete_bucket_lifecycle", {}, "lifecycle"),
    ("delete_bucket_tagging", {}, "tags.Name"),
]


@pytest.mark.parametrize(("call", "arguments", "field"), CHANGES)
def test_a_change_behind_its_back_is_seen_and_repaired(
    life: Any, aws: Any, want: Want, call: str, arguments: dict[str, Any], field: str
) -> None:
    one = life(Bucket())
    one.make(want)
    getattr(aws.client("s3"), call)(Bucket=want.spec["name"], **arguments)
    found = one.differences(want)
    assert field in found
    assert {name.partition(".")[0] for name in found} == {field.partition(".")[0]}
    one.repair(want)
    assert one.differences(want) == {}


def test_a_rule_of_ours_that_was_switched_off_is_seen(life: Any, aws: Any, want: Want) -> None:
    one, s3, name = life(Bucket()), aws.client("s3"), want.spec["name"]
    one.make(want)
    [rule] = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    rule["Status"] = "Disabled"
    s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [rule]})
    assert set(one.differences(want)) == {"lifecycle"}


def test_rules_and_tags_of_others_stay_and_are_named(life: Any, aws: Any, want: Want) -> None:
    one, s3, name = life(Bucket()), aws.client("s3"), want.spec["name"]
    one.make(want)
    theirs = {
        "ID": "audit",
        "Status": "Enabled",
        "Filter": {"Prefix": "audit/"},
        "Expiration": {"Days": 1},
    }
    s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [theirs]})
    tags = [*s3.get_bucket_tagging(Bucket=name)["TagSet"], {"Key": "cost", "Value": "7"}]
    changed = [{**tag, "Value": "x"} if tag["Key"] == "team" else tag for tag in tags]
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": changed})
    one.repair(want)
    assert one.differences(want) == {}
    assert one.find(want).foreign == (f"lifecycle rule audit of {name}",)
    assert {"Key": "cost", "Value": "7"} in s3.get_bucket_tagging(Bucket=name)["TagSet"]


def test_a_bucket_with_tags_of_somebody_else_is_left_alone(life: Any, aws: Any, want: Want) -> None:
    s3, name = aws.client("s3"), want.spec["name"]
    s3.create_bucket(Bucket=name)
    theirs = [{"Key": "team", "Value": "audit"}]
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": theirs})
    assert life(Bucket()).find(want) is None
    with pytest.raises(Conflict, match="without the owner tags"):
        life(Bucket()).make(want)
    assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == theirs


def test_a_bucket_left_half_made_is_completed(life: Any, aws: Any, want: Want) -> None:
    aws.client("s3").create_bucket(Bucket=want.spec["name"])
    one = life(Bucket())
    assert one.differences(want)
    one.repair(want)
    assert one.differences(want) == {}


def test_a_bucket_without_tags_in_which_something_is_is_left_alone(
    life: Any, aws: Any, want: Want
) -> None:
    s3, name = aws.client("s3"), want.spec["name"]
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="theirs", Body=b"1")
    assert life(Bucket()).find(want) is None
    with pytest.raises(Conflict, match="without the owner tags"):
        life(Bucket()).make(want)


def test_three_buckets_are_read_with_five_requests_each_and_one_for_all_tags(
    aws: Any, scope: Scope
) -> None:
    wants = [bucket(scope, purpose) for purpose in ("releases", "backups", "logs")]
    for want in wants:
        Bucket().create(aws, want)
    look = View(aws)
    assert len(list(Bucket().find(look, wants))) == 3
    assert len(look._answers) == 16


def test_a_bucket_with_content_is_removed_only_after_it_was_emptied(
    life: Any, aws: Any, want: Want
) -> None:
    one, s3, name = life(Bucket()), aws.client("s3"), want.spec["name"]
    one.make(want)
    # The emulated S3 refuses everything that a statement denies, on whatever condition.
    s3.delete_bucket_policy(Bucket=name)
    for _version in range(2):
        s3.put_object(Bucket=name, Key="a", Body=b"1")
    s3.delete_object(Bucket=name, Key="a")
    s3.create_multipart_upload(Bucket=name, Key="b")
    with pytest.raises(Exception, match="BucketNotEmpty"):
        one.remove(want)
    assert empty(aws, name) == 4
    one.remove(want)
    assert one.find(want) is None
