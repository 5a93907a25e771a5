# SPDX-License-Identifier: GPL-3.0-or-later
"""Replicas become instances of their own: on request, or because their source is deleted."""

from __future__ import annotations

import dataclasses
from typing import Any

from sandbox.databases.orders import Promote
from sandbox.shims import _rds_rules, _rds_servers
from sandbox.world import World

TERMINATED = [{"StatusType": "read replication", "Normal": False, "Status": "terminated"}]


def promote(world: World, db: Any, retention: int, window: str | None = None) -> None:
    """Have a replica be promoted in the time that takes, and keep backups from then on.

    retention: days; none are kept if 0.
    window: of its backups; None is the one that it has.
    """
    seconds = world.seconds("promote")
    label = f"{db.db_instance_identifier} is promoted"

    def begins() -> None:
        if db.status == "available":
            db.status = "modifying"

    def ends() -> None:
        _rds_rules.cut(db)
        db.backup_retention_period = retention
        db.preferred_backup_window = window or db.preferred_backup_window
        if db.status == "modifying":
            db.status = "available"
        db.save_automated_backup()

    def order() -> Promote:
        db.in_force = None
        return Promote(dataclasses.replace(_rds_servers.instance(db), backups=bool(retention)))

    failed = _rds_servers.failing(db, "failed", "The read replica could not be promoted.")

    def begin() -> None:
        world.databases.carry_out(order, seconds, label, ends, failed)

    # The call returns before the role changes, and `available` is still shown for a while.
    world.later(seconds * 0.1, begins, f"{db.db_instance_identifier} begins to be promoted")
    world.once(lambda: _rds_servers.serves(db), begin, label)


def orphan(world: World, source: Any) -> None:
    """Let the replicas of an instance that is gone be what they are without it.

    "If you delete a source DB instance without deleting its read replicas in the same AWS Region,
    each read replica is promoted to a standalone DB instance", says the user guide; that of
    another region is left as it is, but its replication is terminated, and promoted on request.
    """
    for other in _rds_rules.instances(source.account_id):
        if other.source_db_instance_identifier == source.db_instance_arn:
            other.status_infos = TERMINATED
        elif (
            other.region == source.region
            and other.source_db_instance_identifier == source.db_instance_identifier
        ):
            promote(world, other, int(other.backup_retention_period or 0))
