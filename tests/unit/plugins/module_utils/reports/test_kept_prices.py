# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Price List API said is kept for a day."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.costs.model import Price
from ansible_collections.operatingdev.phoenix.plugins.module_utils.reports.kept_prices import (
    add,
    read,
)

NOON = datetime.datetime(2026, 11, 26, 12, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)
KEY = ("kms.key", "us-east-1")
NONE = ("route53.query", "global")
PRICE = Price(*KEY, "Mo", Decimal("1.00"), "awskms ABC", "2026-11-01", "api")


def kept(
    folder: Path, now: datetime.datetime, endpoint: str = ""
) -> tuple[int, dict[object, object]]:
    found = read(folder, "production", endpoint, now)
    return len(found.asked), dict(found.prices)


def test_prices_are_kept_as_they_were_told_and_so_is_that_there_is_none(tmp_path: Path) -> None:
    add(tmp_path, "production", "", NOON, [KEY, NONE], {KEY: PRICE})
    assert kept(tmp_path, NOON + 23 * HOUR) == (2, {KEY: PRICE})


def test_each_is_kept_for_a_day_from_when_it_was_asked(tmp_path: Path) -> None:
    add(tmp_path, "production", "", NOON, [KEY], {KEY: PRICE})
    add(tmp_path, "production", "", NOON + 20 * HOUR, [NONE], {})
    assert kept(tmp_path, NOON + 23 * HOUR) == (2, {KEY: PRICE})
    assert kept(tmp_path, NOON + 24 * HOUR) == (1, {})
    assert kept(tmp_path, NOON - HOUR) == (0, {})


def test_prices_of_another_api_or_environment_are_not_used(tmp_path: Path) -> None:
    add(tmp_path, "production", "", NOON, [KEY], {KEY: PRICE})
    assert kept(tmp_path, NOON, "http://127.0.0.1:5000") == (0, {})
    assert read(tmp_path, "staging", "", NOON).asked == frozenset()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"endpoint": "", "rows": [{"asked": 7}]}'])
def test_a_file_that_is_not_ours_counts_as_none_and_is_written_anew(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / "production-prices.json").write_text(text)
    assert kept(tmp_path, NOON) == (0, {})
    add(tmp_path, "production", "", NOON, [KEY], {KEY: PRICE})
    assert kept(tmp_path, NOON) == (1, {KEY: PRICE})
