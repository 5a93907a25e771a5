# SPDX-License-Identifier: GPL-3.0-or-later
"""Database instances stop, and start again when they are told to, or after seven days."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from moto.rds.exceptions import RDSClientError as Refusal
from moto.rds.models import RDSBackend

from sandbox.databases.orders import Order, Reboot, Stop
from sandbox.shims import Hook, _rds_rules, _rds_servers
from sandbox.shims.rds import lacking
from sandbox.shims.rds_shortage import refuse
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "StopDBInstance: `stopping`, then `stopped`, with the time of the restart by itself after "
    "seven days; StartDBInstance: `starting`, then `available`.",
    "A read replica and the source of one cannot be stopped.",
    "An instance whose zones are dead or lack capacity cannot be started; a Multi-AZ instance "
    "starts in its second zone then.",
)
HOOKS: tuple[Hook, ...] = (
    (RDSBackend, "stop_db_instance", ("db_instance_identifier", "db_snapshot_identifier")),
    (RDSBackend, "start_db_instance", ("db_instance_identifier",)),
)
# "You can stop a DB instance for up to seven days", by the clock of the schedules.
LONGEST = timedelta(days=7)


def check(db: Any) -> None:
    """Refuse to stop what AWS does not stop."""
    if db.source_db_instance_identifier:
        raise Refusal("InvalidDBInstanceState", "Cannot stop or start a read replica instance")
    if db.replicas:
        raise Refusal(
            "InvalidDBInstanceState",
            f"Cannot stop DB instance {db.db_instance_identifier}: it has read replicas.",
        )
    _rds_rules.available(db)


def stop(world: World, db: Any, seconds: float) -> None:
    """Have an available instance stop in so many real seconds."""
    name = db.db_instance_identifier
    db.status, db.outage = "stopping", None
    order = Stop(db.dbi_resource_id)

    def stopped() -> None:
        if db.status == "stopping":
            db.status = "stopped"
            _rds_servers.note(db, "DB instance stopped", "notification")
            _limit(world, db)

    failed = _rds_servers.failing(db, "failed", "The DB instance could not be stopped.")
    world.databases.carry_out(lambda: order, seconds, f"{name} stops", stopped, failed)


def _limit(world: World, db: Any) -> None:
    moment = db.automatic_restart_time = world.clock.now() + LONGEST
    name = db.db_instance_identifier

    def asleep() -> bool:
        there = db.backend.databases.get(db.db_instance_identifier) is db
        return there and db.status == "stopped" and db.automatic_restart_time == moment

    def wake() -> None:
        if asleep():
            start(world, db)

    def over() -> None:
        label = f"{name} has been stopped for seven days and starts"
        world.once(lambda: not asleep() or bool(place(world, db)), wake, label)

    world.clock.at(moment, over, f"{name} starts by itself")


def place(world: World, db: Any) -> str | None:
    """The zone in which an instance can start, its own rather than its second one."""
    second = db.secondary_availability_zone if db.multi_az else None
    zones = [zone for zone in (db.availability_zone, second) if zone]
    return next((zone for zone in zones if not lacking(world, db, zone)), None)


def start(world: World, db: Any) -> None:
    """Have a stopped instance start. Raises Refusal where none of its zones has capacity."""
    zone = place(world, db)
    if zone is None:
        refuse(db.db_instance_class)
    db.status, db.automatic_restart_time = "starting", None
    if zone != db.availability_zone:
        _rds_servers.move(db)

    def order() -> Order:
        db.in_force = None
        return Reboot(_rds_servers.instance(db))

    def up() -> None:
        if db.status == "starting":
            db.status, db.parameter_apply_status = "available", "in-sync"
            _rds_servers.note(db, "DB instance started", "notification")

    label = f"{db.db_instance_identifier} starts"
    failed = _rds_servers.failing(db, "failed", "The DB instance could not be started.")
    world.databases.carry_out(order, world.seconds("db_start"), label, up, failed)


def install(world: World) -> None:
    """Have database instances stop and start."""

    @wrap(RDSBackend, "stop_db_instance")
    def stop_db_instance(
        original: Any,
        self: RDSBackend,
        db_instance_identifier: str,
        db_snapshot_identifier: str | None = None,
    ) -> Any:
        db: Any = self.describe_db_instances(db_instance_identifier)[0]
        if db.db_cluster_identifier is not None:
            return original(db_instance_identifier, db_snapshot_identifier)
        check(db)
        seconds = world.seconds("db_stop")
        if db_snapshot_identifier:
            self.create_db_snapshot(db_instance_identifier, db_snapshot_identifier)
            seconds += world.seconds("snapshot")
        stop(world, db, seconds)
        return db

    @wrap(RDSBackend, "start_db_instance")
    def start_db_instance(original: Any, self: RDSBackend, db_instance_identifier: str) -> Any:
        db: Any = self.describe_db_instances(db_instance_identifier)[0]
        if db.db_cluster_identifier is not None:
            return original(db_instance_identifier)
        if db.status != "stopped":
            raise Refusal(
                "InvalidDBInstanceState",
                f"Instance {db.db_instance_identifier} is not stopped, but {db.status}.",
            )
        start(world, db)
        return db
