# SPDX-License-Identifier: GPL-3.0-or-later
"""Availability zones that die and return."""

from __future__ import annotations

from typing import Any

from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend
from moto.rds.models import rds_backends

from sandbox.shims import Hook
from sandbox.shims._network_picture import backends
from sandbox.shims._zones import check_zone
from sandbox.world import World

MENDED = (
    "An availability zone can die: nothing reaches its subnets, its databases and hosts end, and "
    "none is launched or recovered in it before it returns.",
)
HOOKS: tuple[Hook, ...] = ((RegionsAndZonesBackend, "describe_availability_zones", ()),)


def install(world: World) -> None:
    """Have the death of a zone at hand."""

    def zone_dies(zone: str) -> None:
        """Let nothing reach the subnets of a zone, and end what is in it."""
        check_zone(world, zone)
        world.lose_zone(zone)
        for region, name in _databases(zone):
            world.disasters["database-dies"](region, name)
        for ec2 in backends():
            for instance in ec2.all_instances():
                if instance.availability_zone == zone and instance.state in ("pending", "running"):
                    world.disasters["host-dies"](ec2.region_name, instance.id)

    def zone_returns(zone: str) -> None:
        """Let a zone be reached again."""
        check_zone(world, zone)
        if zone not in world.dead_zones:
            raise ValueError(f"{zone} is not dead")
        world.lose_zone(zone, lost=False)

    world.disasters["zone-dies"] = zone_dies
    world.disasters["zone-returns"] = zone_returns


def _databases(zone: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    accounts: Any = list(rds_backends.values())
    for account in accounts:
        for region, rds in list(account.items()):
            found += [
                (region, name) for name, db in rds.databases.items() if db.availability_zone == zone
            ]
    return found
