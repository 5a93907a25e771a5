# SPDX-License-Identifier: GPL-3.0-or-later
"""Buckets of the sandbox replicate as AWS's, where the emulator alone does not."""

from __future__ import annotations

from typing import Any

import pytest

EAST, WEST = "us-east-1", "us-west-2"


def buckets(cloud: Any, *names: str) -> Any:
    s3 = cloud.client("s3")
    for name in names or ("east", "west"):
        region = EAST if name == "east" else WEST
        where = {} if region == EAST else {"LocationConstraint": region}
        more = {"CreateBucketConfiguration": where} if where else {}
        cloud.client("s3", region).create_bucket(Bucket=name, **more)
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return s3


def rule(to: str = "west", **more: Any) -> dict[str, Any]:
    return {
        "ID": f"to-{to}",
        "Priority": 1,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Enabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{to}"},
        **more,
    }


def replicate(cloud: Any, *rules: dict[str, Any], source: str = "east") -> Any:
    s3 = cloud.client("s3")
    s3.put_bucket_replication(
        Bucket=source,
        ReplicationConfiguration={
            "Role": "arn:aws:iam::123456789012:role/replicate",
            "Rules": list(rules) or [rule()],
        },
    )
    return s3


def put(cloud: Any, name: str = "k", body: bytes = b"1", bucket: str = "east", **more: Any) -> str:
    made = cloud.client("s3").put_object(Bucket=bucket, Key=name, Body=body, **more)
    return str(made["VersionId"])


def status(cloud: Any, bucket: str = "east", name: str = "k", **more: Any) -> str | None:
    head = cloud.client("s3").head_object(Bucket=bucket, Key=name, **more)
    return None if head.get("ReplicationStatus") is None else str(head["ReplicationStatus"])


def absent(cloud: Any, bucket: str = "west", name: str = "k") -> bool:
    return bool(cloud.refused("s3", "head_object", Bucket=bucket, Key=name))


def test_a_copy_is_the_same_version_with_metadata_and_tags(cloud: Any) -> None:
    s3 = buckets(cloud)
    replicate(cloud)
    version = put(cloud, Metadata={"who": "me"}, ContentType="text/plain", Tagging="a=b")
    copied = s3.get_object(Bucket="west", Key="k")
    original = s3.head_object(Bucket="east", Key="k")
    assert copied["Body"].read() == b"1"
    assert (copied["VersionId"], copied["Metadata"]) == (version, {"who": "me"})
    for field in ("ETag", "ContentType", "LastModified", "ServerSideEncryption"):
        assert copied[field] == original[field], field
    assert s3.get_object_tagging(Bucket="west", Key="k")["TagSet"] == [{"Key": "a", "Value": "b"}]
    assert (status(cloud), status(cloud, "west")) == ("COMPLETED", "REPLICA")


def test_the_copy_comes_after_a_while_and_is_pending_until_then(cloud: Any) -> None:
    buckets(cloud)
    replicate(cloud)
    cloud.slow()
    put(cloud)
    assert status(cloud) == "PENDING"
    assert absent(cloud)
    cloud.advance(15)
    assert status(cloud) == "COMPLETED"
    assert not absent(cloud)


def test_every_version_is_copied_and_the_latest_stays_the_latest(cloud: Any) -> None:
    s3 = buckets(cloud)
    replicate(cloud)
    for body in (b"1", b"2", b"3"):
        put(cloud, body=body)
    for bucket in ("east", "west"):
        assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"3"
    told = [
        [version["VersionId"] for version in s3.list_object_versions(Bucket=name)["Versions"]]
        for name in ("east", "west")
    ]
    assert told[0] == told[1] and len(told[0]) == 3


def test_copies_and_uploads_in_parts_are_replicated_too(cloud: Any) -> None:
    s3 = buckets(cloud)
    replicate(cloud)
    put(cloud, "source")
    s3.copy_object(Bucket="east", Key="copied", CopySource={"Bucket": "east", "Key": "source"})
    upload = s3.create_multipart_upload(Bucket="east", Key="parts", Metadata={"a": "b"})["UploadId"]
    where = {"Bucket": "east", "Key": "parts", "UploadId": upload}
    part = s3.upload_part(**where, PartNumber=1, Body=b"x" * 10)
    s3.complete_multipart_upload(
        **where, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    )
    for name in ("copied", "parts"):
        one, other = (s3.head_object(Bucket=bucket, Key=name) for bucket in ("east", "west"))
        assert one["ETag"] == other["ETag"]
    assert other["Metadata"] == {"a": "b"}


