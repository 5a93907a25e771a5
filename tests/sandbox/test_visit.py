# SPDX-License-Identifier: GPL-3.0-or-later
"""A database server is found by the names that people use for it."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.visit import NobodyThere, chosen, lines


def server(site: str, region: str, lag: float | None = None) -> dict[str, Any]:
    return {
        "name": f"production-{site}-database",
        "region": region,
        "zone": f"{region}a",
        "address": "10.20.64.4",
        "port": 5432,
        "health": "running",
        "lag": lag,
        "container": f"px-{site}",
    }


BOTH = (server("home", "us-east-1"), server("recovery", "us-west-2", 0.25))


@pytest.mark.parametrize("called", ["home", "us-east-1", "production-home-database"])
def test_a_server_is_found_by_site_region_and_name(called: str) -> None:
    assert chosen(BOTH, called)["container"] == "px-home"


@pytest.mark.parametrize("called", ["nowhere", "production", "", "hom"])
def test_a_name_of_none_or_of_several_is_told_with_what_there_is(called: str) -> None:
    with pytest.raises(NobodyThere, match="production-home-database, production-recovery"):
        chosen(BOTH, called)


def test_the_list_says_how_far_a_replica_is_behind() -> None:
    home, recovery = lines(BOTH)
    assert "behind" not in home
    assert recovery.endswith("running, 0.2 s behind")
