# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rest of the sandbox knows of its hosts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from sandbox.hosts.orders import Order

if TYPE_CHECKING:
    from sandbox.world import World

Done = Callable[[], object]
# The id of an instance, and its health: `initializing`, `ok`, `impaired` (it is dead), or `halted`
# (it has shut itself down).
Told = Callable[[str, str], object]


class Machines(Protocol):
    """The hosts behind the instances of the API. Every call is made under the world's lock.

    `booting` is the health of a host that was just launched. `real` says whether there are any.
    """

    booting: str
    real: bool

    def carry_out(
        self,
        order: Callable[[], Order],
        seconds: float,
        label: str,
        done: Done,
        failed: Callable[[Exception], object],
    ) -> None:
        """Do what `order` returns and then, when `seconds` have passed too, call `done`.

        `order` is called before this returns, and not at all where no hosts are. `failed` is called
        instead of `done` with what went wrong. Both are called under the world's lock.
        """
        ...

    def room(self) -> int:
        """How many more hosts the machine can bear."""
        ...

    def booted(self, instance_id: str) -> bool:
        """Whether a host has done all that its boot does, user data with it."""
        ...

    def status(self) -> list[dict[str, Any]]:
        """Every host: id, name, region, zone, address, vpc, container, image and health."""
        ...


class NoMachines:
    """Instances are there in the API only, and well until one is told to die."""

    booting = "ok"
    real = False

    def __init__(self, world: World) -> None:
        self._world = world

    def carry_out(
        self,
        order: Callable[[], Order],
        seconds: float,
        label: str,
        done: Done,
        failed: Callable[[Exception], object],
    ) -> None:
        self._world.later(seconds, done, label)

    def room(self) -> int:
        return 10**6

    def booted(self, instance_id: str) -> bool:
        return True

    def status(self) -> list[dict[str, Any]]:
        return []
