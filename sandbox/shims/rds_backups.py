# SPDX-License-Identifier: GPL-3.0-or-later
"""Automated backups: those of instances, those that outlive them, and those of another region."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, PaginatedResult
from moto.rds.exceptions import RDSClientError as Refusal
from moto.rds.models import DBInstance, RDSBackend
from moto.rds.responses import RDSResponse

from sandbox.databases.orders import DropCopies, KeepCopies, StopCopies
from sandbox.shims import Hook, _rds_rules, _rds_servers
from sandbox.shims._rds_backups import (
    Backup,
    backups_of,
    everywhere,
    kept,
    new_arn,
    not_found,
    replications,
)
from sandbox.world import World
from sandbox.wrap import add, wrap

MENDED = (
    "StartDBInstanceAutomatedBackupsReplication, StopDBInstanceAutomatedBackupsReplication: "
    "`pending` first, also while the source's region cannot be reached, then `replicating`; an "
    "instance tells where its backups are copied to.",
    "DescribeDBInstanceAutomatedBackups: with state, window and filters, also of instances that "
    "are gone and of other regions.",
    "DeleteDBInstanceAutomatedBackup, not while the backup is still replicated.",
)
HOOKS: tuple[Hook, ...] = (
    (RDSResponse, "describe_db_instance_automated_backups", ()),
    (RDSBackend, "delete_db_instance", ("db_instance_identifier", "final_db_snapshot_identifier")),
    (RDSBackend, "create_db_instance", ("db_kwargs",)),
    (DBInstance, "db_instance_arn", ()),
)
START = 300.0  # AWS seconds until the first backup is in the other region, about.


def wanted(backup: Backup, asked: Any) -> bool:
    """Whether a backup is meant by the parameters of a description."""
    source = backup.source
    have = {
        "dbi-resource-id": source.dbi_resource_id,
        "db-instance-id": source.db_instance_identifier,
        "db-instance-automated-backups-arn": backup.arn,
        "status": backup.status,
    }
    named = {
        "DbiResourceId": "dbi-resource-id",
        "DBInstanceIdentifier": "db-instance-id",
        "DBInstanceAutomatedBackupsArn": "db-instance-automated-backups-arn",
    }
    if any(asked.get(name) not in (None, have[key]) for name, key in named.items()):
        return False
    for item in asked.get("Filters") or []:
        if item["Name"] not in have:
            raise Refusal("InvalidParameterValue", f"Unrecognized filter name: {item['Name']}")
        if have[item["Name"]] not in item["Values"]:
            return False
    return True


def descriptions(world: World) -> None:
    @wrap(RDSResponse, "describe_db_instance_automated_backups")
    def described(_original: Any, self: Any) -> ActionResult:
        found = [one for one in backups_of(self.backend) if wanted(one, self.params)]
        named = [self.params.get(n) for n in ("DbiResourceId", "DBInstanceAutomatedBackupsArn")]
        if not found and any(named):
            raise not_found(next(filter(None, named)))
        told = [one.described(world) for one in found]
        return PaginatedResult({"DBInstanceAutomatedBackups": told})

    def replicated(self: Any) -> list[dict[str, str]]:
        return replications(self)

    DBInstance.db_instance_automated_backups_replications = property(  # type: ignore[attr-defined]
        replicated
    )


def source_of(response: Any) -> Any:
    """The instance whose ARN a call names. Raises DBInstanceNotFound."""
    arn = response.params["SourceDBInstanceArn"]
    for db in _rds_rules.instances(response.current_account):
        if db.db_instance_arn == arn:
            return db
    raise Refusal("DBInstanceNotFound", f"DBInstance {arn} not found.")


def check(backend: Any, source: Any, asked: Any) -> str | None:
    """Refuse what AWS refuses about a replication; the key of the copy."""
    if source.region == backend.region_name:
        raise Refusal(
            "InvalidParameterValue",
            "The source DB instance must be in another region than the replicated backups.",
        )
    _rds_rules.available(source)
    if not source.backup_retention_period:
        raise Refusal(
            "InvalidDBInstanceState", "Automated backups are not enabled for the DB instance."
        )
    if any(
        one.status != "retained" for one in everywhere(source.account_id) if one.source is source
    ):
        raise Refusal(
            "InvalidDBInstanceAutomatedBackupState",
            "The automated backups of the DB instance are replicated already.",
        )
    if not source.storage_encrypted:
        return None
    if not asked.get("KmsKeyId"):
        raise Refusal(
            "InvalidParameterCombination",
            "Encrypted instances require a valid KMS key ID",
        )
    return _rds_rules.key_arn(backend, asked["KmsKeyId"])


def fill(world: World, backup: Backup) -> None:
    """Have backups come from their instance's region, as soon as and while it can be reached."""
    source, region = backup.source, backup.region
    order = KeepCopies(source.dbi_resource_id, source.region, region)
    label = f"backups of {source.db_instance_identifier} are in {region}"

    def fed() -> bool:
        return not world.severed(source.region, region)

    def replicating() -> None:
        if backup.status == "pending":
            backup.status = "replicating"

    def arrived() -> None:
        world.once(fed, replicating, label)

    def make() -> None:
        # It may have been told to stop while it waited.
        if backup.status == "pending":
            world.databases.carry_out(
                lambda: order, world.scaled(START), label, arrived, _rds_servers.ignore
            )

    world.once(fed, make, label)


