# SPDX-License-Identifier: GPL-3.0-or-later
"""A world in which what the API says is there is there."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sandbox.databases.real import real_databases
from sandbox.fabric.fabric import Fabric
from sandbox.fabric.follower import Follower
from sandbox.ground.identity import Identity
from sandbox.ground.podman import Podman
from sandbox.shims._network_picture import look
from sandbox.world import World


def furnish(world: World, identity: Identity, regions: Iterable[str], cache: Path) -> None:
    """Give a world networks and servers, under the names and in the folder of an identity.

    `regions` are all in which there may be something; `cache` is the folder of baked images.
    Raises CommandFailed.
    """
    world.public = identity.public
    fabric = Fabric(identity)
    world.databases = real_databases(world, identity, Podman(identity), regions, cache, fabric)
    # After the servers, which are reset first: then nothing is attached any more.
    world.on_reset(fabric.forget)
    follower = Follower(world, lambda: look(world), fabric)
    world.settle, world.end = follower.settle, follower.end
