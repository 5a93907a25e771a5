# SPDX-License-Identifier: GPL-3.0-or-later
"""Alarms are evaluated as CloudWatch documents it, also where data is missing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sandbox.alarms.evaluation import ALARM, OK, UNKNOWN, Condition, state
from sandbox.alarms.expressions import NotUnderstood, combine
from sandbox.alarms.series import Measured, points

POINTS = {"0": 0.0, "X": 9.0, "-": None}
CONDITION = Condition("GreaterThanThreshold", 1.0, periods=3, needed=3)
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html, the
# tables of 3 out of 3 and of 2 out of 3; a blank is `stays as it is`.
TABLE = [
    (3, "0-X-X", OK, OK, OK, OK),
    (3, "0----", OK, OK, OK, OK),
    (3, "-----", UNKNOWN, None, ALARM, OK),
    (3, "0XX-X", ALARM, ALARM, ALARM, ALARM),
    (3, "----X", UNKNOWN, None, ALARM, OK),
    (3, "X----", ALARM, None, ALARM, OK),
    (3, "----0", OK, OK, OK, OK),
    (3, "--X--", ALARM, None, ALARM, OK),
    (2, "0-X-X", ALARM, ALARM, ALARM, ALARM),
    (2, "00X0X", ALARM, ALARM, ALARM, ALARM),
    (2, "0-X--", OK, OK, ALARM, OK),
    (2, "----0", OK, OK, ALARM, OK),
    (2, "----X", UNKNOWN, None, ALARM, OK),
    (2, "---X-", ALARM, None, ALARM, OK),
]


@pytest.mark.parametrize(("needed", "row", "m", "i", "b", "n"), TABLE)
def test_the_tables_of_cloudwatchs_guide_come_out(
    needed: int, row: str, m: str, i: str | None, b: str, n: str
) -> None:
    seen = [POINTS[sign] for sign in row]
    condition = replace(CONDITION, needed=needed)
    assert condition.range == len(seen)
    for treatment, expected in zip(TREATMENTS, (m, i, b, n), strict=True):
        assert state(seen, replace(condition, missing=treatment)) == expected, treatment


@pytest.mark.parametrize(
    ("comparison", "states"),
    [
        ("GreaterThanThreshold", (OK, OK, ALARM)),
        ("GreaterThanOrEqualToThreshold", (OK, ALARM, ALARM)),
        ("LessThanThreshold", (ALARM, OK, OK)),
        ("LessThanOrEqualToThreshold", (ALARM, ALARM, OK)),
    ],
)
def test_every_comparison_means_what_it_says(comparison: str, states: tuple[str, ...]) -> None:
    condition = Condition(comparison, 5.0, periods=1, needed=1)
    assert tuple(state([value], condition) for value in (4.0, 5.0, 6.0)) == states


def value(time: float, number: float) -> Measured:
    return Measured(time, number, number, number)


DATA = [value(60, 1.0), value(119, 3.0), Measured(130, 2.0, 8.0, 30.0, 6.0)]


@pytest.mark.parametrize(
    ("statistic", "first", "second"),
    [
        ("Sum", 4.0, 30.0),
        ("Average", 2.0, 5.0),
        ("Minimum", 1.0, 2.0),
        ("Maximum", 3.0, 8.0),
        ("SampleCount", 2.0, 6.0),
        ("p50", 1.0, None),
        ("p99", 3.0, None),
    ],
)
def test_a_data_point_is_the_statistic_of_its_period(
    statistic: str, first: float, second: float | None
) -> None:
    assert points(DATA, statistic, now=185.0, period=60.0, number=2) == [first, second]


def test_a_period_that_is_not_over_is_not_missing_yet_but_counts_if_it_has_data() -> None:
    assert points(DATA, "Sum", now=125.0, period=60.0, number=2) == [4.0, 30.0]
    assert points(DATA, "Sum", now=125.0, period=60.0, number=3) == [None, 4.0, 30.0]
    assert points(DATA, "Sum", now=181.0, period=60.0, number=2) == [4.0, 30.0]
    assert points(DATA, "Sum", now=240.0, period=60.0, number=2) == [30.0, None]


def test_what_lies_in_the_future_is_not_there_yet() -> None:
    assert points([value(500, 1.0)], "Sum", now=100.0, period=60.0, number=2) == [None, None]


def test_metrics_are_combined_by_arithmetic_point_by_point() -> None:
    series = {"a": [6.0, None, 4.0, 1.0], "b": [2.0, 2.0, 0.0, 1.0]}
    assert combine("a - b", series) == [4.0, None, 4.0, 0.0]
    assert combine("100 * (a / b) + -1", series) == [299.0, None, None, 99.0]
    for strange in ("IF(a > b, 1, 0)", "a b", "c + 1", "a ** 2", "__import__('os')"):
        with pytest.raises(NotUnderstood):
            combine(strange, series)
