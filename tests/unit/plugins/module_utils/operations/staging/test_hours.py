# SPDX-License-Identifier: GPL-3.0-or-later
"""The hours in which staging copies are awake, by the clocks of their zone."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.declaration.fields import (
    Field,
    read,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.staging import hours

WORKDAYS = {
    "days": ["mon", "tue", "wed", "thu", "fri"],
    "from": "07:00",
    "until": "20:00",
    "zone": "Europe/Berlin",
}
NIGHT = {"from": "22:00", "until": "06:00"}
# The clocks of Berlin go from 2 to 3 in one of these nights, and from 3 to 2 in the other.
FORWARD, BACK = "2026-03-29", "2026-10-25"
AWAKE = Field("awake", "dict", "hours", WORKDAYS, {}, fields=hours.FIELDS)


def declared(**given: Any) -> Mapping[str, Any]:
    found, problems = read((AWAKE,), {"awake": given})
    assert problems == []
    complete: Mapping[str, Any] = found["awake"]
    return complete


def moment(text: str) -> datetime.datetime:
    """In UTC."""
    return datetime.datetime.fromisoformat(f"{text}+00:00")


def said(given: Any) -> list[str]:
    found, problems = read((AWAKE,), {"awake": given})
    return [str(one) for one in (*problems, *hours.mistakes(found.get("awake", {}), "awake"))]


@pytest.mark.parametrize(
    ("when", "awake"),
    [
        ("2026-11-27T05:59", False),
        ("2026-11-27T06:00", True),
        ("2026-11-27T18:59", True),
        ("2026-11-27T19:00", False),
        # A Saturday, and the Sunday after it.
        ("2026-11-28T12:00", False),
        ("2026-11-29T12:00", False),
        # In summer the same clocks show it an hour earlier.
        ("2026-07-03T05:00", True),
        ("2026-07-03T18:00", False),
    ],
)
def test_a_copy_is_awake_within_the_hours_of_its_zone_and_on_their_days(
    when: str, awake: bool
) -> None:
    assert hours.is_awake(declared(**WORKDAYS), moment(when)) is awake


def test_a_moment_is_the_same_by_whichever_clock_it_is_told() -> None:
    tokyo = datetime.timezone(datetime.timedelta(hours=9))
    # Saturday in Tokyo, Friday still in Berlin.
    when = datetime.datetime(2026, 11, 28, 3, 30, tzinfo=tokyo)
    assert hours.is_awake(declared(**WORKDAYS), when)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/Santiago"])
def test_without_hours_a_copy_is_always_awake(zone: str) -> None:
    when = moment("2026-01-01T00:00")
    for _half_hour in range(2 * 24 * 366):
        assert hours.is_awake(declared(zone=zone), when)
        when += datetime.timedelta(minutes=30)


def test_days_without_times_are_whole_days() -> None:
    found = declared(days=["sat"], zone="Europe/Berlin")
    assert hours.is_awake(found, moment("2026-11-27T23:00"))
    assert hours.is_awake(found, moment("2026-11-28T22:59"))
    assert not hours.is_awake(found, moment("2026-11-28T23:00"))


def test_hours_over_midnight_belong_to_the_day_on_which_they_begin() -> None:
    found = declared(**NIGHT, days=["fri"])
    assert not hours.is_awake(found, moment("2026-11-27T05:00"))
    assert hours.is_awake(found, moment("2026-11-27T22:00"))
    assert hours.is_awake(found, moment("2026-11-28T05:59"))
    assert not hours.is_awake(found, moment("2026-11-28T06:00"))
    assert not hours.is_awake(found, moment("2026-11-28T23:00"))


def awake_for(found: Mapping[str, Any], day: str) -> tuple[float, int]:
    """How many hours of a day and the next it is awake, and how often it wakes in them."""
    when, times = moment(f"{day}T00:00"), []
    for _minute in range(48 * 60):
        times.append(hours.is_awake(found, when))
        when += datetime.timedelta(minutes=1)
    pairs = zip([False, *times], times, strict=False)
    return sum(times) / 60, sum(now and not before for before, now in pairs)


@pytest.mark.parametrize(("day", "lasts"), [(FORWARD, 2.0), (BACK, 4.0)])
def test_hours_in_a_night_in_which_clocks_are_put_are_those_that_the_clocks_show(
    day: str, lasts: float
) -> None:
    found = declared(**{"days": ["sun"], "from": "01:00", "until": "04:00"}, zone="Europe/Berlin")
    assert awake_for(
        found, (moment(f"{day}T00:00") - datetime.timedelta(1)).date().isoformat()
    ) == (
        lasts,
        1,
    )


def test_hours_that_end_within_one_that_clocks_show_twice_end_once() -> None:
    found = declared(**{"days": ["sun"], "from": "00:00", "until": "02:30"}, zone="Europe/Berlin")
    assert awake_for(found, "2026-10-24") == (2.5, 1)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        # As YAML reads 20:00 where it is not quoted.
        (
            {"until": 1200},
            "awake.until: 1200 - must be a time of day in quotation marks, from 00:00 to 24:00, "
            "for example '20:00'",
        ),
        (
            {"from": "24:00"},
            "awake.from: '24:00' - must be a time of day in quotation marks, from 00:00 to 23:59, "
            "for example '07:00'",
        ),
        (
            {"from": "7:00"},
            "awake.from: '7:00' - must be a time of day in quotation marks, from 00:00 to 23:59, "
            "for example '07:00'",
        ),
        (
            {"from": "08:00", "until": "08:00"},
            "awake.until: '08:00' - must not be when it begins: leave both out for the whole day, "
            "for example '20:00'",
        ),
        (
            {"days": ["mon", "Tue"]},
            "awake.days: ['mon', 'Tue'] - must be days of the week, each once: mon, tue, wed, thu, "
            "fri, sat, sun, for example ['mon', 'tue', 'wed', 'thu', 'fri']",
        ),
        *(
            (
                {"zone": zone},
                f"awake.zone: '{zone}' - must be a time zone of IANA that this machine knows, for "
                "example 'Europe/Berlin'",
            )
            for zone in ("Berlin", "Europe", "../etc/passwd", "")
        ),
        (
            {"untill": "20:00"},
            "awake.untill: '20:00' - is not an option here; did you mean until?, for example "
            "'until: 20:00'",
        ),
    ],
)
def test_hours_that_nobody_can_mean_are_named_with_the_rule_and_an_example(
    given: dict[str, Any], told: str
) -> None:
    assert said(given) == [told]


def test_hours_that_are_no_dictionary_are_refused() -> None:
    [told] = said("at night")
    assert told.startswith("awake: 'at night' - must be ")


def test_no_day_at_all_is_refused() -> None:
    assert said({"days": []}) and said({"days": ["mon", "mon"]})
