# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of an alarm, by its latest data points, some of which may be missing.

After https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html:
CloudWatch looks at more data points than an alarm has evaluation periods (at five for three). As
long as enough of them are there, the latest decide, and what is to be done about missing ones does
not matter. Where there are too few, missing ones are filled in as the alarm says, as few as
possible. That page's tables of examples are among the tests.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

OK, ALARM, UNKNOWN = "OK", "ALARM", "INSUFFICIENT_DATA"
# How many more data points than evaluation periods are looked at.
_MORE = 2

BREACHES: Mapping[str, Callable[[float, float], bool]] = MappingProxyType(
    {
        "GreaterThanThreshold": operator.gt,
        "GreaterThanOrEqualToThreshold": operator.ge,
        "LessThanThreshold": operator.lt,
        "LessThanOrEqualToThreshold": operator.le,
    }
)


@dataclass(frozen=True, slots=True)
class Condition:
    """When an alarm is in alarm: `needed` of `periods` data points (M of N) breach the threshold.

    `missing` is as in TreatMissingData: missing, ignore, breaching, notBreaching.
    """

    comparison: str
    threshold: float
    periods: int
    needed: int
    missing: str = "missing"

    @property
    def range(self) -> int:
        """How many data points are looked at."""
        return self.periods + _MORE

    def breached(self, value: float) -> bool:
        return BREACHES[self.comparison](value, self.threshold)


def state(points: Sequence[float | None], condition: Condition) -> str | None:
    """The state by these data points, oldest first; None: it stays what it is."""
    # For each point whether it breaches, None where it is missing.
    seen = [None if point is None else condition.breached(point) for point in points]
    there = [breach for breach in seen if breach is not None]
    lacking = condition.periods - len(there)
    if lacking <= 0:
        return _decided(sum(there[-condition.periods :]), condition)
    if condition.missing == "breaching":
        return _decided(sum(there) + lacking, condition)
    if condition.missing == "notBreaching":
        return _decided(sum(there), condition)
    if sum(there) >= condition.needed:
        return ALARM
    if not all(there):
        return OK
    if condition.missing == "ignore":
        return None
    return ALARM if _held(seen, condition) else UNKNOWN


def _decided(breaching: int, condition: Condition) -> str:
    return ALARM if breaching >= condition.needed else OK


def _held(seen: Sequence[bool | None], condition: Condition) -> bool:
    """Whether a breach is old enough to count as going on, since nothing denied it after."""
    ages = [len(seen) - number for number, breach in enumerate(seen) if breach]
    return bool(ages) and max(ages) >= condition.needed
