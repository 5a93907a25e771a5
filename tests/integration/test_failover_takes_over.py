# SPDX-License-Identifier: GPL-3.0-or-later
"""A failover that takes over a move, because home was lost in its midst, wherever it is stopped."""

from __future__ import annotations

import signal
from typing import Any

import failing_over as over
import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge import active
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations import (
    journal as journals,
)
from environment import Environment
from killing import killed_operation

DARK = {"effect": "dark", "region": over.HOME}
TAKING_OVER = ("failover", "recovery", "open")
# Requests of the taking over, about; it writes two entries, that of the failover first.
REQUESTS = range(1, 50, 6)
ENTRY: dict[str, Any] = {"service": "s3", "action": "PutObject"}


def opened(environment: Environment, kind: str) -> list[journals.Journal]:
    """The operations of a kind that were ever begun at the recovery site."""
    aws = environment.aws("recovery")
    found = [journals.load(aws, id) for id in journals.ids(aws)]
    return [journal for journal in found if journal.opened["operation"] == kind]


def taken_over_once(environment: Environment, rule: dict[str, Any]) -> bool:
    """Whether a run got as far as the request at which it was to be killed; after that the same
    command has made one failover of it.
    """
    over.upto(environment, "tell", operation="switchover")
    assert active.read(environment.aws("recovery")).site == "recovery"
    status = killed_operation(environment, rule, TAKING_OVER, DARK)
    fired = [one for one in environment.handle.fired() if one["effect"] == "kill"]
    assert status == (-signal.SIGKILL if fired else 0)
    over.go_dark(environment)
    over.upto(environment, "close", accept_unfenced=True)
    [failover] = opened(environment, "failover")
    assert failover.ended and failover.opened["frozen"]
    assert failover.opened["over"] == opened(environment, "switchover")[0].id
    found = active.read(environment.aws("recovery"))
    assert (found.site, found.moving, found.operation) == ("recovery", False, failover.id)
    assert journals.unended(environment.aws("recovery")) is None
    assert over.switched(environment)
    return bool(fired)


@pytest.mark.parametrize(
    ("at", "mode"),
    [
        pytest.param(1, "before", marks=pytest.mark.sweep),
        (1, "after"),
        pytest.param(2, "before", marks=pytest.mark.sweep),
    ],
)
def test_one_that_dies_as_it_writes_down_that_it_takes_over_is_one_failover_in_the_end(
    built: Environment, at: int, mode: str
) -> None:
    assert taken_over_once(built, {**ENTRY, "at": at, "mode": mode})


@pytest.mark.parametrize("at", REQUESTS)
@pytest.mark.sweep
def test_one_that_dies_at_any_request_as_it_takes_over_is_one_failover_in_the_end(
    built: Environment, at: int
) -> None:
    taken_over_once(built, {"at": at, "mode": ("before", "after")[at % 2]})


@pytest.mark.parametrize("last", ["hold", "tell"])
def test_who_says_no_to_it_is_asked_again_and_the_move_does_not_stay_as_it_is(
    built: Environment, last: str
) -> None:
    over.upto(built, last, operation="switchover")
    over.go_dark(built)
    for confirm in ("no", "staging"):
        with pytest.raises(Refusal) as caught:
            over.upto(built, "decide", confirm=confirm)
        assert caught.value.result["code"] == "unconfirmed"
        unended = journals.unended(built.aws("recovery"))
        assert unended and unended.opened["operation"] == "failover"
    over.upto(built, "close", accept_unfenced=True)
    found = active.read(built.aws("recovery"))
    assert (found.site, found.moving) == ("recovery", False)
    assert over.switched(built) and not over.is_replica(built)


def test_who_says_no_to_it_is_told_what_stays_and_can_give_it_up(built: Environment) -> None:
    moved = over.upto(built, "hold", operation="switchover")[0]["id"]
    over.go_dark(built)
    with pytest.raises(Refusal, match=f"what {moved} has begun stays as it is") as caught:
        over.upto(built, "decide", confirm="no")
    assert "dr_abandon gives it up" in caught.value.result["hint"]
    assert "nothing was touched" not in str(caught.value)
    built.handle.faults([])
    over.abandon(built)
    assert over.serving(built) == {("home", False)}
    built.run()
