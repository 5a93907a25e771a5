# SPDX-License-Identifier: GPL-3.0-or-later
"""The account that an operation gives of itself, out of its journal."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.account import (
    facts,
    loss,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.journal import (
    BEGUN,
    CLOSED,
    DONE,
    FAILED,
    OPENED,
    Journal,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.steps import FAILOVER
from ansible_collections.operatingdev.phoenix.plugins.module_utils.reports.evidence_page import page
from ansible_collections.operatingdev.phoenix.plugins.module_utils.reports.evidence_text import text

BEGAN = datetime.datetime(2026, 11, 28, 10, 0, tzinfo=datetime.UTC)
OPENED_WITH = {
    "operation": "failover",
    "environment": "production",
    "from": "home",
    "to": "recovery",
    "operator": "ada@laptop",
    "caller": "arn:aws:iam::123456789012:user/ada",
    "reason": "us-east-1 does not answer",
    "commit": "1f3a5c7",
}
REGIONS = {"home": "us-east-1", "recovery": "us-west-2"}
TARGETS = {"recovery_time_seconds": 3600.0, "recovery_point_seconds": 60.0}
FIGURES = {"WrittenAt": 1000.0, "ReplicatedAt": 999.0}


def journal(*entries: tuple[float, str, str, dict[str, Any]]) -> Journal:
    """An opened one with these entries: seconds after its beginning, step, state and facts."""
    listed = [(0.0, "open", OPENED, OPENED_WITH), *entries]
    return Journal(
        "20261128T100000Z-failover-1f3a",
        [
            {
                "number": number,
                "at": (BEGAN + datetime.timedelta(seconds=at)).isoformat(timespec="milliseconds"),
                "who": "ada@laptop",
                "step": step,
                "state": state,
                "facts": given,
            }
            for number, (at, step, state, given) in enumerate(listed)
        ],
    )


def told(*entries: tuple[float, str, str, dict[str, Any]]) -> dict[str, Any]:
    return facts(journal(*entries), REGIONS, TARGETS, "0.1.0", {})


def whole() -> dict[str, Any]:
    """Of a failover in which each step took a second."""
    entries: list[tuple[float, str, str, dict[str, Any]]] = []
    for number, step in enumerate(FAILOVER[1:-1], start=1):
        entries.append((number, step.name, BEGUN, {}))
        entries.append((number + 1, step.name, DONE, {"did": [f"act {step.name}"]}))
    entries.append((30.0, "close", CLOSED, {}))
    return told(*entries)


def steps(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {step["name"]: step for step in found["steps"]}


def test_every_step_is_accounted_for_with_what_it_took_and_did() -> None:
    found = whole()
    assert [step["name"] for step in found["steps"]] == [step.name for step in FAILOVER]
    assert found["outcome"] == "succeeded"
    promoted = steps(found)["promote"]
    assert (promoted["outcome"], promoted["seconds"]) == ("done", 1.0)
    assert promoted["did"] == ["act promote"]
    assert promoted["reversible"] is False


def test_visitors_are_served_again_when_name_servers_have_followed() -> None:
    names = [step.name for step in FAILOVER].index("names")
    assert whole()["measured"]["recovery_time_seconds"] == names + 1


@pytest.mark.parametrize(
    ("last", "outcome"),
    [((2.0, "promote", FAILED, {"said": "refused"}), "failed"), (None, "running")],
)
def test_an_operation_that_has_not_ended_is_told_as_far_as_it_came(
    last: tuple[float, str, str, dict[str, Any]] | None, outcome: str
) -> None:
    entries = [(1.0, "promote", BEGUN, {}), *([last] if last else [])]
    found = told(*entries)
    assert found["outcome"] == outcome
    assert found["measured"]["recovery_time_seconds"] is None
    assert steps(found)["close"]["outcome"] == "waiting"
    assert steps(found)["promote"]["outcome"] == ("failed" if last else "waiting")
    assert steps(found)["promote"]["said"] == ("refused" if last else "")


def test_a_step_that_was_done_before_it_was_begun_is_told_so() -> None:
    found = told((1.0, "promote", DONE, {"found": True, "instance": "db"}))
    assert steps(found)["promote"]["outcome"] == "already"
    assert steps(found)["promote"]["evidence"] == {"instance": "db"}


def test_each_run_of_the_playbook_is_an_attempt() -> None:
    found = told(
        (1.0, "fence", FAILED, {"said": "nothing answers"}),
        (60.0, "open", BEGUN, {"again": True}),
        (61.0, "fence", DONE, {}),
    )
    began = [attempt["began"] for attempt in found["attempts"]]
    assert began == [
        found["began"],
        (BEGAN + datetime.timedelta(seconds=60)).isoformat(timespec="milliseconds"),
    ]
    assert steps(found)["fence"]["outcome"] == "already"


def test_the_loss_is_from_the_newest_beat_that_is_there_to_the_newest_that_was_heard_of() -> None:
    decided = (1.0, "decide", DONE, {"expected": {"figures": FIGURES}})
    assert loss(journal(decided, (2.0, "intake", DONE, {"beat": {"at": 998.5}}))) == {
        "seconds": 1.5,
        "rows": {},
        "how": "expected",
    }
    # The replica had applied what the recovery region had not heard of yet.
    assert loss(journal(decided, (2.0, "intake", DONE, {"beat": {"at": 1003.0}})))["seconds"] == 0.0


def test_without_heartbeats_the_loss_is_unknown_and_a_person_is_told() -> None:
    found = told(
        (1.0, "decide", DONE, {"expected": {"figures": {}}}), (2.0, "intake", DONE, {"beat": None})
    )
    assert found["measured"]["loss"]["how"] == "unknown"
    assert any("No heartbeat" in one for one in found["findings"])


def test_that_nothing_was_fenced_and_that_nothing_stands_by_is_a_finding() -> None:
    found = told((1.0, "fence", DONE, {"fenced": False}), (2.0, "close", CLOSED, {}))
    assert any("could not be fenced" in one for one in found["findings"])
    assert any("Nothing stands by" in one for one in found["findings"])


def test_the_report_of_any_stage_can_be_shown() -> None:
    for found in (whole(), told(), told((1.0, "promote", FAILED, {"said": "<refused>"}))):
        assert "<svg" in page({**found, "before": "", "sha256": "0" * 64})
        assert any("failover" in line.lower() for line in text(found))
