# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of a sandbox whose instances are real."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sandbox.fabric.fabric import Fabric
from sandbox.ground import images, namespaces
from sandbox.ground.commands import CommandFailed
from sandbox.ground.identity import Identity
from sandbox.ground.podman import Podman
from sandbox.ground.queue import Queue
from sandbox.hosts import room
from sandbox.hosts.heart import Heart
from sandbox.hosts.host import Ground, Host
from sandbox.hosts.image import RECIPE
from sandbox.hosts.interface import Done
from sandbox.hosts.jobs import Jobs
from sandbox.hosts.orders import Launch, Order, Start, whose
from sandbox.world import World

_ABREAST = 4  # hosts that are booted or removed at the same time
_LOOK = 2.0  # seconds


class RealMachines:
    """Each instance of the API is a host."""

    booting = "initializing"
    real = True

    def __init__(self, world: World, ground: Ground) -> None:
        self.ground = ground
        self.jobs = Jobs(ground)
        self._queue: Queue[Order] = Queue(world, self.jobs.carry_out, whose, _ABREAST)
        self._coming = 0  # hosts that were ordered and are not there yet
        self._room, self._looked = 0, float("-inf")
        self.heart = Heart(world, self.jobs, self._boot)
        world.on_reset(self.forget)

    def carry_out(
        self,
        order: Callable[[], Order],
        seconds: float,
        label: str,
        done: Done,
        failed: Callable[[Exception], object],
    ) -> None:
        made = order()
        if isinstance(made, Launch):
            self._coming += 1
            self._room -= 1
            done, failed = self._arrived(done), self._not_arrived(failed)
        self._queue.carry_out(made, seconds, label, done, failed)

    def room(self) -> int:
        # Looked at anew every now and then only: a group asks for each of its instances.
        if time.monotonic() > self._looked + _LOOK:
            self._room = room.room() - self._coming
            self._looked = time.monotonic()
        return self._room

    def booted(self, instance_id: str) -> bool:
        host = self.jobs.hosts.get(instance_id)
        return host is not None and host.booted

    def status(self) -> list[dict[str, Any]]:
        return [_described(host) for host in list(self.jobs.hosts.values())]

    def forget(self) -> None:
        """Remove all hosts and images; what is under way is not finished."""
        self._queue.end(self._kill_all)
        for host in list(self.jobs.hosts.values()):
            self.ground.fabric.detach(host.name)
            namespaces.delete(host.name)
        self.jobs.hosts.clear()
        self._coming = 0
        with contextlib.suppress(CommandFailed):
            self._drop_images()

    def _kill_all(self) -> None:
        hosts = list(self.jobs.hosts.values())
        for host in hosts:
            host.meant_to_run = False
        with contextlib.suppress(CommandFailed):
            self.ground.podman.remove([host.name for host in hosts])

    def _drop_images(self) -> None:
        own = f"localhost/{self.ground.identity.prefix}-"
        found = self.ground.podman("images", "--format", "{{.Repository}}:{{.Tag}}").split()
        for name in found:
            if name.startswith(own):
                self.ground.podman("untag", name, name)
        self.ground.podman("image", "prune", "--force")

    def _boot(self, host: Host) -> None:
        """A host asked to be rebooted from within."""
        order = Start(host.machine.id)
        label = f"{host.machine.id} reboots"
        self._queue.carry_out(order, 0.0, label, _nothing, _nothing)

    def _arrived(self, done: Done) -> Done:
        def arrived() -> None:
            self._coming -= 1
            done()

        return arrived

    def _not_arrived(self, failed: Callable[[Exception], object]) -> Callable[[Exception], object]:
        def not_arrived(problem: Exception) -> None:
            self._coming -= 1
            failed(problem)

        return not_arrived


def _described(host: Host) -> dict[str, Any]:
    machine = host.machine
    return {
        "id": machine.id,
        "name": machine.name,
        "region": machine.region,
        "zone": machine.zone,
        "address": machine.address,
        "vpc": machine.vpc_id,
        "image": machine.image,
        "container": host.name,
        "health": (host.health or "starting") if host.meant_to_run else "stopped",
    }


def _nothing(_problem: Exception | None = None) -> None:
    """Whoever ordered it is not waiting."""


def real_machines(
    world: World, identity: Identity, podman: Podman, cache: Path, fabric: Fabric
) -> RealMachines:
    """Bake the image if it is not there yet, and make what hosts need. Raises CommandFailed.

    `cache` is the folder of baked images; `fabric` is where hosts are attached to their VPCs.
    """
    base = images.ensure(podman, cache, RECIPE)
    return RealMachines(world, Ground(identity, podman, fabric, base))
