# SPDX-License-Identifier: GPL-3.0-or-later
"""The region that a move goes to is lost in the midst of it: the site that served serves on."""

from __future__ import annotations

import signal
from typing import Any

import failing_over as over
import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge import active
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.active import Active
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations import (
    journal as journals,
)
from environment import Environment
from killing import killed_operation
from moving import move, protect, records, source

SITES = {"home": over.HOME, "recovery": over.RECOVERY}
# The last step before the loss: frozen only, promoted, written down, about to move the traffic.
MOMENTS = [
    "hold",
    pytest.param("freeze", marks=pytest.mark.sweep),
    pytest.param("promote", marks=pytest.mark.sweep),
    pytest.param("record", marks=pytest.mark.sweep),
    "smoke",
]


def lose(environment: Environment, site: str) -> None:
    environment.handle.faults([{"effect": "dark", "region": SITES[site]}])


def serve_on(environment: Environment, site: str, last: str = "close") -> list[Any]:
    return over.upto(environment, last, operation="rollback", site=site)


def counts(environment: Environment) -> Active:
    """The record that counts."""
    return active.read(environment.aws("home"), environment.aws("recovery"))


@pytest.mark.parametrize("last", MOMENTS)
def test_where_the_region_that_takes_over_is_lost_home_serves_on_with_all_that_it_has(
    built: Environment, last: str
) -> None:
    move(built, "recovery", last)
    lose(built, "recovery")
    mark = built.handle.mark()
    report = serve_on(built, "home")[-1]["report"]
    assert (report["outcome"], report["measured"]["loss"]["how"]) == ("succeeded", "none")
    assert "recovery is to be made a replica of home" in " ".join(report["findings"])
    there = {call for call in over.calls(built, mark) if call.startswith(over.RECOVERY)}
    assert there == {f"{over.RECOVERY} ssm GetParameter"}
    found = active.read(built.aws("home"))
    assert (found.site, found.moving, found.protected) == ("home", False, False)


@pytest.mark.parametrize("last", MOMENTS)
def test_when_that_region_is_back_it_does_not_serve_and_is_made_to_stand_by_again(
    built: Environment, last: str
) -> None:
    moved = move(built, "recovery", last)[0]
    lose(built, "recovery")
    serve_on(built, "home")
    built.handle.faults([])
    assert (counts(built).site, counts(built).moving) == ("home", False)
    with pytest.raises(Refusal, match="does not stand by since home serves"):
        move(built, "recovery", "open")
    left = journals.load(built.aws("recovery"), moved["id"])
    assert left.ended and left.entries[-1]["facts"]["by"] == counts(built).operation
    protect(built, "home")
    assert source(built, "recovery").endswith(":production-home-database")
    assert {(one.site, one.protected, one.moving) for one in records(built)} == {
        ("home", True, False)
    }
    move(built, "recovery")
    assert counts(built).site == "recovery"


@pytest.mark.parametrize("last", MOMENTS)
def test_where_home_is_lost_in_the_midst_of_a_move_home_the_recovery_site_serves_on(
    built: Environment, last: str
) -> None:
    move(built, "recovery")
    protect(built, "recovery")
    move(built, "home", last)
    lose(built, "home")
    serve_on(built, "recovery")
    built.handle.faults([])
    assert over.switched(built)
    assert (counts(built).site, counts(built).moving) == ("recovery", False)
    protect(built, "recovery")
    assert source(built, "home").endswith(":production-recovery-database")


def test_a_run_that_finds_its_region_back_goes_no_further_once_it_was_given_up(
    built: Environment,
) -> None:
    move(built, "recovery", "intake")
    lose(built, "recovery")
    serve_on(built, "home")
    built.handle.faults([])
    with pytest.raises(Refusal, match=r"has given up switchover .* home serves; promote is not"):
        over.step(built, "promote", operation="switchover")
    assert over.is_replica(built)


def test_where_visitors_may_have_been_sent_there_the_old_site_does_not_serve_on(
    built: Environment,
) -> None:
    move(built, "recovery", "tell")
    lose(built, "recovery")
    mark = built.handle.mark()
    with pytest.raises(Refusal, match="visitors may have been sent there"):
        serve_on(built, "home", "open")
    assert not [call for call in built.handle.writes_since(mark) if call["service"] == "s3"]
    assert active.read(built.aws("home")).site == "recovery"


def test_a_move_whose_regions_both_answer_is_gone_on_with_or_given_up_where_its_journal_is(
    built: Environment,
) -> None:
    move(built, "recovery", "freeze")
    with pytest.raises(Refusal, match="us-west-2 answers") as told:
        serve_on(built, "home", "open")
    assert "dr_abandon" in str(told.value.result)
    assert active.read(built.aws("home")).moving


def test_nothing_is_written_down_where_nobody_has_agreed(built: Environment) -> None:
    move(built, "recovery", "freeze")
    lose(built, "recovery")
    serve_on(built, "home", "open")
    asked = over.step(built, "decide", operation="rollback", site="home", dry=True)["question"]
    assert "Nobody was sent to recovery yet, so home has all that was acknowledged" in asked
    with pytest.raises(Refusal, match="What was typed is 'staging'"):
        over.step(built, "decide", operation="rollback", site="home", confirm="staging")
    assert active.read(built.aws("home")).moving
    assert journals.unended(built.aws("home")) is None


def test_a_site_that_serves_has_nothing_to_be_brought_back_to(built: Environment) -> None:
    lose(built, "recovery")
    result = over.step(built, "open", operation="rollback", site="home")
    assert not result["needed"] and "site home serves already" in result["said"]


@pytest.mark.parametrize("mode", ["before", "after"])
def test_one_that_dies_as_it_writes_down_who_serves_is_finished_by_the_same_command(
    built: Environment, mode: str
) -> None:
    move(built, "recovery", "promote")
    lose(built, "recovery")
    run = ("rollback", "home", "close")
    dark = {"effect": "dark", "region": over.RECOVERY}
    at: dict[str, Any] = {"region": over.HOME, "service": "ssm", "action": "PutParameter", "at": 2}
    assert killed_operation(built, {**at, "mode": mode}, run, dark) == -signal.SIGKILL
    assert killed_operation(built, {"action": "CreateVpc"}, run, dark) == 0
    found = active.read(built.aws("home"))
    assert (found.site, found.moving, found.epoch) == ("home", False, 3)


@pytest.mark.parametrize("last", ["record", "smoke"])
def test_where_home_is_lost_before_the_traffic_is_moved_a_failover_moves_it(
    built: Environment, last: str
) -> None:
    move(built, "recovery", last)
    over.go_dark(built)
    over.upto(built, "close", accept_unfenced=True)
    assert over.switched(built)
    assert active.read(built.aws("recovery")).site == "recovery"


def test_what_was_under_way_in_a_region_that_was_lost_is_in_nobodys_way_when_it_is_back(
    built: Environment,
) -> None:
    """A protection of the recovery site by home, which did not end, keeps no move home back."""
    move(built, "recovery")
    protect(built, "recovery")
    move(built, "home")
    over.upto(built, "protect", operation="reprotect", site="home")
    built.run()
    over.build(built)
    over.go_dark(built)
    over.upto(built, "close", accept_unfenced=True)
    built.handle.faults([])
    protect(built, "recovery")
    move(built, "home")
    assert counts(built).site == "home"
