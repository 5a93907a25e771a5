# SPDX-License-Identifier: GPL-3.0-or-later
"""Buckets of the sandbox behave as AWS's, where the emulator alone does not."""

from __future__ import annotations

import json
from typing import Any

EAST, WEST = "us-east-1", "us-west-2"


def make(cloud: Any, name: str, region: str = EAST, versions: bool = False) -> Any:
    s3 = cloud.client("s3", region)
    where: dict[str, Any] = {"Tags": [{"Key": "a", "Value": "b"}]}
    if region != EAST:
        where["LocationConstraint"] = region
    s3.create_bucket(Bucket=name, CreateBucketConfiguration=where)
    if versions:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return s3


def replication(to: str) -> dict[str, Any]:
    return {
        "Bucket": "east",
        "ReplicationConfiguration": {
            "Role": "arn:aws:iam::123456789012:role/replicate",
            "Rules": [
                {
                    "ID": "all",
                    "Priority": 1,
                    "Status": "Enabled",
                    "Filter": {"Prefix": ""},
                    "DeleteMarkerReplication": {"Status": "Enabled"},
                    "Destination": {"Bucket": f"arn:aws:s3:::{to}"},
                }
            ],
        },
    }


def test_a_bucket_is_made_with_its_tags_closed_and_encrypted(cloud: Any) -> None:
    for name, region in (("east", EAST), ("west", WEST)):
        s3 = make(cloud, name, region)
        assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == [{"Key": "a", "Value": "b"}]
        block = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
        assert set(block.values()) == {True}
        rules = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
        assert rules == [{"ObjectOwnership": "BucketOwnerEnforced"}]
        told = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
        assert told[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


def test_encryption_and_lifecycle_come_back_as_they_were_put(cloud: Any) -> None:
    s3 = make(cloud, "east")
    rules = [
        {
            "ApplyServerSideEncryptionByDefault": {
                "SSEAlgorithm": "aws:kms",
                "KMSMasterKeyID": "arn:aws:kms:us-east-1:123456789012:key/k",
            },
            "BucketKeyEnabled": True,
        }
    ]
    s3.put_bucket_encryption(Bucket="east", ServerSideEncryptionConfiguration={"Rules": rules})
    told = s3.get_bucket_encryption(Bucket="east")["ServerSideEncryptionConfiguration"]["Rules"]
    assert told == rules
    rule = {
        "ID": "old",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
    }
    s3.put_bucket_lifecycle_configuration(Bucket="east", LifecycleConfiguration={"Rules": [rule]})
    assert s3.get_bucket_lifecycle_configuration(Bucket="east")["Rules"] == [rule]


def test_replication_wants_a_destination_that_exists_and_has_versions(cloud: Any) -> None:
    make(cloud, "east", versions=True)
    call = ("s3", "put_bucket_replication")
    assert cloud.refused(*call, **replication("west")) == "InvalidRequest"
    west = make(cloud, "west", WEST)
    assert cloud.refused(*call, **replication("west")) == "InvalidRequest"
    west.put_bucket_versioning(Bucket="west", VersioningConfiguration={"Status": "Enabled"})
    assert cloud.refused(*call, **replication("west")) == ""


def test_policies_are_json_and_not_public(cloud: Any) -> None:
    make(cloud, "east")
    call = ("s3", "put_bucket_policy")
    assert cloud.refused(*call, Bucket="east", Policy="{x") == "MalformedPolicy"
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::east/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    assert cloud.refused(*call, Bucket="east", Policy=policy) == "AccessDenied"
    statement |= {"Effect": "Deny"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    assert cloud.refused(*call, Bucket="east", Policy=policy) == ""


def test_the_expected_owner_is_checked(cloud: Any) -> None:
    make(cloud, "east")
    wrong = {"Bucket": "east", "ExpectedBucketOwner": "000000000000"}
    assert cloud.refused("s3", "get_bucket_versioning", **wrong) == "AccessDenied"
    assert cloud.refused("s3", "head_bucket", **wrong) == "403"
    right = {"Bucket": "east", "ExpectedBucketOwner": "123456789012"}
    assert cloud.refused("s3", "get_bucket_versioning", **right) == ""


def test_plain_buckets_are_open_untagged_and_take_anything(plain: Any) -> None:
    """What the emulator does by itself. When this fails it has learned it: mend no more."""
    make(plain, "east", versions=True)
    make(plain, "west", WEST)
    missing = {
        "get_bucket_tagging",
        "get_public_access_block",
        "get_bucket_ownership_controls",
        "get_bucket_encryption",
    }
    assert all(plain.refused("s3", call, Bucket="east") for call in missing)
    assert plain.refused("s3", "put_bucket_replication", **replication("west")) == ""
    assert plain.refused("s3", "put_bucket_policy", Bucket="east", Policy="{x") == ""
    wrong = {"Bucket": "east", "ExpectedBucketOwner": "000000000000"}
    assert plain.refused("s3", "get_bucket_versioning", **wrong) == ""
