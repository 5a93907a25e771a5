# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Times of the day and of the week in which AWS may work on a database, in UTC."""

from __future__ import annotations

import re

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = 24 * 60
LEAST = 30
DAILY = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
WEEKLY = re.compile(
    r"(mon|tue|wed|thu|fri|sat|sun):([01]\d|2[0-3]):([0-5]\d)"
    r"-(mon|tue|wed|thu|fri|sat|sun):([01]\d|2[0-3]):([0-5]\d)"
)


def daily(text: str) -> tuple[int, int]:
    """Start in minutes of the day, and length in minutes. Raises ValueError."""
    match = DAILY.fullmatch(text)
    if not match:
        raise ValueError(text)
    a, b, c, d = (int(part) for part in match.groups())
    start = a * 60 + b
    return start, (c * 60 + d - start) % DAY


def weekly(text: str) -> tuple[int, int]:
    """Start in minutes of the week from Monday, and length in minutes. Raises ValueError."""
    match = WEEKLY.fullmatch(text)
    if not match:
        raise ValueError(text)
    first, a, b, last, c, d = match.groups()
    start = DAYS.index(first) * DAY + int(a) * 60 + int(b)
    end = DAYS.index(last) * DAY + int(c) * 60 + int(d)
    return start, (end - start) % (7 * DAY)


def long_enough(window: tuple[int, int]) -> bool:
    """AWS asks for half an hour; a day is more than either window may last."""
    return LEAST <= window[1] < DAY


def apart_from(week: str) -> str:
    """A daily hour that a weekly window leaves free; "" where there is none."""
    hours = (f"{hour:02}:00-{(hour + 1) % 24:02}:00" for hour in (*range(2, 24), 0, 1))
    return next((hour for hour in hours if not overlap(hour, week)), "")


def overlap(day: str, week: str) -> bool:
    """Whether a daily window meets a weekly one on any day."""
    daily_start, daily_length = daily(day)
    start, length = weekly(week)
    for number in range(-1, 8):
        begin = number * DAY + daily_start
        if begin < start + length and start < begin + daily_length:
            return True
    return False
