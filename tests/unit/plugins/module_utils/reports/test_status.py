# SPDX-License-Identifier: GPL-3.0-or-later
"""The status of an environment says what a failover can rely on, and what is next."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.reports.status import (
    checks,
    next_steps,
    readiness,
    status_page,
    status_text,
)

HOSTILE = "</code><script>alert(1)</script>\x1b[2J\n\x00"
DRILL = "20261116T090000Z-drill-11aa"
REFRESH = "20261125T101500Z-refresh-22bb"
NO_STAGING = "No staging copy is known of, so no restore of production was timed."


@pytest.fixture
def standing() -> dict[str, Any]:
    """All is well: the recovery site serves since a failover, and is protected again."""
    return {
        "environment": "production",
        "looked": "2026-11-28T12:00:00Z",
        "commit": "58976e1",
        "active": {
            "site": "recovery",
            "region": "us-west-2",
            "since": "2026-11-20T10:23:32Z",
            "by": "20261120T101500Z-failover-3f2a",
        },
        "protection": {
            "state": "protected",
            "since": "2026-11-20T12:00:00Z",
            "said": "",
            "next": "",
        },
        "replication": {"lag_seconds": 0.4, "heartbeat_age_seconds": 2.1},
        "objectives": {"recovery_point_seconds": 60, "drill_days": 30},
        "copies": [
            {
                "what": "image",
                "state": "pass",
                "age_seconds": 7200,
                "said": "that of the running release",
                "next": "",
            }
        ],
        "drill": {
            "id": DRILL,
            "ended": "2026-11-16T09:10:00Z",
            "commit": "58976e1",
            "recovery_time_seconds": 601.0,
        },
        "proof": {"state": "pass", "next": ""},
        "unfinished": None,
        "staging": None,
        "restore": {"state": "", "next": ""},
        "next": [],
    }


@pytest.fixture
def staged(standing: dict[str, Any]) -> dict[str, Any]:
    """The same with a staging copy that was made three days ago."""
    standing["staging"] = {
        "restored": {
            "id": REFRESH,
            "ended": "2026-11-25T10:40:00Z",
            "restore_seconds": 842.0,
            "as_of": "2026-11-25T10:00:00Z",
            "rows": 12345,
            "tables": 40,
            "age_seconds": 301.0,
        },
        "serves": {
            "environment": "staging-b",
            "of": "recovery",
            "by": REFRESH,
            "since": "2026-11-25T10:40:00Z",
            "until": "2026-12-09T10:40:00Z",
        },
        "unfinished": None,
    }
    standing["restore"] = {"state": "pass", "next": ""}
    return standing


def one(facts: dict[str, Any], what: str) -> tuple[str, str]:
    [found] = [check for check in checks(facts) if check.what == what]
    return found.state, found.said


def test_where_all_is_well_a_failover_can_be_relied_on(standing: dict[str, Any]) -> None:
    assert readiness(standing) == "pass"
    assert status_text(standing) == [
        "production: ready for a failover",
        "Site recovery (us-west-2) serves since 2026-11-20 10:23:32 UTC, "
        "by 20261120T101500Z-failover-3f2a.",
        "  ✓ Protection   protected since 2026-11-20 12:00:00 UTC",
        "  ✓ Replication  heartbeat 2.1 s old, lag 0.4 s; the objective is 1 min",
        "  ✓ image        that of the running release (2 h old)",
        f"  ✓ Proof        proven 12 days ago by {DRILL} in 10 min 1 s, on this commit",
        NO_STAGING,
    ]


def test_an_unprotected_environment_says_since_when_and_what_to_do(
    standing: dict[str, Any],
) -> None:
    standing["protection"] |= {"state": "unprotected", "next": "run dr_reprotect.yml"}
    assert one(standing, "Protection") == ("fail", "unprotected since 2026-11-20 12:00:00 UTC")
    assert (readiness(standing), next_steps(standing)) == ("fail", ["run dr_reprotect.yml"])


@pytest.mark.parametrize(
    ("lag", "heartbeat", "state"),
    [
        (0.0, 2.1, "pass"),
        (None, 2.1, "pass"),
        (0.0, None, "unknown"),
        (0.0, 61.0, "fail"),
        (61.0, 2.1, "fail"),
        (61.0, None, "fail"),
    ],
)
def test_replication_is_good_only_where_its_heartbeat_is_young(
    standing: dict[str, Any], lag: float | None, heartbeat: float | None, state: str
) -> None:
    standing["replication"] = {"lag_seconds": lag, "heartbeat_age_seconds": heartbeat}
    assert one(standing, "Replication")[0] == state


def test_where_nothing_is_to_be_replicated_nothing_is_said_of_it(standing: dict[str, Any]) -> None:
    standing["replication"] = None
    assert readiness(standing) == "pass"
    assert "Replication" not in {check.what for check in checks(standing)}


@pytest.mark.parametrize(
    ("drill", "state", "said"),
    [
        (None, "unknown", "never proven: no drill has succeeded"),
        (
            {"commit": "0ld"},
            "unknown",
            f"proven 12 days ago by {DRILL} in 10 min 1 s, on commit 0ld, not 58976e1",
        ),
        (
            {"commit": "", "recovery_time_seconds": None},
            "unknown",
            f"proven 12 days ago by {DRILL}, on a commit not known",
        ),
        (
            {"ended": "2026-11-28T09:00:00Z"},
            "pass",
            f"proven today by {DRILL} in 10 min 1 s, on this commit",
        ),
        (
            {"ended": "2026-10-28T09:00:00Z"},
            "fail",
            f"proven 31 days ago by {DRILL} in 10 min 1 s, on this commit; "
            "the objective is 30 days",
        ),
    ],
)
def test_a_drill_proves_the_commit_it_ran_on_and_for_a_time(
    standing: dict[str, Any], drill: dict[str, Any] | None, state: str, said: str
) -> None:
    standing["drill"] = None if drill is None else standing["drill"] | drill
    standing["proof"] = {"state": state, "next": "$ rehearse"}
    assert one(standing, "Proof") == (state, said)
    assert next_steps(standing) == ([] if state == "pass" else ["$ rehearse"])


def test_an_operation_that_has_not_ended_comes_first_with_the_command_to_go_on(
    standing: dict[str, Any],
) -> None:
    standing["unfinished"] = {
        "id": "20261128T111500Z-failback-77",
        "operation": "failback",
        "began": "2026-11-28T11:15:00Z",
        "operator": "ada@laptop",
        "step": "Promote the replica",
        "command": "ansible-playbook playbooks/dr_failback.yml",
    }
    standing["copies"][0] |= {"state": "unknown", "next": "look at the image"}
    standing["next"] = ["tell the team", "look at the image"]
    assert status_text(standing)[2] == (
        "  ✕ Operation failback  20261128T111500Z-failback-77 of ada@laptop has not ended; "
        "it stands at: Promote the replica (45 min old)"
    )
    assert status_text(standing)[0] == "production: 1 thing not good, 1 thing not known"
    assert next_steps(standing) == [
        "$ ansible-playbook playbooks/dr_failback.yml",
        "look at the image",
        "tell the team",
    ]


def test_a_command_is_set_as_one_and_a_sentence_as_text(standing: dict[str, Any]) -> None:
    standing["next"] = ["$ make it so", "Tell the team."]
    page = status_page(standing)
    assert "<li><code>make it so</code></li><li>Tell the team.</li>" in page


def test_what_is_not_known_is_not_good(standing: dict[str, Any]) -> None:
    standing["copies"][0]["state"] = "unheard of"
    assert readiness(standing) == "unknown"


class Reader(HTMLParser):
    """The tags and the words of a page, in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_the_page_says_the_same_and_hostile_texts_stay_texts(standing: dict[str, Any]) -> None:
    standing["copies"][0] |= {
        "what": "image" + HOSTILE,
        "state": "fail",
        "said": "of another release" + HOSTILE,
        "next": "$ copy it" + HOSTILE,
    }
    reader = Reader()
    reader.feed(status_page(standing))
    seen, said = reader.tags, "".join(reader.words)
    assert "script" not in seen and seen.count("tbody") == 1 and seen.count("tr") == 5
    assert "production: ✕ 1 thing not good" in said
    assert "copy it</code><script>alert(1)</script>" in said
    assert all(line.isprintable() for line in status_text(standing))


