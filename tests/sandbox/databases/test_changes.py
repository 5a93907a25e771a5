# SPDX-License-Identifier: GPL-3.0-or-later
"""What is modified of an instance is modified of its server, when AWS says so."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pg8000.exceptions import DatabaseError

pytestmark = pytest.mark.real
HOME, AWAY = "eu-west-1", "eu-central-1"
# Connections that RDS takes for a group, and PostgreSQL does not start with.
TOO_MANY = "8388607"


def ready(estate: Any, **more: Any) -> Any:
    """The client of the home region, once its database is available."""
    estate.create(**more)
    estate.settle()
    return estate.client("rds")


def set_parameter(estate: Any, name: str, value: str, method: str) -> None:
    estate.client("rds").modify_db_parameter_group(
        DBParameterGroupName="parameters",
        Parameters=[{"ParameterName": name, "ParameterValue": value, "ApplyMethod": method}],
    )


def group_status(estate: Any) -> str:
    return str(estate.one()["DBParameterGroups"][0]["ParameterApplyStatus"])


def test_another_password_is_in_force_without_a_reboot(estate: Any) -> None:
    rds = ready(estate)
    since = estate.ask("select pg_postmaster_start_time()")
    rds.modify_db_instance(DBInstanceIdentifier="db", MasterUserPassword="another-horse-9")
    estate.settle()
    with pytest.raises(DatabaseError, match="28P01"):
        estate.connect()
    assert estate.ask("select pg_postmaster_start_time()", password="another-horse-9") == since


def test_a_password_that_becomes_managed_is_the_one_of_its_secret(estate: Any) -> None:
    rds = ready(estate)
    rds.modify_db_instance(DBInstanceIdentifier="db", ManageMasterUserPassword=True)
    arn = estate.settle()["MasterUserSecret"]["SecretArn"]
    text = estate.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
    assert estate.ask("select 1", password=json.loads(text)["password"]) == 1
    with pytest.raises(DatabaseError, match="28P01"):
        estate.connect()


def test_a_renamed_instance_answers_under_its_new_name_and_its_replica_follows(
    estate: Any,
) -> None:
    rds = ready(estate)
    away = estate.client("rds", AWAY)
    away.create_db_instance_read_replica(
        DBInstanceIdentifier="replica",
        SourceDBInstanceIdentifier=estate.one()["DBInstanceArn"],
        DBSubnetGroupName="subnets",
    )
    estate.settle("replica", AWAY)
    rds.modify_db_instance(
        DBInstanceIdentifier="db", NewDBInstanceIdentifier="main", ApplyImmediately=True
    )

    def renamed() -> bool:
        found = rds.describe_db_instances()["DBInstances"]
        return [db["DBInstanceIdentifier"] for db in found] == ["main"]

    estate.until(renamed)
    estate.settle("main")
    estate.ask("create table t as select 1 as id", "main")
    estate.until(lambda: estate.ask("select to_regclass('t')", "replica", AWAY))
    source = estate.one("replica", AWAY)["ReadReplicaSourceDBInstanceIdentifier"]
    assert source == estate.one("main")["DBInstanceArn"]


def test_a_dynamic_parameter_is_in_force_at_once(estate: Any) -> None:
    ready(estate)
    set_parameter(estate, "work_mem", "5120", "immediate")
    estate.until(lambda: estate.ask("show work_mem") == "5MB")
    assert group_status(estate) == "in-sync"


def test_a_static_parameter_waits_for_a_reboot(estate: Any) -> None:
    rds = ready(estate)
    set_parameter(estate, "max_connections", "77", "pending-reboot")
    # What is immediate and comes later overtakes it.
    set_parameter(estate, "work_mem", "5120", "immediate")
    estate.until(lambda: estate.ask("show work_mem") == "5MB")
    assert estate.ask("show max_connections") == "112"
    assert group_status(estate) == "pending-reboot"
    rds.reboot_db_instance(DBInstanceIdentifier="db")
    estate.settle()
    assert estate.ask("show max_connections") == "77"
    assert group_status(estate) == "in-sync"


def test_a_dynamic_parameter_that_is_to_wait_waits(estate: Any) -> None:
    rds = ready(estate)
    set_parameter(estate, "work_mem", "5120", "pending-reboot")
    set_parameter(estate, "maintenance_work_mem", "9216", "immediate")
    estate.until(lambda: estate.ask("show maintenance_work_mem") == "9MB")
    assert estate.ask("show work_mem") == "4MB"
    rds.reboot_db_instance(DBInstanceIdentifier="db")
    estate.settle()
    assert estate.ask("show work_mem") == "5MB"


def test_tls_is_forced_or_not_as_the_group_says(estate: Any) -> None:
    ready(estate)
    set_parameter(estate, "rds.force_ssl", "0", "immediate")
    estate.until(lambda: estate.ask("show rds.force_ssl") == "0")
    assert estate.ask("select 1", ssl_context=False) == 1


def test_a_parameter_with_which_postgresql_does_not_start_is_incompatible(estate: Any) -> None:
    rds = ready(estate)
    estate.ask("create table t as select 1 as id")
    set_parameter(estate, "max_connections", TOO_MANY, "pending-reboot")
    rds.reboot_db_instance(DBInstanceIdentifier="db")
    estate.settle(to="incompatible-parameters")
    events = rds.describe_events(SourceIdentifier="db", SourceType="db-instance")["Events"]
    assert "failure" in events[-1]["EventCategories"]
    rds.reset_db_parameter_group(DBParameterGroupName="parameters", ResetAllParameters=True)
    rds.reboot_db_instance(DBInstanceIdentifier="db")
    estate.settle()
    assert estate.ask("select id from t") == 1


def test_another_class_restarts_the_server_with_what_fits_it(estate: Any) -> None:
    rds = ready(estate)
    rds.modify_db_instance(DBInstanceIdentifier="db", DBInstanceClass="db.t4g.small")
    assert estate.ask("show max_connections") == "112"
    rds.modify_db_instance(
        DBInstanceIdentifier="db", DBInstanceClass="db.t4g.small", ApplyImmediately=True
    )
    estate.until(lambda: estate.one()["DBInstanceClass"] == "db.t4g.small")
    estate.settle()
    assert estate.ask("show max_connections") == "225"


def test_without_backups_nothing_is_archived_until_they_are_switched_on(estate: Any) -> None:
    rds = ready(estate, BackupRetentionPeriod=0)
    assert estate.ask("select archived_count from pg_stat_archiver") >= 0
    assert "LatestRestorableTime" not in estate.one()
    rds.modify_db_instance(
        DBInstanceIdentifier="db", BackupRetentionPeriod=1, ApplyImmediately=True
    )
    estate.until(lambda: estate.one().get("LatestRestorableTime"))


def test_an_instance_that_cannot_start_is_never_available(estate: Any) -> None:
    set_parameter(estate, "max_connections", TOO_MANY, "pending-reboot")
    estate.create()
    estate.settle(to="incompatible-parameters")
    assert "Endpoint" not in estate.one()
    rds = estate.client("rds")
    rds.delete_db_instance(DBInstanceIdentifier="db", SkipFinalSnapshot=True)
    estate.until(lambda: not rds.describe_db_instances()["DBInstances"])
