# SPDX-License-Identifier: GPL-3.0-or-later
"""What RDS tells of a database is drift, or its own doing, or still to come."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.diff import compare
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.db_instance import (
    DbInstance,
)

from .instances import NAME, Told, item, told, want

__all__ = ["told", "want"]


def test_an_instance_as_declared_shows_no_drift(told: Told, want: Want) -> None:
    assert told.differences(want, item(want.spec)) == set()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"DBInstanceClass": "db.r6g.large"}, "instance_class"),
        ({"AllocatedStorage": 20}, "allocated_storage"),
        ({"MaxAllocatedStorage": 100}, "max_allocated_storage"),
        ({"StorageType": "gp2"}, "storage_type"),
        ({"MultiAZ": False}, "multi_az"),
        ({"DBParameterGroups": [{"DBParameterGroupName": "other"}]}, "parameter_group"),
        ({"VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-2"}]}, "security_groups"),
        ({"Endpoint": {"Address": "x", "Port": 5433}}, "port"),
        ({"BackupRetentionPeriod": 1}, "backup_retention"),
        ({"PreferredBackupWindow": "07:00-08:00"}, "backup_window"),
        ({"PreferredMaintenanceWindow": "mon:04:00-mon:05:00"}, "maintenance_window"),
        ({"DeletionProtection": False}, "deletion_protection"),
        ({"CopyTagsToSnapshot": False}, "copy_tags"),
        ({"AutoMinorVersionUpgrade": False}, "minor_upgrades"),
        ({"PerformanceInsightsEnabled": False}, "insights_key"),
        ({"EnabledCloudwatchLogsExports": ["postgresql"]}, "logs"),
        ({"CACertificateIdentifier": "rds-ca-2019"}, "authority"),
        ({"IAMDatabaseAuthenticationEnabled": False}, "iam_login"),
        ({"PubliclyAccessible": True}, "public"),
    ],
)
def test_a_change_behind_its_back_is_seen_and_asked_back_at_once(
    told: Told, want: Want, changed: dict[str, Any], field: str
) -> None:
    have = told.have(want, item(want.spec, **changed))
    changes = compare(want.spec, have.spec)
    assert [change.dotted for change in changes] == [field]
    told.stub.add_response(
        "modify_db_instance", {}, _only(field, {"DBInstanceIdentifier": NAME}, want)
    )
    after = DbInstance().update(told.aws, want, have, changes)
    assert after is not None
    assert not after.settled
    assert compare(want.spec, after.spec) == ()


def _only(field: str, expected: dict[str, Any], want: Want) -> dict[str, Any]:
    """Arguments of a modification of one attribute and nothing else."""
    names = {
        "instance_class": "DBInstanceClass",
        "allocated_storage": "AllocatedStorage",
        "max_allocated_storage": "MaxAllocatedStorage",
        "storage_type": "StorageType",
        "multi_az": "MultiAZ",
        "parameter_group": "DBParameterGroupName",
        "port": "DBPortNumber",
        "backup_retention": "BackupRetentionPeriod",
        "backup_window": "PreferredBackupWindow",
        "maintenance_window": "PreferredMaintenanceWindow",
        "deletion_protection": "DeletionProtection",
        "copy_tags": "CopyTagsToSnapshot",
        "minor_upgrades": "AutoMinorVersionUpgrade",
        "authority": "CACertificateIdentifier",
        "iam_login": "EnableIAMDatabaseAuthentication",
        "public": "PubliclyAccessible",
    }
    others = {
        "security_groups": {"VpcSecurityGroupIds": ["sg-1"]},
        "logs": {
            "CloudwatchLogsExportConfiguration": {
                "EnableLogTypes": ["upgrade"],
                "DisableLogTypes": [],
            }
        },
        "insights_key": {
            "EnablePerformanceInsights": True,
            "PerformanceInsightsKMSKeyId": want.spec["insights_key"],
            "PerformanceInsightsRetentionPeriod": 7,
        },
    }
    more = others.get(field) or {names[field]: want.spec[field]}
    return {**expected, "ApplyImmediately": True, **more}


def test_what_was_asked_for_and_is_pending_is_no_drift_and_not_settled(
    told: Told, want: Want
) -> None:
    pending = {"MultiAZ": True, "DBInstanceClass": "db.t4g.medium"}
    answer = item(
        want.spec, MultiAZ=False, DBInstanceClass="db.t4g.large", PendingModifiedValues=pending
    )
    have = told.have(want, answer)
    assert compare(want.spec, have.spec) == ()
    assert not have.settled
    assert have.status == "available, pending: DBInstanceClass, MultiAZ"


@pytest.mark.parametrize(
    ("declared", "found", "differs"),
    [
        ("16", "16.9", False),
        ("16.4", "16.4", False),
        ("16.4", "16.9", False),
        ("16.10", "16.9", True),
    ],
)
def test_a_version_that_aws_upgraded_by_itself_is_no_drift(
    told: Told, want: Want, declared: str, found: str, differs: bool
) -> None:
    newer = Want("db_instance", "main", {**want.spec, "version": declared})
    seen = told.differences(newer, item(want.spec, EngineVersion=found))
    assert seen == ({"version"} if differs else set())


def test_another_major_version_would_need_another_instance(told: Told, want: Want) -> None:
    seen = told.differences(want, item(want.spec, EngineVersion="15.13"))
    assert "major" in seen & DbInstance.rules.replace
    assert DbInstance.rules.stateful


def test_storage_that_grew_by_itself_is_no_drift(told: Told, want: Want) -> None:
    assert told.differences(want, item(want.spec, AllocatedStorage=120)) == set()


def test_an_instance_that_is_busy_is_left_until_it_has_settled(told: Told, want: Want) -> None:
    have = told.have(want, item(want.spec, DBInstanceStatus="creating", MultiAZ=False))
    after = DbInstance().update(told.aws, want, have, compare(want.spec, have.spec))
    assert after is not None
    assert not after.settled
    assert {change.key for change in compare(want.spec, after.spec)} == {"multi_az"}


def test_an_instance_that_became_busy_is_left_until_it_has_settled(told: Told, want: Want) -> None:
    have = told.have(want, item(want.spec, MultiAZ=False))
    told.stub.add_client_error("modify_db_instance", "InvalidDBInstanceState")
    after = DbInstance().update(told.aws, want, have, compare(want.spec, have.spec))
    assert after is not None
    assert not after.settled
