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


def stages(client: Any) -> dict[str, list[str]]:
    """Labels by version, told by what each version says."""
    told = client.describe_secret(**NAMED)["VersionIdsToStages"]
    return {
        client.get_secret_value(**NAMED, VersionId=version)["SecretString"]: sorted(labels)
        for version, labels in told.items()
    }


@pytest.fixture
def pending(secrets: Any) -> str:
    """A version of `db` that is to come."""
    made = secrets.put_secret_value(**NAMED, SecretString="2", VersionStages=["AWSPENDING"])
    return str(made["VersionId"])


def test_a_version_that_is_to_come_is_not_read_yet(secrets: Any, pending: str) -> None:
    assert stages(secrets) == {"1": ["AWSCURRENT"], "2": ["AWSPENDING"]}
    assert text(secrets) == "1"
    to_come = secrets.get_secret_value(**NAMED, VersionStage="AWSPENDING")
    assert (to_come["SecretString"], to_come["VersionId"]) == ("2", pending)
    again = {**NAMED, "ClientRequestToken": pending, "VersionStages": ["AWSPENDING"]}
    code = refused(secrets.put_secret_value, **again, SecretString="3")
    assert code == "ResourceExistsException"


def test_a_version_becomes_current_and_the_one_before_stays_readable(
    secrets: Any, abroad: Any, pending: str
) -> None:
    move = {**NAMED, "VersionStage": "AWSCURRENT", "MoveToVersionId": pending}
    assert refused(secrets.update_secret_version_stage, **move) == "InvalidParameterException"
    assert text(secrets) == "1"
    secrets.update_secret_version_stage(**move, RemoveFromVersionId=TOKEN)
    assert (text(secrets), text(abroad)) == ("2", "2")
    assert stages(secrets) == {"1": ["AWSPREVIOUS"], "2": ["AWSCURRENT", "AWSPENDING"]}
    before = secrets.get_secret_value(**NAMED, VersionStage="AWSPREVIOUS")
    assert before["SecretString"] == "1"


def test_a_label_is_taken_away_and_what_has_none_is_not_told(secrets: Any, pending: str) -> None:
    label = {**NAMED, "VersionStage": "AWSPENDING"}
    secrets.update_secret_version_stage(**label, RemoveFromVersionId=pending)
    assert stages(secrets) == {"1": ["AWSCURRENT"]}
    code = refused(secrets.get_secret_value, **label)
    assert code == "ResourceNotFoundException"
    current = {**NAMED, "VersionStage": "AWSCURRENT", "RemoveFromVersionId": TOKEN}
    assert refused(secrets.update_secret_version_stage, **current) == "InvalidParameterException"


def test_a_label_of_another_version_is_moved_only_from_there(secrets: Any, pending: str) -> None:
    move = {**NAMED, "VersionStage": "AWSPENDING", "MoveToVersionId": TOKEN}
    assert refused(secrets.update_secret_version_stage, **move) == "InvalidParameterException"
    secrets.update_secret_version_stage(**move, RemoveFromVersionId=pending)
    assert stages(secrets) == {"1": ["AWSCURRENT", "AWSPENDING"]}


def test_a_new_current_version_leaves_the_one_that_is_to_come(secrets: Any, pending: str) -> None:
    secrets.put_secret_value(**NAMED, SecretString="3")
    assert stages(secrets) == {"1": ["AWSPREVIOUS"], "2": ["AWSPENDING"], "3": ["AWSCURRENT"]}
    secrets.put_secret_value(**NAMED, SecretString="4", VersionStages=["AWSCURRENT", "AWSPENDING"])
    assert stages(secrets) == {"3": ["AWSPREVIOUS"], "4": ["AWSCURRENT", "AWSPENDING"]}


def test_labels_of_a_replica_are_not_moved(abroad: Any, pending: str) -> None:
    assert text(abroad) == "1"
    label = {**NAMED, "VersionStage": "AWSPENDING", "RemoveFromVersionId": pending}
    code = refused(abroad.update_secret_version_stage, **label)
    assert code in ("InvalidRequestException", "InvalidParameterException")


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
