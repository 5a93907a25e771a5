# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of buckets are told as they were set, where the emulator alone does not."""

from __future__ import annotations

import json
from typing import Any

TLS_ONLY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": "arn:aws:s3:::source-bucket/*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ],
}
RULE = {
    "ID": "all",
    "Priority": 1,
    "Status": "Enabled",
    "Filter": {"Prefix": "only/"},
    "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
    "DeleteMarkerReplication": {"Status": "Enabled"},
    "Destination": {
        "Bucket": "arn:aws:s3:::target-bucket",
        "EncryptionConfiguration": {"ReplicaKmsKeyID": "arn:aws:kms:us-east-1:1:key/1"},
    },
}


def buckets(cloud: Any) -> Any:
    """A client, with two buckets that keep versions."""
    s3 = cloud.client("s3")
    for name in ("source-bucket", "target-bucket"):
        s3.create_bucket(Bucket=name)
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return s3


def replicated(cloud: Any) -> Any:
    s3 = buckets(cloud)
    s3.put_bucket_replication(
        Bucket="source-bucket",
        ReplicationConfiguration={"Role": "arn:aws:iam::123456789012:role/r", "Rules": [RULE]},
    )
    return s3.get_bucket_replication(Bucket="source-bucket")["ReplicationConfiguration"]["Rules"]


def test_a_replication_rule_is_told_as_it_was_set(cloud: Any) -> None:
    assert replicated(cloud) == [RULE]


def test_the_emulator_alone_tells_another_rule(plain: Any) -> None:
    [rule] = replicated(plain)
    assert rule["Filter"] == {"Prefix": ""}
    assert rule["DeleteMarkerReplication"] == {"Status": "Disabled"}


def put(cloud: Any, policy: dict[str, Any]) -> str:
    """The code with which an object is refused under a policy; empty where it is taken."""
    buckets(cloud).put_bucket_policy(Bucket="source-bucket", Policy=json.dumps(policy))
    return str(cloud.refused("s3", "put_object", Bucket="source-bucket", Key="a", Body=b"a"))


def test_a_denial_on_a_condition_denies_nothing_out_of_hand(cloud: Any) -> None:
    assert put(cloud, TLS_ONLY) == ""


def test_a_denial_without_a_condition_stays(cloud: Any) -> None:
    statement = {k: v for k, v in TLS_ONLY["Statement"][0].items() if k != "Condition"}  # type: ignore[attr-defined]
    assert put(cloud, {**TLS_ONLY, "Statement": [statement]}) == "403"


def test_the_emulator_alone_reads_no_conditions(plain: Any) -> None:
    assert put(plain, TLS_ONLY) == "403"
