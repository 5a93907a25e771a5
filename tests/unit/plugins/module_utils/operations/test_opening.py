# SPDX-License-Identifier: GPL-3.0-or-later
"""An operation that has not ended is gone on with, unless nothing binds it any more."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.active import Active
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations import journal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.opening import (
    goes_on,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.procedures import (
    is_over,
    touches_nothing,
)

NOW, LONG_AGO = datetime.timedelta(), datetime.timedelta(hours=2)


ID = "20261128T101500Z-failover-3f2a"
NAMED = Active(epoch=3, site="home", operation=ID, moving=True)


def of(*entries: str, ago: datetime.timedelta = NOW, kind: str = "failover") -> journal.Journal:
    """entries: "step state", or "step state code" of one that failed."""
    at = (journal.now() - ago).isoformat()
    told: list[dict[str, Any]] = [
        {
            "step": step,
            "state": state,
            "at": at,
            "facts": {"operation": kind, "code": "".join(code)},
        }
        for step, state, *code in (entry.split() for entry in entries)
    ]
    return journal.Journal(ID, list(told))


CUT_OFF = ("open opened", "decide done", "fence begun")
# As a run leaves it: what has failed, and that it has.
FENCING = (*CUT_OFF, "fence failed fencing", "close failed")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(of(*CUT_OFF), True, id="cut off a moment ago"),
        pytest.param(of(*CUT_OFF, ago=LONG_AGO), False, id="cut off before its fence, long ago"),
        pytest.param(of(*CUT_OFF, "fence failed"), False, id="given up at its fence"),
        pytest.param(of(*FENCING), True, id="its fence takes its time"),
        pytest.param(of(*FENCING, ago=LONG_AGO), False, id="its fence took its time long ago"),
        pytest.param(
            of(*FENCING, "open begun", "fence failed unfenced"),
            False,
            id="given up at it then",
        ),
        pytest.param(of(*CUT_OFF, "close failed"), False, id="given up before its fence"),
        pytest.param(of(*CUT_OFF, "fence done", ago=LONG_AGO), True, id="fenced, long ago"),
        pytest.param(of(*CUT_OFF, "fence done", "promote failed"), True, id="failed after it"),
        pytest.param(
            of("open opened", "decide failed", kind="switchover"), False, id="a move, not held yet"
        ),
        pytest.param(
            of("open opened", "hold done", "freeze failed", ago=LONG_AGO, kind="switchover"),
            True,
            id="a move that keeps all others away",
        ),
        pytest.param(
            of("open opened", "retire failed", ago=LONG_AGO, kind="reprotect"),
            True,
            id="one of which each step is looked at",
        ),
    ],
)
def test_it_is_begun_anew_only_where_it_was_given_up_or_long_ago_and_not_fenced(
    found: journal.Journal, expected: bool
) -> None:
    assert goes_on(found, Active()) is expected


@pytest.mark.parametrize("more", [(), ("fence failed",)], ids=["killed", "failed"])
def test_one_that_the_record_names_is_gone_on_with_though_its_fence_is_not_written_down_as_done(
    more: tuple[str, ...],
) -> None:
    assert goes_on(of(*CUT_OFF, *more, ago=LONG_AGO), NAMED)
    assert not goes_on(of(*CUT_OFF, *more, ago=LONG_AGO), replace(NAMED, operation="another"))


def test_a_rollback_is_in_the_way_once_it_touches_something_or_where_a_move_is_behind_it() -> None:
    found = of("open opened", "led done", "claim begun", kind="rollback")
    assert is_over(found, Active())
    assert not is_over(found, NAMED)
    found.opened["over"] = "20261128T101400Z-switchover-0a1b"
    assert not is_over(found, Active())


def test_a_rollback_that_the_record_names_has_touched_something() -> None:
    found = of("open opened", "led done", "claim begun", kind="rollback")
    assert touches_nothing(found, Active())
    assert not touches_nothing(found, NAMED)
