# SPDX-License-Identifier: GPL-3.0-or-later
"""A network that cannot be shown is closed, and stops no other. Against real namespaces."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.fabric.fabric import Fabric
from sandbox.fabric.follower import Follower
from sandbox.fabric.picture import Card, Group, Picture, Route, Rule, Subnet, Vpc, Way
from sandbox.ground.commands import run
from sandbox.ground.identity import Identity
from sandbox.world import World

pytestmark = pytest.mark.real
ANYONE = ("0.0.0.0/0",)
DOOR = Rule("tcp", 22, 22, ANYONE)
IMPOSSIBLE = Rule("tcp", 90, 80, ("10.0.0.0/8",))


def vpc(number: int, *rules: Rule, routes: tuple[Route, ...] = ()) -> Vpc:
    net = f"10.{number}"
    return Vpc(
        f"vpc-{number}",
        "us-east-1",
        (f"{net}.0.0/16",),
        subnets=(Subnet("s", f"{net}.1.0/24", routes),),
        cards=(Card(f"{net}.1.4", ("g",)),),
        groups=(Group("g", ingress=rules),),
    )


@pytest.fixture
def fabric(tmp_path: Path) -> Iterator[Fabric]:
    made = Fabric(Identity(tmp_path))
    yield made
    made.forget()


@pytest.fixture
def rules(fabric: Fabric) -> Callable[[str], str]:
    def listed(vpc_id: str) -> str:
        return run("ip", "netns", "exec", fabric.router(vpc_id), "nft", "list", "ruleset")

    return listed


@pytest.mark.sample
def test_one_that_cannot_be_shown_is_closed_and_the_others_follow(
    fabric: Fabric, rules: Callable[[str], str]
) -> None:
    one, other = vpc(20, DOOR), vpc(30, DOOR)
    assert fabric.show(Picture((one, other))) == {}
    assert "dport 22" in rules(one.id)
    broken, changed = vpc(20, IMPOSSIBLE), vpc(30, Rule("tcp", 4444, 4444, ANYONE))
    assert set(fabric.show(Picture((broken, changed)))) == {one.id}
    assert "accept" not in rules(one.id)
    assert "dport 4444" in rules(other.id)
    assert fabric.show(Picture((replace(one, dark=True), other))) == {}
    assert fabric.show(Picture((one, other))) == {}
    assert "dport 22" in rules(one.id)


def test_routes_that_failed_half_way_are_all_there_once_they_can_be(fabric: Fabric) -> None:
    routes = [Route(f"10.{n}.0.0/16", Way.NOWHERE) for n in (70, 90)]
    middle = Route("10.80.0.0/33", Way.NOWHERE)
    one = vpc(20, DOOR, routes=(routes[0], middle, routes[1]))
    assert set(fabric.show(Picture((one,)))) == {one.id}
    assert set(fabric.show(Picture((one,)))) == {one.id}
    assert fabric.show(Picture((vpc(20, DOOR, routes=tuple(routes)),))) == {}
    table = str(10 * 2**24 + 20 * 2**16 + 256)
    found = run("ip", "-n", fabric.router(one.id), "route", "show", "table", table)
    assert [line.split()[1] for line in found.splitlines()] == ["10.70.0.0/16", "10.90.0.0/16"]


def test_who_waits_for_a_picture_is_told_although_one_network_cannot_be_shown(
    fabric: Fabric, rules: Callable[[str], str]
) -> None:
    world, seen = World(), [Picture((vpc(20, IMPOSSIBLE), vpc(30, DOOR)))]
    follower = Follower(world, lambda: seen[0], fabric)
    try:
        world.touch()
        assert follower.settle()
        assert "dport 22" in rules("vpc-30")
        assert [told.partition(",")[0] for told in follower.troubles()] == ["vpc-20 is closed"]
        # It is tried again, also without another change.
        seen[0] = Picture((vpc(20, DOOR), vpc(30, DOOR)))
        end = time.monotonic() + 60
        while follower.troubles():
            assert time.monotonic() < end, "it is not tried again"
            time.sleep(0.1)
        assert "dport 22" in rules("vpc-20")
    finally:
        follower.end()
