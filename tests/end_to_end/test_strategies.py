# SPDX-License-Identifier: GPL-3.0-or-later
"""A shop whose recovery site is made better while visitors are there, and then has to show it.

One story in order: from copied backups to a replica, and to hosts that stand by, which are drilled
and moved to.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.end_to_end.losing import lose_home, snapshot_now
from tests.end_to_end.story import REGIONS, Story, page_of, standing, until
from tests.end_to_end.traffic import visitors

pytestmark = [pytest.mark.real, pytest.mark.sweep]
HOME, RECOVERY = REGIONS
COUNT = "select count(*) from pledges"


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    with standing(strategy="backup_restore") as begun:
        yield begun


def databases(story: Story) -> set[str]:
    """The regions in which there is one."""
    return {one["region"] for one in story.call("GET", "databases")}


def hosts(story: Story, region: str) -> set[str]:
    """Those of the web tier that the balancer of a region finds healthy."""
    balancers = [one for one in story.call("GET", "balancers") if one["region"] == region]
    healthy = {t["id"] for one in balancers for t in one["targets"] if t["health"] == "healthy"}
    return healthy & {one["id"] for one in story.call("GET", "hosts") if one["region"] == region}


def test_a_site_that_lives_from_backups_gets_a_replica_and_nobody_notices(story: Story) -> None:
    assert databases(story) == {HOME}
    story.declare("pilot_light")
    with visitors(story.shop, story.ledger) as traffic:
        story.site()
    assert not traffic.failures
    assert databases(story) == {HOME, RECOVERY}
    until(
        lambda: int(story.ask(COUNT, RECOVERY)) == len(story.ledger) > 0,
        lambda: story.ask("select * from pg_stat_replication"),
    )
    assert story.ask("select pg_is_in_recovery()", RECOVERY) == "t"
    assert hosts(story, RECOVERY) == set()
    assert story.changed_by_site() == {"0"}


def test_a_pilot_light_gets_a_host_that_stands_by_and_no_visitor_comes_there(story: Story) -> None:
    story.declare("warm_standby")
    with visitors(story.shop, story.ledger) as traffic:
        story.site()
        until(lambda: len(hosts(story, RECOVERY)) == 1, lambda: traffic.failures[-5:])
    assert not traffic.failures
    assert page_of(story.site()) == story.url
    assert story.changed_by_site() == {"0"}


def test_a_drill_rehearses_the_warm_standby_and_nobody_notices(story: Story) -> None:
    snapshot_now(story)
    pledged, standing_by = len(story.ledger), hosts(story, RECOVERY)
    with visitors(story.shop, story.ledger) as traffic:
        story.twin.make("drill", *story.values)
    assert not traffic.failures
    report = story.whole("drill")
    assert (report["outcome"], report["findings"]) == ("succeeded", [])
    steps = {step["name"]: step["evidence"] for step in report["steps"]}
    assert steps["contents"]["tables"]["public.pledges"]["rows"] == pledged > 0
    assert steps["smoke"]["status"] == steps["smoke"]["write"]["status"] == 200
    assert hosts(story, RECOVERY) == standing_by
    print(f"rehearsed in {report['measured']['recovery_time_seconds']:.0f} s")


def test_where_home_goes_dark_hosts_with_the_new_logins_take_over_from_the_one_that_stood_by(
    story: Story,
) -> None:
    """That one knows a password which the lost region knows, too."""
    stood_by, ran = hosts(story, RECOVERY), hosts(story, HOME)
    lose_home(story)
    serving = hosts(story, RECOVERY)
    assert len(stood_by) == 1 and not stood_by & serving
    assert len(serving) == len(ran)
    report = story.whole("failover")
    assert report["outcome"] == "succeeded"
    took = report["measured"]["recovery_time_seconds"]
    steps = {step["name"]: step["seconds"] for step in report["steps"] if step["seconds"]}
    print(f"{len(story.lost)} pledges lost; served after {took:.0f} s: {steps}")
