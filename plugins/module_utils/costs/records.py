# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Usages as plain dicts, for the results of tasks: made where a tier runs, priced at the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from .model import Item, Usage


def record(tier: str, address: str, usage: Usage) -> dict[str, Any]:
    """One usage of the object at this address, plain and without loss. Amounts are strings."""
    return {
        "tier": tier,
        "address": address,
        "key": usage.key,
        "region": usage.region,
        "quantity": str(usage.quantity),
        "most": None if usage.most is None else str(usage.most),
        "unit": usage.unit,
        "metered": usage.metered,
        "note": usage.note,
    }


def items(site: str, records: Iterable[Mapping[str, Any]]) -> Iterator[Item]:
    """The items of a site, from its tasks' records. Raises KeyError where a field is missing."""
    for one in records:
        most = one["most"]
        usage = Usage(
            one["key"],
            one["region"],
            Decimal(one["quantity"]),
            one["unit"],
            one["note"],
            None if most is None else Decimal(most),
            one["metered"],
        )
        yield Item(site, one["tier"], one["address"], usage)
