# SPDX-License-Identifier: GPL-3.0-or-later
"""A world in which what the API says is there is there."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sandbox.balancers.real import real_balancers
from sandbox.databases.real import real_databases
from sandbox.fabric.fabric import Fabric
from sandbox.fabric.follower import Follower
from sandbox.ground.identity import Identity
from sandbox.ground.podman import Podman
from sandbox.shims._elbv2_balancers import Estate
from sandbox.shims._network_picture import look
from sandbox.world import World


def furnish(world: World, identity: Identity, regions: Iterable[str], cache: Path) -> None:
    """Give a world networks, servers and load balancers.

    They are under the names and in the folder of `identity`. `regions` are all in which there may
    be something; `cache` is the folder of baked images. Raises CommandFailed.
    """
    world.public = identity.public
    fabric = Fabric(identity)
    world.databases = real_databases(world, identity, Podman(identity), regions, cache, fabric)
    balancers = world.balancers = real_balancers(world, identity, fabric, Estate(world))
    world.prober.connect = balancers.reach
    # After servers and load balancers, which are reset first: then nothing is attached any more.
    world.on_reset(fabric.forget)
    follower = Follower(world, lambda: look(world), fabric)

    def settle() -> None:
        # Load balancers have network interfaces, which come before what is let through to them.
        balancers.settle()
        follower.settle()

    def end() -> None:
        balancers.end()
        follower.end()

    world.settle, world.end = settle, end
