# SPDX-License-Identifier: GPL-3.0-or-later
"""What Auto Scaling asks of the hosts behind its instances."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from sandbox.world import World

Done = Callable[[], object]


class Hosts(Protocol):
    """What runs behind the instances of groups. Every call is made under the world's lock.

    `instance` is the emulator's EC2 instance. Its state in the API is the caller's business, before
    the call where something is to run, and in `done` where something is to end. `done` is to be
    called under the world's lock too, when it is so and `seconds` (real ones) have passed.
    """

    def comes(self, instance: Any, seconds: float, done: Done) -> None:
        """An instance was launched: have it run."""
        ...

    def goes(self, instance: Any, seconds: float, done: Done) -> None:
        """An instance is terminated: there must be nothing left of it."""
        ...

    def rests(self, instance: Any, hibernates: bool, seconds: float, done: Done) -> None:
        """An instance is stopped, or hibernates: keep what is on its disks."""
        ...

    def wakes(self, instance: Any, seconds: float, done: Done) -> None:
        """A stopped or hibernated instance is started: have it run again."""
        ...


class ApiOnly:
    """Instances are there in the API only."""

    def __init__(self, world: World) -> None:
        self._world = world

    def comes(self, instance: Any, seconds: float, done: Done) -> None:
        self._world.later(seconds, done, f"{instance.id} is launched")

    def goes(self, instance: Any, seconds: float, done: Done) -> None:
        self._world.later(seconds, done, f"{instance.id} is terminated")

    def rests(self, instance: Any, hibernates: bool, seconds: float, done: Done) -> None:
        self._world.later(seconds, done, f"{instance.id} is stopped")

    def wakes(self, instance: Any, seconds: float, done: Done) -> None:
        self._world.later(seconds, done, f"{instance.id} is started")


def behind(world: World) -> Hosts:
    """The hosts of a world."""
    return world.hosts or ApiOnly(world)
