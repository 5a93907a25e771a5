# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports are sealed and linked, and where a chain does not hold is found."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.reports.evidence import (
    broken,
    canonical,
    digest,
    sealed,
)


def chain(*ids: str) -> list[dict[str, Any]]:
    """Reports of these ids, each sealed upon the one before."""
    found: list[dict[str, Any]] = []
    for name in ids:
        found.append(sealed({"id": name, "schema": 1}, found[-1]["sha256"] if found else ""))
    return found


def test_the_seal_is_that_of_sorted_json_without_spaces_and_without_the_seal() -> None:
    told = {"b": "é", "a": [1, None, 2.5], "sha256": "anything"}
    assert canonical(told) == '{"a":[1,null,2.5],"b":"é"}'.encode()
    assert digest(told) == hashlib.sha256(canonical(told)).hexdigest()


def test_facts_give_the_same_seal_once_they_were_written_and_read(facts: dict[str, Any]) -> None:
    facts["evidence"] = {10: "ten", 9: ("nine", "\udc80")}
    assert digest(json.loads(json.dumps(sealed(facts, "")))) == sealed(facts, "")["sha256"]


def test_what_json_cannot_write_is_not_sealed() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        digest({"seconds": float("nan")})


def test_sealing_names_the_one_before_and_leaves_the_facts_alone(facts: dict[str, Any]) -> None:
    told = sealed(facts, "abc")
    assert (told["before"], facts["before"], "sha256" in facts) == ("abc", "", False)
    assert told["sha256"] == digest({**facts, "before": "abc"})


def test_a_whole_chain_holds() -> None:
    assert broken(chain("one", "two", "three")) == []
    assert broken([]) == []


def test_a_changed_report_is_found() -> None:
    one, two, three = chain("one", "two", "three")
    assert broken([one, {**two, "outcome": "succeeded"}, three]) == [
        f"two was changed after it was sealed: its facts do not give {two['sha256']}"
    ]


def test_a_report_that_was_changed_and_sealed_anew_is_missed_by_the_next() -> None:
    one, two, three = chain("one", "two", "three")
    forged = sealed({**two, "outcome": "succeeded"}, one["sha256"])
    assert broken([one, forged, three]) == [
        f"three follows a report that is missing or was changed: {two['sha256']}"
    ]


def test_a_report_taken_out_is_found_also_the_first() -> None:
    one, two, three = chain("one", "two", "three")
    said = "follows a report that is missing or was changed:"
    assert broken([one, three]) == [f"three {said} {two['sha256']}"]
    assert broken([two, three]) == [f"two {said} {one['sha256']}"]


def test_two_that_follow_the_same_one_are_found() -> None:
    one, two = chain("one", "two")
    other = sealed({"id": "other"}, one["sha256"])
    assert broken([one, two, other]) == [
        "other follows one, and two stands before it",
        f"two and other follow the same report: {one['sha256']}",
    ]


def test_two_first_ones_are_found() -> None:
    found = broken([*chain("one"), *chain("two")])
    assert found == [
        "two says that it is the first, and one stands before it",
        "one and two follow the same report: none",
    ]


def test_a_report_without_a_seal_is_found() -> None:
    assert broken([{"id": "one", "before": ""}]) == ["one is not sealed"]
