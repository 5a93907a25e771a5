# SPDX-License-Identifier: GPL-3.0-or-later
"""Moves of an environment that are killed in each of their steps and after each of them.

The same command goes on each time, and what comes of it in the end is one move. Visitors read and
pledge all the while.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.story import NAME, REGIONS, Story, page_of, standing, until
from tests.end_to_end.traffic import Shop, visitors

pytestmark = [pytest.mark.real, pytest.mark.sweep]
SITES = dict(zip(("home", "recovery"), REGIONS, strict=True))
MOST = 200  # runs, of operations of 20 steps in three parts, killed twice in each
# An entry of a journal: the operation, the step, and whether that is opened, begun or done.
Place = tuple[str, str, str]
# What it is killed at in one move, and in another one: while it does a step, and between two.
KILLED_AT = {"in each step": ("begun",), "between steps": ("opened", "done")}
# How an environment comes to be where a move begins that ends there.
COMES_FROM = {"home": "switchover", "recovery": "failback"}


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    with standing() as begun:
        yield begun


def entries(path: Path) -> list[dict[str, Any]]:
    """Of a journal, as the controller keeps it: written anew as a whole with each entry."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def places(path: Path) -> list[Place]:
    id = path.name.partition(".")[0]
    return [(id, entry["step"], entry["state"]) for entry in entries(path)]


def newest(story: Story) -> Place | None:
    """Where the operation stands that began last; None where none has begun yet."""
    paths = sorted((story.twin.folder / ".cache/reports").glob("*.journal.jsonl"))
    return places(paths[-1])[-1] if paths else None


def written(story: Story) -> tuple[str, int]:
    """Which journal has been written last, and when: it is read only where that is another one, for
    some steps last no longer than reading it does.
    """
    paths = sorted((story.twin.folder / ".cache/reports").glob("*.journal.jsonl"))
    return (paths[-1].name, paths[-1].stat().st_mtime_ns) if paths else ("", 0)


def killed_all_along(story: Story, target: str, moment: str) -> tuple[str, set[Place]]:
    """What `make` of a target printed that ended by itself, and where it was killed before."""
    at = {newest(story)} - {None}
    before = set(at)
    for number in range(MOST):
        log = story.twin.logs / f"{target}-{number}.log"
        run = story.twin.start(target, log, *story.values)
        seen = ("", 0)
        while run.poll() is None:
            now = written(story)
            if now == seen:
                time.sleep(0.001)
                continue
            seen, place = now, newest(story)
            if place and place not in at and place[2] in KILLED_AT[moment]:
                at.add(place)
                os.killpg(run.pid, signal.SIGKILL)
                break
        if run.wait() != -signal.SIGKILL:
            text = log.read_text("utf-8", errors="replace")
            assert run.returncode == 0, text[-3000:]
            return text, {place for place in at - before if place}
    raise AssertionError(log.read_text("utf-8", errors="replace")[-3000:])


def promotions(story: Story, mark: int) -> int:
    calls = story.call("GET", f"log?since={mark}")
    return sum(c["action"] == "PromoteReadReplica" and c["status"] == 200 for c in calls)


def lead_away(story: Story, to: str) -> None:
    """Has the other site serve, where it does not."""
    moves = story.every("failover", "switchover")
    if (moves[-1]["to"] if moves else "home") == to:
        page = page_of(story.twin.make(COMES_FROM[to], *story.values))
        story.shop = Shop(page, NAME)


@pytest.mark.parametrize("moment", KILLED_AT)
@pytest.mark.parametrize(
    ("target", "to"), [("switchover", "recovery"), ("failback", "home"), ("failover", "recovery")]
)
def test_a_move_that_is_killed_all_along_is_one_move_in_the_end(
    story: Story, target: str, to: str, moment: str
) -> None:
    lead_away(story, to)
    mark, before = (
        story.call("POST", "log/mark")["mark"],
        len(story.every("failover", "switchover")),
    )
    with visitors(story.shop, story.ledger) as traffic:
        enough = len(story.ledger) + 20
        until(lambda: len(story.ledger) >= enough, lambda: traffic.failures[-5:])
        told, at = killed_all_along(story, target, moment)
        at_the_old = list(story.ledger)
        # As the name leads there, visitors come to the other site, and end there what they began.
        traffic.shop = story.shop = Shop(page_of(told), NAME)
        enough = len(story.ledger) + 20
        until(lambda: len(story.ledger) >= enough, lambda: traffic.failures[-5:])
    print(f"{target}, {moment}: killed {len(at)} times")
    assert promotions(story, mark) == 1
    there = story.ask("select idempotency_key from pledges", SITES[to]).split()
    assert len(set(there)) == len(there)
    assert set(there) <= set(story.ledger)
    # Had both taken writes, one in the middle were missing; a region that is lost takes the last.
    lost = [key for key in story.ledger if key not in set(there)]
    assert lost == at_the_old[len(at_the_old) - len(lost) :]
    assert target == "failover" or not lost
    for key in lost:
        del story.ledger[key]
    [move] = story.every("failover", "switchover")[before:]
    assert (move["outcome"], move["to"]) == ("succeeded", to)
    # It was killed there in all of its steps but the last, with whose end it ends itself.
    journal = places(story.twin.folder / f".cache/reports/{move['id']}.journal.jsonl")
    due = {place for place in journal if place[2] in KILLED_AT[moment] and place[1] != "close"}
    assert due <= at
    assert {step for _id, step, _state in due} >= {
        step["name"] for step in move["steps"] if step["name"] not in ("open", "close")
    }
