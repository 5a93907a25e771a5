# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of an operation is one page that is whole, needs nothing, and runs nothing."""

from __future__ import annotations

import copy
import html
import re
from html.parser import HTMLParser
from typing import Any

from ansible_collections.operatingdev.phoenix.plugins.module_utils.reports.evidence import sealed
from ansible_collections.operatingdev.phoenix.plugins.module_utils.reports.evidence_page import page
from ansible_collections.operatingdev.phoenix.plugins.module_utils.reports.evidence_text import text

HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(1)>\x1b[2J\x00'&amp;"


class Read(HTMLParser):
    """A page's elements; one that is not closed where it should be is a mistake."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def all(self) -> str:
        return " ".join(" ".join(self.words).split())


def poisoned(value: Any) -> Any:
    """The facts with hostile words in each text that nobody has to read as a time or a word."""
    if isinstance(value, dict):
        own = ("began", "ended", "outcome", "how", "from", "to")
        return {
            (key + HOSTILE if key.startswith("public.") else key): value[key]
            if key in own
            else poisoned(value[key])
            for key in value
        }
    if isinstance(value, list):
        return [poisoned(each) for each in value]
    return value + HOSTILE if isinstance(value, str) else value


def test_the_page_says_what_it_was_and_whether_targets_were_met(facts: dict[str, Any]) -> None:
    said = Read(page(facts)).all
    for words in (
        "Failover of production: ✓ succeeded",
        "home (us-east-1) → recovery (us-west-2)",
        "2026-11-28 10:15:00 UTC, 8 min 50 s in all, by ada@laptop",
        "Because: us-east-1 does not answer",
        "Recovery time 8 min 32 s ✓ met : measured; the target is at most 1 h",
        "Loss 5 rows, 2.1 s ✓ met : counted; the target is at most 1 min",
        "public.pledge 4 public.backer 1 All tables 5",
        "home is fenced by its lease only",
        "58976e1",
        "2 2026-11-28 10:20:15 UTC 2026-11-28 10:23:50 UTC grace@desk",
    ):
        assert words in said


def test_every_step_is_drawn_once_and_has_one_row(facts: dict[str, Any]) -> None:
    read = Read(page(facts))
    names = [step["name"] for step in facts["steps"]]
    drawn = [at["data-step"] for _, at in read.seen if "data-step" in at]
    assert drawn == names
    [steps, *_] = re.findall(r"<tbody>(.*?)</tbody>", page(facts))
    assert re.findall(r'scope="row">([^<]*)', steps) == [step["title"] for step in facts["steps"]]


def test_a_step_shows_what_was_done_to_what_and_its_evidence(facts: dict[str, Any]) -> None:
    said = Read(page(facts)).all
    assert "It is a primary, and took a write." in said
    assert "POST rds PromoteReadReplica production-recovery-database" in said
    assert "role: primary writes.last: 88214 in_recovery: false" in said


def test_many_tables_are_told_in_a_line_each_of_which_most_are_to_be_opened(
    facts: dict[str, Any],
) -> None:
    tables = {f"public.t{n:03}": {"rows": n, "seconds": 0.5} for n in range(300)}
    facts["steps"][1]["evidence"] = {"tables": tables, "stopped": {}}
    read = Read(page(facts))
    assert "tables.public.t007: rows 7, seconds 0.5" in read.all
    assert "289 more lines" in read.all
    assert [tag for tag, _ in read.seen if tag in ("details", "summary")] == ["details", "summary"]
    # What is folded is there all the same.
    assert "tables.public.t299: rows 299, seconds 0.5 stopped: {}" in read.all


def test_objects_that_differ_are_told_field_by_field(facts: dict[str, Any]) -> None:
    facts["steps"][1]["evidence"] = {"of": {"a": {"x": 1}, "b": {"y": 2}, "c": 3, "d": {"z": [4]}}}
    assert "of.a.x: 1 of.b.y: 2 of.c: 3 of.d.z: 4" in Read(page(facts)).all


def test_a_refresh_tells_what_each_part_took_and_what_a_day_costs(facts: dict[str, Any]) -> None:
    facts["measured"]["copy"] = {
        "as_of": "",
        "rows": None,
        "tables": None,
        "until": "",
        "seconds": {"restore": 842.0, "mask": 61.0, "prove": None, "swap": 1500.0},
        "usd_per_day": {
            "least": 2.1,
            "most": 3.456,
            "unknown": 1,
            "prices_from": "snapshot of 2025-06-05",
        },
    }
    said = Read(page(facts)).all
    assert "Restored in 14 min 2 s · measured : since its site was begun" in said
    assert "Masked in 1 min 1 s" in said and "Ready in 25 min" in said
    assert "Proved in" not in said
    assert "Cost USD 2.10 to 3.46 a day · estimated : what depends on use is not in it" in said
    assert "prices from snapshot of 2025-06-05; without 1 thing of no known price" in said
    facts["measured"]["copy"]["usd_per_day"] = None
    assert "Cost" not in Read(page(facts)).all


def test_the_page_loads_and_runs_nothing(facts: dict[str, Any]) -> None:
    read = Read(page(facts, facts))
    assert not {tag for tag, _ in read.seen} & {"script", "img", "link", "iframe", "a", "object"}
    assert not [at for _, at in read.seen if {"src", "href", "style"} & set(at)]
    addresses = set(re.findall(r"https?://[^\"' )]+", page(facts)))
    assert addresses == {"http://www.w3.org/2000/svg"}
    assert "url(" not in page(facts) and "@import" not in page(facts)


def test_hostile_texts_in_any_place_stay_texts(facts: dict[str, Any]) -> None:
    facts = poisoned(sealed(facts, "abc"))
    source = page(facts, facts)
    read = Read(source)
    assert not {tag for tag, _ in read.seen} & {"script", "img"}
    assert not [key for _, at in read.seen for key in at if key.startswith("on")]
    assert "\x1b" not in source and "\x00" not in source
    # As text it is all there.
    assert html.escape("<script>alert(1)</script>") in source


def test_hostile_texts_do_not_steer_a_terminal(facts: dict[str, Any]) -> None:
    facts["findings"] = ["one\ntwo" + HOSTILE]
    for said in text(poisoned(sealed(facts, ""))):
        assert said.isprintable()


def test_the_second_report_compares_with_the_first(facts: dict[str, Any]) -> None:
    before = copy.deepcopy(facts) | {"id": "the-first"}
    before["measured"]["recovery_time_seconds"] = 601.3
    before["steps"][0]["seconds"] = 48.0
    said = Read(page(facts, before)).all
    assert "Against the-first, 2026-11-28 10:15:00 UTC, which succeeded." in said
    assert "Recovery time 8 min 32 s 10 min 1 s -1 min 29 s" in said
    assert "Fence the old primary 1 min 48 s +12 s Promote the replica 2 min 22 s" in said
    assert "Compared" not in page(facts)


def test_the_page_names_its_seal_and_the_one_before(facts: dict[str, Any]) -> None:
    first = sealed(facts, "")
    second = sealed(facts, first["sha256"])
    assert f"This report {first['sha256']} The one before none" in Read(page(first)).all
    assert f"The one before {first['sha256']}" in Read(page(second)).all
    assert "This report not sealed" in Read(page(facts)).all


def test_an_operation_that_has_only_begun_has_a_page(facts: dict[str, Any]) -> None:
    facts |= {"outcome": "running", "ended": "", "steps": [], "findings": [], "attempts": []}
    facts["measured"]["recovery_time_seconds"] = None
    said = Read(page(facts)).all
    assert "Failover of production: ? has not ended" in said
    assert "Timeline" not in said and "Steps" not in said


def test_a_terminal_is_told_the_same_in_a_few_lines(facts: dict[str, Any]) -> None:
    assert text(facts) == [
        "Failover of production: succeeded, home (us-east-1) → recovery (us-west-2)",
        "  ✓ Recovery time: 8 min 32 s (met): measured; the target is at most 1 h",
        "  ✓ Loss: 5 rows, 2.1 s (met): counted; the target is at most 1 min",
        "  lost of public.pledge: 4 rows",
        "  lost of public.backer: 1 row",
        "  done in 1 min: Fence the old primary",
        "  done in 2 min 22 s: Promote the replica (cannot be undone)",
        "  already in 0.4 s: Make the database fit for production",
        "  done in 1 min 36 s: Scale the web tier",
        "  done in 1 min 31 s: Move the traffic",
        "  skipped: Protect the new home again",
        "  to look at: home is fenced by its lease only",
    ]
