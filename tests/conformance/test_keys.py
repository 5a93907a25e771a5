# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys of KMS."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .account import ACCOUNT, AWAY, HOME, Account, refused

ROLE = f"arn:aws:iam::{ACCOUNT}:role/web"


@pytest.fixture
def kms(account: Account) -> Any:
    return account.client("kms")


@pytest.fixture
def key(kms: Any) -> str:
    return str(kms.create_key()["KeyMetadata"]["KeyId"])


def state(kms: Any, key: str) -> str:
    return str(kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"])


def test_a_replica_of_a_key_decrypts_abroad(account: Account, kms: Any) -> None:
    key = kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    secret = kms.encrypt(KeyId=key, Plaintext=b"word")["CiphertextBlob"]
    abroad = account.client("kms", AWAY)
    assert refused(abroad.decrypt, CiphertextBlob=secret) == "AccessDeniedException"
    made = kms.replicate_key(KeyId=key, ReplicaRegion=AWAY)["ReplicaKeyMetadata"]
    assert made["MultiRegionConfiguration"]["PrimaryKey"]["Region"] == HOME
    assert abroad.decrypt(CiphertextBlob=secret, KeyId=key)["Plaintext"] == b"word"


def test_what_is_encrypted_of_one_thing_is_decrypted_as_of_that(kms: Any, key: str) -> None:
    kms.create_alias(AliasName="alias/seal", TargetKeyId=key)
    of = {"report": "1"}
    made = kms.encrypt(KeyId="alias/seal", Plaintext=b"seal", EncryptionContext=of)
    assert made["KeyId"].endswith(f":key/{key}")
    blob = made["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=blob, EncryptionContext=of)["Plaintext"] == b"seal"
    other = {"CiphertextBlob": blob, "EncryptionContext": {"report": "2"}}
    assert refused(kms.decrypt, **other) == "InvalidCiphertextException"
    assert refused(kms.decrypt, CiphertextBlob=b"seal") == "InvalidCiphertextException"


def test_a_key_has_aliases_which_are_given_once(kms: Any, key: str) -> None:
    named = {"AliasName": "alias/shop", "TargetKeyId": key}
    kms.create_alias(**named)
    assert refused(kms.create_alias, **named) == "AlreadyExistsException"
    found = kms.list_aliases(KeyId=key)["Aliases"]
    assert [alias["AliasName"] for alias in found] == ["alias/shop"]
    assert key in [one["KeyId"] for one in kms.list_keys()["Keys"]]


def test_a_key_rotates_while_it_is_told_so(kms: Any, key: str) -> None:
    def rotates() -> bool:
        return bool(kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"])

    assert not rotates()
    kms.enable_key_rotation(KeyId=key)
    assert rotates()
    kms.disable_key_rotation(KeyId=key)
    assert not rotates()


def test_a_disabled_key_is_not_used(kms: Any, key: str) -> None:
    kms.disable_key(KeyId=key)
    use = {"KeyId": key, "Plaintext": b"x"}
    assert refused(kms.encrypt, **use) == "DisabledException"
    kms.enable_key(KeyId=key)
    assert refused(kms.encrypt, **use) == ""


def test_a_key_that_waits_for_its_deletion_is_not_used_until_that_is_cancelled(
    kms: Any, key: str
) -> None:
    secret = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert state(kms, key) == "PendingDeletion"
    gone = "KMSInvalidStateException"
    assert refused(kms.encrypt, KeyId=key, Plaintext=b"x") == gone
    assert refused(kms.decrypt, CiphertextBlob=secret) == gone
    kms.cancel_key_deletion(KeyId=key)
    assert state(kms, key) == "Disabled"


def test_a_policy_leaves_the_account_in(kms: Any, key: str) -> None:
    named = {"KeyId": key, "PolicyName": "default"}
    own = kms.get_key_policy(**named)["Policy"]
    kms.put_key_policy(**named, Policy=own)
    nobody = json.dumps({"Version": "2012-10-17", "Statement": []})
    code = refused(kms.put_key_policy, **named, Policy=nobody)
    assert code == "MalformedPolicyDocumentException"


def test_description_and_tags_of_a_key_change(kms: Any, key: str) -> None:
    kms.update_key_description(KeyId=key, Description="shop")
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["Description"] == "shop"
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "site", "TagValue": "home"}])
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "own", "TagValue": "me"}])
    kms.untag_resource(KeyId=key, TagKeys=["own"])
    told = kms.list_resource_tags(KeyId=key)["Tags"]
    assert told == [{"TagKey": "site", "TagValue": "home"}]


def test_a_grant_is_given_once_listed_and_revoked(kms: Any, key: str) -> None:
    asked = {"KeyId": key, "GranteePrincipal": ROLE, "Operations": ["Decrypt"], "Name": "web"}
    first, again = (kms.create_grant(**asked)["GrantId"] for _ in range(2))
    assert first == again
    found = kms.list_grants(KeyId=key, GranteePrincipal=ROLE)["Grants"]
    assert [grant["Operations"] for grant in found] == [["Decrypt"]]
    kms.revoke_grant(KeyId=key, GrantId=first)
    assert kms.list_grants(KeyId=key)["Grants"] == []
