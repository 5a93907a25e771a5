# SPDX-License-Identifier: GPL-3.0-or-later
"""Databases for which a region or a zone has no capacity left, when that is ordered."""

from __future__ import annotations

from typing import Any

from moto.rds.exceptions import RDSClientError as Refusal
from moto.rds.models import RDSBackend

from sandbox.shims import Hook
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "A database, a replica or a restored one is refused with InsufficientDBInstanceCapacity where "
    "`no-capacity` was ordered for the region, a zone or a class.",
)
HOOKS: tuple[Hook, ...] = (
    (RDSBackend, "create_db_instance", ("db_kwargs",)),
    (RDSBackend, "create_db_instance_read_replica", ("db_kwargs",)),
    (RDSBackend, "find_db_from_id", ("db_id",)),
)


def check(world: World, rds: Any, given: Any) -> None:
    size = given.get("db_instance_class")
    if size is None:
        size = rds.find_db_from_id(given["source_db_instance_identifier"]).db_instance_class
    zone = given.get("availability_zone") or f"{rds.region_name}a"
    if world.short_of(rds.region_name, zone, str(size)):
        raise Refusal(
            "InsufficientDBInstanceCapacity",
            f"Cannot create a {size} database instance because there is insufficient capacity in "
            "the requested Availability Zone.",
        )


def install(world: World) -> None:
    """Have databases refused for want of capacity."""
    for name in ("create_db_instance", "create_db_instance_read_replica"):

        @wrap(RDSBackend, name)
        def create(original: Any, self: Any, db_kwargs: Any) -> Any:
            check(world, self, db_kwargs)
            return original(db_kwargs)
