# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets and their replicas."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .account import AWAY, Account, refused, tags

NAMED = {"SecretId": "db"}
TOKEN = "a" * 32
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:*", "Resource": "*"}
    ],
}


@pytest.fixture
def secrets(account: Account) -> Any:
    """Secrets Manager, with a secret `db` that has a replica abroad."""
    secrets = account.client("secretsmanager")
    made = secrets.create_secret(
        Name="db",
        SecretString="1",
        AddReplicaRegions=[{"Region": AWAY}],
        ClientRequestToken=TOKEN,
    )
    assert [one["Region"] for one in made["ReplicationStatus"]] == [AWAY]
    return secrets


@pytest.fixture
def abroad(account: Account) -> Any:
    return account.client("secretsmanager", AWAY)


def text(client: Any) -> str:
    return str(client.get_secret_value(**NAMED)["SecretString"])


def test_a_replica_has_the_value_and_follows_it(secrets: Any, abroad: Any) -> None:
    assert text(abroad) == "1"
    secrets.put_secret_value(**NAMED, SecretString="2")
    assert text(abroad) == "2"


def test_a_replica_is_not_written(secrets: Any, abroad: Any) -> None:
    assert text(secrets) == "1"
    code = refused(abroad.put_secret_value, **NAMED, SecretString="x")
    assert code in ("InvalidRequestException", "InvalidParameterException")


def test_a_promoted_replica_is_a_secret_of_its_own(secrets: Any, abroad: Any) -> None:
    abroad.stop_replication_to_replica(**NAMED)
    abroad.put_secret_value(**NAMED, SecretString="3")
    assert (text(secrets), text(abroad)) == ("1", "3")


def test_replicas_are_added_and_removed(secrets: Any, abroad: Any) -> None:
    secrets.remove_regions_from_replication(**NAMED, RemoveReplicaRegions=[AWAY])
    assert refused(abroad.describe_secret, **NAMED) == "ResourceNotFoundException"
    secrets.replicate_secret_to_regions(**NAMED, AddReplicaRegions=[{"Region": AWAY}])
    assert secrets.describe_secret(**NAMED)["ReplicationStatus"][0]["Status"] == "InSync"
    assert text(abroad) == "1"


def test_a_token_stands_for_one_value(secrets: Any) -> None:
    same = {**NAMED, "ClientRequestToken": TOKEN}
    assert refused(secrets.put_secret_value, **same, SecretString="1") == ""
    code = refused(secrets.put_secret_value, **same, SecretString="2")
    assert code == "ResourceExistsException"


def test_a_deleted_secret_is_not_read_until_it_is_restored(account: Account) -> None:
    secrets = account.client("secretsmanager")
    secrets.create_secret(Name="db", SecretString="1")
    secrets.delete_secret(**NAMED, RecoveryWindowInDays=7)
    assert refused(secrets.get_secret_value, **NAMED) == "InvalidRequestException"
    again = {"Name": "db", "SecretString": "2"}
    assert refused(secrets.create_secret, **again) == "InvalidRequestException"
    secrets.restore_secret(**NAMED)
    assert text(secrets) == "1"


def test_a_policy_of_a_secret_is_kept(secrets: Any) -> None:
    secrets.put_resource_policy(**NAMED, ResourcePolicy=json.dumps(POLICY))
    assert json.loads(secrets.get_resource_policy(**NAMED)["ResourcePolicy"]) == POLICY
    code = refused(secrets.put_resource_policy, **NAMED, ResourcePolicy="{")
    assert code == "MalformedPolicyDocumentException"


def test_description_and_tags_of_a_secret_change(secrets: Any) -> None:
    secrets.update_secret(**NAMED, Description="shop")
    secrets.tag_resource(**NAMED, Tags=tags(site="home", own="me"))
    secrets.untag_resource(**NAMED, TagKeys=["own"])
    told = secrets.describe_secret(**NAMED)
    assert (told["Description"], told["Tags"]) == ("shop", tags(site="home"))
