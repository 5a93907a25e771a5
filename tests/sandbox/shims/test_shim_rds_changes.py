# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a change of an instance of RDS."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.shims.databases import (
    EAST,
    WEST,
    make,
    one,
    prepare,
    replicate,
    settings,
    with_replica,
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


def test_a_limit_of_growth_that_is_less_than_a_tenth_above_the_storage_is_refused(
    cloud: Any,
) -> None:
    make(cloud)
    size = one(cloud)["AllocatedStorage"]
    wanted = {"DBInstanceIdentifier": "db", "MaxAllocatedStorage": size + size // 10 - 1}
    assert cloud.refused("rds", "modify_db_instance", **wanted) == "InvalidParameterCombination"
    cloud.client("rds").modify_db_instance(**wanted | {"MaxAllocatedStorage": size + size // 10})


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


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"BackupRetentionPeriod": 40}, "InvalidParameterValue"),
        ({"DBInstanceClass": "db.bogus.micro"}, "InvalidParameterValue"),
        ({"DBInstanceClass": "db.t2.micro"}, "InvalidParameterCombination"),
        ({"EngineVersion": "16.7"}, "InvalidParameterCombination"),
        ({"EngineVersion": "15.8"}, "InvalidParameterCombination"),
        ({"EngineVersion": "17.2"}, "InvalidParameterCombination"),
        (
            {"EngineVersion": "17.2", "AllowMajorVersionUpgrade": True},
            "InvalidParameterCombination",
        ),
        (
            {"EngineVersion": "17.2", "DBParameterGroupName": "default.postgres17"},
            "InvalidParameterCombination",
        ),
        ({"AllocatedStorage": 19}, "InvalidParameterCombination"),
        ({"AllocatedStorage": 65537}, "InvalidParameterValue"),
        ({"Iops": 9000}, "InvalidParameterCombination"),
        ({"AllocatedStorage": 400, "Iops": 9000}, "InvalidParameterCombination"),
    ],
)
def test_a_wrong_change_is_refused_and_nothing_of_it_done(
    cloud: Any, wrong: dict[str, Any], code: str
) -> None:
    make(cloud)
    before = {**one(cloud), "LatestRestorableTime": None}
    call = {"DBInstanceIdentifier": "db", "ApplyImmediately": True, "MultiAZ": False}
    assert cloud.refused("rds", "modify_db_instance", **call, **wrong) == code
    assert {**one(cloud), "LatestRestorableTime": None} == before


def test_a_major_upgrade_that_is_allowed_and_names_a_group_is_made(cloud: Any) -> None:
    make(cloud)
    cloud.client("rds").modify_db_instance(
        DBInstanceIdentifier="db",
        EngineVersion="17",
        AllowMajorVersionUpgrade=True,
        DBParameterGroupName="default.postgres17",
        ApplyImmediately=True,
    )
    db = one(cloud)
    assert db["EngineVersion"] == "17.6"
    assert db["DBParameterGroups"][0]["DBParameterGroupName"] == "default.postgres17"


@pytest.mark.parametrize(("asked", "given"), [(20, 20), (21, 22), (22, 22), (23, 23)])
def test_storage_grows_by_a_tenth_at_least(cloud: Any, asked: int, given: int) -> None:
    make(cloud)
    cloud.client("rds").modify_db_instance(
        DBInstanceIdentifier="db", AllocatedStorage=asked, ApplyImmediately=True
    )
    assert one(cloud)["AllocatedStorage"] == given


def test_gp3_that_grows_beyond_400_gib_has_more_without_asking(cloud: Any) -> None:
    make(cloud, AllocatedStorage=380)
    cloud.client("rds").modify_db_instance(
        DBInstanceIdentifier="db", AllocatedStorage=400, ApplyImmediately=True
    )
    db = one(cloud)
    assert (db["AllocatedStorage"], db["Iops"], db["StorageThroughput"]) == (418, 12000, 500)


def test_the_source_of_a_replica_keeps_its_backups(cloud: Any) -> None:
    west = with_replica(cloud)
    none = {"BackupRetentionPeriod": 0, "ApplyImmediately": True}
    call = ("rds", "modify_db_instance")
    code = cloud.refused(*call, EAST, DBInstanceIdentifier="db", **none)
    assert code == "InvalidParameterCombination"
    assert one(cloud)["BackupRetentionPeriod"] == 7
    west.delete_db_instance(DBInstanceIdentifier="replica", SkipFinalSnapshot=True)
    assert cloud.refused(*call, EAST, DBInstanceIdentifier="db", **none) == ""


def test_what_is_made_of_an_instance_has_a_class_that_there_is(cloud: Any) -> None:
    make(cloud)
    there = prepare(cloud, WEST)
    rds = cloud.client("rds")
    rds.create_db_snapshot(DBInstanceIdentifier="db", DBSnapshotIdentifier="s")
    wrong = {"DBInstanceIdentifier": "new", "DBInstanceClass": "db.bogus.micro"}
    asked = replicate(cloud, there, **wrong)
    code = cloud.refused("rds", "create_db_instance_read_replica", WEST, **asked)
    assert code == "InvalidParameterValue"
    restore = "restore_db_instance_from_db_snapshot"
    code = cloud.refused("rds", restore, EAST, DBSnapshotIdentifier="s", **wrong)
    assert code == "InvalidParameterValue"
    assert len(rds.describe_db_instances()["DBInstances"]) == 1


def test_a_promoted_replica_keeps_its_backups_for_35_days_at_most(cloud: Any) -> None:
    with_replica(cloud)
    asked = {"DBInstanceIdentifier": "replica", "BackupRetentionPeriod": 36}
    assert cloud.refused("rds", "promote_read_replica", WEST, **asked) == "InvalidParameterValue"