@pytest.mark.parametrize(("word", "gone"), [("Enabled", True), ("Disabled", False)])
def test_a_delete_marker_goes_where_its_rule_says(cloud: Any, word: str, gone: bool) -> None:
    s3 = buckets(cloud)
    replicate(cloud, rule(DeleteMarkerReplication={"Status": word}))
    put(cloud)
    s3.delete_object(Bucket="east", Key="k")
    assert absent(cloud, "east")
    assert absent(cloud) is gone
    put(cloud, "l")
    s3.delete_objects(Bucket="east", Delete={"Objects": [{"Key": "l"}]})
    assert absent(cloud, name="l") is gone


def test_a_version_that_is_deleted_stays_in_the_copy(cloud: Any) -> None:
    s3 = buckets(cloud)
    replicate(cloud)
    version = put(cloud)
    s3.delete_object(Bucket="east", Key="k", VersionId=version)
    assert absent(cloud, "east")
    assert not absent(cloud)


def test_only_what_is_new_and_taken_is_copied(cloud: Any) -> None:
    buckets(cloud)
    put(cloud, "logs/old")
    replicate(cloud, rule(Filter={"Prefix": "logs/"}))
    put(cloud, "logs/new")
    put(cloud, "data/new")
    assert [absent(cloud, name=n) for n in ("logs/old", "logs/new", "data/new")] == [
        True,
        False,
        True,
    ]
    assert status(cloud, name="logs/old") is status(cloud, name="data/new") is None


def test_a_rule_by_tag_takes_by_the_tags_of_the_upload(cloud: Any) -> None:
    buckets(cloud)
    part = {"Tag": {"Key": "keep", "Value": "yes"}}
    replicate(cloud, rule(Filter=part, DeleteMarkerReplication={"Status": "Disabled"}))
    put(cloud, "yes", Tagging="keep=yes")
    put(cloud, "no", Tagging="keep=no")
    assert (absent(cloud, name="yes"), absent(cloud, name="no")) == (False, True)


def test_tags_that_change_follow(cloud: Any) -> None:
    s3 = buckets(cloud)
    put(cloud, "before")
    replicate(cloud)
    put(cloud)
    tags = {"TagSet": [{"Key": "new", "Value": "1"}]}
    for name in ("k", "before"):
        s3.put_object_tagging(Bucket="east", Key=name, Tagging=tags)
    assert s3.get_object_tagging(Bucket="west", Key="k")["TagSet"] == tags["TagSet"]
    s3.delete_object_tagging(Bucket="east", Key="k")
    assert s3.get_object_tagging(Bucket="west", Key="k")["TagSet"] == []
    assert absent(cloud, name="before")


def test_a_copy_is_not_copied_on(cloud: Any) -> None:
    buckets(cloud, "east", "west", "north")
    replicate(cloud)
    replicate(cloud, rule("north"), source="west")
    put(cloud)
    put(cloud, "own", bucket="west")
    assert not absent(cloud) and absent(cloud, "north")
    assert not absent(cloud, "north", "own")


def test_two_destinations_are_completed_together(cloud: Any) -> None:
    s3 = buckets(cloud, "east", "west", "north")
    replicate(cloud, rule(), rule("north", Priority=2))
    put(cloud)
    assert status(cloud) == "COMPLETED"
    s3.put_bucket_versioning(Bucket="north", VersioningConfiguration={"Status": "Suspended"})
    put(cloud, "later")
    assert status(cloud, name="later") == "FAILED"
    assert not absent(cloud, name="later")


def encrypted(cloud: Any, **more: Any) -> tuple[str, str]:
    """A key in each region, and a rule that takes objects under the first one."""
    east, west = (
        cloud.client("kms", region).create_key()["KeyMetadata"]["Arn"] for region in (EAST, WEST)
    )
    target = {
        "Bucket": "arn:aws:s3:::west",
        "EncryptionConfiguration": {"ReplicaKmsKeyID": west, **more},
    }
    kms = {"SseKmsEncryptedObjects": {"Status": "Enabled"}}
    replicate(cloud, rule(Destination=target, SourceSelectionCriteria=kms))
    return str(east), str(west)


def test_an_object_under_a_key_is_copied_under_the_key_of_the_copy(cloud: Any) -> None:
    s3 = buckets(cloud)
    east, west = encrypted(cloud)
    put(cloud, ServerSideEncryption="aws:kms", SSEKMSKeyId=east)
    assert s3.head_object(Bucket="west", Key="k")["SSEKMSKeyId"] == west
    assert s3.head_object(Bucket="east", Key="k")["SSEKMSKeyId"] == east
    put(cloud, "plain")
    assert s3.head_object(Bucket="west", Key="plain")["ServerSideEncryption"] == "AES256"


