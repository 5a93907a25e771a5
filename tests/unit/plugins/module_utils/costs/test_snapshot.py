# SPDX-License-Identifier: GPL-3.0-or-later
"""The snapshot: every figure has a place where anybody can read it, and a date."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from urllib.parse import urlsplit

from ansible_collections.operatingdev.phoenix.plugins.module_utils.costs import snapshot
from ansible_collections.operatingdev.phoenix.plugins.module_utils.costs.model import Price

ROWS = list(snapshot.rows())


def test_every_row_has_a_public_url_and_a_date() -> None:
    for row in ROWS:
        url = urlsplit(row.source)
        assert (url.scheme, row.origin) == ("https", "snapshot"), row
        assert url.netloc, row
        assert date(2023, 1, 1) <= date.fromisoformat(row.as_of), row


def test_every_source_is_pinned_to_one_state_of_it() -> None:
    loose = [
        one.url for one in snapshot.SOURCES.values() if not re.search("/[0-9a-f]{40}/", one.url)
    ]
    assert loose == []


def test_every_source_is_used() -> None:
    used = {(row.source, row.as_of) for row in ROWS}
    assert {tuple(one) for one in snapshot.SOURCES.values()} == used


def test_no_row_is_written_twice() -> None:
    twice = [where for where, n in Counter((row.key, row.region) for row in ROWS).items() if n > 1]
    assert twice == []
    assert len(snapshot.prices()) == len(ROWS)


def test_only_what_is_called_free_costs_nothing() -> None:
    def is_free(row: Price) -> bool:
        return row.key.startswith("free.") or row.key == "route53.alias_query"

    assert [row.key for row in ROWS if (row.usd == 0) != is_free(row)] == []
    assert [row.key for row in ROWS if row.usd < 0] == []


def test_both_sites_of_the_reference_environment_have_the_same_rows() -> None:
    def keys(region: str) -> set[str]:
        return {row.key for row in ROWS if row.region == region and ".to." not in row.key}

    assert keys("us-east-1") == keys("us-west-2")
