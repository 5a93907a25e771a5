# SPDX-License-Identifier: GPL-3.0-or-later
"""An old primary that lives: what it acknowledges while and after the recovery site takes over.

A writer stays at the balancer of home, as one whose name server never follows, and keeps a ledger.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.end_to_end.story import REGIONS, Story, standing, until
from tests.end_to_end.traffic import Traffic, visitors

pytestmark = [pytest.mark.real, pytest.mark.sweep]
HOME, RECOVERY = REGIONS
CONFIRMED = "-e dr_confirm=production"
SOME = 20  # pledges
A_WHILE = 10.0  # seconds


@pytest.fixture
def story() -> Iterator[Story]:
    with standing() as begun:
        yield begun


def test_a_home_that_can_be_fenced_acknowledges_nothing_from_the_promotion_on(
    story: Story,
) -> None:
    mark = story.call("POST", "log/mark")["mark"]
    with visitors(story.shop, story.ledger, readers=0) as at_home:
        pledged(at_home, SOME)
        story.play("dr_failover", CONFIRMED)
        over = time.monotonic()
        time.sleep(A_WHILE)
        acknowledged = list(story.ledger)
        ends_elsewhere(at_home, story)
    [promoted] = promotions(story, mark)
    late = [key for key in acknowledged if at_home.at[key] >= promoted]
    left, kept = keys(story, HOME), keys(story, RECOVERY)
    last = max(at_home.at[key] for key in acknowledged)
    print(
        f"{len(acknowledged)} acknowledged by home, {len(late)} of them after the promotion, the "
        f"last {promoted - last:.1f} s before it; {len(left - kept)} rows at home only"
    )
    assert not late
    assert any(failure.began > over for failure in at_home.failures)
    assert set(acknowledged) <= left
    assert left <= kept
    # Beside these the one that the writer could end at the recovery site only.
    assert kept == set(story.ledger) and len(kept - set(acknowledged)) <= 1
    fence = evidence(story, "fence")
    assert fence["fenced"]
    assert {layer["outcome"] for layer in fence["layers"].values()} == {"confirmed"}


def test_what_a_home_acknowledges_that_could_not_be_fenced_is_exported_and_nothing_else(
    story: Story,
) -> None:
    at_recovery: dict[str, int] = {}
    with visitors(story.shop, story.ledger, readers=0) as at_home:
        pledged(at_home, SOME)
        story.strike("api-dark", region=HOME)
        story.strike("regions-cut", one=HOME, other=RECOVERY)
        pledged(at_home, SOME)
        is_refused(story)
        pledged(at_home, SOME)
        is_taken_over_unfenced(story)
        with visitors(story.found(), at_recovery, readers=0) as there:
            pledged(at_home, SOME)
            pledged(there, SOME)
            story.twin.make("fault", "F=lifted")
            story.strike("regions-cut", one=HOME, other=RECOVERY, cut="false")
            story.site()
            acknowledged, left = list(story.ledger), keys(story, HOME)
            time.sleep(A_WHILE)
        assert list(story.ledger) == acknowledged
        assert keys(story, HOME) == left >= set(acknowledged)
        ends_elsewhere(at_home, story)
    lost = lacking(acknowledged, keys(story, RECOVERY))
    with visitors(story.found(), at_recovery, readers=0):
        story.play("dr_reprotect", CONFIRMED)
    elsewhere = set(story.ledger) - set(acknowledged)
    are_exported(story, lost, elsewhere)
    kept = set(acknowledged) - set(lost) | elsewhere | set(at_recovery)
    assert keys(story, RECOVERY) == kept
    # Home stands by, with all of it and nothing else.
    until(lambda: keys(story, HOME) == kept, lambda: len(keys(story, HOME) ^ kept))
    print(f"{len(at_recovery)} acknowledged by the recovery site, of which none is missing")


def pledged(traffic: Traffic, more: int) -> None:
    """Returns when so many more were acknowledged."""
    enough = len(traffic.ledger) + more
    until(lambda: len(traffic.ledger) >= enough, lambda: traffic.failures[-5:])


def ends_elsewhere(traffic: Traffic, story: Story) -> None:
    """What the writer has begun, and could not end, it ends where the name leads by now."""
    traffic.over.set()
    traffic.shop = story.found()


def keys(story: Story, region: str) -> set[str]:
    """Of the pledges that the database of a region has."""
    found = story.ask("select idempotency_key from pledges", region).split()
    assert len(set(found)) == len(found)
    return set(found)


def evidence(story: Story, step: str) -> dict[str, Any]:
    """What the newest report of a failover tells of a step."""
    [found] = [one for one in story.whole("failover")["steps"] if one["name"] == step]
    return dict(found["evidence"])


def promotions(story: Story, mark: int) -> list[float]:
    """When each was asked for that AWS took, in seconds since 1970."""
    calls = story.call("GET", f"log?since={mark}")
    return [c["time"] for c in calls if c["action"] == "PromoteReadReplica" and c["status"] == 200]


def is_refused(story: Story) -> None:
    """Without a fence, and without somebody who accepts that, nothing is promoted."""
    mark = story.call("POST", "log/mark")["mark"]
    with pytest.raises(RuntimeError, match="make play ended with"):
        story.play("dr_failover", CONFIRMED)
    told = (story.twin.logs / f"{story.twin.folder.name}-play.log").read_text("utf-8")
    assert "Nothing was promoted" in told
    assert "To go on all the same: -e accept_unfenced=true" in told
    assert not promotions(story, mark)
    assert story.ask("select pg_is_in_recovery()", RECOVERY) == "t"


def is_taken_over_unfenced(story: Story) -> None:
    story.play("dr_failover", CONFIRMED, "-e accept_unfenced=true")
    fence = evidence(story, "fence")
    assert not fence["fenced"]
    assert {layer["outcome"] for layer in fence["layers"].values()} == {"silent"}
    told = "The database of home could not be fenced."
    assert [one for one in story.whole("failover")["findings"] if one.startswith(told)]


def lacking(acknowledged: list[str], kept: set[str]) -> list[str]:
    """Those that the new primary never had, which are the last."""
    lost = [key for key in acknowledged if key not in kept]
    assert len(lost) >= 3 * SOME
    assert lost == acknowledged[len(acknowledged) - len(lost) :]
    return lost


def are_exported(story: Story, lost: list[str], unsettled: set[str]) -> None:
    """The files have what the report counts, and of pledges what was lost. unsettled: what the
    writer had begun at home, and ended elsewhere: at the most one, which home may have taken.
    """
    report = story.whole("reprotect")
    [orphans] = [step["evidence"] for step in report["steps"] if step["name"] == "orphans"]
    for table, count in orphans["tables"].items():
        assert len(story.kept(table)) == count, table
    counted = {table: count for table, count in orphans["tables"].items() if count}
    assert report["measured"]["loss"]["rows"] == counted
    found = [row["idempotency_key"] for row in story.kept("public.pledges")]
    assert len(set(found)) == len(found)
    assert len(unsettled) <= 1
    assert set(lost) <= set(found) <= set(lost) | unsettled
    print(f"{len(lost)} were lost with home, {len(found)} exported; by table {counted}")
