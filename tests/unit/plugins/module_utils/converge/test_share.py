# SPDX-License-Identifier: GPL-3.0-or-later
"""A tier's share of a plan of the whole site."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.catalog import (
    TIERS,
    tier_of,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.share import (
    idle,
    share,
)


def action(address: str, name: str) -> dict[str, Any]:
    tier = tier_of(address)
    return {"address": address, "site": "home", "tier": tier, "action": name, "changes": []} | {
        "values": {}
    }


PLANNED: dict[str, Any] = {
    "actions": [action("vpc/main", "change"), action("db_instance/main", "keep")],
    "known": {"vpc/main": {"id": "vpc-1"}, "iam_role/web": {"id": "w"}, "kms_key/main": {}},
    "waiting": {"load_balancer/main": "provisioning", "home:db_instance/main": "creating"},
    "notices": ["db_instance/main is made empty"],
    "foreign": ["vpc/main: a rule"],
    "usages": [{"tier": "network"}, {"tier": "storage"}],
    "active": "home",
    "protected": True,
}


@pytest.mark.parametrize(
    ("address", "tier"),
    [
        ("vpc/main", "network"),
        ("home:db_instance/main", "database"),
        ("iam_role/replication", "storage"),
        ("iam_role/web", "web_tier"),
        ("dns_record/www.example.org-A", "traffic"),
    ],
)
def test_every_object_belongs_to_one_tier(address: str, tier: str) -> None:
    assert tier_of(address) == tier


def test_the_shares_of_all_tiers_are_the_whole_plan() -> None:
    shares = [share(PLANNED, tier.TIER, {}) for tier in TIERS]
    for key in ("actions", "foreign", "usages"):
        assert sorted(str(item) for one in shares for item in one[key]) == sorted(
            str(item) for item in PLANNED[key]
        )
    for key in ("known", "waiting"):
        assert {name: one[key][name] for one in shares for name in one[key]} == PLANNED[key]


def test_a_tier_knows_what_was_handed_to_it_and_its_own_and_nothing_of_later_ones() -> None:
    known = share(PLANNED, "network", {"bucket/logs": {"name": "logs"}})["known"]
    assert known == {"bucket/logs": {"name": "logs"}, "vpc/main": {"id": "vpc-1"}}


@pytest.mark.parametrize(
    ("tier", "nothing"),
    [("storage", True), ("network", False), ("traffic", False), ("web_tier", True)],
)
def test_a_tier_is_idle_with_nothing_to_do_and_nothing_to_wait_for(
    tier: str, nothing: bool
) -> None:
    assert idle(share(PLANNED, tier, {})) == nothing


def test_what_has_to_be_read_is_told_by_the_tier_that_it_is_about() -> None:
    told = {tier.TIER: share(PLANNED, tier.TIER, {})["notices"] for tier in TIERS}
    assert told.pop("database") == ["db_instance/main is made empty"]
    assert not any(told.values())
