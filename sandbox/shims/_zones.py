# SPDX-License-Identifier: GPL-3.0-or-later
"""Which availability zones there are."""

from __future__ import annotations

from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend

from sandbox.world import World


def check_zone(world: World, zone: str) -> None:
    """Raises ValueError for a zone that no region of this world has."""
    known = [
        one.name
        for region, zones in RegionsAndZonesBackend.zones.items()
        for one in zones
        if not world.regions or region in world.regions
    ]
    if zone not in known:
        one = "us-east-1a" if "us-east-1a" in known else min(known)
        raise ValueError(f"there is no availability zone {zone!r}; one is {one}")