def test_the_key_of_the_copy_may_be_named_by_its_alias(cloud: Any) -> None:
    s3 = buckets(cloud)
    kms = cloud.client("kms", WEST)
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName="alias/copies", TargetKeyId=key["KeyId"])
    alias = key["Arn"].replace(f"key/{key['KeyId']}", "alias/copies")
    target = {
        "Bucket": "arn:aws:s3:::west",
        "EncryptionConfiguration": {"ReplicaKmsKeyID": alias},
    }
    taken = {"SseKmsEncryptedObjects": {"Status": "Enabled"}}
    replicate(cloud, rule(Destination=target, SourceSelectionCriteria=taken))
    put(cloud, ServerSideEncryption="aws:kms")
    assert status(cloud) == "COMPLETED"
    assert s3.head_object(Bucket="west", Key="k")["SSEKMSKeyId"] == key["Arn"]
    kms.delete_alias(AliasName="alias/copies")
    put(cloud, "later", ServerSideEncryption="aws:kms")
    assert status(cloud, name="later") == "FAILED"


def test_an_object_under_a_key_is_left_alone_by_other_rules(cloud: Any) -> None:
    buckets(cloud)
    replicate(cloud)
    put(cloud, ServerSideEncryption="aws:kms")
    assert absent(cloud)
    assert status(cloud) is None


@pytest.mark.parametrize("place", [0, 1])
def test_an_object_whose_key_cannot_be_used_fails(cloud: Any, place: int) -> None:
    buckets(cloud)
    keys = encrypted(cloud)
    cloud.client("kms", (EAST, WEST)[place]).disable_key(KeyId=keys[place].rpartition("/")[2])
    put(cloud, ServerSideEncryption="aws:kms", SSEKMSKeyId=keys[0])
    assert status(cloud) == "FAILED"
    assert absent(cloud)


@pytest.mark.parametrize("what", ["dark=us-west-2", "dark=us-east-1", "cut=us-east-1,us-west-2"])
def test_what_cannot_be_reached_waits_and_catches_up_in_order(cloud: Any, what: str) -> None:
    s3 = buckets(cloud)
    replicate(cloud)
    cloud.disturb(what)
    for body in (b"1", b"2"):
        put(cloud, body=body)
    assert status(cloud) == "PENDING"
    assert absent(cloud)
    cloud.disturb("")
    assert status(cloud) == "COMPLETED"
    assert s3.get_object(Bucket="west", Key="k")["Body"].read() == b"2"
    assert len(s3.list_object_versions(Bucket="west")["Versions"]) == 2


def test_latency_and_backlog_are_measured(cloud: Any) -> None:
    buckets(cloud)
    target = {
        "Bucket": "arn:aws:s3:::west",
        "Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 15}},
        "ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}},
    }
    replicate(cloud, rule(Destination=target))
    cloud.slow()
    cloud.disturb("cut=us-east-1,us-west-2")
    put(cloud, body=b"x" * 100)
    cloud.advance(300)

    def alarms(metric: str, above: float) -> str:
        watch = cloud.client("cloudwatch")
        watch.put_metric_alarm(
            AlarmName=metric,
            Namespace="AWS/S3",
            MetricName=metric,
            Dimensions=[
                {"Name": "SourceBucket", "Value": "east"},
                {"Name": "DestinationBucket", "Value": "west"},
                {"Name": "RuleId", "Value": "to-west"},
            ],
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            EvaluationPeriods=1,
            Period=60,
            Threshold=above,
            Statistic="Maximum",
        )
        cloud.tick()
        [found] = watch.describe_alarms(AlarmNames=[metric])["MetricAlarms"]
        return str(found["StateValue"])

    assert alarms("ReplicationLatency", 300.0) == "ALARM"
    assert alarms("BytesPendingReplication", 100.0) == "ALARM"
    assert alarms("OperationsPendingReplication", 2.0) == "OK"
    cloud.disturb("")
    cloud.advance(75)
    assert status(cloud) == "COMPLETED"
    assert alarms("BytesPendingReplication", 1.0) == "OK"


def test_rules_that_s3_does_not_take_are_refused(cloud: Any) -> None:
    s3 = buckets(cloud)
    call = ("s3", "put_bucket_replication")
    for wrong in (rule("east"), rule(Filter={"Tag": {"Key": "a", "Value": "b"}})):
        configuration = {"Role": "arn:aws:iam::123456789012:role/r", "Rules": [wrong]}
        asked = {"Bucket": "east", "ReplicationConfiguration": configuration}
        assert cloud.refused(*call, **asked) == "InvalidRequest"
    replicate(cloud)
    suspend = {"Bucket": "east", "VersioningConfiguration": {"Status": "Suspended"}}
    assert cloud.refused("s3", "put_bucket_versioning", **suspend) == "InvalidBucketState"
    s3.delete_bucket_replication(Bucket="east")
    assert cloud.refused("s3", "put_bucket_versioning", **suspend) == ""


def test_plain_buckets_replicate_nothing(plain: Any) -> None:
    """What the emulator does by itself. When this fails it has learned it: mend no more."""
    buckets(plain)
    replicate(plain)
    put(plain)
    assert absent(plain)
    assert status(plain) is None
