# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Times and counts as people read them, and texts of others made safe to show."""

from __future__ import annotations

import datetime
import re

NOT_KNOWN = "not known"
# Begins what is to be typed, among texts that are to be read.
COMMAND = "$ "
# What would steer a terminal, turn the direction of a text, or be no character at all.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def plain(text: object) -> str:
    """Any value as text without what acts instead of being seen: a "\ufffd" stands there."""
    return _UNSEEN.sub("\ufffd", str(text))


def line(text: object) -> str:
    """The same in one line, each run of white space one space."""
    return " ".join(plain(text).split())


def moment(text: str) -> datetime.datetime | None:
    """A time in ISO 8601, of UTC where it names no zone; None for "". Raises ValueError."""
    if not text:
        return None
    found = datetime.datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=datetime.UTC)


def between(begin: str, end: str) -> float | None:
    """Seconds from one time in ISO 8601 to another; None where one is "". Raises ValueError."""
    first, last = moment(begin), moment(end)
    return (last - first).total_seconds() if first and last else None


def clock(text: str) -> str:
    """A time in ISO 8601 as "2026-11-28 10:15:00 UTC"; "not known" for "". Raises ValueError."""
    found = moment(text)
    return f"{found.astimezone(datetime.UTC):%Y-%m-%d %H:%M:%S} UTC" if found else NOT_KNOWN


def lasted(seconds: float | None) -> str:
    """A length of time in its two largest units: "2.3 s", "8 min 32 s", "3 d 4 h"."""
    if seconds is None:
        return NOT_KNOWN
    if abs(seconds) < 10:
        return f"{round(seconds, 1):g} s"
    sign, rest = "-" if seconds < 0 else "", round(abs(seconds))
    sizes = [(86400, "d"), (3600, "h"), (60, "min"), (1, "s")]
    first = next(at for at, (size, _unit) in enumerate(sizes) if rest >= size)
    parts = []
    for size, unit in sizes[first : first + 2]:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {unit}")
    return sign + " ".join(parts)


def count(number: int, noun: str) -> str:
    """A number with its noun: "1 row", "4 rows"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
