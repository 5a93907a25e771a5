# SPDX-License-Identifier: GPL-3.0-or-later
"""The account that an operation gives of itself, out of its journal."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.account import (
    facts,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.journal import (
    BEGUN,
    CLOSED,
    DONE,
    FAILED,
    OPENED,
    Journal,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.measures import (
    findings,
    measured,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.planned import (
    REPROTECT,
    SWITCHOVER,
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


def test_a_run_whose_plays_each_open_the_operation_is_one_attempt() -> None:
    found = told(
        (1.0, "open", BEGUN, {"again": True, "run": "a"}),
        (2.0, "open", BEGUN, {"again": True, "run": "a"}),
        (3.0, "open", BEGUN, {"again": True, "run": "b"}),
    )
    began = [datetime.datetime.fromisoformat(one["began"]) for one in found["attempts"]]
    assert [(at - BEGAN).total_seconds() for at in began] == [0.0, 1.0, 3.0]


def test_the_loss_is_from_the_newest_beat_that_is_there_to_the_newest_that_was_heard_of() -> None:
    decided = (1.0, "decide", DONE, {"expected": {"figures": FIGURES}})
    told = journal(decided, (2.0, "intake", DONE, {"beat": {"at": 998.5}}))
    assert measured(told)["loss"] == {"seconds": 1.5, "rows": {}, "how": "expected"}
    # The replica had applied what the recovery region had not heard of yet.
    late = journal(decided, (2.0, "intake", DONE, {"beat": {"at": 1003.0}}))
    assert measured(late)["loss"]["seconds"] == 0.0


def test_a_beat_that_was_heard_of_late_makes_the_loss_larger_and_never_smaller() -> None:
    decided = (1.0, "decide", DONE, {"expected": {"figures": FIGURES}})
    intake = (2.0, "intake", DONE, {"beat": {"at": 998.5}})
    for late, seconds in (({"WrittenAt": 1004.0}, 5.5), ({"WrittenAt": 990.0}, 1.5), ({}, 1.5)):
        closed = (9.0, "close", CLOSED, {"figures": late})
        found = told(decided, intake, closed)
        assert found["measured"]["loss"]["seconds"] == seconds
        assert steps(found)["decide"]["evidence"]["expected"]["figures"] == FIGURES
        assert steps(found)["close"]["evidence"] == {"figures": late}


def test_without_heartbeats_the_loss_is_unknown_and_a_person_is_told() -> None:
    found = told(
        (1.0, "decide", DONE, {"expected": {"figures": {}}}), (2.0, "intake", DONE, {"beat": None})
    )
    assert found["measured"]["loss"]["how"] == "unknown"
    assert any("No heartbeat" in one for one in found["findings"])


def test_the_loss_of_a_restore_is_from_the_moment_of_its_copy_and_a_person_is_told_which() -> None:
    at = datetime.datetime.fromtimestamp(990, datetime.UTC).isoformat()
    entries = (
        (1.0, "decide", DONE, {"expected": {"figures": FIGURES}}),
        (2.0, "intake", DONE, {"stopped": []}),
        (3.0, "promote", DONE, {"copy": {"from": "backup", "at": at}}),
    )
    assert measured(journal(*entries))["loss"] == {"seconds": 10.0, "rows": {}, "how": "expected"}
    found = told(*entries)["findings"]
    assert any("was restored from backup" in one and at in one for one in found)
    assert not any("No heartbeat" in one for one in found)


def test_that_nothing_was_fenced_and_that_nothing_stands_by_is_a_finding() -> None:
    found = told((1.0, "fence", DONE, {"fenced": False}), (2.0, "close", CLOSED, {}))
    assert any("could not be fenced" in one for one in found["findings"])
    assert any("Nothing stands by" in one for one in found["findings"])


@pytest.mark.parametrize(("write", "told_so"), [({}, True), ({"write": {"status": 201}}, False)])
def test_that_nothing_was_written_through_the_balancer_is_a_finding(
    write: dict[str, Any], told_so: bool
) -> None:
    found = told((1.0, "smoke", DONE, {"status": 200, **write}))["findings"]
    assert any("Nothing was written through the balancer" in one for one in found) == told_so


def test_the_report_of_any_stage_can_be_shown() -> None:
    for found in (whole(), told(), told((1.0, "promote", FAILED, {"said": "<refused>"}))):
        assert "<svg" in page({**found, "before": "", "sha256": "0" * 64})
        assert any("failover" in line.lower() for line in text(found))


def of(kind: str, *entries: tuple[float, str, str, dict[str, Any]]) -> Journal:
    found = journal(*entries)
    opened = {**found.entries[0], "facts": {**OPENED_WITH, "operation": kind}}
    return Journal(found.id, [opened, *found.entries[1:]])


def test_a_move_tells_for_how_long_nobody_could_write_and_that_nothing_was_lost() -> None:
    moved = of(
        "switchover",
        (10, "freeze", BEGUN, {}),
        (11, "freeze", DONE, {"lsn": "0/1"}),
        (12, "caught", DONE, {"caught": True}),
        (52, "names", DONE, {}),
        (60, "close", CLOSED, {}),
    )
    found = facts(moved, REGIONS, TARGETS, "0.1.0", {})
    assert found["measured"] == {
        "recovery_time_seconds": None,
        "write_outage_seconds": 42.0,
        "loss": {"seconds": None, "rows": {}, "how": "none"},
    }
    assert found["targets"] == {"recovery_point_seconds": 60.0}
    assert [step["name"] for step in found["steps"]] == [step.name for step in SWITCHOVER]
    assert "every acknowledged write is there" in page(found) and text(found)


def test_a_protection_tells_what_was_lost_per_table_and_which_snapshot_stays() -> None:
    protected = of(
        "reprotect",
        (10, "snapshot", DONE, {"snapshot": "old-1"}),
        (20, "orphans", DONE, {"tables": {"public.a": 2, "public.b": 0}, "total": 2}),
        (60, "close", CLOSED, {}),
    )
    found = facts(protected, REGIONS, TARGETS, "0.1.0", {})
    assert found["measured"]["loss"] == {"seconds": None, "rows": {"public.a": 2}, "how": "counted"}
    told = " ".join(findings(protected))
    assert "home had 2 rows that recovery never had. They are" in told
    assert "Snapshot old-1 stays" in told
    assert "Nothing stands by" not in told
    assert [step["name"] for step in found["steps"]] == [step.name for step in REPROTECT]
    assert page(found) and text(found)


def test_a_protection_names_the_move_by_which_the_rows_were_lost() -> None:
    counted = of("reprotect", (20, "orphans", DONE, {"tables": {"public.a": 2}, "total": 2}))
    counted.opened["moved_by"] = "one-failover"
    assert "never had: what was lost by one-failover. They" in " ".join(findings(counted))


@pytest.mark.parametrize(
    ("restore", "lost"),
    [
        pytest.param({"snapshot": "rds:x"}, 5.0, id="a snapshot is as old as the drill finds it"),
        pytest.param({"backup": "arn:x", "time": "latest"}, 65.0, id="a backup is newer by then"),
    ],
)
def test_a_drill_tells_how_much_older_the_copy_was_than_the_order_for_it(
    restore: dict[str, str], lost: float
) -> None:
    rehearsed = of(
        "drill",
        (10, "build", BEGUN, {}),
        (60, "build", DONE, {}),
        (70, "contents", DONE, {"beat": {"id": 1, "at": BEGAN.timestamp() - 5, "age": 75.0}}),
    )
    rehearsed.opened["told"] = {"declares": {"restore": restore}}
    loss = measured(rehearsed)["loss"]
    assert loss == {"seconds": lost, "rows": {}, "how": "expected"}


@pytest.mark.parametrize(
    ("freeze", "how", "who"),
    [
        ({"strict": True, "others": []}, "none", ""),
        ({"strict": True, "others": ["somebody"]}, "unknown", "took writes of somebody"),
        ({"strict": False, "others": []}, "unknown", "took writes of whoever logged in"),
    ],
)
def test_a_move_of_which_others_could_write_does_not_say_that_nothing_is_lost(
    freeze: dict[str, Any], how: str, who: str
) -> None:
    left = {"not_compared": {"public.seen": "it is unlogged"}}
    moved = of("switchover", (1.0, "freeze", DONE, freeze), (2.0, "caught", DONE, left))
    assert measured(moved)["loss"]["how"] == how
    found = " ".join(findings(moved))
    assert (who in found) and ("took writes of" in found) == bool(who)
    assert "public.seen (it is unlogged)" in found


COST = {
    "monthly": "60.80",
    "monthly_most": "91.20",
    "unknown": 1,
    "metered": 3,
    "prices_from": "snapshot of 2025-06-05",
}
TABLES = {"public.a": {"rows": 3, "checksum": "0"}, "public.b": {"rows": 4, "checksum": "0"}}
# Each step with when it was begun, when it was done, and what it has told.
OF_A_REFRESH: tuple[tuple[str, float, float, dict[str, Any]], ...] = (
    ("build", 10, 70, {}),
    ("restore", 70, 800, {}),
    ("contents", 900, 910, {"tables": TABLES, "beat": {"at": BEGAN.timestamp() - 291, "age": 9}}),
    ("mask", 920, 980, {"tables": {"public.a": {"rows": 3}}}),
    ("prove", 980, 1010, {"findings": [], "looked_for": 3}),
    ("swap", 1200, 1210, {}),
)


def refreshed(*more: tuple[float, str, str, dict[str, Any]], **told: Any) -> Journal:
    """That of a refresh in which each step was done, with these entries besides."""
    entries = [
        entry
        for name, begun, done, facts in OF_A_REFRESH
        for entry in ((begun, name, BEGUN, {}), (done, name, DONE, facts))
    ]
    listed = sorted([*entries, *more], key=lambda entry: entry[0])
    found = of("refresh", *listed)
    as_of = (BEGAN - datetime.timedelta(minutes=5)).isoformat()
    found.opened["told"] = {"as_of": as_of, "ttl_days": 14, "cost": COST, **told}
    return found


def test_a_refresh_tells_how_long_a_restore_takes_and_until_when_the_copy_stays() -> None:
    found = facts(refreshed((1300, "close", CLOSED, {})), REGIONS, TARGETS, "0.1.0", {})
    copy = found["measured"]["copy"]
    # A database is ordered as its site is begun, and is good once its rows were read.
    assert copy["seconds"] == {"restore": 900.0, "mask": 60.0, "prove": 30.0, "swap": 1210.0}
    assert (copy["rows"], copy["tables"]) == (7, 2)
    assert found["measured"]["loss"]["seconds"] == 291.0
    closed = BEGAN + datetime.timedelta(seconds=1300)
    assert copy["until"] == (closed + datetime.timedelta(days=14)).isoformat(timespec="seconds")
    assert copy["usd_per_day"] == {
        "least": 2.0,
        "most": 3.0,
        "unknown": 1,
        "prices_from": "snapshot of 2025-06-05",
    }
    assert found["targets"] == {} and found["measured"]["recovery_time_seconds"] is None
    assert not [one for one in found["findings"] if "balancer" not in one]
    assert "Restored in" in page(found) and any("Cost: USD 2.00" in line for line in text(found))


def test_of_what_was_cut_off_in_between_it_is_not_told_how_long_it_took() -> None:
    again = (950.0, "open", BEGUN, {"again": True, "run": "b"})
    seconds = measured(refreshed(again))["copy"]["seconds"]
    assert seconds == {"restore": 900.0, "mask": None, "prove": 30.0, "swap": None}


def test_of_a_refresh_that_has_only_begun_nothing_is_told_of_its_copy() -> None:
    copy = measured(of("refresh"))["copy"]
    assert set(copy["seconds"].values()) == {None}
    assert (copy["rows"], copy["tables"]) == (None, None)
    assert (copy["as_of"], copy["until"], copy["usd_per_day"]) == ("", "", None)


def test_a_refresh_that_failed_tells_what_was_not_done_and_what_is_left() -> None:
    kept = ["db_instance/main", "dns_record/validation, by", "kms_key/main", "secret/reader"]
    failed = refreshed(
        (1250, "remove", DONE, {"did": [], "kept": kept}),
        (1300, "close", CLOSED, {"failed": ["names"]}),
    )
    told = findings(failed)
    assert "Not done: names." in told
    assert "Still there of the copy, and charged for: db_instance/main." in told
    assert measured(failed)["copy"]["until"] == ""
    good = refreshed((1250, "remove", DONE, {"found": True, "kept": "staging-a"}))
    assert not any("Still there" in one for one in findings(good))


def test_that_a_copy_was_old_or_that_nobody_tells_what_was_looked_for_is_a_finding() -> None:
    old = (BEGAN.timestamp() - 3 * 86400) - 1
    later = (915.0, "contents", DONE, {"tables": TABLES, "beat": {"at": old}})
    assert any("row of the copy was 3 d old" in one for one in findings(refreshed(later)))
    proved = (1011.0, "prove", DONE, {"findings": [], "looked_for": 0})
    assert any("For how many values" in one for one in findings(refreshed(proved)))
    assert len(findings(refreshed())) == 0
