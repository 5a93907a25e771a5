# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs about one thing, one after another, in the order in which they were asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable


class Turns:
    """One queue for each thing; whoever takes a turn must run what is returned, in a thread."""

    def __init__(self) -> None:
        self._last: dict[str, threading.Event] = {}
        self._readers: dict[str, list[threading.Event]] = {}

    def take(
        self,
        thing: str,
        job: Callable[[], object],
        reads: Iterable[str] = (),
        removes: Iterable[str] = (),
    ) -> Callable[[], object]:
        """The job, to be run: it first waits for the jobs that took their turn before.

        It waits too for those that read what it `removes`, and what it `reads` is not removed
        before it has ended. Jobs that read do not wait for each other.
        """
        mine = threading.Event()
        before = [self._last[thing]] if thing in self._last else []
        for name in removes:
            before += self._readers.pop(name, [])
        for name in reads:
            kept = [reader for reader in self._readers.get(name, []) if not reader.is_set()]
            self._readers[name] = [*kept, mine]
        self._last[thing] = mine

        def in_turn() -> object:
            try:
                for event in before:
                    event.wait()
                return job()
            finally:
                mine.set()

        return in_turn

    def wait(self) -> None:
        """Return when every job that took a turn has ended."""
        for event in list(self._last.values()):
            event.wait()
        self._last.clear()
        self._readers.clear()
