# SPDX-License-Identifier: GPL-3.0-or-later
"""Data points: what was measured in each period, as one number."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measured:
    """One value, or the summary of several. `time` is in seconds since 1970."""

    time: float
    least: float
    most: float
    total: float
    count: float = 1.0


def points(
    data: Iterable[Measured], statistic: str, now: float, period: float, number: int
) -> list[float | None]:
    """The latest data points, oldest first; None where nothing was measured.

    Periods begin at multiples of `period` (seconds). The one that is not over yet counts where
    something was measured in it, else it is not missing yet.
    """
    open_since = math.floor(now / period)
    buckets: dict[int, list[Measured]] = {}
    for one in data:
        place = math.floor(one.time / period)
        if open_since - number <= place <= open_since:
            buckets.setdefault(place, []).append(one)
    last = open_since if open_since in buckets else open_since - 1
    return [
        _number(buckets[place], statistic) if place in buckets else None
        for place in range(last - number + 1, last + 1)
    ]


def _number(data: Sequence[Measured], statistic: str) -> float | None:
    count = sum(one.count for one in data)
    match statistic:
        case "Sum":
            return sum(one.total for one in data)
        case "Minimum":
            return min(one.least for one in data)
        case "Maximum":
            return max(one.most for one in data)
        case "SampleCount":
            return count
        case "Average":
            return sum(one.total for one in data) / count if count else None
    return _percentile(data, float(statistic.removeprefix("p")) / 100)


def _percentile(data: Sequence[Measured], share: float) -> float | None:
    """None where a summary hides its values, as CloudWatch has none then."""
    if any(one.least != one.most for one in data):
        return None
    values = sorted(one.most for one in data for _ in range(int(one.count)))
    return values[max(0, math.ceil(share * len(values)) - 1)] if values else None
