# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A tier's share of the plan of a whole site: what was read once is not read again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import report
from .catalog import tier_of

Result = Mapping[str, Any]


def share(planned: Result, tier: str, known: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What a task of this tier alone would answer in check mode.

    planned: the result of module site_info. known: what earlier tiers have handed on; of later ones
    nothing is told, or this tier's own objects would count as made by somebody else.
    """

    def mine(address: str) -> bool:
        return tier_of(address) == tier

    listed = [item for item in planned["actions"] if item["tier"] == tier]
    own = {name: dict(facts) for name, facts in planned["known"].items() if mine(name)}
    counts = report.counts(listed)
    return {
        "changed": any(counts.values()),
        "actions": listed,
        "counts": counts,
        "known": {**{name: dict(facts) for name, facts in known.items()}, **own},
        "waiting": {name: state for name, state in planned["waiting"].items() if mine(name)},
        "foreign": [text for text in planned["foreign"] if mine(text.partition(": ")[0])],
        "usages": [item for item in planned["usages"] if item["tier"] == tier],
        "notices": [text for text in planned["notices"] if mine(text.partition(" ")[0])],
        "done": [],
        "diff": report.diffs(listed),
        "active": planned["active"],
        "protected": planned["protected"],
    }


def idle(shared: Result) -> bool:
    """Whether there is nothing to do and nothing to wait for."""
    return not shared["changed"] and not shared["waiting"]
