# SPDX-License-Identifier: GPL-3.0-or-later
"""The floor reads what our collection reads, all of it, and never more."""

from __future__ import annotations

import gc
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.account import account
from benchmarks.floor import PARTS, Call, Reader, absent, first_calls, sites
from benchmarks.sides import load

REGIONS = {"home": "us-east-1", "recovery": "us-west-2"}
# What we read beyond the declared attributes: rules that others made, tags of health checks where
# the tagging API of the region does not know them, which login hosts have read, what is left of
# builders and of images, and which site serves.
BEYOND = {
    ("ec2", "DescribeImages"),
    ("ec2", "DescribeInstances"),
    ("elbv2", "DescribeRules"),
    ("route53", "ListTagsForResources"),
    ("ssm", "GetParameter"),
}


def test_who_imports_it_has_garbage_collected_all_the_same() -> None:
    # Else the workers of the tests, which import all of them, keep gigabytes.
    assert gc.isenabled()


def test_the_floor_asks_both_regions_and_only_reads() -> None:
    calls = list(first_calls(sites("production", "123456789012", REGIONS)))
    assert {call.region for call in calls} == set(REGIONS.values())
    assert all(call.name.startswith(("describe_", "get_", "list_")) for call in calls)
    regional = [call for call in calls if call.service == "rds"]
    assert len(regional) == 2 * len({call.name for call in regional})


def test_every_part_asks_for_the_home_site() -> None:
    [home, _] = sites("production", "123456789012", REGIONS)
    assert all(list(part(home)) for part in PARTS)


class _Answers:
    """A client that answers what it was asked, from a table."""

    def __init__(self, table: dict[str, Any]) -> None:
        self.table = table
        self.asked: list[str] = []

    def can_paginate(self, name: str) -> bool:
        return False

    def __getattr__(self, name: str) -> Any:
        def ask(**arguments: Any) -> Any:
            self.asked.append(name)
            return self.table[name]

        return ask


def test_the_floor_follows_answers_until_no_call_is_left() -> None:
    class Fixed(Reader):
        def client(self, service: str, region: str) -> Any:
            return client

    client = _Answers({"list_a": {"Ids": [1, 2]}, "get_b": {"Parts": [3]}, "get_c": {}})

    def parts(answer: Any) -> Iterator[Call]:
        yield from (Call("s", "r", "get_c") for _ in answer["Parts"])

    def items(answer: Any) -> Iterator[Call]:
        yield from (Call("s", "r", "get_b", {"Id": one}, parts) for one in answer["Ids"])

    reader = Fixed(None, 4)
    found = reader.read([Call("s", "r", "list_a", {}, items)])
    assert reader.made == len(found) == 5
    assert sorted(client.asked) == ["get_b", "get_b", "get_c", "get_c", "list_a"]


def test_what_is_not_there_is_told_apart_from_what_goes_wrong() -> None:
    assert absent("NoSuchBucket")
    assert absent("InvalidLaunchTemplateName.NotFoundException")
    assert not absent("AccessDenied")


@pytest.mark.sweep
def test_the_floor_reads_all_that_a_second_run_reads_and_nothing_more_often(
    tmp_path: Path,
) -> None:
    sides = {side.name: side for side in load()}
    with account(sides["phoenix"], tmp_path, "not-used", tmp_path) as one:

        def requests(step: str, by: str) -> Counter[tuple[str, str]]:
            mark = one.handle.mark()
            run = one.run(step, by=sides[by])
            assert run.usage.code == 0, (tmp_path / f"{by}-{step}-1.log").read_text("utf-8")
            return Counter((entry["service"], entry["action"]) for entry in one.handle.log(mark))

        requests("first", "phoenix")
        ours = requests("second", "phoenix")
        floor = requests("second", "floor")
    assert ours.keys() - floor.keys() <= BEYOND
    assert floor - ours == Counter()
    report = json.loads((tmp_path / "floor-second-1.log").read_text(encoding="utf-8"))
    assert report["missing"] == []
    assert report["calls"] == floor.total()
