# SPDX-License-Identifier: GPL-3.0-or-later
"""What may happen to database instances without anybody having asked for it by the API."""

from __future__ import annotations

from typing import Any

from moto.rds.models import RDSBackend, rds_backends

from sandbox.databases.orders import Kill, Lag, Order, Reboot
from sandbox.shims import Hook, _rds_servers
from sandbox.world import World

MENDED = (
    "The host of an instance can die: a Multi-AZ instance fails over to its second zone, if that "
    "is not dead too; another stays down until its zone is there again and its host replaced.",
)
# recovery_min_apply_delay is a number of milliseconds with 31 bits.
_MOST_SECONDS = (2**31 - 1) // 1000
HOOKS: tuple[Hook, ...] = ((RDSBackend, "describe_db_instances", ("db_instance_identifier",)),)


class Outage:
    """The time during which the server of an instance is down; the last one counts."""

    def __init__(self, world: World, db: Any) -> None:
        self._world = world
        self._db = db
        self._token = db.outage = object()

    @property
    def _label(self) -> str:
        return f"{self._db.db_instance_identifier} comes back"

    def over(self) -> None:
        """Bring the server back, as soon as there is a zone for it, after the time it takes."""
        self._world.once(self._possible, self._begin, self._label)

    def _possible(self) -> bool:
        return not self._counts() or bool(self._zones())

    def _counts(self) -> bool:
        there = self._db.backend.databases.get(self._db.db_instance_identifier) is self._db
        return there and self._db.outage is self._token

    def _zones(self) -> list[str]:
        """Where the server can be, the best first."""
        here = self._db.availability_zone
        second = self._db.secondary_availability_zone if self._db.multi_az else None
        return [zone for zone in (second, here) if zone and zone not in self._world.dead_zones]

    def _begin(self) -> None:
        if self._counts():
            moves = self._zones()[0] != self._db.availability_zone
            if moves:
                _rds_servers.note(self._db, "Multi-AZ instance failover started", "failover")
            wait = self._world.seconds("db_failover" if moves else "db_host_replaced")
            self._world.later(wait, self._end, self._label)

    def _end(self) -> None:
        if not self._counts():
            return
        if self._zones():
            recover(self._world, self._db, self._zones()[0])
        else:
            self.over()


def install(world: World) -> None:
    """Have the disasters of databases at hand."""

    def database_dies(region: str, name: str) -> None:
        """End the server of an instance; it comes back after the time that AWS takes."""
        db = instance(region, name)
        if db.status in ("stopping", "stopped"):
            return  # It has no host.
        order = Kill(db.dbi_resource_id)
        label = f"{name} dies"
        ignore = _rds_servers.ignore
        world.databases.carry_out(lambda: order, 0.0, label, ignore, ignore)
        _rds_servers.note(db, "DB instance shutdown", "availability")
        Outage(world, db).over()

    def replica_lags(region: str, name: str, seconds: float) -> None:
        """Have a replica apply what it receives so many seconds late; 0 as soon as it can."""
        db = instance(region, name)
        if not db.is_replica:
            raise ValueError(f"{name} is no replica in {region}")
        if seconds > _MOST_SECONDS:
            raise ValueError(f"seconds must be at most {_MOST_SECONDS}, not {seconds:g}")
        order = Lag(db.dbi_resource_id, seconds)
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


def recover(world: World, db: Any, zone: str) -> None:
    """Start the server of an instance again, in its own zone or in its second one."""
    swap, outage = zone != db.availability_zone, db.outage

    if swap:
        _rds_servers.move(db)

    def order() -> Order:
        db.in_force = None
        return Reboot(_rds_servers.instance(db))

    def ended() -> None:
        if db.outage is outage:
            db.outage = None
            world.resume()

    def up() -> None:
        db.parameter_apply_status = "in-sync"
        _rds_servers.note(db, "DB instance restarted", "availability")
        if swap:
            _rds_servers.note(db, "Multi-AZ instance failover completed", "failover")
        ended()

    def failed(problem: Exception) -> None:
        _rds_servers.failing(db, "failed", "The DB instance could not be recovered.")(problem)
        ended()

    world.databases.carry_out(order, 0.0, f"{db.db_instance_identifier} is back", up, failed)
