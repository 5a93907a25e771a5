# SPDX-License-Identifier: GPL-3.0-or-later
"""Earlier operations say how long the steps of the next will take."""

from __future__ import annotations

import copy
from typing import Any

from ansible_collections.operatingdev.phoenix.plugins.module_utils.reports.history import (
    Forecast,
    compared,
    forecast,
    predictions,
    total,
)


def earlier(facts: dict[str, Any], took: float, **other: Any) -> dict[str, Any]:
    """The same operation with another time for its first step, and what else differed."""
    found = copy.deepcopy(facts) | other
    found["steps"][0]["seconds"] = took
    return found


def test_a_step_is_predicted_to_take_the_median_of_what_it_took(facts: dict[str, Any]) -> None:
    past = [earlier(facts, took) for took in (50, 70, 600)]
    assert predictions(past, ["failover"])["fence"] == 70


def test_only_what_succeeded_and_is_of_the_kinds_asked_for_counts(facts: dict[str, Any]) -> None:
    past = [
        earlier(facts, 50, operation="drill"),
        earlier(facts, 600, outcome="failed"),
        earlier(facts, 700, operation="failback"),
    ]
    assert predictions(past, ["failover", "drill"])["fence"] == 50
    assert predictions(past, ["failover"]) == {}


def test_a_step_that_had_nothing_to_do_predicts_nothing(facts: dict[str, Any]) -> None:
    assert list(predictions([facts], ["failover"])) == ["fence", "promote", "scale", "traffic"]


def test_a_forecast_names_what_is_only_planned(facts: dict[str, Any]) -> None:
    known = {"fence": 60.0, "promote": 142.0}
    guessed = ("harden", "scale", "traffic", "reprotect")
    assert forecast(facts["steps"], known) == Forecast(60 + 142 + 600 + 240 + 120 + 900, guessed)


def test_a_total_leaves_out_what_is_not_known(facts: dict[str, Any]) -> None:
    assert total(facts["steps"], "predicted_seconds") == 61 + 128 + 88 + 75
    assert total([{"seconds": None}], "seconds") is None


def test_steps_are_compared_by_name_also_those_that_only_one_did(facts: dict[str, Any]) -> None:
    past = earlier(facts, 70)
    past["steps"].append(past["steps"][0] | {"name": "smoke", "title": "Smoke"})
    past["steps"][1]["outcome"] = "already"
    found = {each.name: (each.now, each.before, each.longer) for each in compared(facts, past)}
    assert found == {
        "fence": (60, 70, -10),
        "promote": (142, None, None),
        "scale": (96, 96, 0),
        "traffic": (91, 91, 0),
        "smoke": (None, 70, None),
    }
