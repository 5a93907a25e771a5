# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots of database instances, their copies, and what is restored from them."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.rds.exceptions import RDSClientError as Refusal
from moto.rds.models import DBSnapshot, RDSBackend

from sandbox.databases.orders import CopySnapshot, Order, Restore, RestoreToTime, TakeSnapshot
from sandbox.shims import Hook, _rds_backups, _rds_classes, _rds_limits, _rds_rules, _rds_servers
from sandbox.shims.rds import begin, complete
from sandbox.shims.rds_delete import forget_snapshot
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "CreateDBSnapshot: `creating` first, with PercentProgress; refused of a busy instance.",
    "CopyDBSnapshot takes time, names its source, and wants a key for an encrypted copy abroad.",
    "A copy from a region that cannot be reached is `creating` until it can.",
    "An automated snapshot is not deleted by hand.",
    "A restore is refused into a class that there is not.",
    "A restored instance has AWS's defaults: no protection, default groups, one zone.",
    "False and 0 are honoured in a restore.",
    "A point in time is restored from retained and from replicated backups too, of no replica.",
)
HOOKS: tuple[Hook, ...] = (
    (RDSBackend, "create_db_snapshot", ("db_instance_identifier", "db_snapshot_identifier")),
    (
        RDSBackend,
        "copy_db_snapshot",
        ("source_db_snapshot_identifier", "target_db_snapshot_identifier", "kms_key_id"),
    ),
    (
        RDSBackend,
        "restore_db_instance_from_db_snapshot",
        ("from_snapshot_id", "overrides"),
    ),
    (
        RDSBackend,
        "restore_db_instance_to_point_in_time",
        ("source_db_identifier", "target_db_identifier", "overrides"),
    ),
    (RDSBackend, "delete_db_snapshot", ("db_snapshot_identifier",)),
    (DBSnapshot, "db_snapshot_arn", ()),
)


def grow(
    world: World,
    snapshot: Any,
    step: str,
    order: Callable[[], Order],
    fed: Callable[[], bool] = lambda: True,
) -> None:
    """Have a snapshot be `creating` for the time of `step`, then `available`.

    It is neither begun nor finished while the region of its source is not reached (`fed`): AWS
    copies in the background and tries again, so the copy is not failed by it.
    """
    snapshot.status, snapshot.percent_progress = "creating", 0

    def ready() -> None:
        snapshot.status, snapshot.percent_progress = "available", 100

    def failed(_problem: Exception) -> None:
        snapshot.status = "failed"

    label = f"{snapshot.db_snapshot_identifier} becomes available"

    def make() -> None:
        # Looked up anew: it may have been deleted while it waited.
        if snapshot in snapshot.backend.database_snapshots.values():
            arrived = functools.partial(world.once, fed, ready, label)
            world.databases.carry_out(order, world.seconds(step), label, arrived, failed)

    world.once(fed, make, label)


def snapshots(world: World) -> None:
    @wrap(RDSBackend, "create_db_snapshot")
    def create_db_snapshot(
        original: Any, self: RDSBackend, db_instance_identifier: str, *args: Any, **kwargs: Any
    ) -> Any:
        db: Any = self.databases.get(db_instance_identifier)
        if db is not None and db.db_cluster_identifier is None:
            _rds_rules.available(db)
        snapshot = original(db_instance_identifier, *args, **kwargs)
        complete_snapshot(snapshot)
        order = TakeSnapshot(snapshot.data_id, self.region_name, snapshot.dbi_resource_id)
        grow(world, snapshot, "snapshot", lambda: order)
        return snapshot

    @wrap(RDSBackend, "delete_db_snapshot")
    def delete_db_snapshot(original: Any, self: Any, db_snapshot_identifier: str) -> Any:
        found = self.database_snapshots.get(db_snapshot_identifier)
        if found is not None and found.snapshot_type == "automated":
            raise Refusal("InvalidDBSnapshotState", "automated snapshots cannot be deleted.")
        snapshot = original(db_snapshot_identifier)
        forget_snapshot(world, snapshot)
        return snapshot

    @wrap(RDSBackend, "copy_db_snapshot")
    def copy_db_snapshot(
        original: Any,
        self: RDSBackend,
        source_db_snapshot_identifier: str,
        target_db_snapshot_identifier: str,
        kms_key_id: str | None = None,
        **kwargs: Any,
    ) -> Any:
        source: Any = self.get_db_snapshot(source_db_snapshot_identifier)
        if source.status != "available":
            raise Refusal(
                "InvalidDBSnapshotState",
                f"The snapshot {source.db_snapshot_identifier} is not available.",
            )
        abroad = source.region != self.region_name
        if source.encrypted and abroad and not kms_key_id:
            raise Refusal(
                "InvalidParameterCombination",
                "KmsKeyId is required to copy an encrypted snapshot from another region.",
            )
        key = _rds_rules.key_arn(self, kms_key_id) if kms_key_id else None
        copied = original(
            source_db_snapshot_identifier, target_db_snapshot_identifier, key, **kwargs
        )
        complete_snapshot(copied)
        if abroad:
            copied.source_region = source.region
        copied.source_db_snapshot_identifier = source.db_snapshot_arn
        order = CopySnapshot(copied.data_id, self.region_name, source.data_id, source.region)

        def fed() -> bool:
            return not abroad or not world.severed(source.region, self.region_name)

        grow(world, copied, "snapshot_copy", lambda: order, fed)
        return copied


