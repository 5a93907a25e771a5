# SPDX-License-Identifier: GPL-3.0-or-later
"""A failover that died in its fence, once the record named it, hours before anybody came back."""

from __future__ import annotations

import datetime
import signal
from typing import Any

import failing_over as over
import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge import active
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations import opening
from environment import Environment
from killing import killed_operation

# Home is told who serves, after its lease was taken.
TELLING: dict[str, Any] = {
    "region": over.HOME,
    "service": "ssm",
    "action": "PutParameter",
    "at": 2,
}


@pytest.fixture
def cut_off(
    built: Environment, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Environment:
    """By a run that died before it told home who serves, or after that; hours ago."""
    status = killed_operation(built, {**TELLING, "mode": request.param})
    assert status == -signal.SIGKILL
    built.handle.faults([])
    assert over.told(built)[-1] == "fence begun"
    assert active.read(built.aws("recovery")).moving
    monkeypatch.setattr(opening, "AGREED", datetime.timedelta())
    return built


EITHER = pytest.mark.parametrize(
    "cut_off", [pytest.param("before", marks=pytest.mark.sweep), "after"], indirect=True
)


@EITHER
def test_the_same_command_goes_on_with_it_and_asks_nobody_again(cut_off: Environment) -> None:
    assert over.step(cut_off, "decide", dry=True)["done"]
    over.upto(cut_off, "close", confirm="no")
    assert over.told(cut_off).count("open opened") == 1
    assert over.told(cut_off)[-1] == "close closed"
    assert not over.is_replica(cut_off)


@EITHER
def test_it_can_be_given_up_once_home_can_be_told_that_it_serves_on(cut_off: Environment) -> None:
    over.go_dark(cut_off)
    with pytest.raises(Refusal, match="could not be told that it serves on"):
        over.abandon(cut_off)
    cut_off.handle.faults([])
    over.abandon(cut_off)
    assert over.serving(cut_off) == {("home", False)}
    cut_off.run()
    assert over.let_in(cut_off)
