# SPDX-License-Identifier: GPL-3.0-or-later
"""Have the networks follow the account."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING

from sandbox.fabric.fabric import Fabric
from sandbox.fabric.picture import Picture

if TYPE_CHECKING:
    from sandbox.world import World

_GATHER = 0.02  # seconds: what changes at once is shown at once
_AGAIN = 1.0  # seconds until what failed is tried again
_PATIENCE = 60.0


class Follower:
    """A thread that looks at the account after each change, and shows what it saw."""

    def __init__(self, world: World, look: Callable[[], Picture], fabric: Fabric) -> None:
        """look: is called under the world's lock."""
        self._world = world
        self._look = look
        self._fabric = fabric
        self._turn = threading.Condition()
        self._changes = self._shown = 0
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="fabric", daemon=True)
        world.on_change(self._changed)
        self._thread.start()

    def settle(self) -> None:
        """Return when all that changed until now is in force. Not to be called under the lock."""
        with self._turn:
            wanted = self._changes
            self._turn.wait_for(lambda: self._ended or self._shown >= wanted, _PATIENCE)

    def end(self) -> None:
        """Follow no more; returns when nothing is being shown."""
        with self._turn:
            self._ended = True
            self._turn.notify_all()
        self._thread.join()

    def _changed(self) -> None:
        with self._turn:
            self._changes += 1
            self._turn.notify_all()

    def _run(self) -> None:
        while True:
            with self._turn:
                self._turn.wait_for(lambda: self._ended or self._changes > self._shown)
                if self._ended:
                    return
            time.sleep(_GATHER)
            with self._turn:
                number = self._changes
            if not self._follow():
                time.sleep(_AGAIN)
                continue
            with self._turn:
                self._shown = number
                self._turn.notify_all()

    def _follow(self) -> bool:
        try:
            with self._world.lock:
                picture = self._look()
            self._fabric.show(picture)
        except Exception:
            # Also what cannot be foreseen must not leave the networks as they were for ever.
            traceback.print_exc()
            return False
        return True
