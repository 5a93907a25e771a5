# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWS would charge for what stands in an account, whoever has declared what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.catalog import (
    ALL,
    tier_of,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import declared
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.site import Converger
from ansible_collections.operatingdev.phoenix.plugins.module_utils.costs import model, snapshot
from ansible_collections.operatingdev.phoenix.plugins.module_utils.costs.usage import usages


def monthly(params: Mapping[str, Any]) -> tuple[Decimal, Decimal, int]:
    """USD a month for all that a site owns, at the least and at the most; and for how much more is
    charged by use, or at a price that is not known. What waits for its end costs nothing.
    """
    found = model.estimate(_items(params), snapshot.prices()).total()
    return found.low, found.high, found.unknown + found.metered


def _items(params: Mapping[str, Any]) -> Iterator[model.Item]:
    task = declared(params, ALL)
    with Converger(task) as converger:
        there = converger.plan_destruction().haves.values()
    for have in there:
        for usage in usages(have.kind, have.spec, task.site.scope.region):
            yield model.Item(task.site.scope.site, tier_of(have.address), have.address, usage)
