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
KILLED_AT = ("opened", "begun", "done")


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    with standing() as begun:
        yield begun


def entries(path: Path) -> list[dict[str, Any]]:
    """Of a journal, as the controller keeps it: written anew as a whole with each entry."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def places(path: Path) -> list[Place]:
    id = path.name.partition(".")[0]
    told = [(id, entry["step"], entry["state"]) for entry in entries(path)]
    return [place for place in told if place[2] in KILLED_AT]


def newest(story: Story) -> Place | None:
    """Where the operation stands that began last; None where it has neither begun nor done a step
    just now.
    """
    paths = sorted((story.twin.folder / ".cache/reports").glob("*.journal.jsonl"))
    if not paths:
        return None
    last = entries(paths[-1])[-1]
    place = (paths[-1].name.partition(".")[0], last["step"], last["state"])
    return place if place[2] in KILLED_AT else None


def killed_all_along(story: Story, target: str) -> tuple[str, set[Place]]:
    """What `make` of a target printed that ended by itself, and where it was killed before."""
    at = {newest(story)} - {None}
    before = set(at)
    for number in range(MOST):
        log = story.twin.logs / f"{target}-{number}.log"
        run = story.twin.start(target, log, *story.values)
        while run.poll() is None:
            place = newest(story)
            if place and place not in at:
                at.add(place)
                os.killpg(run.pid, signal.SIGKILL)
                break
            time.sleep(0.005)
        if run.wait() != -signal.SIGKILL:
            text = log.read_text("utf-8", errors="replace")
            assert run.returncode == 0, text[-3000:]
            return text, {place for place in at - before if place}
    raise AssertionError(log.read_text("utf-8", errors="replace")[-3000:])


def promotions(story: Story, mark: int) -> int:
    calls = story.call("GET", f"log?since={mark}")
    return sum(c["action"] == "PromoteReadReplica" and c["status"] == 200 for c in calls)


@pytest.mark.parametrize(
    ("target", "to"), [("switchover", "recovery"), ("failback", "home"), ("failover", "recovery")]
)
def test_a_move_that_is_killed_all_along_is_one_move_in_the_end(
    story: Story, target: str, to: str
) -> None:
    mark, before = (
        story.call("POST", "log/mark")["mark"],
        len(story.every("failover", "switchover")),
    )
    with visitors(story.shop, story.ledger) as traffic:
        enough = len(story.ledger) + 20
        until(lambda: len(story.ledger) >= enough, lambda: traffic.failures[-5:])
        told, at = killed_all_along(story, target)
        at_the_old = list(story.ledger)
        # As the name leads there, visitors come to the other site, and end there what they began.
        traffic.shop = story.shop = Shop(page_of(told), NAME)
        enough = len(story.ledger) + 20
        until(lambda: len(story.ledger) >= enough, lambda: traffic.failures[-5:])
    print(f"{target}: killed {len(at)} times")
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
    # It was killed at each step's begin and at each one's end; with its last one it is at its own.
    journal = places(story.twin.folder / f".cache/reports/{move['id']}.journal.jsonl")
    assert {step for _id, step, state in journal if state != "begun"} >= {
        step["name"] for step in move["steps"] if step["name"] != "close"
    }
    assert set(journal) <= at | {(move["id"], "close", "begun")}
