# SPDX-License-Identifier: GPL-3.0-or-later
"""Look after hosts: whether they live, and what they did by themselves."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING

from sandbox.ground.commands import CommandFailed
from sandbox.hosts.host import HALTED, REBOOTED, Host
from sandbox.hosts.jobs import Jobs

if TYPE_CHECKING:
    from sandbox.world import World

_PERIOD = 0.3  # real seconds


class Heart:
    """A thread that beats as long as the process lives."""

    def __init__(self, world: World, jobs: Jobs, boot: Callable[[Host], object]) -> None:
        """boot: is to start a host that has asked for it, as an order of its own."""
        self._world = world
        self._jobs = jobs
        self._boot = boot
        threading.Thread(target=self._run, name="hosts", daemon=True).start()

    def _run(self) -> None:
        while True:
            time.sleep(_PERIOD)
            for host in list(self._jobs.hosts.values()):
                try:
                    self._look(host)
                except CommandFailed:
                    continue  # It has been removed meanwhile, or is looked at again.
                except Exception:
                    traceback.print_exc()

    def _look(self, host: Host) -> None:
        if not host.meant_to_run:
            host.health = ""
            return
        health = self._ended(host) if not host.alive else "ok" if host.reachable else "initializing"
        if not health or health == host.health or not host.meant_to_run:
            return
        host.health = health
        with self._world.lock:
            self._world.tell_health(host.machine.id, health)

    def _ended(self, host: Host) -> str:
        """What a host that is not alive is, "" where it is none of the caller's business."""
        if host.health in ("impaired", "halted"):
            return host.health
        code = host.ended()
        if code is None or not host.meant_to_run or host.alive:
            return ""
        if code == REBOOTED:
            host.meant_to_run = False
            self._boot(host)
            return ""
        return "halted" if code in HALTED else "impaired"
