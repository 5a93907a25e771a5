# SPDX-License-Identifier: GPL-3.0-or-later
"""Have the networks follow the account."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING

from sandbox.fabric.fabric import Broken, Fabric
from sandbox.fabric.picture import Picture

if TYPE_CHECKING:
    from sandbox.world import World

_GATHER = 0.02  # seconds: what changes at once is shown at once
_AGAIN = 1.0  # seconds until what failed is tried again
_TRIES = 3  # until nobody waits for it any more, and it is tried again
_LATER = 5.0  # seconds after that
_PATIENCE = 60.0
_ALL = ""  # in the place of a VPC: what failed is not of one


class Follower:
    """A thread that looks at the account after each change, and shows what it saw."""

    def __init__(self, world: World, look: Callable[[], Picture], fabric: Fabric) -> None:
        """look: is called under the world's lock."""
        self._world = world
        self._look = look
        self._fabric = fabric
        self._turn = threading.Condition()
        self._changes = self._shown = 0
        self._broken: Broken = {}
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="fabric", daemon=True)
        world.on_change(self._changed)
        self._thread.start()

    def settle(self) -> bool:
        """Return when all that changed until now is in force, or cannot be; whether it is.

        A VPC that cannot be shown is closed, which is in force. Not to be called under the lock.
        """
        with self._turn:
            wanted = self._changes
            return (
                self._turn.wait_for(lambda: self._ended or self._shown >= wanted, _PATIENCE)
                and _ALL not in self._broken
            )

    def troubles(self) -> list[str]:
        """What cannot be shown, and why, a sentence each."""
        with self._turn:
            return [_sentence(*entry) for entry in sorted(self._broken.items())]

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
        tries, pause = 0, None
        while True:
            with self._turn:
                self._turn.wait_for(lambda: self._ended or self._changes > self._shown, pause)
                if self._ended:
                    return
            time.sleep(_GATHER)
            with self._turn:
                number = self._changes
            broken = self._follow()
            tries = tries + 1 if broken else 0
            with self._turn:
                self._tell(broken)
                if not broken or tries >= _TRIES:
                    self._shown = number
                    self._turn.notify_all()
                else:
                    self._turn.wait_for(lambda: self._ended, _AGAIN)
            pause = _LATER if broken else None

    def _follow(self) -> Broken:
        try:
            with self._world.lock:
                picture = self._look()
            return self._fabric.show(picture)
        except Exception as problem:
            # Also what cannot be foreseen must not leave the networks as they were for ever.
            return {_ALL: problem}

    def _tell(self, broken: Broken) -> None:
        """Keep what is broken now, and log what was not before."""
        known = [_sentence(*entry) for entry in self._broken.items()]
        for entry in broken.items():
            if (sentence := _sentence(*entry)) not in known:
                print(f"sandbox: {sentence}", file=sys.stderr)
                traceback.print_exception(entry[1])
        self._broken = broken


def _sentence(vpc_id: str, problem: Exception) -> str:
    what = f"{vpc_id} is closed, because it" if vpc_id else "networks are not as they should be: it"
    return f"{what} could not be shown: {problem or type(problem).__name__}"
