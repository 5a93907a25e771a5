# SPDX-License-Identifier: GPL-3.0-or-later
"""What Auto Scaling asks of the hosts behind its instances."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from sandbox.world import World

Done = Callable[[], object]
_SOON = 0.1  # real seconds until it is looked again


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


class OfInstances:
    """Hosts come and go with their instances, whoever launched them; this waits for them."""

    def __init__(self, world: World) -> None:
        self._world = world

    def comes(self, instance: Any, seconds: float, done: Done) -> None:
        label = f"{instance.id} is launched"
        self._world.later(seconds, lambda: self._await(instance, "pending", done, label), label)

    def goes(self, instance: Any, seconds: float, done: Done) -> None:
        self._world.later(seconds, done, f"{instance.id} is terminated")

    def rests(self, instance: Any, hibernates: bool, seconds: float, done: Done) -> None:
        if instance.state == "running":
            instance.ec2_backend.stop_instances([instance.id])
        self._await(instance, "stopping", done, f"{instance.id} is stopped")

    def wakes(self, instance: Any, seconds: float, done: Done) -> None:
        label = f"{instance.id} is started"
        self._world.later(seconds, lambda: self._await(instance, "pending", done, label), label)

    def _await(self, instance: Any, state: str, done: Done, label: str) -> None:
        """Call `done` when an instance is no longer in a state."""
        if instance.state == state:
            again = partial(self._await, instance, state, done, label)
            self._world.later(_SOON, again, label)
        else:
            done()


def behind(world: World) -> Hosts:
    """The hosts of a world."""
    return world.hosts or OfInstances(world)
