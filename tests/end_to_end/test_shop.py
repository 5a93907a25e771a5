# SPDX-License-Identifier: GPL-3.0-or-later
"""The example application from nothing to its page, and what its visitors notice of all the rest.

One story in order: what a test leaves is where the next one begins. All of it is seen over HTTPS,
by readers and by a writer who keeps a ledger of the pledges that were acknowledged.
"""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator

import pytest

from sandbox.ground.podman import Podman
from tests.end_to_end.story import NAME, REGIONS, Story, page_of, standing, until
from tests.end_to_end.traffic import Shop, Traffic, visitors

pytestmark = [pytest.mark.real, pytest.mark.sample]
RECOVERY = REGIONS[1]
# As AWS makes them; images are named where hosts are launched from them, and only read.
ID = re.compile(r"^(?!ami-|snap-).*-[0-9a-f]{8}")


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    with standing() as begun:
        yield begun


def test_make_site_ends_with_a_page_of_two_hosts_in_two_zones(story: Story) -> None:
    assert len(set(story.serving().values())) == 2
    status, page = story.shop.ask("GET", "/")
    assert status == 200 and b"Relight the lighthouse" in page
    assert story.shop.json("/ready")["version"] == "1"


def test_a_browser_shows_the_page_with_what_was_pledged_so_far(story: Story) -> None:
    pledged = len(story.ledger)
    with visitors(story.shop, story.ledger):
        while len(story.ledger) < pledged + 3:
            time.sleep(0.1)
    dollars = f"${sum(story.ledger.values()) // 100}"
    port = story.url.rpartition(":")[2]
    shown = subprocess.run(
        [
            "chromium",
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--ignore-certificate-errors",
            f"--user-data-dir={story.twin.home}",
            f"--host-resolver-rules=MAP {NAME} 127.0.0.1:{port}",
            # Time for the page's own script, which asks for the total.
            "--virtual-time-budget=5000",
            "--dump-dom",
            f"https://{NAME}/",
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    ).stdout
    assert f'<strong id="total">{dollars}</strong>' in shown


def test_a_host_of_the_image_boots_with_all_its_parts(story: Story) -> None:
    podman = Podman(story.twin.identity)
    for host in story.call("GET", "hosts"):
        asked = (
            "systemd-analyze verify multi-user.target 2>&1; systemctl is-active phoenix-metadata"
        )
        told = podman("exec", host["container"], "sh", "-c", asked)
        assert "cycle" not in told
        assert told.splitlines()[-1] == "active"


def test_a_second_make_site_changes_nothing(story: Story) -> None:
    assert story.changed_by_site() == {"0"}


def test_of_a_host_that_dies_only_requests_fail_that_came_before_it_was_noticed(
    story: Story,
) -> None:
    dead, zone = next(iter(story.serving().items()))
    with visitors(story.shop, story.ledger) as traffic:
        time.sleep(1)
        assert not traffic.failures
        struck = time.monotonic()
        story.strike("host-dies", region=zone[:-1], instance=dead)
        noticed = until(lambda: dead not in story.serving(), lambda: traffic.failures[-5:])
        replaced = until(lambda: len(story.serving()) == 2, lambda: traffic.failures[-5:])
        time.sleep(1)
    explained(traffic, struck, noticed)
    assert noticed - struck < replaced - noticed


def test_of_a_zone_that_dies_only_requests_fail_that_came_before_it_was_noticed(
    story: Story,
) -> None:
    database = zone_of_database(story)
    dead, zone = next((h, z) for h, z in story.serving().items() if z != database)
    with visitors(story.shop, story.ledger) as traffic:
        time.sleep(1)
        assert not traffic.failures
        struck = time.monotonic()
        story.strike("zone-dies", zone=zone)
        noticed = until(lambda: dead not in story.serving(), lambda: traffic.failures[-5:])
        replaced = until(lambda: len(story.serving()) == 2, lambda: traffic.failures[-5:])
        time.sleep(1)
    explained(traffic, struck, noticed)
    assert noticed - struck < replaced - noticed
    assert zone not in story.serving().values()
    story.strike("zone-returns", zone=zone)


def test_of_the_zone_of_the_database_that_dies_visitors_are_served_again_once_that_has_moved(
    story: Story,
) -> None:
    """It stays dead: releases need it as little as visitors do."""
    zone = zone_of_database(story)
    dead = {host for host, its in story.serving().items() if its == zone}
    with visitors(story.shop, story.ledger) as traffic:
        time.sleep(1)
        assert not traffic.failures
        struck = time.monotonic()
        story.strike("zone-dies", zone=zone)
        until(lambda: zone_of_database(story) != zone, lambda: traffic.failures[-5:])
        noticed = until(lambda: not dead & set(story.serving()), lambda: traffic.failures[-5:])
        # A connection to the server that died is told so when it is used for the first time again.
        enough = len(story.ledger) + 30
        written = until(lambda: len(story.ledger) >= enough, lambda: traffic.failures[-5:])
        until(lambda: len(story.serving()) == 2, lambda: traffic.failures[-5:])
        time.sleep(1)
    print(f"written again after {written - struck:.1f} s")
    explained(traffic, struck, max(noticed, written))
    assert zone not in story.serving().values()


def test_a_release_is_rolled_out_without_a_failed_request(story: Story) -> None:
    with visitors(story.shop, story.ledger) as traffic:
        story.release(2)
        assert story.shop.json("/ready")["version"] == "2"
    assert not traffic.failures


def test_a_release_that_never_becomes_ready_is_put_back_and_nobody_notices(story: Story) -> None:
    with visitors(story.shop, story.ledger) as traffic:
        with pytest.raises(RuntimeError, match=r"instance refresh to version \d+: Rollback"):
            story.release(3)
        assert story.shop.json("/ready")["version"] == "2"
    assert not traffic.failures
    assert set(story.releases().values()) == {"2"}
    # Nothing of it is left in what is declared.
    assert story.changed_by_site() == {"0"}


def test_the_old_version_released_again_is_the_way_back(story: Story) -> None:
    with visitors(story.shop, story.ledger) as traffic:
        told = story.release(1)
        assert story.shop.json("/ready")["version"] == "1"
    assert not traffic.failures
    assert set(story.releases().values()) == {"1"}
    # Its image is there still.
    assert "builder-home" not in told


def test_a_drill_shows_that_the_recovery_site_could_serve_and_nobody_notices(story: Story) -> None:
    # That which AWS takes each day is from before the first pledge.
    rds, name = story.aws("rds", RECOVERY), "before-the-drill"
    rds.create_db_snapshot(
        DBInstanceIdentifier="production-recovery-database", DBSnapshotIdentifier=name
    )
    rds.get_waiter("db_snapshot_available").wait(
        DBSnapshotIdentifier=name, WaiterConfig={"Delay": 1, "MaxAttempts": 300}
    )
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
    own = ("operations/drill/", "RestoreDBInstance", "PutMetricData")
    assert not [text for text in others if not any(name in text for name in own)]
    # Keys and secrets wait for their end, which costs nothing; of hosts that are gone AWS tells on.
    left = set(owned(story)) - before
    gone = {arn.rpartition("/")[2] for arn in left if ":instance/" in arn}
    assert not gone & {host["id"] for host in story.call("GET", "hosts")}
    told = (":key/", ":secret:", ":instance/", ":volume/")
    assert not [arn for arn in left if not any(part in arn for part in told)], left


def test_where_home_goes_dark_the_recovery_site_serves_with_all_but_the_last_it_acknowledged(
    story: Story,
) -> None:
    mark = story.call("POST", "log/mark")["mark"]
    with visitors(story.shop, story.ledger) as traffic:
        enough = len(story.ledger) + 20
        until(lambda: len(story.ledger) >= enough, lambda: traffic.failures[-5:])
        # A region may lose its ways before it is lost: of what comes then nothing is copied.
        story.strike("regions-cut", one=REGIONS[0], other=RECOVERY)
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
    needs_nothing_of_home(story, mark)
    accounted_for(story)


def test_a_second_failover_is_refused_for_the_site_serves_already(story: Story) -> None:
    with pytest.raises(RuntimeError, match="site recovery serves already since"):
        story.twin.make("failover", *story.values)
    assert story.shop.json("/total")["backers"] == len(story.ledger)


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
    until_seen = time.monotonic() + 60
    while story.shop.json("/total")["backers"] != len(story.ledger):
        assert time.monotonic() < until_seen, (story.shop.json("/total"), len(story.ledger))
        time.sleep(0.2)
    assert story.shop.json("/total")["total_cents"] == sum(story.ledger.values())
    assert story.ledger


def owned(story: Story) -> list[str]:
    """The ARNs of all that carries a tag of an environment, in both regions."""
    found = []
    for region in REGIONS:
        pages = story.aws("resourcegroupstaggingapi", region).get_paginator("get_resources")
        tagged = pages.paginate(TagFilters=[{"Key": "phoenix:environment"}])
        found += [i["ResourceARN"] for page in tagged for i in page["ResourceTagMappingList"]]
    return found


def zone_of_database(story: Story) -> str:
    """That of production's own."""
    databases = story.call("GET", "databases")
    return next(one["zone"] for one in databases if one["region"] == "us-east-1")


def needs_nothing_of_home(story: Story, mark: int) -> None:
    """From when it is dark its region is only asked to fence it, and does not answer."""
    calls = story.call("GET", f"log?since={mark}")
    struck = min(c["time"] for c in calls if c["fault"] == "dark")
    # What has no region of its own, such as Route 53 and IAM, is in this one, too.
    asked = {c["action"] for c in calls if c["region"] == REGIONS[0] and c["time"] >= struck}
    read = {"GetParameter", "GetParametersByPath", "DescribeSecurityGroupRules"}
    assert asked == {*read, "UpdateAutoScalingGroup"}


def accounted_for(story: Story) -> None:
    """The report says what was done, how long it took, and how far name servers have followed."""
    [path] = (story.twin.folder / ".cache/reports").glob("*-failover-*.json")
    report = json.loads(path.read_text("utf-8"))
    steps = {step["name"]: step for step in report["steps"]}
    assert (report["outcome"], report["from"], report["to"]) == ("succeeded", "home", "recovery")
    assert {step["outcome"] for step in steps.values()} == {"done"}
    assert steps["names"]["evidence"]["answers"] == steps["names"]["evidence"]["wanted"]
    assert steps["proof"]["evidence"] == {"in_recovery": False, "proof": report["id"]}
    assert steps["smoke"]["evidence"]["write"]["status"] == 200
    assert report["measured"]["loss"]["how"] == "expected"
    assert path.with_suffix(".html").read_text("utf-8").count("<svg") == 1


def explained(traffic: Traffic, struck: float, noticed: float) -> None:
    """Only what was under way while it was not yet noticed has failed."""
    print(
        f"{len(traffic.failures)} of {traffic.answers} failed; noticed in {noticed - struck:.1f} s"
    )
    late = [one for one in traffic.failures if one.began > noticed or one.ended < struck]
    assert not late, late[:5]
