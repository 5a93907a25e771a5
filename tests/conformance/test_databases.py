# SPDX-License-Identifier: GPL-3.0-or-later
"""Database instances: how they come, what they are told to be, and how they go."""

from __future__ import annotations

from typing import Any

import pytest

from .account import PASSWORD, refused, tags
from .databases import SMALL, WORTH_KEEPING, Estate


def test_a_database_is_creating_without_endpoint_and_available_to_its_waiter(
    estate: Estate, rds: Any
) -> None:
    made = rds.create_db_instance(**estate.settings())["DBInstance"]
    assert (made["DBInstanceStatus"], "Endpoint" in made) == ("creating", False)
    rds.get_waiter("db_instance_available").wait(DBInstanceIdentifier="db")
    assert estate.one()["Endpoint"]["Address"].startswith("db.")


def test_what_it_was_made_with_comes_back(estate: Estate) -> None:
    made = estate.create(DeletionProtection=True)
    assert {name: made[name] for name in WORTH_KEEPING} == WORTH_KEEPING


def test_a_database_in_two_zones_names_the_second_and_to_when_it_can_be_restored(
    estate: Estate,
) -> None:
    made = estate.create()
    assert made["SecondaryAvailabilityZone"] != made["AvailabilityZone"]
    assert made["LatestRestorableTime"]


def test_a_name_is_given_once(estate: Estate, rds: Any) -> None:
    estate.create()
    code = refused(rds.create_db_instance, **estate.settings())
    assert code == "DBInstanceAlreadyExists"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"MasterUserPassword": "abc"}, "InvalidParameterValue"),
        ({"EngineVersion": "15.999"}, "InvalidParameterCombination"),
        ({"DBSubnetGroupName": "none"}, "DBSubnetGroupNotFoundFault"),
        ({"KmsKeyId": "alias/none"}, "KMSKeyNotAccessibleFault"),
    ],
    ids=["password", "version", "subnets", "key"],
)
def test_what_makes_no_sense_is_refused(
    estate: Estate, rds: Any, wrong: dict[str, Any], code: str
) -> None:
    assert refused(rds.create_db_instance, **estate.settings(**wrong)) == code
    assert rds.describe_db_instances()["DBInstances"] == []


def test_a_managed_password_is_in_a_secret(estate: Estate, rds: Any) -> None:
    asked = estate.settings(ManageMasterUserPassword=True)
    del asked["MasterUserPassword"]
    made = rds.create_db_instance(**asked)["DBInstance"]
    secrets = estate.account.client("secretsmanager")
    told = secrets.get_secret_value(SecretId=made["MasterUserSecret"]["SecretArn"])
    assert "password" in told["SecretString"]


def test_a_protected_database_is_not_deleted(estate: Estate, rds: Any) -> None:
    estate.create(DeletionProtection=True)
    named = {"DBInstanceIdentifier": "db", "SkipFinalSnapshot": True}
    assert refused(rds.delete_db_instance, **named) == "InvalidParameterCombination"


def test_a_deletion_says_what_becomes_of_the_data(estate: Estate, rds: Any) -> None:
    estate.create()
    code = refused(rds.delete_db_instance, DBInstanceIdentifier="db")
    assert code == "InvalidParameterCombination"


def test_a_final_snapshot_outlives_its_database(estate: Estate, rds: Any) -> None:
    estate.create()
    rds.delete_db_instance(DBInstanceIdentifier="db", FinalDBSnapshotIdentifier="final")
    found = rds.describe_db_snapshots(DBSnapshotIdentifier="final")["DBSnapshots"]
    assert [snapshot["Status"] for snapshot in found] == ["available"]
    assert refused(estate.one) == "DBInstanceNotFound"


def test_a_database_is_deleting_before_it_is_gone(estate: Estate, rds: Any) -> None:
    estate.create()
    estate.account.cloud.speed(1)
    told = rds.delete_db_instance(DBInstanceIdentifier="db", SkipFinalSnapshot=True)
    assert told["DBInstance"]["DBInstanceStatus"] == estate.status() == "deleting"


def test_databases_are_found_by_a_filter(estate: Estate, rds: Any) -> None:
    estate.create()
    rds.create_db_instance(**SMALL, DBInstanceIdentifier="other")
    wanted = [{"Name": "db-instance-id", "Values": ["db"]}]
    found = rds.describe_db_instances(Filters=wanted)["DBInstances"]
    assert [one["DBInstanceIdentifier"] for one in found] == ["db"]


def test_tags_of_a_database_are_added_removed_and_listed(estate: Estate, rds: Any) -> None:
    arn = {"ResourceName": estate.create()["DBInstanceArn"]}
    rds.add_tags_to_resource(**arn, Tags=tags(own="me"))
    rds.remove_tags_from_resource(**arn, TagKeys=["site"])
    assert rds.list_tags_for_resource(**arn)["TagList"] == tags(own="me")


def test_a_security_group_of_a_database_is_not_deleted(estate: Estate) -> None:
    estate.create()
    group = estate.settings()["VpcSecurityGroupIds"][0]
    ec2 = estate.account.client("ec2")
    assert refused(ec2.delete_security_group, GroupId=group) == "DependencyViolation"


def test_a_password_may_have_128_characters_and_no_more(estate: Estate, rds: Any) -> None:
    long = PASSWORD + "x" * (128 - len(PASSWORD))
    named = {**SMALL, "DBInstanceIdentifier": "long"}
    code = refused(rds.create_db_instance, **{**named, "MasterUserPassword": long + "x"})
    assert code == "InvalidParameterValue"
    assert refused(rds.create_db_instance, **{**named, "MasterUserPassword": long}) == ""
