# SPDX-License-Identifier: GPL-3.0-or-later
"""Totals: what is counted, what is only shown."""

from __future__ import annotations

from decimal import Decimal

from ansible_collections.operatingdev.phoenix.plugins.module_utils.costs.model import (
    Item,
    Price,
    Usage,
    estimate,
    merged,
)


def price(key: str, usd: str, region: str = "us-east-1", unit: str = "Hrs") -> Price:
    return Price(key, region, unit, Decimal(usd), "https://example.org/", "2025-06-05", "snapshot")


def book(*prices: Price) -> dict[tuple[str, str], Price]:
    return {(one.key, one.region): one for one in prices}


def use(key: str, quantity: str = "730", unit: str = "Hrs", **more: object) -> Usage:
    return Usage(key, "us-east-1", Decimal(quantity), unit, **more)  # type: ignore[arg-type]


def item(usage: Usage, site: str = "home", tier: str = "network") -> Item:
    return Item(site, tier, "nat_gateway/a", usage)


def test_a_fixed_usage_costs_its_quantity_times_the_unit_price() -> None:
    found = estimate([item(use("nat.hour"))], book(price("nat.hour", "0.045")))
    assert found.total().low == found.total().high == Decimal("32.85")


def test_what_has_no_sourced_price_is_shown_as_unknown_and_never_counted() -> None:
    prices = book(price("nat.hour", "0.045"))
    found = estimate([item(use("nat.hour")), item(use("gold.hour"))], prices)
    assert [line.unknown for line in found.lines] == [False, True]
    assert found.lines[1].monthly is None
    assert (found.total().low, found.total().unknown) == (Decimal("32.85"), 1)


def test_a_price_in_another_unit_is_no_price() -> None:
    found = estimate([item(use("disk", unit="GB-Mo"))], book(price("disk", "0.08", unit="Hrs")))
    assert found.unknown == 1


def test_a_price_of_another_region_is_no_price() -> None:
    found = estimate([item(use("nat.hour"))], book(price("nat.hour", "0.045", "us-west-2")))
    assert found.unknown == 1


def test_a_price_of_the_whole_world_counts_in_every_region() -> None:
    found = estimate([item(use("zone"))], book(price("zone", "0.5", "global")))
    assert found.total().low == Decimal("365.0")


def test_what_depends_on_traffic_is_in_no_total_and_not_unknown() -> None:
    metered = use("nat.data", "1", "GB", metered=True)
    found = estimate([item(metered)], book(price("nat.data", "0.045", unit="GB")))
    total = found.total()
    assert (total.low, total.high, total.metered, total.unknown) == (0, 0, 1, 0)
    assert found.lines[0].price is not None


def test_a_range_gives_a_total_at_both_ends() -> None:
    grows = use("vm", "1460", most=Decimal(8760))
    total = estimate([item(grows)], book(price("vm", "0.01"))).total()
    assert (total.low, total.high) == (Decimal("14.60"), Decimal("87.60"))


def test_totals_are_kept_apart_by_site_and_tier_and_add_up() -> None:
    prices = book(price("nat.hour", "0.01"))
    found = estimate(
        [
            item(use("nat.hour", "100")),
            item(use("nat.hour", "200"), tier="database"),
            item(use("nat.hour", "300"), site="recovery"),
            item(use("nat.hour", "400")),
        ],
        prices,
    )
    assert {where: total.low for where, total in found.totals().items()} == {
        ("home", "network"): Decimal(5),
        ("home", "database"): Decimal(2),
        ("recovery", "network"): Decimal(3),
    }
    assert {site: total.low for site, total in found.by_site().items()} == {
        "home": Decimal(7),
        "recovery": Decimal(3),
    }
    assert found.total().low == Decimal(10)


def test_of_several_books_the_first_that_knows_a_price_counts() -> None:
    fresh, old = book(price("a", "2")), book(price("a", "1"), price("b", "3"))
    together = merged(fresh, old)
    assert {key: one.usd for (key, _), one in together.items()} == {"a": 2, "b": 3}
