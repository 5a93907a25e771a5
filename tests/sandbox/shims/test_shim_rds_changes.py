# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a change of an instance of RDS."""

from __future__ import annotations

from typing import Any

from tests.sandbox.shims.databases import (
    make,
    one,
    settings,
)


def test_a_change_that_is_not_immediate_stays_pending(cloud: Any) -> None:
    make(cloud)
    rds = cloud.client("rds")
    rds.modify_db_instance(
        DBInstanceIdentifier="db", DBInstanceClass="db.t4g.small", BackupRetentionPeriod=9
    )
    db = one(cloud)
    assert db["DBInstanceClass"] == "db.t4g.micro"
    assert db["PendingModifiedValues"] == {"DBInstanceClass": "db.t4g.small"}
    assert db["BackupRetentionPeriod"] == 9
    rds.modify_db_instance(DBInstanceIdentifier="db", DBInstanceClass="db.t4g.micro")
    assert one(cloud)["PendingModifiedValues"] == {}


def test_an_immediate_change_shows_available_before_modifying(cloud: Any) -> None:
    make(cloud, MultiAZ=False)
    cloud.slow()
    cloud.client("rds").modify_db_instance(
        DBInstanceIdentifier="db", AllocatedStorage=40, MultiAZ=True, ApplyImmediately=True
    )
    assert one(cloud)["DBInstanceStatus"] == "available"
    assert one(cloud)["PendingModifiedValues"] == {"AllocatedStorage": 40, "MultiAZ": True}
    cloud.advance(60)
    assert one(cloud)["DBInstanceStatus"] == "modifying"
    again = {"DBInstanceIdentifier": "db", "AllocatedStorage": 50}
    assert cloud.refused("rds", "modify_db_instance", **again) == "InvalidDBInstanceState"
    cloud.advance(540)
    db = one(cloud)
    assert (db["DBInstanceStatus"], db["AllocatedStorage"], db["MultiAZ"]) == (
        "available",
        40,
        True,
    )
    assert db["PendingModifiedValues"] == {}
    assert db["SecondaryAvailabilityZone"]


def test_settings_that_need_no_window_are_changed_at_once(cloud: Any) -> None:
    make(cloud, EnableCloudwatchLogsExports=["postgresql"])
    cloud.client("rds").modify_db_instance(
        DBInstanceIdentifier="db",
        CloudwatchLogsExportConfiguration={
            "EnableLogTypes": ["upgrade", "postgresql"],
        },
        EnablePerformanceInsights=True,
        MaxAllocatedStorage=200,
        EnableIAMDatabaseAuthentication=True,
    )
    db = one(cloud)
    assert db["EnabledCloudwatchLogsExports"] == ["postgresql", "upgrade"]
    assert db["PerformanceInsightsEnabled"] is True
    assert db["MaxAllocatedStorage"] == 200
    assert db["IAMDatabaseAuthenticationEnabled"] is True


def test_a_rename_onto_a_name_in_use_is_refused(cloud: Any) -> None:
    net = make(cloud)
    cloud.client("rds").create_db_instance(**settings(net, DBInstanceIdentifier="other"))
    wanted = {"DBInstanceIdentifier": "db", "NewDBInstanceIdentifier": "other"}
    code = cloud.refused("rds", "modify_db_instance", ApplyImmediately=True, **wanted)
    assert code == "DBInstanceAlreadyExists"


def test_another_parameter_group_waits_for_a_reboot(cloud: Any) -> None:
    make(cloud)
    rds = cloud.client("rds")
    rds.create_db_parameter_group(
        DBParameterGroupName="next", DBParameterGroupFamily="postgres16", Description="d"
    )
    rds.modify_db_instance(DBInstanceIdentifier="db", DBParameterGroupName="next")
    group = {"DBParameterGroupName": "next"}
    pending = {**group, "ParameterApplyStatus": "pending-reboot"}
    assert one(cloud)["DBParameterGroups"] == [pending]
    rds.reboot_db_instance(DBInstanceIdentifier="db")
    assert one(cloud)["DBParameterGroups"] == [{**group, "ParameterApplyStatus": "in-sync"}]


def test_a_failover_swaps_the_zones(cloud: Any) -> None:
    make(cloud)
    before = one(cloud)
    cloud.client("rds").reboot_db_instance(DBInstanceIdentifier="db", ForceFailover=True)
    assert one(cloud)["AvailabilityZone"] == before["SecondaryAvailabilityZone"]
