# SPDX-License-Identifier: GPL-3.0-or-later
"""What RDS does to its servers all the time: heartbeats into the archive, and measures of lag."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING

from sandbox.databases.connection import Trouble
from sandbox.databases.jobs import Jobs

if TYPE_CHECKING:
    from sandbox.world import World

# AWS seconds; RDS archives at least every five minutes and measures every minute.
_BEAT, _MEASURE = 300.0, 60.0
# Real seconds: how often at least and at most, whatever the speed, and how often at speed 0.
_LEAST, _MOST, _AT_ONCE = 1.0, 60.0, 3.0


class Heart:
    """A thread that beats as long as the process lives."""

    def __init__(self, world: World, jobs: Jobs) -> None:
        self._world = world
        self._jobs = jobs
        self.listeners: list[Callable[[str, float], object]] = []
        self._due = {_BEAT: 0.0, _MEASURE: 0.0}
        threading.Thread(target=self._run, name="databases", daemon=True).start()

    def _run(self) -> None:
        while True:
            time.sleep(0.25)
            self._jobs.drop_unwanted_slots()
            for period, what in ((_BEAT, self._beat), (_MEASURE, self._measure)):
                if time.monotonic() >= self._due[period]:
                    try:
                        what()
                    except Exception:
                        # One server that behaves as none should must not stop the others' hearts.
                        traceback.print_exc()
                    self._due[period] = time.monotonic() + self._wait(period)

    def _wait(self, period: float) -> float:
        if not self._world.speed:
            return _AT_ONCE
        return min(max(self._world.scaled(period), _LEAST), _MOST)

    def _beat(self) -> None:
        for server in list(self._jobs.servers.values()):
            if server.furnished and not server.primary and server.instance.backups:
                try:
                    self._jobs.backups.beat(server)
                except Trouble:
                    continue  # It is being stopped or has died; its archive goes on later.
        self._jobs.carry_copies()

    def _measure(self) -> None:
        for server in list(self._jobs.servers.values()):
            if server.primary and server.furnished:
                try:
                    lag = self._jobs.lag(server)
                except Trouble:
                    continue  # RDS has no figure of a replica that does not answer.
                with self._world.lock:
                    for told in self.listeners:
                        told(server.instance.resource_id, lag)
