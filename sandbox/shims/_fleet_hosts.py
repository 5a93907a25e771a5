# SPDX-License-Identifier: GPL-3.0-or-later
"""What Auto Scaling asks of the hosts behind its instances."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from sandbox.world import World

Done = Callable[[], object]
_SOON = 0.1  # real seconds until it is looked again
LONGEST_BOOT = 180.0  # real seconds; what takes longer, with its user data, is not waited for


class Hosts:
    """What runs behind the instances of groups: it comes and goes with them, and is waited for.

    Every call is made under the world's lock. `instance` is the emulator's EC2 instance. `done` is
    called under the lock too, when it is so and `seconds` (real ones) have passed.
    """

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

    def boots(self, instance: Any, done: Callable[[float], object]) -> None:
        """Call `done` when a host has booted with its user data, or will not any more.

        It is told the real seconds that this took. They cannot be scaled: what depends on them
        begins only then.
        """

        def look(took: float = 0.0) -> None:
            over = took > LONGEST_BOOT or instance.state != "running"
            if over or self._world.machines.booted(instance.id):
                done(took)
            else:
                again = partial(look, took + _SOON)
                self._world.later(_SOON, again, f"{instance.id} boots")

        look()

    def _await(self, instance: Any, state: str, done: Done, label: str) -> None:
        """Call `done` when an instance is no longer in a state."""
        if instance.state == state:
            again = partial(self._await, instance, state, done, label)
            self._world.later(_SOON, again, label)
        else:
            done()
