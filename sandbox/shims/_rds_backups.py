# SPDX-License-Identifier: GPL-3.0-or-later
"""Automated backups as data: which there are in a region, and an instance made out of one."""

from __future__ import annotations

import copy
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moto.rds.exceptions import RDSClientError as Refusal
from moto.rds.models import TaggingMixin, rds_backends

from sandbox.shims import _rds_rules
from sandbox.world import World


@dataclass(slots=True, eq=False)
class Backup(TaggingMixin):
    """Backups of `source`, an instance that may be gone, which are kept in `region`.

    `status` is active, retained, pending or replicating.
    """

    source: Any
    region: str
    status: str
    retention: int
    kms_key_id: str | None
    arn: str

    @property
    def abroad(self) -> bool:
        return bool(self.source.region != self.region)

    def described(self, world: World) -> dict[str, Any]:
        """As DescribeDBInstanceAutomatedBackups has it."""
        source = self.source
        # A replica has daily backups and no point in time.
        daily = self.status == "active" and source.source_db_instance_identifier
        reach = None if daily or self.status == "pending" else reach_of(world, source, self.region)
        return {
            "DBInstanceArn": source.db_instance_arn,
            "DbiResourceId": source.dbi_resource_id,
            "Region": source.region,
            "DBInstanceIdentifier": source.db_instance_identifier,
            "RestoreWindow": {"EarliestTime": reach[0], "LatestTime": reach[1]} if reach else {},
            "AllocatedStorage": source.allocated_storage,
            "Status": self.status,
            "Port": int(source.port),
            "AvailabilityZone": None if self.abroad else source.availability_zone,
            "VpcId": None if self.abroad else _rds_rules.vpc_of(source),
            "InstanceCreateTime": source.instance_create_time,
            "MasterUsername": source.master_username,
            "Engine": source.engine,
            "EngineVersion": source.engine_version,
            "LicenseModel": source.license_model,
            "Iops": source.iops,
            "StorageThroughput": source.storage_throughput,
            "OptionGroupName": source.option_group_name,
            "Encrypted": bool(self.kms_key_id),
            "StorageType": source.storage_type,
            "KmsKeyId": self.kms_key_id,
            "IAMDatabaseAuthenticationEnabled": bool(source.enable_iam_database_authentication),
            "BackupRetentionPeriod": self.retention,
            "PreferredBackupWindow": source.preferred_backup_window,
            "DBInstanceAutomatedBackupsArn": self.arn,
            "DBInstanceAutomatedBackupsReplications": replications(source),
            "BackupTarget": "region",
            "TagList": self.tags,
        }


def reach_of(world: World, source: Any, region: str) -> tuple[datetime, datetime] | None:
    """To which moments the backups of an instance in a region reach; from its creation at most."""
    found = world.databases.restorable(source.dbi_resource_id, region)
    if found is None:
        return None
    born = source.instance_create_time.replace(tzinfo=found[1].tzinfo)
    return max(found[0], born), found[1]


def new_arn(account: str, region: str) -> str:
    return f"arn:aws:rds:{region}:{account}:auto-backup:ab-{secrets.token_hex(16)}"


def kept(backend: Any) -> dict[str, Backup]:
    """The backups of a region that outlive their instance or are copied from abroad, by ARN."""
    found: dict[str, Backup] = backend.__dict__.setdefault("kept_backups", {})
    return found


def everywhere(account: str) -> list[Backup]:
    return [
        backup for backend in rds_backends[account].values() for backup in kept(backend).values()
    ]


def replications(source: Any) -> list[dict[str, str]]:
    """Where the backups of an instance are copied to."""
    return [
        {"DBInstanceAutomatedBackupsArn": backup.arn}
        for backup in everywhere(source.account_id)
        if backup.source is source and backup.status in ("pending", "replicating")
    ]


def own(backend: Any) -> list[Backup]:
    """The backups of the instances that a region has."""
    found = []
    for db in backend.databases.values():
        if db.db_cluster_identifier is None and db.backup_retention_period:
            arn = db.__dict__.setdefault("backups_arn", new_arn(db.account_id, db.region))
            key = db.kms_key_id if db.storage_encrypted else None
            retention = int(db.backup_retention_period)
            found.append(Backup(db, db.region, "active", retention, key, arn))
    return found


def backups_of(backend: Any) -> list[Backup]:
    return [*own(backend), *kept(backend).values()]


def not_found(what: str) -> Refusal:
    return Refusal("DBInstanceAutomatedBackupNotFound", f"Automated backup {what} not found.")


def find(backend: Any, asked: Any) -> Backup | None:
    """The backup that a restore names otherwise than by an instance, None if it names none."""
    names = {
        asked.get("source_dbi_resource_id"),
        asked.get("source_db_instance_automated_backups_arn"),
    }
    if not names - {None}:
        return None
    for backup in backups_of(backend):
        if {backup.arn, backup.source.dbi_resource_id} & names:
            return backup
    raise not_found(", ".join(str(name) for name in names - {None}))


def check_restore(backend: Any, backup: Backup, asked: Any) -> None:
    """Refuse to restore what is not there yet, or with a key that cannot be used here."""
    if backup.status == "pending":
        raise Refusal(
            "InvalidDBInstanceAutomatedBackupState",
            f"The automated backup {backup.arn} has no first backup yet.",
        )
    if asked.get("kms_key_id"):
        asked["kms_key_id"] = _rds_rules.key_arn(backend, asked["kms_key_id"])


def rebuilt(backend: Any, backup: Backup, target: str, overrides: Any) -> Any:
    """An instance of the emulator with the settings of the backup's source and of the call.

    What belongs to another region or VPC is taken from the call only.
    """
    left_out = {"backend", "db_subnet_group", "max_allocated_storage", "option_group_name"}
    left_out |= {"db_subnet_group_name", "db_parameter_group_name", "availability_zone"}
    settings = {
        name.removeprefix("_"): copy.deepcopy(value)
        for name, value in backup.source.__dict__.items()
        if name.removeprefix("_") not in left_out
    }
    settings |= {"db_name": backup.source.db_name, "kms_key_id": backup.kms_key_id}
    settings |= {name: value for name, value in overrides.items() if value}
    settings["db_instance_identifier"] = target
    return backend.create_db_instance(settings)
