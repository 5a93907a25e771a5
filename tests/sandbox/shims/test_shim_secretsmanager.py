# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets of the sandbox behave as AWS's, where the emulator alone does not."""

from __future__ import annotations

from typing import Any

EAST, WEST = "us-east-1", "us-west-2"


def make(cloud: Any, **more: Any) -> Any:
    client = cloud.client("secretsmanager")
    client.create_secret(Name="s", SecretString="v", **more)
    return client


def status(cloud: Any) -> list[dict[str, Any]]:
    told = cloud.client("secretsmanager").describe_secret(SecretId="s")
    return list(told.get("ReplicationStatus", []))


def test_a_secret_that_waits_for_deletion_blocks_its_name_until_it_is_restored(
    cloud: Any,
) -> None:
    client = make(cloud)
    client.delete_secret(SecretId="s", RecoveryWindowInDays=7)
    for call, more in (
        ("create_secret", {"Name": "s", "SecretString": "v"}),
        ("put_secret_value", {"SecretId": "s", "SecretString": "w"}),
        ("tag_resource", {"SecretId": "s", "Tags": [{"Key": "a", "Value": "b"}]}),
    ):
        assert cloud.refused("secretsmanager", call, **more) == "InvalidRequestException"
    client.restore_secret(SecretId="s")
    assert client.get_secret_value(SecretId="s")["SecretString"] == "v"


def test_a_replica_has_its_own_key_and_is_in_progress_for_a_moment(cloud: Any) -> None:
    key = cloud.client("kms", WEST).create_key()["KeyMetadata"]["Arn"]
    cloud.slow()
    make(cloud, AddReplicaRegions=[{"Region": WEST, "KmsKeyId": key}])
    assert [(r["Status"], r["KmsKeyId"]) for r in status(cloud)] == [("InProgress", key)]
    cloud.advance(5)
    assert status(cloud)[0]["Status"] == "InSync"
    told = cloud.client("secretsmanager", WEST).describe_secret(SecretId="s")
    assert (told["KmsKeyId"], told["PrimaryRegion"]) == (key, EAST)


def test_a_replica_fails_with_a_key_of_another_region(cloud: Any) -> None:
    key = cloud.client("kms").create_key()["KeyMetadata"]["KeyId"]
    make(cloud, AddReplicaRegions=[{"Region": WEST, "KmsKeyId": key}])
    assert status(cloud)[0]["Status"] == "Failed"


def test_replicas_come_and_go_later_too(cloud: Any) -> None:
    client = make(cloud)
    told = client.replicate_secret_to_regions(SecretId="s", AddReplicaRegions=[{"Region": WEST}])
    assert told["ARN"].startswith("arn:aws:secretsmanager:")
    assert status(cloud)[0]["Status"] == "InSync"
    client.remove_regions_from_replication(SecretId="s", RemoveReplicaRegions=[WEST])
    assert status(cloud) == []


def test_a_region_has_one_replica_also_where_that_failed_until_it_is_removed(cloud: Any) -> None:
    wrong = cloud.client("kms").create_key()["KeyMetadata"]["KeyId"]
    client = make(cloud, AddReplicaRegions=[{"Region": WEST, "KmsKeyId": wrong}])
    again = {"SecretId": "s", "AddReplicaRegions": [{"Region": WEST}]}
    for over in (False, True):
        asked = {**again, "ForceOverwriteReplicaSecret": over}
        code = cloud.refused("secretsmanager", "replicate_secret_to_regions", **asked)
        assert code == "InvalidRequestException"
    client.remove_regions_from_replication(SecretId="s", RemoveReplicaRegions=[WEST])
    client.replicate_secret_to_regions(**again)
    assert [one["Status"] for one in status(cloud)] == ["InSync"]


def test_a_replica_can_stand_alone(cloud: Any) -> None:
    east = make(cloud, AddReplicaRegions=[{"Region": WEST}])
    west = cloud.client("secretsmanager", WEST)
    west.stop_replication_to_replica(SecretId="s")
    assert "PrimaryRegion" not in west.describe_secret(SecretId="s")
    assert status(cloud) == []
    west.put_secret_value(SecretId="s", SecretString="own")
    assert east.get_secret_value(SecretId="s")["SecretString"] == "v"
    assert west.get_secret_value(SecretId="s")["SecretString"] == "own"


def test_a_resource_policy_is_json(cloud: Any) -> None:
    make(cloud)
    wrong = {"SecretId": "s", "ResourcePolicy": "{x"}
    code = cloud.refused("secretsmanager", "put_resource_policy", **wrong)
    assert code == "MalformedPolicyDocumentException"


def test_plain_replicas_forget_their_key_are_made_twice_and_their_names_stay(
    plain: Any,
) -> None:
    """What the emulator does by itself. When this fails it has learned it: mend no more."""
    key = plain.client("kms", WEST).create_key()["KeyMetadata"]["Arn"]
    client = make(plain, AddReplicaRegions=[{"Region": WEST, "KmsKeyId": key}])
    assert status(plain)[0]["KmsKeyId"] != key
    assert plain.refused("secretsmanager", "stop_replication_to_replica", WEST, SecretId="s")
    client.replicate_secret_to_regions(SecretId="s", AddReplicaRegions=[{"Region": WEST}])
    assert [one["Region"] for one in status(plain)] == [WEST, WEST]
    told = client.remove_regions_from_replication(SecretId="s", RemoveReplicaRegions=[WEST])
    assert told["ARN"] == "s"
    wrong = {"SecretId": "s", "ResourcePolicy": "{x"}
    assert plain.refused("secretsmanager", "put_resource_policy", **wrong) == ""
    client.delete_secret(SecretId="s", RecoveryWindowInDays=7)
    again = {"Name": "s", "SecretString": "v"}
    code = plain.refused("secretsmanager", "create_secret", **again)
    assert code == "ResourceExistsException"
    client.put_secret_value(SecretId="s", SecretString="w")
