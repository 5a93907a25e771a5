# SPDX-License-Identifier: GPL-3.0-or-later
"""Money and settings."""

from __future__ import annotations

import pytest

from crowdfund.money import format_money, parse_amount
from crowdfund.settings import BadSettings, read_settings


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("25", 2500),
        (" 25.5 ", 2550),
        ("25.05", 2505),
        ("0.29", 29),
        ("999999999.99", 99_999_999_999),
    ],
)
def test_an_amount_is_read_to_the_cent(text: str, cents: int) -> None:
    assert parse_amount(text) == cents


@pytest.mark.parametrize(
    "text", ["", "25.", ".5", "1.234", "-1", "1e3", "25,50", "٢٥", "nan", "1 2"]
)
def test_what_is_no_amount_is_none(text: str) -> None:
    assert parse_amount(text) is None


def test_money_is_written_as_people_do() -> None:
    assert format_money(5, "USD") == "$0.05"
    assert format_money(123_456_700, "EUR") == "€1,234,567"
    assert format_money(2**63, "CHF") == "92,233,720,368,547,758.08 CHF"


def test_all_wrong_variables_are_named_at_once_with_an_example() -> None:
    wrong = {"PORT": "eighty", "CACHE_SECONDS": "-1", "CAMPAIGN": "A B", "WEB_THREADS": "0"}
    with pytest.raises(BadSettings) as caught:
        read_settings(wrong)
    lines = str(caught.value).splitlines()
    assert len(lines) == 4 and all("example" in line or "like" in line for line in lines)
    assert {line.partition("=")[0] for line in lines} == set(wrong)


def test_a_wrong_url_is_not_shown_for_it_may_hold_a_password() -> None:
    with pytest.raises(BadSettings) as caught:
        read_settings({"DATABASE_URL": "mysql://me:hunter2@db"})
    assert "hunter2" not in str(caught.value) and "DATABASE_URL" in str(caught.value)


def test_an_empty_variable_is_as_none() -> None:
    assert read_settings({"PORT": "", "CAMPAIGN": ""}) == read_settings({})
