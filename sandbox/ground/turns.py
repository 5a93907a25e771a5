# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs about one thing, one after another, in the order in which they were asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Turns:
    """One queue for each thing; whoever takes a turn must run what is returned, in a thread."""

    def __init__(self) -> None:
        self._last: dict[str, threading.Event] = {}

    def take(self, thing: str, job: Callable[[], object]) -> Callable[[], object]:
        """The job, to be run: it first waits for the jobs that took their turn before."""
        before, mine = self._last.get(thing), threading.Event()
        self._last[thing] = mine

        def in_turn() -> object:
            try:
                if before:
                    before.wait()
                return job()
            finally:
                mine.set()

        return in_turn

    def wait(self) -> None:
        """Return when every job that took a turn has ended."""
        for event in list(self._last.values()):
            event.wait()
        self._last.clear()
