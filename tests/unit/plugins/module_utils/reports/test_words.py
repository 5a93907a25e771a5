# SPDX-License-Identifier: GPL-3.0-or-later
"""Times as people read them, and texts of others without what acts."""

from __future__ import annotations

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.reports.words import (
    between,
    clock,
    count,
    lasted,
    line,
    plain,
)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.0, "0 s"),
        (0.04, "0 s"),
        (2.34, "2.3 s"),
        (9.96, "10 s"),
        (59.6, "1 min"),
        (512.3, "8 min 32 s"),
        (3600, "1 h"),
        (3661, "1 h 1 min"),
        (273600, "3 d 4 h"),
        (-89, "-1 min 29 s"),
        (None, "not known"),
    ],
)
def test_a_length_of_time_is_told_in_its_two_largest_units(
    seconds: float | None, said: str
) -> None:
    assert lasted(seconds) == said


def test_times_of_any_zone_are_told_in_utc() -> None:
    assert clock("2026-11-28T11:15:00+01:00") == "2026-11-28 10:15:00 UTC"
    assert clock("2026-11-28T10:15:00Z") == clock("2026-11-28T10:15:00")
    assert clock("") == "not known"


def test_between_a_time_and_none_nothing_is_known() -> None:
    assert between("2026-11-28T10:15:00Z", "2026-11-28T10:16:01Z") == 61
    assert between("2026-11-28T10:15:00Z", "") is None


def test_a_time_that_is_none_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="noon"):
        clock("noon")


def test_what_steers_a_terminal_or_turns_a_text_is_not_passed_on() -> None:
    assert plain("a\x1b[2Jb\x00c\u202ed\ud800") == "a\ufffd[2Jb\ufffdc\ufffdd\ufffd"
    assert line("two\n  lines\t\x07") == "two lines \ufffd"


def test_one_is_not_many() -> None:
    assert [count(n, "row") for n in (0, 1, 1234)] == ["0 rows", "1 row", "1,234 rows"]
