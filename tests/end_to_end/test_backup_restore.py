# SPDX-License-Identifier: GPL-3.0-or-later
"""A shop whose recovery site lives from copied backups: rehearsed, and moved there.

One story in order. What is in a restored database is known to the pledge: one writer pledges, one
after the other, so what it was told, in this order, is what a database has up to a moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.end_to_end.story import NAME, REGIONS, Story, page_of, standing, until
from tests.end_to_end.traffic import Shop, visitors

pytestmark = [pytest.mark.real, pytest.mark.sweep]
HOME, RECOVERY = REGIONS
PLEDGES = "public.pledges"
# Of the oldest pledges, so many.
CONTENT = """
    select count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)
    from (select * from pledges order by created_at limit {}) as t
"""
MADE = "select idempotency_key, extract(epoch from created_at) from pledges"


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    with standing(strategy="backup_restore") as begun:
        yield begun


def content(story: Story, rows: int, region: str) -> dict[str, Any]:
    """What a report is to tell of the oldest pledges, so many, asked of the server itself."""
    count, total = story.ask(CONTENT.format(rows), region).split("|")
    return {"rows": int(count), "checksum": format(int(total) % 2**64, "016x")}


def made(story: Story) -> dict[str, datetime]:
    """When each pledge was made that home has, by its clock."""
    lines = (line.split("|") for line in story.ask(MADE).splitlines())
    return {key: datetime.fromtimestamp(float(at), UTC) for key, at in lines}


def when(told: str) -> datetime:
    return datetime.fromisoformat(told)


def test_no_database_stands_at_the_recovery_site_and_backups_of_home_are_copied_there(
    story: Story,
) -> None:
    with visitors(story.shop, story.ledger) as traffic:
        until(lambda: len(story.ledger) >= 50, lambda: traffic.failures[-5:])
    noted = datetime.now(UTC)
    until(
        lambda: story.copied("home").get("RestoreWindow", {}).get("LatestTime", noted) > noted,
        lambda: story.copied("home"),
    )
    assert story.copied("home")["Status"] == "replicating"
    assert {one["region"] for one in story.call("GET", "databases")} == {HOME}


def test_a_drill_restores_the_copied_backup_and_tells_what_is_in_it(story: Story) -> None:
    noted = len(story.ledger)
    with visitors(story.shop, story.ledger) as traffic:
        story.twin.make("drill", *story.values)
    assert not traffic.failures
    report = story.whole("drill")
    assert (report["outcome"], report["findings"]) == ("succeeded", [])
    steps = {step["name"]: step for step in report["steps"]}
    assert steps["smoke"]["evidence"]["status"] == 200
    looked, found = steps["contents"], steps["contents"]["evidence"]
    pledges = found["tables"][PLEDGES]
    rows = pledges["rows"]
    assert noted <= rows <= len(story.ledger)
    assert pledges == content(story, rows, HOME)
    assert story.pledged()[:rows] == list(story.ledger)[:rows]
    head = story.ask("select version_num from alembic_version")
    assert found["migrations"] == {"phoenix.migrations": "1", "public.alembic_version": head}
    assert found["not_read"] == {}
    # The newest beat is one that home has, and as old as it is told.
    beat = found["beat"]
    at = story.ask(f"select extract(epoch from at) from phoenix.heartbeat where id = {beat['id']}")
    assert beat["at"] == pytest.approx(float(at), abs=0.001)
    seen = datetime.fromtimestamp(beat["at"] + beat["age"], UTC)
    assert when(looked["began"]) <= seen <= when(looked["ended"])
    # What a failover would have lost instead: the copy is of the moment at which it was ordered.
    loss, ordered = report["measured"]["loss"], when(steps["build"]["ended"]).timestamp()
    assert loss["how"] == "expected"
    assert loss["seconds"] == pytest.approx(ordered - beat["at"], abs=0.1) and loss["seconds"] > 0
    page = story.page("drill")
    assert f"tables.{PLEDGES}.rows: {rows}<" in page
    assert f"tables.{PLEDGES}.checksum: {pledges['checksum']}<" in page
    assert f"migrations.public.alembic_version: {head}<" in page
    assert f"beat.age: {beat['age']}<" in page
    took = report["measured"]["recovery_time_seconds"]
    print(
        f"{rows} of {len(story.ledger)} pledges in the copy, {noted} at least; it was "
        f"{loss['seconds']} s old; rehearsed in {took:.0f} s"
    )


def test_where_home_goes_dark_the_copy_serves_without_the_last_pledges_and_nothing_else(
    story: Story,
) -> None:
    with visitors(story.shop, story.ledger) as traffic:
        enough = len(story.ledger) + 20
        until(lambda: len(story.ledger) >= enough, lambda: traffic.failures[-5:])
        told = story.twin.make("failover", *story.values)
        acknowledged = len(story.ledger)
        traffic.shop = story.shop = Shop(page_of(told), NAME)
        enough = acknowledged + 20
        until(lambda: len(story.ledger) >= enough, lambda: traffic.failures[-5:])
    ledger, report = list(story.ledger), story.whole("failover")
    steps = {step["name"]: step["evidence"] for step in report["steps"]}
    # Which copy it is, and what it has.
    backup, copy = story.copied("home"), steps["promote"]["copy"]
    arn, moment = backup["DBInstanceAutomatedBackupsArn"], backup["RestoreWindow"]["LatestTime"]
    assert copy["from"] == arn
    assert 0 <= (moment - when(copy["at"])).total_seconds() < 1
    assert f"The newest copy, backup {arn.rpartition(':')[2]}, has" in told
    pledges = steps["contents"]["tables"][PLEDGES]
    rows = pledges["rows"]
    assert pledges == content(story, rows, RECOVERY) == content(story, rows, HOME)
    # What is lost is the end of the ledger of home, from the moment of the copy on.
    lost = ledger[rows:acknowledged]
    assert story.pledged(RECOVERY) == ledger[:rows] + ledger[max(rows, acknowledged) :]
    dates = made(story)
    assert all(dates[key] <= moment for key in ledger[:rows])
    # A pledge is there once it is committed, and that is a moment after it was made.
    assert all((dates[key] - moment).total_seconds() > -1 for key in lost)
    # How much that may be was told before, and is in the report.
    expected, loss = steps["decide"]["expected"], report["measured"]["loss"]
    last = max((dates[key] for key in lost), default=moment)
    assert (last - moment).total_seconds() <= expected["seconds_at_most"]
    assert loss["how"] == "expected"
    assert 0 <= loss["seconds"] <= expected["seconds_at_most"]
    assert any(
        one.startswith(f"The database was restored from {arn}: it has nothing of what was written")
        for one in report["findings"]
    )
    page = story.page("failover")
    assert f"tables.{PLEDGES}.rows: {rows}<" in page
    assert f"copy.from: {arn}<" in page
    assert f"expected.seconds_at_most: {expected['seconds_at_most']}<" in page
    print(
        f"{len(lost)} of {acknowledged} pledges lost, of {(last - moment).total_seconds():.1f} s; "
        f"{loss['seconds']} s in the report, {expected['seconds_at_most']} s at the most; served "
        f"after {report['measured']['recovery_time_seconds']:.0f} s"
    )
    story.lost = lost
    for key in lost:
        del story.ledger[key]
    until(
        lambda: bool(story.shop.json("/total")["backers"] == len(story.ledger)),
        lambda: (story.shop.json("/total"), len(story.ledger)),
    )


def test_a_home_that_is_back_keeps_backups_and_is_not_moved_to_without_a_replica(
    story: Story,
) -> None:
    refused = pytest.raises(RuntimeError, match="home has no replica of production-recovery-data")
    with visitors(story.shop, story.ledger) as traffic, refused:
        story.twin.make("failback", *story.values)
    assert not traffic.failures
    report = story.whole("reprotect")
    assert report["outcome"] == "succeeded"
    steps = {step["name"]: step["evidence"] for step in report["steps"]}
    kept = [row["idempotency_key"] for row in story.kept(PLEDGES)]
    assert steps["orphans"]["tables"][PLEDGES] == len(kept)
    # One that home had not told of yet was sent again to the recovery site.
    assert set(story.lost) <= set(kept)
    assert len(kept) <= len(story.lost) + 1 and set(kept) - set(story.lost) <= set(story.ledger)
    assert report["measured"]["loss"]["rows"].get(PLEDGES, 0) == len(kept)
    assert steps["replica"]["said"] == "home keeps backups, and no replica"
    assert story.copied("recovery")["Status"] == "replicating"
    assert {one["region"] for one in story.call("GET", "databases")} == {RECOVERY}
