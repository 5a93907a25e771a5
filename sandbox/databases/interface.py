# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rest of the sandbox knows of its databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from sandbox.databases.orders import Order

if TYPE_CHECKING:
    from sandbox.world import World


class BadSettings(RuntimeError):
    """A server does not start with its parameters; the last lines of its log are the message."""


class Databases(Protocol):
    """The servers behind the instances of the API. Every call is made under the world's lock."""

    def carry_out(
        self,
        order: Callable[[], Order],
        seconds: float,
        label: str,
        done: Callable[[], object],
        failed: Callable[[Exception], object],
    ) -> None:
        """Do what `order` returns and then, when `seconds` have passed too, call `done`.

        `order` is called before this returns, and not at all where no servers are. `failed` is
        called instead of `done` with what went wrong. Both are called under the world's lock.
        """
        ...

    def restorable(self, resource_id: str, region: str) -> tuple[datetime, datetime] | None:
        """The first and the last moment to which a server can be restored in a region.

        None: to none yet.
        """
        ...

    def disturb(self, dark: frozenset[str], cut: frozenset[tuple[str, str]]) -> None:
        """Let nothing in or out of the `dark` regions, and nothing pass between `cut` pairs.

        What was dark or cut before and is not named is mended.
        """
        ...

    def watch(self, told: Callable[[str, float], object]) -> None:
        """Have `told` called with the resource id and the lag (seconds) of each replica.

        That is done each minute of AWS, under the world's lock.
        """
        ...

    def status(self) -> list[dict[str, Any]]:
        """Every server: name, region, address, port, namespace, health and lag in seconds."""
        ...


class NoDatabases:
    """Instances are there in the API only."""

    def __init__(self, world: World) -> None:
        self._world = world

    def carry_out(
        self,
        order: Callable[[], Order],
        seconds: float,
        label: str,
        done: Callable[[], object],
        failed: Callable[[Exception], object],
    ) -> None:
        self._world.later(seconds, done, label)

    def restorable(self, resource_id: str, region: str) -> tuple[datetime, datetime] | None:
        return (datetime.min.replace(tzinfo=UTC), self._world.now())

    def disturb(self, dark: frozenset[str], cut: frozenset[tuple[str, str]]) -> None:
        """There is nothing to be disturbed but the API."""

    def watch(self, told: Callable[[str, float], object]) -> None:
        """There is no lag where there are no servers."""

    def status(self) -> list[dict[str, Any]]:
        return []
