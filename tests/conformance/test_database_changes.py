# SPDX-License-Identifier: GPL-3.0-or-later
"""Databases that are modified, renamed, rebooted, stopped and started."""

from __future__ import annotations

from typing import Any

from .account import refused, until
from .databases import SMALL, Estate

NAMED = {"DBInstanceIdentifier": "db"}


def test_another_class_waits_for_the_maintenance_window_unless_asked_for_now(
    estate: Estate, rds: Any
) -> None:
    estate.create()
    told = rds.modify_db_instance(**NAMED, DBInstanceClass="db.t4g.small")["DBInstance"]
    pending = told["PendingModifiedValues"]["DBInstanceClass"]
    assert (told["DBInstanceClass"], pending) == ("db.t4g.micro", "db.t4g.small")
    rds.modify_db_instance(**NAMED, ApplyImmediately=True)
    found = estate.one()
    assert (found["DBInstanceClass"], found["PendingModifiedValues"]) == ("db.t4g.small", {})


def test_a_database_is_modifying_while_it_gets_another_class(estate: Estate, rds: Any) -> None:
    estate.create()
    estate.account.cloud.speed(60)
    asked = {**NAMED, "DBInstanceClass": "db.t4g.medium", "ApplyImmediately": True}
    rds.modify_db_instance(**asked)
    until(lambda: estate.status() == "modifying")
    until(lambda: estate.status() == "available")
    assert estate.one()["DBInstanceClass"] == "db.t4g.medium"


def test_a_failover_swaps_the_zones(estate: Estate, rds: Any) -> None:
    before = estate.create()
    told = rds.reboot_db_instance(**NAMED, ForceFailover=True)["DBInstance"]
    assert told["DBInstanceStatus"] == "rebooting"
    after = estate.one()
    zones = after["AvailabilityZone"], after["SecondaryAvailabilityZone"]
    assert zones == (before["SecondaryAvailabilityZone"], before["AvailabilityZone"])


def test_a_new_name_moves_the_endpoint_and_the_old_one_is_gone(estate: Estate, rds: Any) -> None:
    before = estate.create()
    rds.modify_db_instance(**NAMED, NewDBInstanceIdentifier="shop", ApplyImmediately=True)
    after = estate.one("shop")
    assert after["Endpoint"]["Address"].startswith("shop.")
    assert after["DbiResourceId"] == before["DbiResourceId"]
    assert refused(estate.one) == "DBInstanceNotFound"


def test_a_name_in_use_is_not_taken_over(estate: Estate, rds: Any) -> None:
    estate.create()
    rds.create_db_instance(**SMALL, DBInstanceIdentifier="other")
    taken = {**NAMED, "NewDBInstanceIdentifier": "other", "ApplyImmediately": True}
    assert refused(rds.modify_db_instance, **taken) == "DBInstanceAlreadyExists"


def test_a_database_stops_and_starts(estate: Estate, rds: Any) -> None:
    estate.create()
    rds.stop_db_instance(**NAMED)
    assert estate.status() == "stopped"
    code = refused(rds.modify_db_instance, **NAMED, BackupRetentionPeriod=3)
    assert code == "InvalidDBInstanceState"
    rds.start_db_instance(**NAMED)
    assert estate.status() == "available"


def test_a_database_is_stopping_before_it_is_stopped_and_starting_before_it_is_available(
    estate: Estate, rds: Any
) -> None:
    estate.create()
    estate.account.cloud.speed(60)
    assert rds.stop_db_instance(**NAMED)["DBInstance"]["DBInstanceStatus"] == "stopping"
    until(lambda: estate.status() == "stopped")
    assert estate.one()["AutomaticRestartTime"]
    assert refused(rds.stop_db_instance, **NAMED) == "InvalidDBInstanceState"
    assert rds.start_db_instance(**NAMED)["DBInstance"]["DBInstanceStatus"] == "starting"
    assert refused(rds.start_db_instance, **NAMED) == "InvalidDBInstanceState"
    until(lambda: estate.status() == "available")


def test_neither_a_replica_nor_its_source_is_stopped(estate: Estate, rds: Any) -> None:
    estate.create()
    rds.create_db_instance_read_replica(
        DBInstanceIdentifier="same", SourceDBInstanceIdentifier="db"
    )
    for name in ("db", "same"):
        code = refused(rds.stop_db_instance, DBInstanceIdentifier=name)
        assert code == "InvalidDBInstanceState"


def test_another_parameter_group_waits_for_a_reboot(estate: Estate, rds: Any) -> None:
    estate.create()
    rds.create_db_parameter_group(
        DBParameterGroupName="other", DBParameterGroupFamily="postgres15", Description="d"
    )
    rds.modify_db_instance(**NAMED, DBParameterGroupName="other", ApplyImmediately=True)

    def applied() -> str:
        return str(estate.one()["DBParameterGroups"][0]["ParameterApplyStatus"])

    assert applied() == "pending-reboot"
    rds.reboot_db_instance(**NAMED)
    assert applied() == "in-sync"


def test_storage_does_not_shrink(estate: Estate, rds: Any) -> None:
    estate.create(AllocatedStorage=40)
    less = {**NAMED, "AllocatedStorage": 20, "ApplyImmediately": True}
    assert refused(rds.modify_db_instance, **less) == "InvalidParameterCombination"


def test_a_green_database_replicates_the_blue_one(estate: Estate, rds: Any) -> None:
    blue = estate.create()["DBInstanceArn"]
    made = rds.create_blue_green_deployment(BlueGreenDeploymentName="bg", Source=blue)
    assert made["BlueGreenDeployment"]["Status"] == "PROVISIONING"
    found = rds.describe_blue_green_deployments()["BlueGreenDeployments"][0]
    assert found["Status"] == "AVAILABLE"
    green = estate.one(found["Target"].rpartition(":")[2])
    assert green["ReadReplicaSourceDBInstanceIdentifier"] == "db"
