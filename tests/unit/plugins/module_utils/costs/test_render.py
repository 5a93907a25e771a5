# SPDX-License-Identifier: GPL-3.0-or-later
"""The estimate as people read it, and as programs do."""

from __future__ import annotations

import json
from decimal import Decimal

from ansible_collections.operatingdev.phoenix.plugins.module_utils.costs.model import (
    Estimate,
    Item,
    Origin,
    Price,
    Usage,
    estimate,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.costs.render import (
    as_dict,
    origin,
    table,
)

EAST = "us-east-1"
URL = "https://example.org/prices"


def price(key: str, usd: str, unit: str, as_of: str, by: Origin = "snapshot") -> Price:
    return Price(key, EAST, unit, Decimal(usd), URL, as_of, by)


PRICES = {
    (one.key, one.region): one
    for one in (
        price("nat.hour", "0.045", "Hrs", "2025-10-28"),
        price("nat.data", "0.045", "GB", "2025-10-28"),
        price("db.hour", "0.129", "Hrs", "2026-11-01", "api"),
        price("vm.hour", "0.0168", "Hrs", "2025-11-03"),
        price("free.vpc", "0", "Mo", "2023-04-06"),
    )
}


def sample() -> Estimate:
    hours = Decimal(730)
    return estimate(
        [
            Item("home", "network", "vpc/main", Usage("free.vpc", EAST, Decimal(1), "Mo")),
            Item("home", "network", "nat_gateway/a", Usage("nat.hour", EAST, hours, "Hrs")),
            Item(
                "home",
                "network",
                "nat_gateway/a",
                Usage("nat.data", EAST, Decimal(1), "GB", "per GB", metered=True),
            ),
            Item("home", "database", "db_instance/main", Usage("db.hour", EAST, hours, "Hrs")),
            Item(
                "home",
                "web_tier",
                "autoscaling_group/web",
                Usage("vm.hour", EAST, 2 * hours, "Hrs", most=12 * hours),
            ),
            Item("recovery", "network", "gold/a", Usage("gold", EAST, Decimal(1), "Mo")),
        ],
        PRICES,
    )


def test_the_table_shows_cost_unknowns_and_origin_by_site_and_tier() -> None:
    assert table(sample()) == (
        "site       tier            USD a month  unknown  prices from\n"
        "home       network               32.85        -  snapshot of 2025-10-28\n"
        "home       database              94.17        -  AWS Price List API, 2026-11-01\n"
        "home       web_tier    24.53 to 147.17        -  snapshot of 2025-11-03\n"
        "home       all tiers  151.55 to 274.19        -  "
        "AWS Price List API, 2026-11-01; snapshot of 2025-10-28 to 2025-11-03\n"
        "recovery   network                0.00        1  -\n"
        "recovery   all tiers              0.00        1  -\n"
        "all sites             151.55 to 274.19        1  "
        "AWS Price List API, 2026-11-01; snapshot of 2025-10-28 to 2025-11-03\n"
        "\n"
        "Depends on use, not in the totals:\n"
        "  nat.data in us-east-1: USD 0.045 per GB (snapshot of 2025-10-28)\n"
        "\n"
        "Unknown, no sourced price, not in the totals:\n"
        "  gold in us-east-1\n"
    )


def test_what_occurs_often_is_said_once_with_its_count() -> None:
    one = Item("home", "network", "nat/a", Usage("gold", EAST, Decimal(1), "Mo"))
    assert "  gold in us-east-1, 3 times\n" in table(estimate([one] * 3, PRICES))


def test_an_estimate_of_nothing_is_a_table_without_rows() -> None:
    assert table(Estimate()) == "site  tier  USD a month  unknown  prices from\n"


def test_the_dates_of_a_sum_are_its_oldest_and_its_newest() -> None:
    old, new = price("a", "1", "Mo", "2024-01-01"), price("b", "1", "Mo", "2025-01-01")
    assert origin([new, old]) == "snapshot of 2024-01-01 to 2025-01-01"


def test_what_costs_nothing_does_not_make_a_sum_look_older() -> None:
    free, paid = PRICES["free.vpc", EAST], PRICES["nat.hour", EAST]
    assert origin([free, paid]) == "snapshot of 2025-10-28"
    assert origin([free]) == "snapshot of 2023-04-06"


def test_the_dict_holds_every_line_with_source_and_date_and_is_plain_json() -> None:
    facts = as_dict(sample())
    assert json.loads(json.dumps(facts)) == facts
    by_key = {line["key"]: line for line in facts["lines"]}
    assert len(facts["lines"]) == 6
    assert by_key["nat.hour"]["monthly"] == "32.85"
    assert (by_key["nat.hour"]["source"], by_key["nat.hour"]["as_of"]) == (URL, "2025-10-28")
    assert by_key["vm.hour"]["monthly_most"] == "147.17"
    assert (by_key["nat.data"]["monthly"], by_key["nat.data"]["unit_price"]) == (None, "0.045")
    assert (by_key["gold"]["monthly"], by_key["gold"]["source"]) == (None, None)


def test_the_dict_totals_are_those_of_the_table() -> None:
    facts = as_dict(sample())
    assert facts["total"]["monthly"] == "151.55"
    assert [(one["site"], one["tier"], one["unknown"]) for one in facts["tiers"]] == [
        ("home", "network", 0),
        ("home", "database", 0),
        ("home", "web_tier", 0),
        ("recovery", "network", 1),
    ]
