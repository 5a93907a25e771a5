# SPDX-License-Identifier: GPL-3.0-or-later
"""What may happen to database instances without anybody having asked for it by the API."""

from __future__ import annotations

from typing import Any

from moto.rds.models import RDSBackend, rds_backends

from sandbox.databases.orders import Kill, Lag, Order, Reboot
from sandbox.shims import Hook, _rds_servers
from sandbox.world import World

MENDED = ("The host of an instance can die: a Multi-AZ instance fails over to its second zone.",)
HOOKS: tuple[Hook, ...] = ((RDSBackend, "describe_db_instances", ("db_instance_identifier",)),)


def install(world: World) -> None:
    """Have the disasters of databases at hand."""

    def database_dies(region: str, name: str) -> None:
        """End the server of an instance; it comes back after the time that AWS takes."""
        db = instance(region, name)
        order = Kill(db.dbi_resource_id)
        label = f"{name} dies"
        ignore = _rds_servers.ignore
        world.databases.carry_out(lambda: order, 0.0, label, ignore, ignore)
        _rds_servers.note(db, "DB instance shutdown", "availability")
        if db.multi_az:
            _rds_servers.note(db, "Multi-AZ instance failover started", "failover")
        step = "db_failover" if db.multi_az else "db_host_replaced"
        world.later(world.seconds(step), lambda: recover(world, db), f"{name} comes back")

    def replica_lags(region: str, name: str, seconds: float) -> None:
        """Have a replica apply what it receives so many seconds late; 0 as soon as it can."""
        order = Lag(instance(region, name).dbi_resource_id, float(seconds))
        label, ignore = f"{name} lags", _rds_servers.ignore
        world.databases.carry_out(lambda: order, 0.0, label, ignore, ignore)

    world.disasters["database-dies"] = database_dies
    world.disasters["replica-lags"] = replica_lags
    world.disasters["regions-cut"] = world.sever


def instance(region: str, name: str) -> Any:
    """An instance of any account. Raises ValueError."""
    for account in list(rds_backends.values()):
        found = account[region].databases.get(name)
        if found is not None:
            return found
    raise ValueError(f"there is no database instance {name} in {region}")


def recover(world: World, db: Any) -> None:
    """Start the server of an instance again, in the second zone if it has one."""
    swap = bool(db.multi_az and db.secondary_availability_zone)

    def order() -> Order:
        db.in_force = None
        if swap:
            _rds_servers.swap_zones(db)
            _rds_servers.leave(db)
        return Reboot(_rds_servers.instance(db))

    def up() -> None:
        db.parameter_apply_status = "in-sync"
        _rds_servers.note(db, "DB instance restarted", "availability")
        if swap:
            _rds_servers.note(db, "Multi-AZ instance failover completed", "failover")

    world.databases.carry_out(
        order,
        0.0,
        f"{db.db_instance_identifier} is back",
        up,
        _rds_servers.failing(db, "failed", "The DB instance could not be recovered."),
    )
