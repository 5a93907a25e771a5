# SPDX-License-Identifier: GPL-3.0-or-later
"""Something that is done again and again, under the world's lock."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.world import World

# Real seconds: how often at least and at most, whatever the speed, and how often at speed 0.
_LEAST, _MOST, AT_ONCE = 1.0, 60.0, 3.0


class Ticking:
    """Does something every so many seconds of AWS, from the first `start` on.

    With infinitely many seconds that is never. It is no part of what the world waits for, since it
    never ends.
    """

    def __init__(self, world: World, seconds: float, action: Callable[[], object]) -> None:
        self._world = world
        self._seconds = seconds
        self._action = action
        self._started = False
        self._name = ""

    def start(self, name: str) -> None:
        """Begin, unless it has begun; whoever calls holds the world's lock."""
        if not self._started and self._seconds < float("inf"):
            self._started = True
            self._name = name
            threading.Thread(target=self._run, name=name, daemon=True).start()

    def revive(self) -> None:
        """Go on in a process that was forked from the one where it began."""
        if self._started:
            threading.Thread(target=self._run, name=self._name, daemon=True).start()

    def _run(self) -> None:
        while True:
            scaled = self._world.scaled(self._seconds)
            time.sleep(min(max(scaled, _LEAST), _MOST) if scaled else AT_ONCE)
            try:
                with self._world.lock:
                    self._action()
            except Exception:
                # One that fails must not be the last.
                traceback.print_exc()
