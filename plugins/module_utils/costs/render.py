# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An estimate for people, as text, and for programs, as plain data. Rounded to cents here only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from .model import Estimate, Line, Price, Total

_CENT: Final = Decimal("0.01")
_HEAD: Final = ("site", "tier", "USD a month", "unknown", "prices from")
_NAMES: Final = {"api": "AWS Price List API, ", "snapshot": "snapshot of "}


def table(estimate: Estimate) -> str:
    """Cost by site and tier, then what is in no total: metered prices and unknown ones."""
    rows: list[Sequence[str]] = [_HEAD]
    totals, sites = estimate.totals(), estimate.by_site()
    for site, whole in sites.items():
        rows += [_row(site, tier, total) for (name, tier), total in totals.items() if name == site]
        rows.append(_row(site, "all tiers", whole))
    if len(sites) > 1:
        rows.append(_row("all sites", "", estimate.total()))
    parts = [_aligned(rows)]
    metered = _merge(_metered(line) for line in estimate.lines if not line.unknown)
    unknown = _merge(_unknown(line) for line in estimate.lines)
    if metered:
        parts.append("Depends on use, not in the totals:\n" + metered)
    if unknown:
        parts.append("Unknown, no sourced price, not in the totals:\n" + unknown)
    return "\n\n".join(parts) + "\n"


def as_dict(estimate: Estimate) -> dict[str, Any]:
    """The same facts for JSON: amounts as strings of cents, unit prices exact."""
    return {
        "currency": "USD",
        "period": "month of 730 hours",
        "total": _total(estimate.total()),
        "tiers": [
            {"site": site, "tier": tier, **_total(total)}
            for (site, tier), total in estimate.totals().items()
        ],
        "lines": [_line(line) for line in estimate.lines],
    }


def origin(prices: Iterable[Price]) -> str:
    """Who says so, and of when: "snapshot of 2025-06-05", "AWS Price List API, 2026-11-01".

    A sum of several sources names its oldest and its newest date. What costs nothing and is added
    to something is left out.
    """
    known = list(prices)
    counted = [price for price in known if price.usd] or known
    said = []
    for name, words in _NAMES.items():
        dates = sorted({price.as_of for price in counted if price.origin == name})
        if dates:
            said.append(words + (dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"))
    return "; ".join(said) or "-"


def _row(site: str, tier: str, total: Total) -> tuple[str, ...]:
    return site, tier, _amount(total), str(total.unknown or "-"), origin(total.prices)


def _amount(total: Total) -> str:
    low, high = _cents(total.low), _cents(total.high)
    return low if low == high else f"{low} to {high}"


def _cents(amount: Decimal) -> str:
    return str(amount.quantize(_CENT, ROUND_HALF_UP))


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in (2, 3) else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _metered(line: Line) -> str:
    usage, price = line.item.usage, line.price
    if not usage.metered or price is None:
        return ""
    said = "free" if not price.usd else f"USD {price.usd:f}"
    return f"{usage.key} in {usage.region}: {said} {usage.note} ({origin([price])})"


def _unknown(line: Line) -> str:
    return f"{line.item.usage.key} in {line.item.usage.region}" if line.unknown else ""


def _merge(texts: Iterable[str]) -> str:
    """One line for each text, with how often it occurs."""
    counts: dict[str, int] = {}
    for text in filter(None, texts):
        counts[text] = counts.get(text, 0) + 1
    return "\n".join(f"  {text}{f', {n} times' if n > 1 else ''}" for text, n in counts.items())


def _total(total: Total) -> dict[str, Any]:
    return {
        "monthly": _cents(total.low),
        "monthly_most": _cents(total.high),
        "unknown": total.unknown,
        "metered": total.metered,
        "prices_from": origin(total.prices),
    }


def _line(line: Line) -> dict[str, Any]:
    usage, price = line.item.usage, line.price
    most = usage.quantity if usage.most is None else usage.most
    return {
        "site": line.item.site,
        "tier": line.item.tier,
        "address": line.item.address,
        "key": usage.key,
        "region": usage.region,
        "unit": usage.unit,
        "quantity": None if usage.metered else f"{usage.quantity:f}",
        "quantity_most": None if usage.metered else f"{most:f}",
        "metered": usage.metered,
        "note": usage.note,
        "unit_price": f"{price.usd:f}" if price else None,
        "origin": price.origin if price else None,
        "source": price.source if price else None,
        "as_of": price.as_of if price else None,
        "monthly": None if line.monthly is None else _cents(line.monthly),
        "monthly_most": None if line.monthly_most is None else _cents(line.monthly_most),
    }
