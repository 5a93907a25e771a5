# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the beats of a database tell, and that a host serves, as metrics for another region."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

NAMESPACE = "Phoenix/Heartbeat"
MINUTE = 60.0
# Each host tells it as 1, once a minute, so the sum of a minute is how many there are.
HOSTS = "Hosts"


class Beat(NamedTuple):
    """A beat, and the newest one that all copies of the database have: None where none streams.

    Ids; times in unix seconds, by the database's clock; rows written until then.
    """

    written_id: int
    written_at: float
    written_writes: int
    replicated_id: int | None = None
    replicated_at: float | None = None
    replicated_writes: int | None = None


def kept(beats: tuple[Beat, ...], newest: Beat) -> tuple[Beat, ...]:
    """Those of the last minute, the newest last."""
    begin, end = newest.written_at - MINUTE, newest.written_at
    return (*(beat for beat in beats if begin <= beat.written_at < end), newest)


def figures(beats: tuple[Beat, ...]) -> dict[str, float]:
    """Metrics by name: seconds since 1970, rows, and rows a second. What is not known is left out.

    The counters go back where a table is dropped or they are reset: then nothing is behind.
    """
    newest, oldest = beats[-1], beats[0]
    found = {"WrittenAt": newest.written_at}
    if newest.replicated_at is not None and newest.replicated_writes is not None:
        behind = newest.written_writes - newest.replicated_writes
        found |= {"ReplicatedAt": newest.replicated_at, "RowsBehind": float(max(behind, 0))}
    if newest is not oldest:
        rows = max(newest.written_writes - oldest.written_writes, 0)
        found["RowsPerSecond"] = rows / (newest.written_at - oldest.written_at)
    return found


def minute_of(at: float) -> float:
    """When the minute of a moment began; both in unix seconds."""
    return at // MINUTE * MINUTE


def turned(counted: float, at: float) -> float | None:
    """The minute that a moment is in, where it is later than the last one that was counted; else
    None, also where the clock has gone back. All in unix seconds.
    """
    minute = minute_of(at)
    return minute if minute > counted else None


def metric_data(
    environment: str, found: Mapping[str, float], at: float | None = None
) -> list[dict[str, Any]]:
    """As PutMetricData takes them. at: of when they are, in unix seconds; None is now."""
    dimensions = [{"Name": "environment", "Value": environment}]
    moment = {} if at is None else {"Timestamp": datetime.fromtimestamp(at, UTC)}
    return [
        {"MetricName": name, "Dimensions": dimensions, "Value": value, **moment}
        for name, value in found.items()
    ]
