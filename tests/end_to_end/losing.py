# SPDX-License-Identifier: GPL-3.0-or-later
"""The region of home is lost while visitors read and pledge, and the recovery site takes over."""

from __future__ import annotations

import time

from tests.end_to_end.story import NAME, REGIONS, Story, page_of, until
from tests.end_to_end.traffic import Shop, visitors

HOME, RECOVERY = REGIONS


def lose_home(story: Story) -> None:
    """At least 20 pledges are lost with it, and no other than the last that it acknowledged."""
    with visitors(story.shop, story.ledger) as traffic:
        enough = len(story.ledger) + 20
        until(lambda: len(story.ledger) >= enough, lambda: traffic.failures[-5:])
        # A region may lose its ways before it is lost: of what comes then nothing is copied.
        story.strike("regions-cut", one=HOME, other=RECOVERY)
        enough = len(story.ledger) + 20
        until(lambda: len(story.ledger) >= enough, lambda: traffic.failures[-5:])
        told = story.twin.make("failover", *story.values)
        at_home = list(story.ledger)
        # As the name leads there, visitors come to the other site, and end there what they began.
        traffic.shop = story.shop = Shop(page_of(told), NAME)
        enough = len(at_home) + 20
        until(lambda: len(story.ledger) >= enough, lambda: traffic.failures[-5:])
    there = story.ask("select idempotency_key from pledges", RECOVERY).split()
    assert len(set(there)) == len(there)
    assert not set(there) - set(story.ledger)
    lost = [key for key in story.ledger if key not in set(there)]
    assert lost == at_home[len(at_home) - len(lost) :]
    print(f"{len(lost)} of {len(at_home)} pledges were lost with home")
    assert len(lost) >= 20
    story.lost = lost
    for key in lost:
        del story.ledger[key]


def snapshot_now(story: Story) -> None:
    """Of the copy at the recovery site: that which AWS takes each day is from before the story."""
    rds, name = story.aws("rds", RECOVERY), "before-the-drill"
    rds.create_db_snapshot(
        DBInstanceIdentifier="production-recovery-database", DBSnapshotIdentifier=name
    )
    rds.get_waiter("db_snapshot_available").wait(
        DBSnapshotIdentifier=name, WaiterConfig={"Delay": 1, "MaxAttempts": 300}
    )


def all_there(story: Story) -> None:
    """Every pledge that was acknowledged, but those that were lost with a region, is there once."""
    until_seen = time.monotonic() + 60
    while story.shop.json("/total")["backers"] != len(story.ledger):
        assert time.monotonic() < until_seen, (story.shop.json("/total"), len(story.ledger))
        time.sleep(0.2)
    assert story.shop.json("/total")["total_cents"] == sum(story.ledger.values())
    assert story.ledger
