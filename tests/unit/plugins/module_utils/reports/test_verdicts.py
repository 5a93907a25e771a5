# SPDX-License-Identifier: GPL-3.0-or-later
"""An operation is held against its targets, and nothing is met that was not measured."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.reports.verdicts import (
    last_moment,
    title,
    verdicts,
    way,
)


def states(facts: dict[str, Any]) -> dict[str, tuple[str, str, str]]:
    return {each.what: (each.state, each.figure, each.word) for each in verdicts(facts)}


def loss(facts: dict[str, Any], **said: Any) -> tuple[str, str, str]:
    facts["measured"]["loss"] |= said
    return states(facts)["Loss"]


def test_what_was_measured_within_its_target_is_met(facts: dict[str, Any]) -> None:
    assert states(facts) == {
        "Recovery time": ("pass", "8 min 32 s", "met"),
        "Loss": ("pass", "5 rows, 2.1 s", "met"),
    }


def test_what_took_longer_is_missed_and_says_by_how_much(facts: dict[str, Any]) -> None:
    facts["targets"]["recovery_time_seconds"] = 500
    [recovery, _] = verdicts(facts)
    assert (recovery.state, recovery.word) == ("fail", "missed")
    assert recovery.said == "measured; the target is at most 8 min 20 s, and it took 12 s more"


def test_a_recovery_that_has_not_come_is_open_until_its_target_is_over(
    facts: dict[str, Any],
) -> None:
    facts["measured"]["recovery_time_seconds"] = None
    assert states(facts)["Recovery time"] == ("unknown", "not recovered", "open")
    facts["targets"]["recovery_time_seconds"] = 529
    assert states(facts)["Recovery time"] == ("fail", "not recovered", "missed")


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"seconds": 61.0}, ("fail", "5 rows, 1 min 1 s", "missed")),
        ({"seconds": None}, ("unknown", "5 rows", "open")),
        ({"seconds": None, "rows": {"public.pledge": 0}}, ("pass", "0 rows", "met")),
        ({"how": "none"}, ("pass", "none", "met")),
        ({"how": "unknown"}, ("unknown", "not known", "open")),
        ({"how": "expected"}, ("unknown", "5 rows, 2.1 s", "open")),
        ({"how": "expected", "seconds": 61.0}, ("fail", "5 rows, 1 min 1 s", "missed")),
    ],
)
def test_a_loss_meets_its_target_only_where_it_was_counted(
    facts: dict[str, Any], said: dict[str, Any], found: tuple[str, str, str]
) -> None:
    assert loss(facts, **said) == found


def test_where_nothing_is_to_be_lost_the_target_says_so(facts: dict[str, Any]) -> None:
    facts["targets"]["recovery_point_seconds"] = 0
    assert verdicts(facts)[1].said == "counted; the target is none at all"


def test_without_a_target_a_figure_is_only_told(facts: dict[str, Any]) -> None:
    facts["targets"] = {}
    facts["measured"]["write_outage_seconds"] = 498.0
    assert {each.state for each in verdicts(facts)} == {"plain"}
    facts["measured"] |= {"recovery_time_seconds": None, "write_outage_seconds": None}
    facts["measured"]["loss"] = {"seconds": None, "rows": {}, "how": "unknown"}
    assert verdicts(facts) == []


def test_an_operation_that_has_not_ended_says_so_and_shows_its_last_sign_of_life(
    facts: dict[str, Any],
) -> None:
    facts |= {"outcome": "running", "ended": ""}
    facts["attempts"].pop()
    assert title(facts) == "Failover of production: has not ended"
    assert last_moment(facts) == "2026-11-28T10:23:32+00:00"


def test_an_operation_at_one_site_goes_nowhere(facts: dict[str, Any]) -> None:
    assert way(facts) == "home (us-east-1) → recovery (us-west-2)"
    assert way(facts | {"from": "recovery"}) == "recovery (us-west-2)"
