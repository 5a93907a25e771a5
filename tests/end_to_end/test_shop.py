# SPDX-License-Identifier: GPL-3.0-or-later
"""The example application from nothing to its page, and what its visitors notice of all the rest.

One story in order: what a test leaves is where the next one begins. All of it is seen over HTTPS,
by readers and by a writer who keeps a ledger of the pledges that were acknowledged.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator

import pytest

from sandbox.ground.podman import Podman
from tests.end_to_end.losing import all_there, lose_home
from tests.end_to_end.story import NAME, REGIONS, Story, standing, until
from tests.end_to_end.traffic import Traffic, visitors

pytestmark = [pytest.mark.real, pytest.mark.sample]


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


@pytest.mark.sweep
def test_a_release_that_never_becomes_ready_is_put_back_and_nobody_notices(story: Story) -> None:
    before = story.shop.json("/ready")["version"]
    with visitors(story.shop, story.ledger) as traffic:
        with pytest.raises(RuntimeError, match=r"instance refresh to version \d+: Rollback"):
            story.release(3)
        assert story.shop.json("/ready")["version"] == before
    assert not traffic.failures
    assert set(story.releases().values()) == {before}
    # Nothing of it is left in what is declared.
    assert story.changed_by_site() == {"0"}


@pytest.mark.sweep
def test_the_old_version_released_again_is_the_way_back(story: Story) -> None:
    if story.shop.json("/ready")["version"] == "1":
        story.release(2)
    with visitors(story.shop, story.ledger) as traffic:
        told = story.release(1)
        assert story.shop.json("/ready")["version"] == "1"
    assert not traffic.failures
    assert set(story.releases().values()) == {"1"}
    # Its image is there still.
    assert "builder-home" not in told


def test_where_home_goes_dark_the_recovery_site_serves_with_all_but_the_last_it_acknowledged(
    story: Story,
) -> None:
    mark = story.call("POST", "log/mark")["mark"]
    lose_home(story)
    needs_nothing_of_home(story, mark)
    accounted_for(story)


def test_a_second_failover_is_refused_for_the_site_serves_already(story: Story) -> None:
    with pytest.raises(RuntimeError, match="site recovery serves already since"):
        story.twin.make("failover", *story.values)
    assert story.shop.json("/total")["backers"] == len(story.ledger)


def test_every_pledge_that_was_acknowledged_is_there_once(story: Story) -> None:
    all_there(story)


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
