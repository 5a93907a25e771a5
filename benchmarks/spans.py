# SPDX-License-Identifier: GPL-3.0-or-later
"""When, in the course of a run, its requests were made; from the emulator's log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Spans:
    """Seconds of a run that add up to its wall time.

    before: until the first request; open: with at least one request at the emulator; between: those
    from the first to the last request in which none was; after: from the end of the last.
    """

    before: float
    open: float
    between: float
    after: float


def spans(entries: Iterable[Mapping[str, Any]], began: float, wall: float) -> Spans | None:
    """Of log entries with the fields time (Unix) and duration (seconds); None if there are none.

    began: Unix time at which the run began; wall: how many seconds it took.
    """
    busy: list[list[float]] = []
    for start, end in sorted((one["time"], one["time"] + one["duration"]) for one in entries):
        if busy and start <= busy[-1][1]:
            busy[-1][1] = max(busy[-1][1], end)
        else:
            busy.append([start, end])
    if not busy:
        return None
    first, last = busy[0][0], busy[-1][1]
    taken = sum(end - start for start, end in busy)
    return Spans(first - began, taken, last - first - taken, began + wall - last)
