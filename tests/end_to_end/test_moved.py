# SPDX-License-Identifier: GPL-3.0-or-later
"""A shop with many pledges is moved to its recovery site and back, while visitors pledge."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.end_to_end.story import NAME, REGIONS, Story, page_of, standing, until
from tests.end_to_end.traffic import Shop, visitors

pytestmark = [pytest.mark.real, pytest.mark.sweep]
MANY = 100_000
# As the application keeps them, at once.
PLEDGED = f"""
    insert into pledges (campaign_id, idempotency_key, name, email, amount_cents)
    select (select min(id) from campaigns), 'before-' || n, 'Ada', 'ada@example.com', 500
    from generate_series(1, {MANY}) as n
"""
KEYS = "select count(*), count(distinct idempotency_key) from pledges"


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    with standing() as begun:
        begun.ask(PLEDGED)
        yield begun


@pytest.mark.parametrize(("target", "to"), [("switchover", 1), ("failback", 0)])
def test_a_move_under_load_loses_no_acknowledged_pledge_and_tells_for_how_long_none_was_taken(
    story: Story, target: str, to: int
) -> None:
    with visitors(story.shop, story.ledger) as traffic:
        enough = len(story.ledger) + 20
        until(lambda: len(story.ledger) >= enough, lambda: traffic.failures[-5:])
        told = story.twin.make(target, *story.values)
        # As the name leads there, visitors come to the other site, and end there what they began.
        traffic.shop = story.shop = Shop(page_of(told), NAME)
        enough = len(story.ledger) + 20
        until(lambda: len(story.ledger) >= enough, lambda: traffic.failures[-5:])
    expected = MANY + len(story.ledger)
    assert story.ask(KEYS, REGIONS[to]) == f"{expected}|{expected}"
    there = set(
        story.ask(
            "select idempotency_key from pledges where idempotency_key not like 'before-%'",
            REGIONS[to],
        ).split()
    )
    assert there == set(story.ledger)
    move = story.whole("switchover")
    steps = {step["name"]: step for step in move["steps"]}
    assert steps["caught"]["evidence"]["caught"] and not steps["caught"]["evidence"]["differ"]
    assert move["measured"]["loss"]["how"] == "none"
    outage = move["measured"]["write_outage_seconds"]
    print(f"{target}: none of {expected} pledges lost, no writes for {outage:.1f} s")
    assert outage > 0
    # The other one stands by again, with all of it.
    until(
        lambda: story.ask(KEYS, REGIONS[1 - to]) == f"{expected}|{expected}",
        lambda: story.ask("select * from pg_stat_replication", REGIONS[to]),
    )
