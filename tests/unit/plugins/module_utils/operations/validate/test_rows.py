# SPDX-License-Identifier: GPL-3.0-or-later
"""Each precondition of a failover is judged by what was read: good, not good, or not known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.active import Active
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.validate import (
    room,
    rows,
    verdict,
)

from tests.unit.plugins.module_utils.operations.validate.cases import (
    APPLICATION,
    CASES,
    ENDED,
    MOVING,
)
from tests.unit.plugins.module_utils.operations.validate.facts import (
    DARK,
    PRIMARY,
    copied,
    have,
    journal,
    report,
)
from tests.unit.plugins.module_utils.operations.validate.seeing import COPY, ago, look, told


def ids(cases: list[tuple[str, dict[str, Any], str, str]]) -> list[str]:
    return [f"{number}-{case[0]}-{case[2]}" for number, case in enumerate(cases)]


@pytest.mark.parametrize(("what", "facts", "state", "said"), CASES, ids=ids(CASES))
def test_a_precondition_is_judged_by_what_was_read(
    what: str, facts: dict[str, Any], state: str, said: str
) -> None:
    found = told(what, look(facts))
    assert found and (found["state"], said in found["said"]) == (state, True), found


@pytest.mark.parametrize("what", sorted({check.what for check in rows.CHECKS}))
def test_every_row_that_is_not_good_says_what_to_do(what: str) -> None:
    failed = [
        told(what, look(facts))
        for name, facts, state, _said in CASES
        if (name, state) == (what, "fail")
    ]
    # What took too long in a drill nobody mends by a command.
    assert all(row and (row["next"] or "which took" in row["said"]) for row in failed)


@pytest.mark.parametrize(("what", "facts", "state", "said"), APPLICATION, ids=ids(APPLICATION))
def test_of_an_application_its_release_is_judged(
    what: str, facts: dict[str, Any], state: str, said: str
) -> None:
    found = told(what, look(facts, application="shop"))
    assert found and (found["state"], said in found["said"]) == (state, True), found


@pytest.mark.parametrize(
    ("found", "state"),
    [
        ([], "fail"),
        ([copied(hours=5)], "fail"),
        ([copied(hours=5), copied(seconds=30)], "pass"),
        ([copied(seconds=30, version="15.4")], "fail"),
        ([copied(seconds=30, username="postgres")], "fail"),
        ([copied(seconds=30, key="another")], "fail"),
        ([copied(seconds=30, key="another"), copied(seconds=40)], "pass"),
        (DARK, "unknown"),
    ],
)
def test_a_site_that_lives_from_backups_is_judged_by_the_newest_one_that_it_can_use(
    found: Any, state: str
) -> None:
    key = replace(have("kms_key/main", "Enabled"), facts={"arn": "key"})
    seen = look({"copies": found, "kms_key/main": key}, strategy="backup_restore")
    row = told("Backup", seen)
    assert row and row["state"] == state
    assert told("Replica", seen) is None and told("Backup", look()) is None


def test_a_site_that_lives_from_backups_is_told_where_they_are_not_copied() -> None:
    name = "db_backup_replication/main"
    for facts, state in ({}, "pass"), ({name: None}, "fail"):
        row = told("Copied backups", look(facts, strategy="backup_restore"))
        assert row and row["state"] == state
    assert told("Copied backups", look()) is None


def test_addresses_that_are_made_when_a_site_takes_over_need_room_before() -> None:
    for there, state in (2, "pass"), (3, "fail"):
        facts = {"addresses": there, "quota L-0263D0A3": 5.0}
        row = told("Room for addresses", look(facts, strategy="backup_restore"))
        assert row and row["state"] == state and "3 would be made" in row["said"]


@pytest.mark.parametrize(
    ("there", "state", "said"),
    [
        ({}, "pass", "0 NAT gateways in us-west-2a, 1 would be made"),
        ({"us-west-2b": 4, "us-west-2d": 5}, "pass", "4 NAT gateways in us-west-2b"),
        ({"us-west-2b": 5}, "fail", "the quota of us-west-2 is 5"),
        (DARK, "unknown", "does not answer"),
    ],
)
def test_gateways_that_are_made_when_a_site_takes_over_need_room_in_each_zone_before(
    there: Any, state: str, said: str
) -> None:
    facts = {"gateways": there, "quota L-FE5A380F": 5.0}
    row = told("Room for gateways", look(facts, strategy="backup_restore"))
    assert row and row["state"] == state and said in row["said"]
    assert state != "fail" or "--service-code vpc --quota-code L-FE5A380F" in row["next"]
    assert told("Room for gateways", look(facts)) is None


def test_a_site_of_which_nothing_stands_by_is_not_good_and_told_since_when() -> None:
    since = ago(hours=2).isoformat()
    row = told("Active site", look({"active": Active(1, "", False, since)}, protected=False))
    assert row and (row["state"], row["age_seconds"]) == ("fail", 7200.0)
    assert row["next"].endswith("phoenix.dr_reprotect")


@pytest.mark.parametrize(
    ("kind", "going", "announced", "command"),
    [
        ("switchover", "switchover", False, "phoenix.dr_switchover"),
        ("switchover", "failover", False, "phoenix.dr_failover"),
        ("failover", "", False, "phoenix.dr_failover"),
        ("rollback", "", False, "phoenix.dr_rollback"),
        ("switchover", "", False, "docs/runbook-rollback.md"),
        ("switchover", "", True, "docs/runbook-rollback.md"),
        ("", "", False, "docs/runbook-rollback.md"),
    ],
)
def test_an_environment_that_stays_moving_is_not_good_and_what_ends_that_is_told(
    kind: str, going: str, announced: bool, command: str
) -> None:
    by = f"20261128T101500Z-{kind}-3f2a" if kind else "ada by hand"
    record = replace(MOVING, operation=by, protected=not announced)
    journals = {"unended": journal(going, False)} if going else {}
    row = told("Active site", look({**ENDED, **journals, "active": record}))
    assert row and row["state"] == "fail" and row["next"].endswith(command)


def test_a_drill_on_other_playbooks_proves_nothing_of_these() -> None:
    row = told("Proof", look({"proofs": [report("drill", commit="0000000")]}))
    assert row and row["state"] == "unknown" and "0000000" in row["said"]


@pytest.mark.parametrize("far", [[], DARK])
def test_an_environment_without_staging_has_no_restore_to_be_judged(far: Any) -> None:
    assert told("Restore test", look({"refreshes": [], "active:refreshes": far})) is None


def test_the_older_one_of_two_databases_is_to_be_upgraded() -> None:
    older = {**COPY, "EngineVersion": "16.9"}
    row = told("Replica as primary", look({"replica": older, "active:primary": PRIMARY}))
    assert row and "--db-instance-identifier production-recovery-database" in row["next"]
    assert "--engine-version 16.10" in row["next"] and "--region us-west-2" in row["next"]


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("t4g.small", "L-1216C47A"),
        ("im4gn.large", "L-1216C47A"),
        ("g5.xlarge", "L-DB2E81BA"),
        ("inf2.xlarge", "L-1945791B"),
        ("x2gd.large", "L-7295265B"),
        ("mac2.metal", ""),
    ],
)
def test_a_type_counts_against_the_quota_of_its_family(kind: str, code: str) -> None:
    assert room.quota_of(kind) == code


def test_lines_tell_the_worst_first() -> None:
    found = [
        {"what": what, "state": state, "age_seconds": 61.0, "said": "so", "next": "$ do"}
        for what, state in (("A", "pass"), ("B", "unknown"), ("C", "fail"))
    ]
    text = list(verdict.lines("ready", found))
    assert text[0] == "ready" and text[1].startswith("fail    C  so (0:01:01 old)")
    assert [line.split()[0] for line in text[1:]] == ["fail", "next:", "unknown", "next:", "pass"]


def test_readiness_is_that_of_the_worst_row() -> None:
    assert rows.readiness([]) == "pass"
    assert rows.readiness([{"state": "pass"}, {"state": "unknown"}]) == "unknown"
    assert rows.readiness([{"state": "unknown"}, {"state": "fail"}]) == "fail"


def test_while_the_recovery_site_serves_no_failover_leaves_its_region() -> None:
    seen = look()
    assert told("Way out", seen) is None
    home = replace(seen.site, scope=seen.peer, peer=seen.scope)
    back = replace(seen, site=home, peer=seen.scope)
    found = told("Way out", back)
    assert found and found["state"] == "fail" and "us-west-2" in found["said"]
    assert found["next"].endswith("dr_failback")
    for otherwise in (
        replace(back, objectives={**back.objectives, "switchover": True}),
        replace(back, site=replace(home, protected=False)),
    ):
        assert told("Way out", otherwise) is None


@pytest.mark.parametrize(("path", "state"), [("/ready", "pass"), ("", "unknown")])
def test_that_no_write_will_be_seen_before_traffic_comes_is_told_before(
    path: str, state: str
) -> None:
    assert told("Write before traffic", look()) is None
    seen = look(application="shop")
    found = told(
        "Write before traffic",
        replace(seen, objectives={**seen.objectives, "smoke_write": path}),
    )
    assert found and (found["state"], bool(found["next"])) == (state, not path)


@pytest.mark.parametrize(("network", "state"), [("203.0.113.7/32", "pass"), ("", "unknown")])
def test_that_a_service_elsewhere_is_asked_on_that_day_is_told_before(
    network: str, state: str
) -> None:
    seen = look()
    found = told("Controller", replace(seen, objectives={**seen.objectives, "controller": network}))
    assert found and (found["state"], bool(found["next"])) == (state, not network)
