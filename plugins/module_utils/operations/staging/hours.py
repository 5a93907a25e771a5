# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The hours in which staging copies are awake. No I/O but for the time zones of this machine."""

from __future__ import annotations

import datetime
import re
import zoneinfo
from collections.abc import Iterator, Mapping
from typing import Any

from ...declaration.fields import Field, Problem

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# YAML takes 20:00 for the number 1200, unless it is quoted.
RULE = "a time of day in quotation marks, from {} to {}"
BEGIN = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
END = re.compile(rf"{BEGIN.pattern}|24:00")
UTC = "UTC"


def _is_zone(name: str) -> bool:
    try:
        _zone(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _zone(name: str) -> datetime.tzinfo:
    # A machine without any zones knows this one.
    return datetime.UTC if name == UTC else zoneinfo.ZoneInfo(name)


# As they are without any: all day, every day.
FIELDS = (
    Field(
        "days",
        "list",
        "days of the week, each once: " + ", ".join(DAYS),
        list(DAYS[:5]),
        DAYS,
        lambda v: 0 < len(v) == len(set(v)) and set(v) <= set(DAYS),
        elements="str",
    ),
    Field(
        "from",
        "str",
        RULE.format("00:00", "23:59"),
        "07:00",
        "00:00",
        lambda v: bool(BEGIN.fullmatch(v)),
    ),
    Field(
        "until",
        "str",
        RULE.format("00:00", "24:00"),
        "20:00",
        "24:00",
        lambda v: bool(END.fullmatch(v)),
    ),
    Field(
        "zone", "str", "a time zone of IANA that this machine knows", "Europe/Berlin", UTC, _is_zone
    ),
)


def mistakes(hours: Mapping[str, Any], path: str) -> Iterator[Problem]:
    """What is wrong across the fields. hours: what was right of them."""
    end = hours.get("until")
    if end is not None and end == hours.get("from"):
        rule = "must not be when it begins: leave both out for the whole day"
        yield Problem(f"{path}.until", end, rule, "20:00")


def is_awake(hours: Mapping[str, Any], moment: datetime.datetime) -> bool:
    """Whether a copy is to be awake. hours: by FIELDS, complete; one that ends before it begins
    ends on the next day. moment: with its zone.
    """
    zone, moment = _zone(hours["zone"]), moment.astimezone(datetime.UTC)
    today = moment.astimezone(zone).date()
    return any(
        DAYS[day.weekday()] in hours["days"] and _begin(hours, day) <= moment < _end(hours, day)
        for day in (today - datetime.timedelta(1), today)
    )


def _begin(hours: Mapping[str, Any], day: datetime.date) -> datetime.datetime:
    return _at(day, hours["from"], hours["zone"])


def _end(hours: Mapping[str, Any], day: datetime.date) -> datetime.datetime:
    """After the beginning, also where the clock shows less."""
    if hours["until"] < hours["from"]:
        day += datetime.timedelta(1)
    return _at(day, hours["until"], hours["zone"])


def _at(day: datetime.date, clock: str, zone: str) -> datetime.datetime:
    """When the clocks of a zone show it, for the first time where they do so twice."""
    hour, minute = map(int, clock.split(":"))
    shown = datetime.time(hour % 24, minute, tzinfo=_zone(zone))
    return datetime.datetime.combine(day + datetime.timedelta(hour // 24), shown)
