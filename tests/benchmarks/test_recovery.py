# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a failover is AWS's time, and what is the tool's own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.procedures import (
    OPERATIONS,
)

from benchmarks.recovery import OWN, SERVED, SHARE, WAITS, Figures, figures, table

SPEED = 10.0
COMMAND = datetime(2026, 11, 28, 12, tzinfo=UTC)
STEPS = [step.name for step in OPERATIONS["failover"]]
PATH = sum(sum(waits.values()) for waits in WAITS.values())


def report(seconds: float = 1.0, **longer: float) -> dict[str, Any]:
    """A failover whose steps end one after the other, each its share of AWS's time and so many
    seconds after the one before. longer: seconds by step, of others than that.
    """
    steps, at = [], COMMAND
    for name in STEPS:
        at += timedelta(
            seconds=longer.get(name, sum(WAITS.get(name, {}).values()) / SPEED + seconds)
        )
        steps.append({"name": name, "ended": at.isoformat(timespec="milliseconds")})
    return {"id": "one", "outcome": "succeeded", "attempts": [{}], "steps": steps}


def found(seconds: float = 1.0, **longer: float) -> Figures:
    return figures(report(seconds, **longer), COMMAND, SPEED)


def test_each_wait_is_of_a_step_before_visitors_are_served() -> None:
    assert set(WAITS) <= set(STEPS[: STEPS.index(SERVED)])


def test_what_is_beyond_the_waits_of_aws_is_the_own_time() -> None:
    steps = STEPS.index(SERVED) + 1
    got = found(1.0)
    assert got.path == PATH
    assert got.own == pytest.approx(steps)
    assert got.measured == pytest.approx(PATH / SPEED + steps)
    assert [row.step for row in got.rows] == STEPS[:steps]


def test_the_way_to_a_step_is_of_it_and_the_way_to_the_first_one_begins_with_the_command() -> None:
    assert found(1.0, open=7.0).rows[0].own == 7.0
    assert sum(row.took for row in found().rows) == pytest.approx(found().measured)


def test_what_is_done_once_visitors_are_served_does_not_count() -> None:
    assert found(1.0, lock=500.0) == found(1.0)


def test_a_wait_that_was_shorter_here_than_on_aws_makes_up_for_nothing() -> None:
    short = found(1.0, promote=0.0)
    assert short.own == pytest.approx(found(1.0).own - 1.0)
    assert all(row.own >= 0 for row in short.rows)


def test_the_share_is_told_of_the_path_on_aws_and_of_the_path_as_scaled() -> None:
    got = found()
    assert got.on_aws == pytest.approx(got.own / PATH)
    assert got.here == pytest.approx(SPEED * got.on_aws)


def test_both_goals_are_missed_by_what_is_just_too_long() -> None:
    steps = STEPS.index(SERVED) + 1
    least = min(OWN, SHARE * PATH)
    assert found(0.99 * least / steps).missed == []
    assert len(found(1.01 * max(OWN, SHARE * PATH) / steps).missed) == 2


@pytest.mark.parametrize("change", [{"outcome": "failed"}, {"attempts": [{}, {}]}])
def test_a_failover_that_did_not_succeed_at_once_is_not_measured(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="did not succeed at once"):
        figures({**report(), **change}, COMMAND, SPEED)


def test_the_table_tells_each_step_and_what_it_waits_for() -> None:
    lines = list(table(found(), 100, SPEED))
    assert [line.split()[0] for line in lines[1 : len(found().rows) + 1]] == STEPS[
        : STEPS.index(SERVED) + 1
    ]
    [promoted] = [line for line in lines if line.startswith("promote")]
    assert promoted.split()[1:4] == ["31.0", "30.0", "1.0"]
    assert promoted.endswith("the replica is promoted (300 s)")
    assert "on AWS at most 6 s more" in lines[-1]