def complete_snapshot(snapshot: Any) -> None:
    database = snapshot.database
    snapshot.data_id = f"snap-{secrets.token_hex(8)}"
    for name in ("storage_type", "iops", "storage_throughput", "license_model"):
        setattr(snapshot, name, getattr(database, name))
    snapshot.availability_zone = database.availability_zone
    snapshot.vpc_id = _rds_rules.vpc_of(database)
    snapshot.option_group_name = database.option_group_name


def check_restore(backend: RDSBackend, source: Any, kw: Any) -> None:
    """Refuse what AWS refuses about an instance that is restored from one like `source`."""
    engine, version = source.engine, source.engine_version
    _rds_classes.check(engine, version, kw.get("db_instance_class"))
    _rds_limits.retention(kw.get("backup_retention_period"))
    _rds_rules.parameter_group(backend, kw.get("db_parameter_group_name"), engine, version)


def restored(
    world: World, backend: RDSBackend, source: Any, original: Any, kw: Any, args: Any
) -> Any:
    """Build an instance by the emulator, then give it the settings AWS would."""
    check_restore(backend, source, kw)
    name = kw.get("db_subnet_group_name")
    vpc_id = backend.describe_db_subnet_groups(name)[0].vpc_id if name else None
    groups = kw.get("vpc_security_group_ids") or _rds_rules.default_security_group(backend, vpc_id)
    _rds_rules.security_groups(backend, groups, vpc_id)
    if kw.get("multi_az") and kw.get("availability_zone"):
        raise Refusal(
            "InvalidParameterCombination",
            "Requesting a specific availability zone is not valid for Multi-AZ instances.",
        )
    token = _rds_rules.RESTORING.set(True)
    try:
        db = original(*args, kw)
    finally:
        _rds_rules.RESTORING.reset(token)
    db.vpc_security_group_ids = list(groups)
    db.db_parameter_group_name = kw.get("db_parameter_group_name")
    db.deletion_protection = bool(kw.get("deletion_protection"))
    db.multi_az = bool(kw.get("multi_az"))
    db.copy_tags_to_snapshot = bool(kw.get("copy_tags_to_snapshot"))
    db.publicly_accessible = kw.get("publicly_accessible")
    db.tags = kw.get("tags") or []
    db.enabled_cloudwatch_logs_exports = list(kw.get("enable_cloudwatch_logs_exports") or ())
    db.monitoring_interval, db.monitoring_role_arn = 0, None
    if kw.get("backup_retention_period") is not None:
        db.backup_retention_period = kw["backup_retention_period"]
    db.source_db_instance_identifier = None
    if name is None:
        db.db_subnet_group = None
    complete(world, db, kw)
    return db


def restores(world: World) -> None:
    @wrap(RDSBackend, "restore_db_instance_from_db_snapshot")
    def from_snapshot(
        original: Any, self: RDSBackend, from_snapshot_id: str, overrides: Any
    ) -> Any:
        snapshot: Any = self.get_db_snapshot(from_snapshot_id)
        if snapshot.status != "available":
            raise Refusal(
                "InvalidDBSnapshotState",
                f"The snapshot {snapshot.db_snapshot_identifier} is not available.",
            )
        db = restored(world, self, snapshot.database, original, overrides, (from_snapshot_id,))
        data = snapshot.data_id
        begin(world, db, "db_restore", lambda: Restore(_rds_servers.instance(db), data))
        return db

    @wrap(RDSBackend, "restore_db_instance_to_point_in_time")
    def to_point_in_time(
        original: Any,
        self: RDSBackend,
        source_db_identifier: str | None,
        target_db_identifier: str,
        overrides: Any,
    ) -> Any:
        build: Callable[..., Any] = functools.partial(original, source_db_identifier)
        source: Any
        if backup := _rds_backups.find(self, overrides):
            _rds_backups.check_restore(self, backup, overrides)
            build = functools.partial(_rds_backups.rebuilt, self, backup)
            source = backup.source
        else:
            source = self.describe_db_instances(source_db_identifier)[0]
        if (not backup or backup.status == "active") and source.source_db_instance_identifier:
            raise Refusal(
                "InvalidDBInstanceState",
                f"{source.db_instance_identifier} is a read replica, for which point in time "
                "restore is not supported.",
            )
        if not backup and not source.backup_retention_period:
            raise Refusal(
                "PointInTimeRestoreNotEnabled",
                f"Point in time restore is not enabled for {source_db_identifier}.",
            )
        at = overrides.get("restore_time")
        at = at.replace(tzinfo=UTC) if at is not None else None
        check_moment(world, source, self.region_name, at)
        db = restored(world, self, source, build, overrides, (target_db_identifier,))
        begin(
            world,
            db,
            "db_restore_pit",
            lambda: RestoreToTime(_rds_servers.instance(db), source.dbi_resource_id, at),
            broken="incompatible-restore",
        )
        return db


def check_moment(world: World, source: Any, region: str, at: datetime | None) -> None:
    """Refuse a moment to which an instance cannot be restored; None is the latest possible."""
    if at is not None and at > world.now():
        raise Refusal("InvalidParameterValue", "The specified restore time is in the future.")
    reach = world.databases.restorable(source.dbi_resource_id, region)
    if reach is None or (at is not None and not reach[0] <= at <= reach[1]):
        raise Refusal(
            "InvalidParameterValue",
            f"The instance {source.db_instance_identifier} cannot be restored to that time.",
        )


def install(world: World) -> None:
    """Change how the emulator makes and copies snapshots, and restores from them."""
    snapshots(world)
    restores(world)