def test_a_refresh_is_told_as_a_timed_restore_with_the_copy_that_serves(
    staged: dict[str, Any],
) -> None:
    assert one(staged, "Restore test") == (
        "pass",
        f"production was restored 3 days ago in 14 min 2 s by {REFRESH}, as of "
        "2026-11-25 10:00:00 UTC: 12,345 rows in 40 tables, the newest 5 min 1 s old",
    )
    serves = (
        "staging-b, a copy of site recovery, is staging since 2026-11-25 10:40:00 UTC, "
        f"by {REFRESH}; it stays until 2026-12-09 10:40:00 UTC."
    )
    assert serves in status_text(staged) and serves in status_page(staged)
    assert NO_STAGING not in status_text(staged)
    assert readiness(staged) == "pass"


def test_what_is_not_known_of_a_restore_is_left_out(staged: dict[str, Any]) -> None:
    of_restore = staged["staging"]["restored"]
    of_restore |= dict.fromkeys(("restore_seconds", "rows", "tables", "age_seconds"))
    of_restore["as_of"] = staged["staging"]["serves"]["until"] = ""
    said = f"production was restored 3 days ago by {REFRESH}"
    assert one(staged, "Restore test") == ("pass", said)
    assert any(line.endswith(f"by {REFRESH}.") for line in status_text(staged))


