# SPDX-License-Identifier: GPL-3.0-or-later
"""Deletion of database instances, and of the data of their snapshots."""

from __future__ import annotations

from typing import Any

from moto.rds.exceptions import RDSClientError as Refusal
from moto.rds.models import RDSBackend

from sandbox.databases.orders import Delete, DropSnapshot, Reboot
from sandbox.shims import Hook, _rds_promotion, _rds_rules, _rds_servers
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = ("DeleteDBInstance wants a decision on the final snapshot, and shows `deleting`.",)
HOOKS: tuple[Hook, ...] = (
    (
        RDSBackend,
        "delete_db_instance",
        (
            "db_instance_identifier",
            "final_db_snapshot_identifier",
            "skip_final_snapshot",
            "delete_automated_backups",
        ),
    ),
    (RDSBackend, "create_db_snapshot", ("db_instance_identifier", "db_snapshot_identifier")),
)


def check_delete(db: Any, final: str | None, skip: bool) -> None:
    """Refuse to delete an instance that is going already, or without a word on its last data."""
    if db.status == "deleting":
        raise Refusal(
            "InvalidDBInstanceState",
            f"Instance {db.db_instance_identifier} is already being deleted.",
        )
    if final and skip:
        raise Refusal(
            "InvalidParameterCombination",
            "FinalDBSnapshotIdentifier can not be specified when deleting with SkipFinalSnapshot",
        )
    if not final and not skip:
        raise Refusal(
            "InvalidParameterCombination",
            "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.",
        )
    if final and db.source_db_instance_identifier:
        raise Refusal(
            "InvalidParameterCombination",
            "FinalDBSnapshotIdentifier can not be specified when deleting a replica instance",
        )
    if final and db.status != "stopped":
        _rds_rules.available(db)


def wake(world: World, db: Any) -> None:
    """Start the server of a stopped instance for its last snapshot."""
    db.status, db.in_force = "available", None
    order = Reboot(_rds_servers.instance(db))
    label, ignore = f"{db.db_instance_identifier} is started once more", _rds_servers.ignore
    world.databases.carry_out(lambda: order, 0.0, label, ignore, ignore)


def drop_automated_backups(world: World, db: Any) -> None:
    snapshots = db.backend.database_snapshots
    for snapshot in list(snapshots.values()):
        same = snapshot.dbi_resource_id == db.dbi_resource_id
        if same and snapshot.snapshot_type == "automated":
            del snapshots[snapshot.db_snapshot_identifier]
            forget_snapshot(world, snapshot)


def forget_snapshot(world: World, snapshot: Any) -> None:
    """Have the data of a deleted snapshot removed, once nothing is restored from it any more."""
    order = DropSnapshot(snapshot.data_id, snapshot.region, snapshot.dbi_resource_id)
    world.databases.carry_out(
        lambda: order,
        0.0,
        f"{snapshot.db_snapshot_identifier} is removed",
        _rds_servers.ignore,
        _rds_servers.ignore,
    )


def install(world: World) -> None:
    """Change how the emulator deletes database instances."""

    @wrap(RDSBackend, "delete_db_instance")
    def delete_db_instance(
        original: Any,
        self: RDSBackend,
        db_instance_identifier: str,
        final_db_snapshot_identifier: str | None = None,
        skip_final_snapshot: bool | None = False,
        delete_automated_backups: bool | None = True,
    ) -> Any:
        db: Any = self.describe_db_instances(db_instance_identifier)[0]
        if db.db_cluster_identifier is not None or db.deletion_protection:
            return original(
                db_instance_identifier,
                final_db_snapshot_identifier,
                skip_final_snapshot,
                delete_automated_backups,
            )
        check_delete(db, final_db_snapshot_identifier, bool(skip_final_snapshot))
        if final_db_snapshot_identifier:
            if db.status == "stopped":
                wake(world, db)
            self.create_db_snapshot(db.db_instance_identifier, final_db_snapshot_identifier)
        db.status = "deleting"
        db.keeps_backups = delete_automated_backups is False
        if not db.keeps_backups:
            drop_automated_backups(world, db)
        order = Delete(db.dbi_resource_id, db.region, db.keeps_backups)

        def gone() -> None:
            _rds_servers.leave(db)
            _rds_rules.cut(db)
            original(db.db_instance_identifier, None, True, False)
            _rds_promotion.orphan(world, db)

        world.databases.carry_out(
            lambda: order,
            world.seconds("db_delete"),
            f"{db_instance_identifier} is gone",
            gone,
            _rds_servers.failing(db, "failed", "The DB instance could not be deleted."),
        )
        return db