def replication(world: World) -> None:
    @add(RDSResponse, "start_db_instance_automated_backups_replication")
    def start(self: Any) -> ActionResult:
        source = source_of(self)
        key = check(self.backend, source, self.params)
        retention = int(self.params.get("BackupRetentionPeriod") or 7)
        if not 1 <= retention <= 35:
            raise Refusal("InvalidParameterValue", "BackupRetentionPeriod must be 1 to 35.")
        arn = new_arn(self.current_account, self.region)
        backup = Backup(source, self.region, "pending", retention, key, arn)
        backup.tags = self.params.get("Tags") or []
        kept(self.backend)[arn] = backup
        answer = ActionResult({"DBInstanceAutomatedBackup": backup.described(world)})
        fill(world, backup)
        return answer

    @add(RDSResponse, "stop_db_instance_automated_backups_replication")
    def stop(self: Any) -> ActionResult:
        arn = self.params["SourceDBInstanceArn"]
        for backup in kept(self.backend).values():
            if backup.source.db_instance_arn == arn and backup.status != "retained":
                retain(world, backup)
                return ActionResult({"DBInstanceAutomatedBackup": backup.described(world)})
        raise Refusal("DBInstanceNotFound", f"The backups of {arn} are not replicated here.")


def retain(world: World, backup: Backup) -> None:
    """Have the backup stay as it is: nothing is added to it any more."""
    backup.status = "retained"
    if backup.abroad:
        order = StopCopies(backup.source.dbi_resource_id, backup.region)
        label = f"backups {backup.arn} are copied no more"
        world.databases.carry_out(
            lambda: order, 0.0, label, _rds_servers.ignore, _rds_servers.ignore
        )


def deletion(world: World) -> None:
    @add(RDSResponse, "delete_db_instance_automated_backup")
    def delete(self: Any) -> ActionResult:
        names = {
            self.params.get("DbiResourceId"),
            self.params.get("DBInstanceAutomatedBackupsArn"),
        } - {None}
        for backup in backups_of(self.backend):
            if names & {backup.arn, backup.source.dbi_resource_id}:
                if backup.status != "retained":
                    raise Refusal(
                        "InvalidDBInstanceAutomatedBackupState",
                        f"The automated backup is {backup.status}, only one that is retained can "
                        "be deleted.",
                    )
                return ActionResult(
                    {"DBInstanceAutomatedBackup": drop(world, self.backend, backup)}
                )
        raise not_found(", ".join(map(str, names)))

    @wrap(RDSBackend, "delete_db_instance")
    def delete_db_instance(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
        db = original(*args, **kwargs)
        keep = db.__dict__.get("keeps_backups", False)
        for backup in everywhere(self.account_id):
            if backup.source is db and backup.status != "retained":
                retain(world, backup)
        if keep and db.db_cluster_identifier is None and db.backup_retention_period:
            arn = db.__dict__.setdefault("backups_arn", new_arn(db.account_id, db.region))
            key = db.kms_key_id if db.storage_encrypted else None
            kept(self)[arn] = Backup(
                db, db.region, "retained", int(db.backup_retention_period), key, arn
            )
        return db


def drop(world: World, backend: Any, backup: Backup) -> dict[str, Any]:
    """Delete a retained backup with its data; as it was."""
    told = backup.described(world)
    del kept(backend)[backup.arn]
    order = DropCopies(backup.source.dbi_resource_id, backup.region)
    label = f"backups {backup.arn} are removed"
    world.databases.carry_out(lambda: order, 0.0, label, _rds_servers.ignore, _rds_servers.ignore)
    return told


def install(world: World) -> None:
    """Have the emulator keep backups beyond their instance and its region."""
    descriptions(world)
    replication(world)
    deletion(world)
