# SPDX-License-Identifier: GPL-3.0-or-later
"""Buckets of S3, their settings and their objects."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .account import ACCOUNT, AWAY, HOME, Account, refused, tags, until

BUCKET = {"Bucket": "source-1"}
DENY_PLAIN = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": "arn:aws:s3:::source-1/*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ],
}


def make(s3: Any, name: str, region: str) -> None:
    place = {"LocationConstraint": region}
    s3.create_bucket(Bucket=name, CreateBucketConfiguration=place)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})


@pytest.fixture
def s3(account: Account) -> Any:
    """S3, with a versioned bucket in each region."""
    make(account.client("s3", AWAY), "target-1", AWAY)
    s3 = account.client("s3")
    make(s3, "source-1", HOME)
    return s3


def replicate(s3: Any) -> None:
    rule = {
        "ID": "all",
        "Priority": 1,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Enabled"},
        "Destination": {"Bucket": "arn:aws:s3:::target-1"},
    }
    wanted = {"Role": f"arn:aws:iam::{ACCOUNT}:role/copy", "Rules": [rule]}
    s3.put_bucket_replication(**BUCKET, ReplicationConfiguration=wanted)


def test_a_bucket_is_made_once(s3: Any) -> None:
    again = {**BUCKET, "CreateBucketConfiguration": {"LocationConstraint": HOME}}
    assert refused(s3.create_bucket, **again) == "BucketAlreadyOwnedByYou"
    assert s3.get_bucket_versioning(**BUCKET)["Status"] == "Enabled"


def test_whether_there_is_a_bucket_is_told(s3: Any) -> None:
    s3.head_bucket(**BUCKET)
    assert refused(s3.head_bucket, Bucket="source-2") == "404"


def test_a_replication_is_kept_and_taken_away(s3: Any) -> None:
    replicate(s3)
    told = s3.get_bucket_replication(**BUCKET)["ReplicationConfiguration"]
    assert [rule["ID"] for rule in told["Rules"]] == ["all"]
    s3.delete_bucket_replication(**BUCKET)
    code = refused(s3.get_bucket_replication, **BUCKET)
    assert code == "ReplicationConfigurationNotFoundError"


def test_an_object_is_replicated_abroad_and_says_so(account: Account, s3: Any) -> None:
    replicate(s3)
    s3.put_object(**BUCKET, Key="k", Body=b"1")
    abroad = account.client("s3", AWAY)

    def there() -> bool:
        return refused(abroad.head_object, Bucket="target-1", Key="k") == ""

    until(there)
    assert abroad.get_object(Bucket="target-1", Key="k")["Body"].read() == b"1"
    assert s3.head_object(**BUCKET, Key="k")["ReplicationStatus"] == "COMPLETED"


def test_a_condition_on_the_object_is_held_to(s3: Any) -> None:
    s3.put_object(**BUCKET, Key="k", Body=b"1")
    one = {**BUCKET, "Key": "k", "Body": b"2"}
    assert refused(s3.put_object, **one, IfNoneMatch="*") == "PreconditionFailed"
    assert refused(s3.put_object, **one, IfMatch='"' + "0" * 32 + '"') == "PreconditionFailed"
    assert s3.get_object(**BUCKET, Key="k")["Body"].read() == b"1"


def test_older_versions_are_listed_and_deleted(s3: Any) -> None:
    for body in (b"1", b"2"):
        s3.put_object(**BUCKET, Key="k", Body=body)
    found = s3.list_object_versions(**BUCKET)["Versions"]
    assert [one["IsLatest"] for one in found] == [True, False]
    named = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
    told = s3.delete_objects(**BUCKET, Delete={"Objects": named})
    assert len(told["Deleted"]) == 2
    assert "Versions" not in s3.list_object_versions(**BUCKET)


def test_objects_below_a_prefix_are_listed_by_their_keys(s3: Any) -> None:
    for key in ("records/b", "records/a", "other"):
        s3.put_object(**BUCKET, Key=key, Body=b"")
    found = s3.list_objects_v2(**BUCKET, Prefix="records/")
    assert [item["Key"] for item in found["Contents"]] == ["records/a", "records/b"]
    assert "Contents" not in s3.list_objects_v2(**BUCKET, Prefix="nothing/")


def test_a_bucket_that_is_not_empty_is_not_deleted(s3: Any) -> None:
    s3.put_object(**BUCKET, Key="k", Body=b"1")
    assert refused(s3.delete_bucket, **BUCKET) == "BucketNotEmpty"


def test_public_access_is_blocked(s3: Any) -> None:
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    wanted = dict.fromkeys(names, True)
    s3.put_public_access_block(**BUCKET, PublicAccessBlockConfiguration=wanted)
    told = s3.get_public_access_block(**BUCKET)["PublicAccessBlockConfiguration"]
    assert told == wanted


def test_a_policy_is_kept(s3: Any) -> None:
    assert refused(s3.get_bucket_policy, **BUCKET) == "NoSuchBucketPolicy"
    s3.put_bucket_policy(**BUCKET, Policy=json.dumps(DENY_PLAIN))
    assert json.loads(s3.get_bucket_policy(**BUCKET)["Policy"]) == DENY_PLAIN
    assert refused(s3.put_bucket_policy, **BUCKET, Policy="{") == "MalformedPolicy"


def test_objects_expire_by_a_rule_that_is_kept(s3: Any) -> None:
    rule = {"ID": "x", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 9}}
    s3.put_bucket_lifecycle_configuration(**BUCKET, LifecycleConfiguration={"Rules": [rule]})
    told = s3.get_bucket_lifecycle_configuration(**BUCKET)["Rules"]
    assert [(one["ID"], one["Expiration"]) for one in told] == [("x", {"Days": 9})]


def test_a_bucket_is_encrypted_from_the_beginning_and_by_a_key_when_told_so(
    account: Account, s3: Any
) -> None:
    def algorithm() -> str:
        told = s3.get_bucket_encryption(**BUCKET)["ServerSideEncryptionConfiguration"]
        return str(told["Rules"][0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"])

    assert algorithm() == "AES256"
    by_key = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": account.key()}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": by_key}]}
    s3.put_bucket_encryption(**BUCKET, ServerSideEncryptionConfiguration=rules)
    assert algorithm() == "aws:kms"


def test_tags_of_a_bucket_are_put(s3: Any) -> None:
    assert refused(s3.get_bucket_tagging, **BUCKET) == "NoSuchTagSet"
    s3.put_bucket_tagging(**BUCKET, Tagging={"TagSet": tags(site="home")})
    assert s3.get_bucket_tagging(**BUCKET)["TagSet"] == tags(site="home")


def test_an_upload_that_is_not_finished_is_listed_until_it_is_aborted(s3: Any) -> None:
    number = s3.create_multipart_upload(**BUCKET, Key="big")["UploadId"]
    assert [u["UploadId"] for u in s3.list_multipart_uploads(**BUCKET)["Uploads"]] == [number]
    s3.abort_multipart_upload(**BUCKET, Key="big", UploadId=number)
    assert "Uploads" not in s3.list_multipart_uploads(**BUCKET)


KEY = {**BUCKET, "Key": "shop/shop-1.tar.gz"}


def test_an_object_is_written_only_where_there_is_none_if_asked_to(s3: Any) -> None:
    first = s3.put_object(**KEY, Body=b"one", IfNoneMatch="*")
    again = {**KEY, "Body": b"other", "IfNoneMatch": "*"}
    with pytest.raises(ClientError) as failed:
        s3.put_object(**again)
    assert failed.value.response["Error"]["Code"] == "PreconditionFailed"
    assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412
    assert s3.get_object(**KEY)["Body"].read() == b"one"
    assert s3.head_object(**KEY)["ETag"] == first["ETag"]
    # What was deleted is not there, though a version of it is.
    s3.delete_object(**KEY)
    assert refused(s3.put_object, **again) == ""


def test_an_object_is_overwritten_only_as_it_was_seen_if_asked_to(s3: Any) -> None:
    assert refused(s3.put_object, **KEY, Body=b"new", IfMatch='"none"') == "NoSuchKey"
    seen = s3.put_object(**KEY, Body=b"one")["ETag"]
    s3.put_object(**KEY, Body=b"two", IfMatch=seen)
    assert refused(s3.put_object, **KEY, Body=b"three", IfMatch=seen) == "PreconditionFailed"
    assert s3.get_object(**KEY)["Body"].read() == b"two"


def test_an_object_keeps_its_checksum_and_is_refused_with_a_wrong_one(s3: Any) -> None:
    body = b"a release"
    right = base64.b64encode(hashlib.sha256(body).digest()).decode()
    s3.put_object(**KEY, Body=body, ChecksumSHA256=right)
    assert s3.head_object(**KEY, ChecksumMode="ENABLED")["ChecksumSHA256"] == right
    assert refused(s3.put_object, **KEY, Body=b"other", ChecksumSHA256=right) == "BadDigest"
    assert s3.get_object(**KEY)["Body"].read() == body
    s3.put_object(**KEY, Body=b"other", ChecksumAlgorithm="SHA256")
    other = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    assert s3.head_object(**KEY, ChecksumMode="ENABLED")["ChecksumSHA256"] == other
