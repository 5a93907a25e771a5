# SPDX-License-Identifier: GPL-3.0-or-later
"""Databases for which there is no capacity: on order, or because a zone is dead."""

from __future__ import annotations

from typing import Any

from moto.rds.exceptions import RDSClientError as Refusal
from moto.rds.models import RDSBackend

from sandbox.shims import Hook, _rds_backups, _rds_rules
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "A database, a replica or a restored one is refused with InsufficientDBInstanceCapacity in a "
    "zone that is dead, and where `no-capacity` was ordered for the region, a zone or a class; one "
    "that names no zone takes another.",
)
HOOKS: tuple[Hook, ...] = (
    (RDSBackend, "create_db_instance", ("db_kwargs",)),
    (RDSBackend, "create_db_instance_read_replica", ("db_kwargs",)),
    (RDSBackend, "restore_db_instance_from_db_snapshot", ("from_snapshot_id", "overrides")),
    (
        RDSBackend,
        "restore_db_instance_to_point_in_time",
        ("source_db_identifier", "target_db_identifier", "overrides"),
    ),
    (RDSBackend, "find_db_from_id", ("db_id",)),
)


def refuse(size: str) -> None:
    """Say in AWS's words that there is no capacity."""
    raise Refusal(
        "InsufficientDBInstanceCapacity",
        f"Cannot create a {size} database instance because there is insufficient capacity in "
        "the requested Availability Zone.",
    )


def check(world: World, rds: Any, given: Any, source: Any = None) -> None:
    """Refuse an instance for which too few of its zones have capacity.

    source: what it is made of, which says what `given` does not.
    """
    size = str(given.get("db_instance_class") or source.db_instance_class)
    name = given.get("db_subnet_group_name")
    group = rds.describe_db_subnet_groups(name)[0] if name else None
    if given.get("availability_zone"):
        zones = [given["availability_zone"]]
    else:
        zones = _rds_rules.zones_of(rds.region_name, group)
    free = [zone for zone in zones if not world.short_of(rds.region_name, zone, size)]
    if len(free) < min(2 if given.get("multi_az") else 1, len(zones)):
        refuse(size)


def install(world: World) -> None:
    """Have databases refused for want of capacity."""

    @wrap(RDSBackend, "create_db_instance")
    def create(original: Any, self: Any, db_kwargs: Any) -> Any:
        # The emulator makes what it restores by this too, with the zone of the old instance.
        if not _rds_rules.RESTORING.get():
            check(world, self, db_kwargs)
        return original(db_kwargs)

    @wrap(RDSBackend, "create_db_instance_read_replica")
    def replicate(original: Any, self: Any, db_kwargs: Any) -> Any:
        check(
            world, self, db_kwargs, self.find_db_from_id(db_kwargs["source_db_instance_identifier"])
        )
        return original(db_kwargs)

    @wrap(RDSBackend, "restore_db_instance_from_db_snapshot")
    def restore(original: Any, self: Any, from_snapshot_id: str, overrides: Any) -> Any:
        check(world, self, overrides, self.get_db_snapshot(from_snapshot_id).database)
        return original(from_snapshot_id, overrides)

    @wrap(RDSBackend, "restore_db_instance_to_point_in_time")
    def restore_to_time(
        original: Any, self: Any, source: str | None, target: str, overrides: Any
    ) -> Any:
        backup = _rds_backups.find(self, overrides)
        found = backup.source if backup else self.describe_db_instances(source)[0]
        check(world, self, overrides, found)
        return original(source, target, overrides)
