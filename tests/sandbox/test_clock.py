# SPDX-License-Identifier: GPL-3.0-or-later
"""The clock of the schedules, and what of it can be steered."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.client import Refused
from sandbox.running import Handle
from sandbox.world import World

DAY = timedelta(days=1)


def shown(told: dict[str, str]) -> datetime:
    return datetime.fromisoformat(told["now"])


def test_what_is_due_on_the_way_is_done_in_its_order_and_at_its_moment() -> None:
    world = World()
    start, done = world.clock.now(), list[tuple[str, datetime]]()
    for days in (3, 1, 2):
        world.clock.at(
            start + days * DAY,
            lambda days=days: done.append((f"day {days}", world.clock.now())),
            f"day {days}",
        )
    world.clock.steer(advance=2.5 * DAY.total_seconds())
    assert [name for name, _ in done] == ["day 1", "day 2"]
    assert all(
        timedelta(0) <= moment - start - days * DAY < timedelta(minutes=1)
        for days, (_, moment) in enumerate(done, 1)
    )


def test_something_can_be_scheduled_by_what_is_being_done() -> None:
    world = World()
    start, done = world.clock.now(), list[int]()

    def again() -> None:
        done.append(1)
        world.clock.at(start + (len(done) + 1) * DAY, again, "again")

    world.clock.at(start + DAY, again, "again")
    world.clock.steer(to=(start + 5.5 * DAY).isoformat())
    assert len(done) == 5


def test_a_clock_that_runs_faster_comes_to_its_schedules_sooner() -> None:
    world = World()
    done = threading.Event()
    world.clock.at(world.clock.now() + DAY, done.set, "tomorrow")
    world.clock.steer(rate=10 * DAY.total_seconds())
    assert done.wait(60)
    assert world.clock.now() > datetime.now(UTC) + DAY / 2


def test_what_was_cancelled_or_forgotten_is_not_done() -> None:
    world = World()
    done = list[str]()
    cancel = world.clock.at(world.clock.now() + DAY, lambda: done.append("cancelled"), "one")
    cancel()
    world.clock.steer(advance=2 * DAY.total_seconds())
    world.clock.at(world.clock.now() + DAY, lambda: done.append("forgotten"), "two")
    world.reset()
    assert abs(world.clock.now() - datetime.now(UTC)) < timedelta(minutes=1)
    world.clock.steer(advance=10 * DAY.total_seconds())
    assert done == []


def test_a_schedule_is_nothing_that_is_waited_for() -> None:
    world = World()
    world.clock.at(world.clock.now() + DAY, lambda: None, "tomorrow")
    assert world.waiting() == []
    assert [one["what"] for one in world.clock.status()["due"]] == ["tomorrow"]
    world.reset()


def test_the_clock_is_steered_over_http_and_goes_forward_only(cloud: Handle) -> None:
    before = shown(cloud.clock())
    assert shown(cloud.clock(advance=3600)) >= before + timedelta(hours=1)
    assert cloud.clock(rate=60)["rate"] == 60
    for wrong in ({"advance": -60}, {"to": "2001-01-01T00:00:00Z"}, {"rate": 0}, {"to": "noon"}):
        with pytest.raises(Refused, match=r"must|back|isoformat"):
            cloud.clock(**wrong)
    for far in ({"advance": 1e300}, {"rate": 1e308}, {"to": "9999-12-31T23:59:59Z"}):
        with pytest.raises(Refused, match=r"goes on to 2200|at most 1e\+06"):
            cloud.clock(**far)
    assert cloud.clock(rate=1e-320)["now"]
    cloud.reset()
    assert cloud.clock()["rate"] == 1


def test_a_clock_that_comes_to_its_end_stands_still() -> None:
    world = World()
    done = list[str]()
    world.clock.at(world.clock.now() + 3 * DAY, lambda: done.append("later"), "later")
    world.clock.steer(rate=1e6, to="2199-12-31T23:59:59Z")
    world.clock.steer(rate=1e-320)
    assert world.clock.now().year >= 2199
    assert done == ["later"]
    world.reset()
