# SPDX-License-Identifier: GPL-3.0-or-later
"""Multi-region keys and grants of the sandbox behave as those of AWS."""

from __future__ import annotations

from typing import Any

from .conftest import HOME

WEST, EAST = "us-west-2", "eu-west-1"
ROLE = "arn:aws:iam::123456789012:role/web"


def primary(cloud: Any) -> str:
    kms = cloud.client("kms")
    return str(kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"])


def state(cloud: Any, key: str, region: str = HOME) -> str:
    told = cloud.client("kms", region).describe_key(KeyId=key)
    return str(told["KeyMetadata"]["KeyState"])


def test_a_replica_decrypts_what_its_primary_encrypted(cloud: Any) -> None:
    key, kms = primary(cloud), cloud.client("kms")
    assert key.startswith("mrk-") and len(key) == 36
    kms.replicate_key(KeyId=key, ReplicaRegion=WEST)
    secret = kms.encrypt(KeyId=key, Plaintext=b"word")["CiphertextBlob"]
    there = cloud.client("kms", WEST)
    assert there.decrypt(CiphertextBlob=secret)["Plaintext"] == b"word"
    assert cloud.refused("kms", "decrypt", EAST, CiphertextBlob=secret) == "AccessDeniedException"


def test_primary_and_replica_tell_of_each_other_and_have_their_own_tags(cloud: Any) -> None:
    key, kms, there = primary(cloud), cloud.client("kms"), cloud.client("kms", WEST)
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "site", "TagValue": "home"}])
    told = kms.replicate_key(
        KeyId=key,
        ReplicaRegion=WEST,
        Description="copy",
        Tags=[{"TagKey": "site", "TagValue": "away"}],
    )["ReplicaKeyMetadata"]
    assert (told["KeyState"], told["Description"]) == ("Creating", "copy")
    sides = [
        client.describe_key(KeyId=key)["KeyMetadata"]["MultiRegionConfiguration"]
        for client in (kms, there)
    ]
    assert [side["MultiRegionKeyType"] for side in sides] == ["PRIMARY", "REPLICA"]
    assert [side["PrimaryKey"]["Region"] for side in sides] == [HOME, HOME]
    assert [[r["Region"] for r in side["ReplicaKeys"]] for side in sides] == [[WEST], [WEST]]
    tags = [client.list_resource_tags(KeyId=key)["Tags"] for client in (kms, there)]
    assert [found[0]["TagValue"] for found in tags] == ["home", "away"]


def test_a_replica_is_of_no_use_until_it_is_made(cloud: Any) -> None:
    key = primary(cloud)
    cloud.slow()
    cloud.client("kms").replicate_key(KeyId=key, ReplicaRegion=WEST)
    use = {"KeyId": key, "Plaintext": b"x"}
    assert cloud.refused("kms", "encrypt", WEST, **use) == "KMSInvalidStateException"
    cloud.advance(60)
    assert (state(cloud, key, WEST), cloud.refused("kms", "encrypt", WEST, **use)) == (
        "Enabled",
        "",
    )


def test_only_a_primary_is_replicated_and_once_a_region(cloud: Any) -> None:
    kms, key = cloud.client("kms"), primary(cloud)
    single = kms.create_key()["KeyMetadata"]["KeyId"]
    code = cloud.refused("kms", "replicate_key", KeyId=single, ReplicaRegion=WEST)
    assert code == "UnsupportedOperationException"
    kms.replicate_key(KeyId=key, ReplicaRegion=WEST)
    again = cloud.refused("kms", "replicate_key", KeyId=key, ReplicaRegion=WEST)
    assert again == "AlreadyExistsException"
    code = cloud.refused("kms", "replicate_key", WEST, KeyId=key, ReplicaRegion=EAST)
    assert code == "UnsupportedOperationException"


def test_a_primary_waits_for_the_deletion_of_its_replicas(cloud: Any) -> None:
    kms, key = cloud.client("kms"), primary(cloud)
    kms.replicate_key(KeyId=key, ReplicaRegion=WEST)
    told = kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert told["KeyState"] == state(cloud, key) == "PendingReplicaDeletion"
    assert state(cloud, key, WEST) == "Enabled"
    code = cloud.refused("kms", "encrypt", KeyId=key, Plaintext=b"x")
    assert code == "KMSInvalidStateException"
    kms.cancel_key_deletion(KeyId=key)
    assert state(cloud, key) == "Disabled"


def test_a_key_that_waits_for_deletion_does_not_decrypt(cloud: Any) -> None:
    kms = cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    secret = kms.encrypt(KeyId=key, Plaintext=b"word")["CiphertextBlob"]
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    code = cloud.refused("kms", "decrypt", CiphertextBlob=secret)
    assert code == "KMSInvalidStateException"


def test_a_grant_of_the_same_name_and_content_is_the_same_grant(cloud: Any) -> None:
    kms = cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]
    asked = {"KeyId": key["KeyId"], "GranteePrincipal": ROLE, "Operations": ["Decrypt"]}
    first = kms.create_grant(**asked, Name="web")["GrantId"]
    assert kms.create_grant(**asked, Name="web")["GrantId"] == first
    assert kms.create_grant(**asked)["GrantId"] != first
    found = kms.list_grants(KeyId=key["KeyId"], GranteePrincipal=ROLE)["Grants"]
    assert {grant["KeyId"] for grant in found} == {key["Arn"]}
    assert len(found) == 2 and all(grant["CreationDate"] for grant in found)
    assert kms.list_grants(KeyId=key["KeyId"], GranteePrincipal=f"{ROLE}2")["Grants"] == []
    kms.revoke_grant(KeyId=key["KeyId"], GrantId=first)
    assert len(kms.list_grants(KeyId=key["KeyId"])["Grants"]) == 1


def test_a_grant_wants_a_key_and_operations_that_there_are(cloud: Any) -> None:
    key = cloud.client("kms").create_key()["KeyMetadata"]["KeyId"]
    wrong = {"KeyId": key, "GranteePrincipal": ROLE, "Operations": ["Delete"]}
    assert cloud.refused("kms", "create_grant", **wrong) == "ValidationException"
    nobody = "12345678-1234-1234-1234-123456789012"
    asked = {**wrong, "KeyId": nobody, "Operations": ["Decrypt"]}
    assert cloud.refused("kms", "create_grant", **asked) == "NotFoundException"
    assert cloud.refused("kms", "list_grants", KeyId=nobody) == "NotFoundException"


def test_plain_a_replica_cannot_decrypt_and_grants_are_made_twice(plain: Any) -> None:
    key, kms = primary(plain), plain.client("kms")
    kms.replicate_key(KeyId=key, ReplicaRegion=WEST)
    secret = kms.encrypt(KeyId=key, Plaintext=b"word")["CiphertextBlob"]
    code = plain.refused("kms", "decrypt", WEST, CiphertextBlob=secret)
    assert code == "AccessDeniedException"
    asked = {"KeyId": key, "GranteePrincipal": ROLE, "Operations": ["Decrypt"], "Name": "web"}
    first, second = (kms.create_grant(**asked)["GrantId"] for _ in range(2))
    assert first != second
