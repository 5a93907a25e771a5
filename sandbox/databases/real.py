# SPDX-License-Identifier: GPL-3.0-or-later
"""The databases of a sandbox whose instances are real servers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from sandbox.databases import image
from sandbox.databases.certificates import Certificates
from sandbox.databases.connection import Trouble
from sandbox.databases.ground import Ground, erase
from sandbox.databases.heart import Heart
from sandbox.databases.jobs import Jobs, lag_of
from sandbox.databases.network import Backbone, Network
from sandbox.databases.orders import Order, reads, removes, whose
from sandbox.databases.server import Server
from sandbox.ground import images, namespaces
from sandbox.ground.commands import CommandFailed
from sandbox.ground.identity import Identity
from sandbox.ground.podman import Podman
from sandbox.ground.queue import Queue
from sandbox.world import World


class RealDatabases:
    """Each instance of the API is a PostgreSQL server."""

    def __init__(self, world: World, ground: Ground) -> None:
        self.ground = ground
        self._world = world
        self.jobs = Jobs(ground)
        self._queue: Queue[Order] = Queue(
            world, self.jobs.carry_out, whose, reads=reads, removes=removes
        )
        self.heart = Heart(world, self.jobs)
        world.on_reset(self.forget)

    def carry_out(
        self,
        order: Callable[[], Order],
        seconds: float,
        label: str,
        done: Callable[[], object],
        failed: Callable[[Exception], object],
    ) -> None:
        self._queue.carry_out(order(), seconds, label, done, failed)

    def restorable(self, resource_id: str, region: str) -> tuple[datetime, datetime] | None:
        return self.jobs.backups.range(resource_id, region)

    def disturb(self, dark: frozenset[str], cut: frozenset[tuple[str, str]]) -> None:
        self.jobs.dark, self.jobs.cut = dark, cut
        self.ground.backbone.cut(cut, dark)

    def status(self) -> list[dict[str, Any]]:
        return [self._described(server) for server in list(self.jobs.servers.values())]

    def watch(self, told: Callable[[str, float], object]) -> None:
        self.heart.listeners.append(told)

    def forget(self) -> None:
        """Remove all servers with their data; what is under way is not finished."""
        self._queue.end(self._kill_all)
        for server in list(self.jobs.servers.values()):
            self.ground.network.detach(server.name)
            namespaces.delete(server.name)
        self.jobs.forget()
        self.ground.backbone.forget()
        erase(self.ground.folder)

    def _kill_all(self) -> None:
        with contextlib.suppress(CommandFailed):
            self.ground.podman.remove([s.name for s in list(self.jobs.servers.values())])

    def _described(self, server: Server) -> dict[str, Any]:
        instance = server.instance
        lag, health = None, "starting" if server.alive or not server.furnished else "stopped"
        if server.alive:
            with contextlib.suppress(*Trouble), server.admin() as connection:
                lag = lag_of(connection) if server.primary else None
                health = "running"
        return {
            "name": instance.name,
            "region": instance.region,
            "zone": instance.place.zone,
            "endpoint": instance.endpoint,
            "address": instance.place.address,
            "port": instance.port,
            "vpc": instance.place.vpc_id,
            "resource_id": instance.resource_id,
            "container": server.name,
            "health": health,
            "lag": lag,
        }


def real_databases(
    world: World,
    identity: Identity,
    podman: Podman,
    regions: Iterable[str],
    cache: Path,
    network: Network,
) -> RealDatabases:
    """Bake the image if it is not there yet, and make what servers need. Raises CommandFailed.

    `regions` are all in which there may be a server; `cache` is the folder of baked images;
    `network` is where servers are attached to their VPCs.
    """
    bundle = identity.folder / "rds-ca.pem"
    world.facts["database_ca"] = str(bundle.resolve())
    name = images.ensure(podman, cache, image.RECIPE)
    ground = Ground(
        identity,
        podman,
        identity.folder / "databases",
        name,
        image.engine(podman),
        Certificates(regions, bundle),
        network,
        Backbone(identity),
    )
    return RealDatabases(world, ground)
