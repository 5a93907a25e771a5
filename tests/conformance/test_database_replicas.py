# SPDX-License-Identifier: GPL-3.0-or-later
"""Read replicas in another region, and their promotion."""

from __future__ import annotations

from typing import Any

import pytest

from .account import AWAY, HOME, refused, until
from .databases import Estate


@pytest.fixture
def abroad(estate: Estate) -> Any:
    return estate.account.client("rds", AWAY)


def test_a_replica_is_in_the_subnets_of_its_own_region_and_names_its_source(
    estate: Estate,
) -> None:
    source = estate.create()["DBInstanceArn"]
    made = estate.replicate()
    assert f":{AWAY}:" in made["DBInstanceArn"]
    told = made["ReadReplicaSourceDBInstanceIdentifier"], made["DBInstanceStatus"]
    assert told == (source, "creating")
    assert made["DBSubnetGroup"]["DBSubnetGroupName"] == "subnets"
    assert estate.one()["ReadReplicaDBInstanceIdentifiers"] == [made["DBInstanceArn"]]


def test_a_replica_abroad_of_an_encrypted_database_wants_a_key_there(
    estate: Estate, abroad: Any
) -> None:
    asked = {
        "DBInstanceIdentifier": "replica",
        "SourceDBInstanceIdentifier": estate.create()["DBInstanceArn"],
        "SourceRegion": HOME,
    }
    code = refused(abroad.create_db_instance_read_replica, **asked)
    assert code == "InvalidParameterCombination"


def test_a_replica_replicates_and_has_aws_s_defaults(estate: Estate) -> None:
    estate.create(DeletionProtection=True)
    estate.replicate()
    found = estate.one("replica", AWAY)
    assert [info["Status"] for info in found["StatusInfos"]] == ["replicating"]
    assert (found["BackupRetentionPeriod"], found["MultiAZ"]) == (0, False)
    assert found["DeletionProtection"] is False


def test_a_source_that_there_is_not_is_refused(estate: Estate) -> None:
    estate.create()
    nobody = f"arn:aws:rds:{HOME}:123456789012:db:none"
    code = refused(lambda: estate.replicate(SourceDBInstanceIdentifier=nobody))
    assert code == "DBInstanceNotFound"


def test_a_source_without_backups_is_refused(estate: Estate) -> None:
    estate.create(BackupRetentionPeriod=0)
    assert refused(estate.replicate) == "InvalidDBInstanceState"


def test_a_promotion_cuts_both_links_and_turns_backups_on(estate: Estate, abroad: Any) -> None:
    estate.create()
    estate.replicate()
    abroad.promote_read_replica(DBInstanceIdentifier="replica", BackupRetentionPeriod=7)
    found = estate.one("replica", AWAY)
    assert "ReadReplicaSourceDBInstanceIdentifier" not in found
    assert found["BackupRetentionPeriod"] == 7
    assert estate.one()["ReadReplicaDBInstanceIdentifiers"] == []


def test_a_promotion_takes_its_time_and_shows_available_before_it_modifies(
    estate: Estate, abroad: Any
) -> None:
    estate.create()
    estate.replicate()
    estate.account.cloud.speed(60)
    abroad.promote_read_replica(DBInstanceIdentifier="replica")
    assert estate.one("replica", AWAY)["ReadReplicaSourceDBInstanceIdentifier"]
    until(lambda: estate.status("replica", AWAY) == "modifying")
    until(lambda: "ReadReplicaSourceDBInstanceIdentifier" not in estate.one("replica", AWAY))


def test_what_is_no_replica_is_not_promoted(estate: Estate, rds: Any) -> None:
    estate.create()
    code = refused(rds.promote_read_replica, DBInstanceIdentifier="db")
    assert code == "InvalidDBInstanceState"


def test_a_deleted_replica_is_forgotten_by_its_source(estate: Estate, abroad: Any) -> None:
    estate.create()
    estate.replicate()
    abroad.delete_db_instance(DBInstanceIdentifier="replica", SkipFinalSnapshot=True)
    assert refused(lambda: estate.one("replica", AWAY)) == "DBInstanceNotFound"
    assert estate.one()["ReadReplicaDBInstanceIdentifiers"] == []


def test_a_replica_in_the_region_of_a_deleted_source_is_an_instance_of_its_own(
    estate: Estate, rds: Any
) -> None:
    estate.create()
    estate.replicate()
    rds.create_db_instance_read_replica(
        DBInstanceIdentifier="same", SourceDBInstanceIdentifier="db"
    )
    rds.delete_db_instance(DBInstanceIdentifier="db", SkipFinalSnapshot=True)
    assert "ReadReplicaSourceDBInstanceIdentifier" not in estate.one("same")
    # One abroad stays a replica whose replication has ended.
    abroad = estate.one("replica", AWAY)
    assert abroad["ReadReplicaSourceDBInstanceIdentifier"]
    assert [info["Status"] for info in abroad["StatusInfos"]] == ["terminated"]


def test_a_replica_at_home_may_have_a_key_of_its_own(estate: Estate, rds: Any) -> None:
    source, other = estate.create(), estate.account.key()
    asked = {"SourceDBInstanceIdentifier": "db"}
    rds.create_db_instance_read_replica(DBInstanceIdentifier="same", **asked)
    rds.create_db_instance_read_replica(DBInstanceIdentifier="own", KmsKeyId=other, **asked)
    keys = estate.one("same")["KmsKeyId"], estate.one("own")["KmsKeyId"]
    assert keys == (source["KmsKeyId"], other)
