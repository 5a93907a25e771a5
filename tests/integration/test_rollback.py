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
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.acts import record
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.errors import NotDone
from environment import Environment
from killing import killed_operation
from moving import move, protect, records, source
from validating import looked

SITES = {"home": over.HOME, "recovery": over.RECOVERY}
# The last step before the loss.
MOMENTS = [
    pytest.param("hold", marks=pytest.mark.sweep),
    pytest.param("freeze", marks=pytest.mark.sweep),
    pytest.param("intake", marks=pytest.mark.sweep),
    pytest.param("promote", marks=pytest.mark.sweep),
    "secrets",
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
    if last == "intake":
        over.upto(built, "orphans", operation="reprotect", site="home")
        asked = over.step(built, "decide", operation="reprotect", site="home", dry=True)
        assert "recovery has no database of before: nothing is deleted" in asked["question"]
    protect(built, "home")
    assert source(built, "recovery").endswith(":production-home-database")
    assert {(one.site, one.protected, one.moving) for one in records(built)} == {
        ("home", True, False)
    }
    assert looked(built)["failed"] == ""
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


@pytest.mark.parametrize(
    "done",
    ["claim", *(pytest.param(s, marks=pytest.mark.sweep) for s in ("thaw", "proof", "close"))],
)
def test_a_run_that_finds_its_region_back_goes_no_further_once_home_may_take_a_write(
    built: Environment, done: str
) -> None:
    """Also where the rollback was cut off: what was compared before is not all any more."""
    move(built, "recovery", "intake")
    lose(built, "recovery")
    serve_on(built, "home", done)
    built.handle.faults([])
    with pytest.raises(Refusal, match=r"has given up switchover .* home serves; promote is not"):
        over.step(built, "promote", operation="switchover")
    with pytest.raises(Refusal):
        move(built, "recovery", "promote")
    assert over.is_replica(built)
    if done != "close":
        serve_on(built, "home")
    assert (counts(built).site, counts(built).moving) == ("home", False)


@pytest.mark.parametrize("failed", [False, True])
@pytest.mark.sweep
def test_one_that_was_cut_off_before_it_let_anybody_write_gives_way_to_the_move_that_goes_on(
    built: Environment, failed: bool
) -> None:
    move(built, "recovery", "intake")
    lose(built, "recovery")
    serve_on(built, "home", "led")
    if failed:
        over.step(built, "close", operation="rollback", site="home", failed="the host was lost")
    built.handle.faults([])
    move(built, "recovery")
    with pytest.raises(Refusal, match="says that recovery serves"):
        serve_on(built, "home", "claim")
    protect(built, "recovery")
    move(built, "home", "freeze")
    assert {(one.site, one.moving) for one in records(built)} == {("recovery", True)}


@pytest.mark.parametrize(
    "last", ["tell", *(pytest.param(s, marks=pytest.mark.sweep) for s in ("smoke", "switch"))]
)
def test_where_visitors_may_have_been_sent_there_the_old_site_does_not_serve_on(
    built: Environment, last: str
) -> None:
    move(built, "recovery", last)
    lose(built, "recovery")
    mark = built.handle.mark()
    with pytest.raises(Refusal, match="visitors may have been sent there") as told:
        serve_on(built, "home", "open")
    assert "run the playbook of" in str(told.value.result)
    assert not [call for call in built.handle.writes_since(mark) if call["service"] == "s3"]
    built.handle.faults([])
    move(built, "recovery")
    assert (counts(built).site, counts(built).moving) == ("recovery", False)


def test_where_the_name_leads_elsewhere_nobody_is_let_write(built: Environment) -> None:
    """As after a failover that home has never heard of."""
    move(built, "recovery", "freeze")
    lose(built, "recovery")
    given: dict[str, Any] = {"operation": "rollback", "site": "home"}
    serve_on(built, "home", "decide")
    over.step(built, "led", **given)
    told = {"answers": ["192.0.2.9"], "wanted": ["192.0.2.1"]}
    with pytest.raises(Refusal, match=r"192\.0\.2\.9, so visitors may write elsewhere than at"):
        over.step(built, "led", **given, told=told)
    assert journals.unended(built.aws("home")) is None
    with pytest.raises(Refusal, match="belongs to no rollback that has been begun"):
        over.step(built, "claim", **given)


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
    assert "nobody was sent to recovery yet. If no failover was made since, home has all" in asked
    with pytest.raises(Refusal, match="What was typed is 'staging'"):
        over.step(built, "decide", operation="rollback", site="home", confirm="staging")
    assert active.read(built.aws("home")).moving
    assert journals.unended(built.aws("home")) is None


def test_a_site_that_serves_has_nothing_to_be_brought_back_to(built: Environment) -> None:
    lose(built, "recovery")
    result = over.step(built, "open", operation="rollback", site="home")
    assert not result["needed"] and "site home serves already" in result["said"]


@pytest.mark.parametrize("mode", ["before", "after"])
@pytest.mark.parametrize("at", [1, 2, 3])
@pytest.mark.sweep
def test_one_that_dies_as_it_writes_a_parameter_is_finished_by_the_same_command(
    built: Environment, mode: str, at: int
) -> None:
    """Lease, claim and record are parameters."""
    move(built, "recovery", "promote")
    lose(built, "recovery")
    run = ("rollback", "home", "close")
    dark = {"effect": "dark", "region": over.RECOVERY}
    write: dict[str, Any] = {"region": over.HOME, "service": "ssm", "action": "PutParameter"}
    assert killed_operation(built, {**write, "at": at, "mode": mode}, run, dark) == -signal.SIGKILL
    assert killed_operation(built, {"action": "CreateVpc"}, run, dark) == 0
    found = active.read(built.aws("home"))
    assert (found.site, found.moving) == ("home", False)


def test_one_that_fails_once_it_has_claimed_the_environment_is_gone_on_with(
    built: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    move(built, "recovery", "intake")
    lose(built, "recovery")
    write = record.write

    def failing(stage: Any, wanted: Active) -> None:
        write(stage, wanted)
        raise NotDone("what came after it was lost")

    with monkeypatch.context() as patched:
        patched.setattr(record, "write", failing)
        with pytest.raises(Refusal, match="what came after it was lost"):
            serve_on(built, "home")
    unended = journals.unended(built.aws("home"))
    assert unended and unended.id == active.read(built.aws("home")).operation
    over.upto(built, "close", operation="rollback", site="home", confirm="no")
    found = active.read(built.aws("home"))
    assert (found.site, found.moving, found.operation) == ("home", False, unended.id)


@pytest.mark.parametrize("last", ["tell", pytest.param("smoke", marks=pytest.mark.sweep)])
def test_where_home_is_lost_before_the_traffic_is_moved_a_failover_moves_it(
    built: Environment, last: str
) -> None:
    move(built, "recovery", last)
    over.go_dark(built)
    over.upto(built, "close", accept_unfenced=True)
    assert over.switched(built)
    assert active.read(built.aws("recovery")).site == "recovery"


@pytest.mark.parametrize(
    "ends",
    ["no", *(pytest.param(how, marks=pytest.mark.sweep) for how in ("elsewhere", "cut off"))],
)
def test_one_that_ends_before_it_has_touched_anything_leaves_the_move_that_it_took_over_as_it_was(
    built: Environment, ends: str
) -> None:
    """The site is the one to which it moves, and may have visitors already."""
    moved = move(built, "recovery", "tell")[0]["id"]
    lose(built, "home")
    given: dict[str, Any] = {"operation": "rollback", "site": "recovery"}
    serve_on(built, "recovery", "open")
    if ends == "no":
        with pytest.raises(Refusal, match="What was typed is 'no'"):
            over.step(built, "decide", **given, confirm="no")
        over.step(built, "close", **given, failed="nobody agreed")
    elif ends == "elsewhere":
        serve_on(built, "recovery", "decide")
        over.step(built, "led", **given)
        told = {"answers": ["192.0.2.9"], "wanted": ["192.0.2.1"]}
        with pytest.raises(Refusal, match="visitors may write elsewhere"):
            over.step(built, "led", **given, told=told)
    built.handle.faults([])
    assert move(built, "recovery")[0]["id"] == moved
    assert {(one.site, one.moving, one.operation) for one in records(built)} == {
        ("recovery", False, moved)
    }
    assert journals.unended(built.aws("recovery")) is None


@pytest.mark.sweep
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


@pytest.mark.sweep
def test_who_goes_on_with_a_rollback_of_the_recovery_site_is_told_the_whole_command(
    built: Environment,
) -> None:
    move(built, "recovery")
    protect(built, "recovery")
    move(built, "home", "freeze")
    lose(built, "home")
    serve_on(built, "recovery", "claim")
    built.handle.faults([])
    with pytest.raises(Refusal) as told:
        over.step(built, "open", operation="reprotect", site="recovery")
    assert "dr_rollback -e dr_stands=recovery" in str(told.value.result)


def test_a_failover_of_which_home_never_heard_ends_a_rollback_that_was_cut_off(
    built: Environment,
) -> None:
    """Nobody is let write at home, though the rollback has claimed it before."""
    move(built, "recovery", "intake")
    lose(built, "recovery")
    serve_on(built, "home", "claim")
    over.go_dark(built)
    over.upto(built, "close", accept_unfenced=True)
    built.handle.faults([])
    with pytest.raises(Refusal, match="us-west-2 is back, and its record says that recovery"):
        serve_on(built, "home")
    protect(built, "recovery")
    assert source(built, "home").endswith(":production-recovery-database")


@pytest.mark.parametrize("last", [pytest.param("claim", marks=pytest.mark.sweep), "close"])
def test_a_failover_does_not_fence_a_home_that_was_given_the_environment_back(
    built: Environment, last: str
) -> None:
    move(built, "recovery", "promote")
    lose(built, "recovery")
    serve_on(built, "home", last)
    built.handle.faults([])
    given_back = active.read(built.aws("home"))
    over.upto(built, "decide")
    mark = built.handle.mark()
    with pytest.raises(Refusal, match=r"given the environment back by .*-rollback-") as caught:
        over.step(built, "fence", accept_unfenced=True)
    assert "playbook dr_reprotect" in caught.value.result["hint"]
    written = [call for call in built.handle.log(mark) if call["region"] == over.HOME]
    assert {call["action"] for call in written} == {"GetParameter"}
    assert active.read(built.aws("home")) == given_back
    if last != "close":
        serve_on(built, "home")
    protect(built, "home")
    assert source(built, "recovery").endswith(":production-home-database")


@pytest.mark.sweep
def test_where_that_home_is_lost_a_failover_goes_on_all_the_same(built: Environment) -> None:
    move(built, "recovery", "promote")
    lose(built, "recovery")
    serve_on(built, "home")
    lose(built, "home")
    over.upto(built, "fence", accept_unfenced=True)
    assert "-failover-" in active.read(built.aws("recovery")).operation
