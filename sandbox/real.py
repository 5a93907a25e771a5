# SPDX-License-Identifier: GPL-3.0-or-later
"""A world in which what the API says is there is there."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from sandbox.balancers.real import DOORSTEP, real_balancers
from sandbox.databases import image as database_image
from sandbox.databases.real import real_databases
from sandbox.fabric.fabric import Fabric, second
from sandbox.fabric.follower import Follower
from sandbox.fabric.names import RESOLVER
from sandbox.fabric.picture import Vpc
from sandbox.ground import images
from sandbox.ground.identity import Identity
from sandbox.ground.podman import Podman
from sandbox.hosts import image as host_image
from sandbox.hosts.metadata import Metadata
from sandbox.hosts.real import real_machines
from sandbox.names.listening import Desk
from sandbox.names.records import View
from sandbox.packages import mirrors
from sandbox.packages.relay import NAMES, Relay
from sandbox.packages.store import Store
from sandbox.shims._elbv2_balancers import Estate
from sandbox.shims._machines import facts
from sandbox.shims._network_picture import look, reaches
from sandbox.world import World


def furnish(world: World, identity: Identity, regions: Iterable[str], cache: Path) -> Fabric:
    """Give a world networks, servers, hosts and load balancers; the networks are returned.

    They are under the names and in the folder of `identity`. `regions` are all in which there may
    be something; `cache` is the folder of what is baked and fetched. Raises CommandFailed.
    """
    world.public = identity.public
    world.facts["controller_cidr"] = f"{identity.controller}/32"
    world.facts["visitor_cidr"] = f"{identity.public.network_address + DOORSTEP}/32"
    fabric, podman = Fabric(identity), Podman(identity)
    baked = cache / "images"
    images.bake_missing(baked, (database_image.RECIPE, host_image.RECIPE))
    world.databases = real_databases(world, identity, podman, regions, baked, fabric)
    world.machines = real_machines(world, identity, podman, baked, fabric)
    Metadata(fabric, lambda vpc_id, address: facts(world, vpc_id, address))
    answer_names(world, fabric)
    give_packages(world, fabric, identity.packages, cache / "packages")
    balancers = world.balancers = real_balancers(world, identity, fabric, Estate(world))
    world.reaches = partial(reaches, world)
    world.prober.connect = balancers.reach
    # After all that is attached, which is reset first.
    world.on_reset(fabric.forget)
    follower = Follower(world, lambda: look(world), fabric)

    def settle() -> bool:
        # Load balancers have network interfaces, which come before what is let through to them.
        balanced = balancers.settle()
        return follower.settle() and balanced

    def end() -> None:
        balancers.end()
        follower.end()

    world.settle, world.end, world.troubles = settle, end, follower.troubles
    return fabric


def give_packages(world: World, fabric: Fabric, address: str, cache: Path) -> None:
    """Let Debian's packages be had in the internet, at an address of it and under Debian's names.

    `cache` is the folder in which they are kept.
    """
    relay = Relay(Store(cache, mirrors.fetch, mirrors.known), address)
    fabric.watch_internet(relay.open, relay.close)

    def name() -> None:
        for one in NAMES:
            world.names.adopt(one, address)

    name()
    world.on_reset(name)


def answer_names(world: World, fabric: Fabric) -> None:
    """Answer DNS queries in each VPC, at the addresses that AWS has for it."""
    desks: dict[str, list[Desk]] = {}

    def comes(vpc: Vpc, namespace: str) -> None:
        view = View(vpc.id, vpc.region)
        desks[vpc.id] = world.names.serve_in(namespace, (RESOLVER, second(vpc)), view)

    def goes(vpc_id: str) -> None:
        world.names.stop(desks.pop(vpc_id, []))

    fabric.watch(comes, goes)