def test_a_restore_that_is_older_than_the_objective_and_one_that_never_was_are_not_known(
    staged: dict[str, Any],
) -> None:
    staged["restore"] = {"state": "unknown", "next": "$ refresh"}
    staged["staging"]["restored"]["ended"] = "2026-10-01T10:00:00Z"
    state, said = one(staged, "Restore test")
    assert state == "unknown" and said.endswith("; the objective is 30 days")
    assert (readiness(staged), next_steps(staged)) == ("unknown", ["$ refresh"])
    staged["staging"]["restored"] = None
    assert one(staged, "Restore test") == ("unknown", "no refresh of staging has succeeded")


def test_without_staging_nothing_is_amiss_and_that_is_said(standing: dict[str, Any]) -> None:
    assert "Restore test" not in {check.what for check in checks(standing)}
    assert NO_STAGING in status_page(standing)
    assert (readiness(standing), next_steps(standing)) == ("pass", [])


def test_a_copy_whose_time_is_over_is_told_as_one(staged: dict[str, Any]) -> None:
    staged["staging"]["serves"]["until"] = "2026-11-27T10:40:00Z"
    over = "; it was to be removed on 2026-11-27 10:40:00 UTC."
    assert any(line.endswith(over) for line in status_text(staged))


def test_a_refresh_that_has_not_ended_keeps_no_failover_back_and_its_command_is_the_last(
    staged: dict[str, Any],
) -> None:
    staged["staging"] |= {"serves": None, "restored": None}
    staged["restore"] = {"state": "", "next": ""}
    staged["staging"]["unfinished"] = {
        "id": REFRESH,
        "operation": "refresh",
        "began": "2026-11-28T11:15:00Z",
        "operator": "ada@laptop",
        "step": "Mask it",
        "command": "ansible-playbook operatingdev.phoenix.staging",
    }
    staged["next"] = ["tell the team"]
    assert readiness(staged) == "pass"
    told = f"Refresh {REFRESH} of ada@laptop has not ended; it stands at: Mask it (45 min old)."
    assert told in status_text(staged) and told in status_page(staged)
    command = "$ ansible-playbook operatingdev.phoenix.staging"
    assert next_steps(staged) == ["tell the team", command]
