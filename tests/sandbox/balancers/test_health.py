# SPDX-License-Identifier: GPL-3.0-or-later
"""What HAProxy finds is told as AWS tells it."""

from __future__ import annotations

import pytest

from sandbox.balancers.health import (
    CHECKING,
    HEALTHY,
    REGISTERING,
    Judgement,
    Observation,
    judge,
    observations,
    states,
    worst,
)
from tests.sandbox.balancers import samples

UNKNOWN, REFUSED = Observation(False, "INI", ""), Observation(False, "L4CON", "")


def test_a_target_is_initial_until_it_has_been_checked() -> None:
    assert judge(None, UNKNOWN, 0.0, 10.0).state == REGISTERING
    assert judge(None, Observation(True, "L7OK", "200"), 0.0, 10.0).state == HEALTHY


def test_a_new_target_is_unhealthy_when_checks_have_failed_for_long_enough() -> None:
    told = judge(None, REFUSED, 100.0, 10.0)
    assert told.state == CHECKING
    told = judge(told, REFUSED, 109.0, 10.0)
    assert told.state == CHECKING
    told = judge(told, REFUSED, 110.0, 10.0)
    assert told.state == ("unhealthy", "Target.FailedHealthChecks", "Health checks failed")


@pytest.mark.parametrize(
    ("check", "code", "reason", "description"),
    [
        (
            *("L7STS", "503", "Target.ResponseCodeMismatch"),
            "Health checks failed with these codes: [503]",
        ),
        ("L7TOUT", "", "Target.Timeout", "Request timed out"),
        ("L4TOUT", "", "Target.Timeout", "Request timed out"),
        ("L4CON", "", "Target.FailedHealthChecks", "Health checks failed"),
        ("L7RSP", "", "Target.FailedHealthChecks", "Health checks failed"),
    ],
)
def test_what_was_healthy_is_unhealthy_for_a_reason(
    check: str, code: str, reason: str, description: str
) -> None:
    told = judge(Judgement(HEALTHY), Observation(False, check, code), 0.0, 10.0)
    assert told.state == ("unhealthy", reason, description)


def test_an_unhealthy_target_keeps_its_reason_until_enough_checks_have_passed() -> None:
    bad = judge(Judgement(HEALTHY), Observation(False, "L7STS", "503"), 0.0, 10.0)
    assert judge(bad, Observation(False, "L7OK", "200"), 1.0, 10.0) == bad
    assert judge(bad, Observation(True, "L7OK", "200"), 2.0, 10.0).state == HEALTHY


def test_a_target_that_is_going_down_still_gets_requests() -> None:
    seen = observations(
        "# pxname,svname,status,check_status,check_code,type,\n"
        "tg-web,i-1_80,UP 1/3,L7STS,500,2,\n"
        "tg-web,i-2_80,DOWN 1/2,* L7OK,200,2,\n"
        "tg-web,BACKEND,UP,,,1,\n"
        "open-web,i-1_80,no check,,,2,\n"
    )
    assert seen == {
        ("tg-web", "i-1_80"): Observation(True, "L7STS", "500"),
        ("tg-web", "i-2_80"): Observation(False, "L7OK", "200"),
    }


def test_a_target_is_healthy_if_it_is_so_for_every_node() -> None:
    bad = ("unhealthy", "Target.Timeout", "Request timed out")
    assert worst([HEALTHY, HEALTHY]) == HEALTHY
    assert worst([HEALTHY, REGISTERING]) == REGISTERING
    assert worst([REGISTERING, bad, HEALTHY]) == bad
    assert worst([]) is None


def test_a_new_process_knows_what_the_one_before_it_knew_and_begins_with_new_targets() -> None:
    group = samples.group("web", samples.target(1), samples.target(2))
    line = "3 tg-web 1 i-1_8080 10.0.2.1 2 0 1 1 2 15 3 4 6 0 0 0 - 8080 - 0 0 - - 0"
    gone = line.replace("i-1_", "i-9_")
    found = states(f"1\n# be_id\n{line}\n{gone}\n", {"tg-web": (group, group.targets)})
    assert line in found
    assert "i-9_" not in found
    (fresh,) = [one.split() for one in found.splitlines() if "i-2_8080" in one]
    assert fresh[5] == "0", "it gets no requests"
    assert fresh[12] == "1", "one check that passes is enough"


def test_where_a_target_is_checked_is_not_taken_over_from_the_process_before() -> None:
    group = samples.group("web", samples.target(1))
    line = "3 tg-web 1 i-1_8080 10.0.2.1 2 0 1 1 2 15 3 4 6 0 0 0 - 8080 - 0 1 127.0.0.1 - 0"
    found = states(f"1\n# be_id\n{line}\n", {"tg-web": (group, group.targets)})
    assert line.replace("0 1 127.0.0.1 - 0", "0 0 - - 0") in found
