# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the calls that make and change a database instance are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..aws.scope import FINAL, NO_FINAL, RESTART, RESTORED, pairs
from .db_copies import BACKUP, INSTANCE, LATEST, SNAPSHOT, TIME

Spec = Mapping[str, Any]

INSIGHTS_DAYS = 7
# Attribute -> argument of ModifyDBInstance. What creating calls it differently is in CREATED.
MODIFIED = {
    "version": "EngineVersion",
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
CREATED = MODIFIED | {"port": "Port", "key": "KmsKeyId", "subnet_group": "DBSubnetGroupName"}
PRIMARY_ONLY = {"engine": "Engine", "encrypted": "StorageEncrypted", "database": "DBName"}
# CreateDBInstanceReadReplica has no such argument, or refuses it for PostgreSQL.
NOT_OF_A_NEW_REPLICA = frozenset(
    {
        "version",
        "allocated_storage",
        "storage_type",
        "parameter_group",
        "backup_retention",
        "backup_window",
        "maintenance_window",
    }
)
# Restoring has no such argument. The key is that of the copy, and the size is no smaller than that
# of the copy, which may have grown.
NOT_OF_A_RESTORED = frozenset(
    {"version", "allocated_storage", "max_allocated_storage", "key", "maintenance_window"}
)


def of_primary(spec: Spec, username: str, password: str) -> dict[str, Any]:
    """Arguments of CreateDBInstance."""
    return {
        "DBInstanceIdentifier": spec["identifier"],
        **_named(spec, CREATED | PRIMARY_ONLY),
        **_common(spec),
        **_insights(spec),
        "MasterUsername": username,
        "MasterUserPassword": password,
    }


def of_replica(spec: Spec, region: str) -> dict[str, Any]:
    """Arguments of CreateDBInstanceReadReplica. region: the source's, for which the SDK signs.

    A tag keeps that it is to be restarted: AWS gives it its parameter group afterwards only.
    """
    tags = {**spec["tags"], RESTART: "due"}
    names = {key: name for key, name in CREATED.items() if key not in NOT_OF_A_NEW_REPLICA}
    return {
        "DBInstanceIdentifier": spec["identifier"],
        **_named(spec, names),
        **_common({**spec, "tags": tags}),
        **_insights(spec),
        "SourceDBInstanceIdentifier": spec["source"],
        "SourceRegion": region,
    }


def of_restored(spec: Spec, mark: str) -> dict[str, Any]:
    """Arguments of RestoreDBInstanceFromDBSnapshot or, of a backup, of
    RestoreDBInstanceToPointInTime. mark: the value of the tag that tells what it is restored from.
    """
    names = {key: name for key, name in CREATED.items() if key not in NOT_OF_A_RESTORED}
    tags = {**spec["tags"], RESTORED: mark}
    common = {**_named(spec, names), **_common({**spec, "tags": tags})}
    restore = spec["restore"]
    if SNAPSHOT in restore:
        return {
            "DBInstanceIdentifier": spec["identifier"],
            "DBSnapshotIdentifier": restore[SNAPSHOT],
            **common,
        }
    time = restore.get(TIME, LATEST)
    # That of an instance that stands here has no name of its own for this call.
    source = (
        {"SourceDBInstanceIdentifier": restore[INSTANCE]}
        if INSTANCE in restore
        else {"SourceDBInstanceAutomatedBackupsArn": restore[BACKUP]}
    )
    return {
        "TargetDBInstanceIdentifier": spec["identifier"],
        **source,
        **({"UseLatestRestorableTime": True} if time == LATEST else {"RestoreTime": time}),
        **common,
    }


def of_change(want: Spec, have: Spec, keys: frozenset[str]) -> dict[str, Any]:
    """Arguments of ModifyDBInstance that bring these keys; empty if none of them is its affair."""
    found = {name: want[key] for key, name in MODIFIED.items() if key in keys}
    if "security_groups" in keys:
        found["VpcSecurityGroupIds"] = list(want["security_groups"])
    if "insights_key" in keys:
        found |= _insights(want)
    if "logs" in keys:
        on, off = set(want["logs"]), set(have["logs"])
        found["CloudwatchLogsExportConfiguration"] = {
            "EnableLogTypes": sorted(on - off),
            "DisableLogTypes": sorted(off - on),
        }
    return found


def _named(spec: Spec, names: Mapping[str, str]) -> dict[str, Any]:
    return {name: spec[key] for key, name in names.items() if key in spec}


def _common(spec: Spec) -> dict[str, Any]:
    return {
        "VpcSecurityGroupIds": list(spec["security_groups"]),
        "EnableCloudwatchLogsExports": list(spec["logs"]),
        "Tags": pairs({**spec["tags"], **final(spec)}),
    }


def final(spec: Spec) -> dict[str, str]:
    """The tag of an instance whose deletion leaves no last snapshot."""
    return {} if spec.get("final_snapshot", True) else {FINAL: NO_FINAL}


def _insights(spec: Spec) -> dict[str, Any]:
    """The last seven days are free of charge."""
    if not spec["insights_key"]:
        return {"EnablePerformanceInsights": False}
    return {
        "EnablePerformanceInsights": True,
        "PerformanceInsightsKMSKeyId": spec["insights_key"],
        "PerformanceInsightsRetentionPeriod": INSIGHTS_DAYS,
    }
