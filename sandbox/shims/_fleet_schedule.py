# SPDX-License-Identifier: GPL-3.0-or-later
"""One scheduled action of an Auto Scaling group, and when it happens."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cronsim import CronSim, CronSimError
from moto.autoscaling.exceptions import ValidationError

FIELDS = 5  # of a recurrence: minute, hour, day of the month, month, day of the week


_NEVER = datetime.max.replace(tzinfo=UTC)


def _nothing() -> None:
    """It is not waited for."""


@dataclass
class ScheduledAction:
    """An action as it was put. start_time: when it happens next; first: when at first, if said."""

    auto_scaling_group_name: str
    scheduled_action_name: str
    scheduled_action_arn: str
    min_size: int | None
    max_size: int | None
    desired_capacity: int | None
    first: datetime | None
    end_time: datetime | None
    recurrence: str | None
    time_zone: str | None
    start_time: datetime = _NEVER
    cancel: Callable[[], None] = field(default=_nothing)

    @property
    def time(self) -> datetime:
        """The same as the start time, as AWS tells it."""
        return self.start_time

    def due(self, now: datetime) -> datetime | None:
        """When it happens next, None if never again."""
        found = self.first if self.first and self.first > now else None
        if found is None and self.recurrence:
            found = following(self.recurrence, self.time_zone, now)
        return None if found and self.end_time and found > self.end_time else found


def moment(value: Any) -> datetime | None:
    """A time of a request, in UTC."""
    if value is None:
        return None
    given = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return given.astimezone(UTC) if given.tzinfo else given.replace(tzinfo=UTC)


def zone(name: str | None) -> zoneinfo.ZoneInfo:
    """The time zone of that name (IANA), UTC if there is none."""
    try:
        return zoneinfo.ZoneInfo(name or "UTC")
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValidationError(f"The time zone {name} is not a valid IANA time zone.") from None


def following(recurrence: str, time_zone: str | None, after: datetime) -> datetime | None:
    """The next moment of a recurrence, in UTC; AWS's refusal of one that is none."""
    try:
        if len(recurrence.split()) != FIELDS:
            raise CronSimError("Wrong number of fields")
        found = next(CronSim(recurrence, after.astimezone(zone(time_zone))), None)
    except CronSimError as problem:
        reason = f"Given recurrence string: {recurrence} is invalid: {problem}"
        raise ValidationError(reason) from None
    return found.astimezone(UTC) if found else None
