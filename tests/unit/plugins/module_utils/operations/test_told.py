# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host has told of database, site and names keeps traffic away, or lets it come."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.acts import told
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.acts.stage import (
    Stage,
)


@pytest.mark.parametrize(
    ("answered", "why"),
    [
        ({"status": 200}, ""),
        ({"status": 503, "said": "not ready"}, "the site answered 503: not ready"),
        ({"status": 200, "write": {"status": 201}}, ""),
        (
            {"status": 200, "write": {"status": 503, "said": "read-only"}},
            "the site answered 503 to what was to be written: read-only; "
            "-e dr_site_smoke_write= leaves it out",
        ),
        (
            {"status": 200, "write": {"status": 0, "said": "timed out"}},
            "the site answered 0 to what was to be written: timed out; "
            "-e dr_site_smoke_write= leaves it out",
        ),
    ],
)
def test_a_site_gets_traffic_where_it_answers_and_takes_what_is_to_be_written(
    answered: dict[str, Any], why: str
) -> None:
    assert told.JUDGES["smoke"](cast("Stage", None), answered) == why


@pytest.mark.parametrize(
    ("answered", "why"),
    [
        ({"in_recovery": False, "proof": "one-failover"}, ""),
        (
            {"in_recovery": True, "proof": "one-failover"},
            "the database says that it is a replica still",
        ),
        ({"proof": "one-failover"}, "the database says that it is a replica still"),
        ({"in_recovery": False}, "the row that was written was not read back"),
        (
            {"in_recovery": False, "proof": "an-earlier-one"},
            "the row that was written was not read back",
        ),
    ],
)
def test_a_database_is_proven_by_its_role_and_by_the_row_of_this_operation(
    answered: dict[str, Any], why: str
) -> None:
    journal = SimpleNamespace(id="one-failover")
    stage = cast("Stage", SimpleNamespace(journal=journal))
    assert told.JUDGES["proof"](stage, answered) == why


@pytest.mark.parametrize(
    ("answered", "why"),
    [
        ({"answers": ["192.0.2.1"], "wanted": ["192.0.2.1", "192.0.2.2"]}, ""),
        ({"answers": [], "wanted": ["192.0.2.1"]}, "name servers told no address"),
        ({}, "name servers told no address"),
        (
            {"answers": ["192.0.2.1", "198.51.100.1"], "wanted": ["192.0.2.1"]},
            "name servers still tell 198.51.100.1",
        ),
    ],
)
def test_traffic_has_moved_where_name_servers_tell_this_balancer_only(
    answered: dict[str, Any], why: str
) -> None:
    assert told.JUDGES["names"](cast("Stage", None), answered) == why
