# SPDX-License-Identifier: GPL-3.0-or-later
"""A shop is moved, and the region that it moves to is lost when its database is promoted already:
the site that served serves on, and no acknowledged pledge is missing.
"""

from __future__ import annotations

import datetime
import json
import os
import signal
import time
from collections.abc import Iterator

import pytest

from tests.end_to_end.story import REGIONS, Story, standing, until
from tests.end_to_end.traffic import Traffic, visitors

pytestmark = [pytest.mark.real, pytest.mark.sweep]
HOME, RECOVERY = REGIONS
CONFIRMED = "-e dr_confirm=production"
KEYS = "select idempotency_key from pledges order by 1"


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    with standing() as begun:
        yield begun


def fit(story: Story) -> bool:
    """Whether the other site is found fit to take over: a new one has to be heard of first."""
    try:
        story.twin.make("validate", *story.values)
    except RuntimeError:
        return False
    return True


def heard_of(story: Story, region: str) -> bool:
    """Whether hosts have told a region that they are there."""
    now = datetime.datetime.now(datetime.UTC)
    told = story.aws("cloudwatch", region).get_metric_statistics(
        Namespace="Phoenix/Heartbeat",
        MetricName="Hosts",
        Dimensions=[{"Name": "environment", "Value": "production"}],
        StartTime=now - datetime.timedelta(hours=1),
        EndTime=now,
        Period=60,
        Statistics=["Sum"],
    )
    return bool(told["Datapoints"])


def pledged(traffic: Traffic, more: int = 20) -> None:
    """Returns when so many more were acknowledged."""
    enough = len(traffic.ledger) + more
    until(lambda: len(traffic.ledger) >= enough, lambda: traffic.failures[-5:])


def lost_on_the_way(story: Story, target: str, region: str) -> None:
    """A move, cut off with the region that it goes to when the database there was promoted."""
    run = story.twin.start(target, story.twin.logs / f"{target}-lost.log", *story.values)
    reports = story.twin.folder / ".cache/reports"
    known = set(reports.glob("*.journal.jsonl"))

    def promoted() -> bool:
        assert run.poll() is None, "the move has ended by itself"
        new = sorted(set(reports.glob("*.journal.jsonl")) - known)
        entries = [json.loads(line) for path in new for line in path.read_text().splitlines()]
        return ("promote", "done") in {(entry["step"], entry["state"]) for entry in entries}

    until(promoted, lambda: target)
    story.strike("region-dark", region=region)
    # It waits for a region that does not come back.
    time.sleep(5.0)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()


def serves_on(story: Story, stands: str, at: str) -> None:
    """The site in a region takes writes again, once the move to the other one was given up."""
    other = RECOVERY if at == HOME else HOME
    target = "switchover" if at == HOME else "failback"
    with visitors(story.found(), story.ledger) as traffic:
        pledged(traffic)
        until(lambda: heard_of(story, other), lambda: traffic.failures[-5:])
        if at == HOME:
            until(lambda: fit(story), lambda: story.play("dr_validate"))
        lost_on_the_way(story, target, other)
        frozen = len(story.ledger)
        story.play("dr_rollback", CONFIRMED, f"-e dr_stands={stands}")
        pledged(traffic)
    assert story.ask(KEYS, at).split() == sorted(story.ledger)
    report = story.whole("rollback")
    assert (report["outcome"], report["measured"]["loss"]["how"]) == ("succeeded", "none")
    assert {step["outcome"] for step in report["steps"]} == {"done"}
    print(f"{frozen} pledges before, {len(story.ledger)} after, none missing")


def stands_by_again(story: Story, at: str) -> None:
    """The other region is back, and its database a copy of the one that serves."""
    other = RECOVERY if at == HOME else HOME
    story.twin.make("fault", "F=lifted")
    with visitors(story.found(), story.ledger) as traffic:
        story.play("dr_reprotect", CONFIRMED)
        pledged(traffic)
    assert not traffic.failures
    until(
        lambda: story.ask(KEYS, other).split() == sorted(story.ledger),
        lambda: story.ask("select * from pg_stat_replication", at),
    )
    assert story.ask("select pg_is_in_recovery()", other) == "t"
    assert story.changed_by_site() == {"0"}


def test_home_serves_on_where_the_recovery_region_is_lost_in_the_midst_of_a_move(
    story: Story,
) -> None:
    serves_on(story, "home", HOME)
    stands_by_again(story, HOME)


def test_the_recovery_site_serves_on_where_home_is_lost_in_the_midst_of_the_way_back(
    story: Story,
) -> None:
    story.twin.make("switchover", *story.values)
    serves_on(story, "recovery", RECOVERY)
    stands_by_again(story, RECOVERY)
