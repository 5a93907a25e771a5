# SPDX-License-Identifier: GPL-3.0-or-later
"""A shop that is rehearsed to be lost, is lost, and comes home again.

One story in order, as its visitors see it and as both databases tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.end_to_end.losing import all_there, lose_home, snapshot_now
from tests.end_to_end.story import NAME, REGIONS, Story, page_of, standing, until
from tests.end_to_end.traffic import Shop, visitors

pytestmark = [pytest.mark.real, pytest.mark.sweep]
RECOVERY = REGIONS[1]
# As AWS makes them; images are named where hosts are launched from them, and only read.
ID = re.compile(r"^(?!ami-|snap-).*-[0-9a-f]{8}")


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    with standing() as begun:
        with visitors(begun.shop, begun.ledger) as traffic:
            until(lambda: len(begun.ledger) >= 20, lambda: traffic.failures[-5:])
        yield begun


def test_a_drill_shows_that_the_recovery_site_could_serve_and_nobody_notices(story: Story) -> None:
    snapshot_now(story)
    pledged = len(story.ledger)
    mark, before = story.call("POST", "log/mark")["mark"], set(owned(story))
    with visitors(story.shop, story.ledger) as traffic:
        story.twin.make("drill", *story.values)
    assert not traffic.failures
    report = story.whole("drill")
    assert (report["outcome"], report["findings"]) == ("succeeded", [])
    steps = {step["name"]: step for step in report["steps"]}
    assert {step["outcome"] for step in steps.values()} == {"done"}
    smoke = steps["smoke"]["evidence"]
    assert smoke["status"] == smoke["write"]["status"] == 200
    contents = steps["contents"]["evidence"]
    assert contents["tables"]["public.pledges"]["rows"] == pledged > 0
    assert contents["migrations"]["public.alembic_version"]
    print(f"rehearsed in {report['measured']['recovery_time_seconds']:.0f} s")
    # Production is asked, and only that; what is written is of the copy, its journal, or a beat.
    writes = [str(c) for c in story.call("GET", f"log?since={mark}") if c["write"]]
    ids = {name for name in (re.split("[:/]", arn)[-1] for arn in before) if ID.search(name)}
    others = [
        text
        for text in writes
        if "production" in text.replace("production-drill", "") or any(id in text for id in ids)
    ]
    own = ("operations/recovery/drill/", "RestoreDBInstance", "PutMetricData")
    assert not [text for text in others if not any(name in text for name in own)]
    # Keys and secrets wait for their end, which costs nothing; of hosts that are gone AWS tells on.
    left = set(owned(story)) - before
    gone = {arn.rpartition("/")[2] for arn in left if ":instance/" in arn}
    assert not gone & {host["id"] for host in story.call("GET", "hosts")}
    told = (":key/", ":secret:", ":instance/", ":volume/")
    assert not [arn for arn in left if not any(part in arn for part in told)], left


def test_where_home_goes_dark_the_recovery_site_serves(story: Story) -> None:
    lose_home(story)


def test_a_home_that_comes_back_does_not_serve_and_its_database_is_left_as_it_is(
    story: Story,
) -> None:
    rows = "select count(*) from pledges"
    story.twin.make("fault", "F=lifted")
    story.strike("regions-cut", one=REGIONS[0], other=RECOVERY, cut="false")
    with visitors(story.shop, story.ledger) as traffic:
        story.site()
        assert story.changed_by_site() == {"0"}
    assert not traffic.failures
    assert story.serving() == {}
    assert int(story.ask(rows, RECOVERY)) == len(story.ledger)
    story.left = set(story.pledged()) - set(story.pledged(RECOVERY))
    assert set(story.lost) <= story.left


def test_home_takes_over_again_with_all_that_was_acknowledged_and_tells_what_was_lost_with_it(
    story: Story,
) -> None:
    with visitors(story.shop, story.ledger) as traffic:
        told = story.twin.make("failback", *story.values)
        traffic.shop = story.shop = Shop(page_of(told), NAME)
        enough = len(story.ledger) + 20
        until(lambda: len(story.ledger) >= enough, lambda: traffic.failures[-5:])
    there = story.ask("select idempotency_key from pledges").split()
    assert sorted(there) == sorted(story.ledger)
    assert len(story.serving()) == 2
    move, last = story.reports("switchover", "reprotect")
    kept = story.kept("public.pledges")
    # What each table has lost is told by the report that follows that of the failover.
    account = story.every("reprotect")[-2]
    assert account["measured"]["loss"] == {
        "seconds": None,
        "rows": {"public.pledges": len(kept)},
        "how": "counted",
    }
    failover = story.whole("failover")["id"]
    assert any(f"what was lost by {failover}." in finding for finding in account["findings"])
    # Beside those at most the one that the writer had sent as home went dark: it was not told that
    # this was taken, sent it again, and was told so by the recovery site.
    found = {row["idempotency_key"] for row in kept}
    assert found == story.left
    assert len(found - set(story.lost)) <= 1 and found - set(story.lost) <= set(story.ledger)
    assert last["orphans"]["evidence"]["total"] == 0
    assert move["caught"]["evidence"]["caught"]
    # The other site stands by.
    until(
        lambda: int(story.ask("select count(*) from pledges", RECOVERY)) == len(story.ledger),
        lambda: story.ask("select * from pg_stat_replication"),
    )
    assert story.changed_by_site() == {"0"}


def test_every_pledge_that_was_acknowledged_is_there_once(story: Story) -> None:
    all_there(story)


def owned(story: Story) -> list[str]:
    """The ARNs of all that carries a tag of an environment, in both regions."""
    found = []
    for region in REGIONS:
        pages = story.aws("resourcegroupstaggingapi", region).get_paginator("get_resources")
        tagged = pages.paginate(TagFilters=[{"Key": "phoenix:environment"}])
        found += [i["ResourceARN"] for page in tagged for i in page["ResourceTagMappingList"]]
    return found
