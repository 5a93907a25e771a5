# SPDX-License-Identifier: GPL-3.0-or-later
"""Single tiers, one after another or on their own."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.catalog import TIERS
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.run import run
from environment import Environment, addresses

ORDER = [tier.TIER for tier in TIERS]
FIRST = {
    "network": ["storage"],
    "database": ["storage", "network"],
    "traffic": ["storage", "network"],
    "web_tier": ["storage", "network", "database", "traffic"],
}


def alone(environment: Environment, tier: str, **options: Any) -> dict[str, Any]:
    """The parameters of the tier's own module."""
    params = environment.params("home", **options)
    return {**params, **params.pop("traffic")}


@pytest.mark.parametrize("tier", FIRST)
def test_a_tier_whose_earlier_ones_are_missing_fails_before_it_writes_and_names_them(
    empty: Environment, tier: str
) -> None:
    mark = empty.handle.mark()
    with pytest.raises(Refusal) as caught:
        run(alone(empty, tier, wait_timeout=2), tier, dry=False)
    assert caught.value.result["code"] == "missing_tier"
    assert f"run {' and '.join(FIRST[tier])} of this site first" in str(caught.value)
    assert empty.handle.writes_since(mark) == []


@pytest.mark.parametrize("tier", FIRST)
def test_the_check_of_such_a_tier_warns(empty: Environment, tier: str) -> None:
    (warning,) = run(alone(empty, tier), tier, dry=True)["warnings"]
    assert f"run {' and '.join(FIRST[tier])} of this site first" in warning


def test_a_tier_that_is_not_to_wait_starts_what_it_can_and_says_what_is_absent(
    empty: Environment,
) -> None:
    done = run(alone(empty, "network", wait=False), "network", dry=False)
    absent = {"bucket/logs": "absent", "flow_log/main": "deferred"}
    assert absent.items() <= done["waiting"].items()
    assert "vpc/main" in done["done"]


def test_the_tiers_one_after_another_in_their_order_build_both_sites(empty: Environment) -> None:
    for tier in ORDER:
        results = empty.run_tier(tier)
        assert all(result["waiting"] == {} for result in results.values())
    assert addresses(empty.plan()) == set()
