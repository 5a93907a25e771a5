# SPDX-License-Identifier: GPL-3.0-or-later
"""What a look at both sites, and the reports that they keep, say of an environment."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.active import Active
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations import (
    preconditions,
    status_facts,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.journal import BEGUN
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.validate import (
    rows,
    verdict,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.reports.status import (
    readiness,
    status_page,
    status_text,
)

from tests.unit.plugins.module_utils.operations.validate.cases import ENDED, MOVING
from tests.unit.plugins.module_utils.operations.validate.facts import (
    DARK,
    journal,
    manifest,
    refresh,
    report,
)
from tests.unit.plugins.module_utils.operations.validate.seeing import NOW, ago, look
from tests.unit.plugins.module_utils.operations.validate.seeing import told as rows_told

BEATS = {"lag_seconds": 0.4, "heartbeat_age_seconds": 2.1}
JUDGED = ("Active site", "Operations", "Restore test")
SERVES = {"site": "home", "region": "us-east-1", "since": "", "by": ""}


def told(facts: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Of a look at which the rest is of no account."""
    known = {**ENDED, "active": Active(), "refreshes": []}
    seen = look({**known, **facts}, **more)
    judged = [verdict.row(c, seen) for c in rows.CHECKS if c.what in JUDGED]
    return status_facts.facts(seen, [one for one in judged if one], BEATS, SERVES)


def test_all_that_is_told_can_be_shown() -> None:
    for unended in (None, journal("failover", False), DARK):
        found = told({"unended": unended, "active:unended": None})
        assert found["environment"] in status_page(found)
        assert status_text(found)[1] == "Site home (us-east-1) serves."


def test_the_newest_operation_that_succeeded_and_moved_an_environment_proves_the_way() -> None:
    here = [report("drill", days=30), report("drill", days=10, outcome="failed")]
    there = [report("failover", days=20), report("rotation", days=5)]
    both = {"proofs": here, "active:proofs": there}
    assert (told(both)["drill"] or {})["id"] == there[0]["id"]
    assert told({"proofs": here[1:], "active:proofs": there[1:]})["drill"] is None
    assert told({"proofs": DARK, "active:proofs": there})["drill"]["commit"] == "1f3a5c7"


def test_a_report_that_was_changed_after_it_was_sealed_proves_nothing() -> None:
    changed = report("drill", took=601.0) | {"measured": {"recovery_time_seconds": 6.0}}
    assert told({"proofs": [changed]})["drill"] is None


def test_an_operation_that_has_not_ended_is_told_wherever_its_journal_is() -> None:
    for name in ENDED:
        found = told({name: journal("failover", False)})
        assert found["unfinished"]["step"] == "Open the operation"
        assert "Operations" not in {copy["what"] for copy in found["copies"]}
        assert readiness(found) == "fail"


def test_of_one_that_is_being_given_up_what_ends_that_is_told_everywhere() -> None:
    for kind, by, more in (
        ("failover", "dr_failover", ""),
        ("switchover", "dr_failback", " -e dr_stands=home"),
    ):
        going = journal(kind, False)
        going.opened.update(playbook=by, began=NOW.isoformat())
        begun = {"step": "abandon", "state": BEGUN, "at": NOW.isoformat(), "facts": {}}
        going.entries.append(begun)
        command = f"dr_abandon -e dr_operation={kind}{more}"
        found = told({"unended": going, "active": replace(MOVING, operation=going.id)})
        assert found["unfinished"]["command"].endswith(f"phoenix.{command}")
        assert found["protection"]["next"].endswith(f"phoenix.{command}")
        row = rows_told("Operations", look({**ENDED, "unended": going}))
        assert row and row["next"].endswith(f"phoenix.{command}")
        assert preconditions.not_ended(going).hint == f"end it first: playbook {command} ends that"


def test_whether_one_has_not_ended_is_not_known_where_its_region_is_dark() -> None:
    found = told({"unended": None, "active:unended": DARK})
    assert found["unfinished"] is None
    [row] = [copy for copy in found["copies"] if copy["what"] == "Operations"]
    assert row["state"] == "unknown"


def test_since_when_nothing_stands_by_is_told() -> None:
    since = ago(hours=2).isoformat()
    found = told({"active": Active(1, "", False, since)}, protected=False)
    assert (found["protection"]["state"], found["protection"]["since"]) == ("unprotected", since)
    assert found["protection"]["next"].endswith("phoenix.dr_reprotect")


def test_while_the_environment_moves_nothing_stands_by_though_its_journal_is_not_known() -> None:
    found = told({"active": MOVING, "unended": DARK})
    assert found["protection"]["state"] == "unprotected"
    assert MOVING.operation in found["protection"]["said"]
    assert "its journal may be in us-west-2" in found["protection"]["next"]
    assert readiness(found) == "fail"


def test_nothing_was_ever_built_only_where_all_of_it_is_known_not_to_be_there() -> None:
    nothing: dict[str, Any] = dict.fromkeys(status_facts.FIRST)
    assert status_facts.never_built(look({**nothing, "manifest": {}}))
    for name, fact in (("manifest", manifest()), ("replica", DARK)):
        assert not status_facts.never_built(look({**nothing, "manifest": {}, name: fact}))


def test_of_staging_the_newest_restore_and_the_copy_that_serves_are_told() -> None:
    first, second = refresh(days=9), refresh(days=2, environment="staging-b")
    back = refresh(days=1, operation="return", measured={"loss": {}})
    found = told({"active:refreshes": [first, second, back]})
    restored, serves = found["staging"]["restored"], found["staging"]["serves"]
    assert (restored["id"], restored["restore_seconds"]) == (second["id"], 842.0)
    assert (restored["rows"], restored["tables"], restored["age_seconds"]) == (7, 2, 301.0)
    # The copy of before serves again, and stays for as long as it was to stay.
    assert (serves["environment"], serves["by"]) == ("staging-a", back["id"])
    assert (serves["of"], serves["until"]) == ("home", first["measured"]["copy"]["until"])
    assert found["restore"]["state"] == "pass"
    assert "Restore test" not in {copy["what"] for copy in found["copies"]}
    assert restored["id"] in status_page(found) and serves["by"] in " ".join(status_text(found))


def test_a_refresh_that_failed_or_was_changed_later_makes_no_copy_that_serves() -> None:
    for spoilt in (refresh(outcome="failed"), refresh() | {"environment": "staging-b"}):
        found = told({"active:refreshes": [spoilt]})["staging"]
        assert (found["restored"], found["serves"]) == (None, None)


def test_of_a_dark_site_that_serves_what_s3_has_brought_of_its_refreshes_is_told() -> None:
    found = told({"refreshes": [refresh()], "active:refreshes": DARK, "active:refresh": DARK})
    assert found["staging"]["serves"]["of"] == "home"
    assert found["staging"]["unfinished"] is None


def test_a_refresh_that_has_not_ended_is_told_and_no_failover_hangs_on_it() -> None:
    going = journal("refresh", False)
    going.opened["from"], going.opened["playbook"] = "home", "staging"
    found = told({"active:refresh": going})
    assert found["staging"]["unfinished"]["command"].endswith("phoenix.staging")
    assert found["unfinished"] is None
