# SPDX-License-Identifier: GPL-3.0-or-later
"""Lost answers, throttling, server errors: the run finishes, and makes each object once."""

from __future__ import annotations

import pytest
from environment import Environment, addresses, done
from objects import objects

CREATES = ("Create", "Allocate", "Request", "Put", "Register", "Run", "Authorize", "Associate")


def test_an_answer_lost_on_every_kind_of_create_gives_one_object_each(empty: Environment) -> None:
    mark = empty.handle.mark()
    empty.run()
    names = {entry["action"] for entry in empty.handle.writes_since(mark)}
    creates = sorted(name for name in names if name.startswith(CREATES))
    assert len(creates) > 25
    once = objects(empty)

    empty.handle.reset()
    empty.handle.faults([{"action": name, "effect": "lost", "at": 1} for name in creates])
    ran = empty.run()
    fired = {entry["action"] for entry in empty.handle.fired()}
    assert fired == set(creates)
    assert objects(empty) == once and max(once.values()) == 1
    assert addresses(ran) == done(ran)
    empty.handle.faults([])
    assert addresses(empty.plan()) == set()


def test_a_key_whose_own_answer_and_that_of_its_alias_are_lost_is_made_once(
    empty: Environment,
) -> None:
    empty.handle.faults(
        [
            {"action": action, "region": region, "effect": "lost", "at": 1}
            for action in ("CreateKey", "CreateAlias")
            for region in ("us-east-1", "us-west-2")
        ]
    )
    empty.run_tier("storage")
    assert len(empty.handle.fired()) == 4
    empty.handle.faults([])
    assert max(objects(empty).values()) == 1


def test_five_percent_throttling_and_one_percent_server_errors_do_not_stop_a_run(
    empty: Environment,
) -> None:
    empty.handle.faults(
        [
            {"effect": "throttle", "probability": 0.05, "seed": 7},
            {"effect": "error500", "probability": 0.01, "seed": 11},
        ]
    )
    ran = empty.run()
    assert {entry["effect"] for entry in empty.handle.fired()} == {"throttle", "error500"}
    assert addresses(ran) == done(ran)
    empty.handle.faults([])
    assert max(objects(empty).values()) == 1
    assert addresses(empty.plan()) == set()


@pytest.mark.parametrize(
    ("service", "action"),
    [
        ("ec2", "CreateVpc"),
        pytest.param("ec2", "CreateInternetGateway", marks=pytest.mark.sweep),
        pytest.param("ec2", "AllocateAddress", marks=pytest.mark.sweep),
        pytest.param("kms", "CreateKey", marks=pytest.mark.sweep),
    ],
)
def test_a_lost_answer_is_not_made_twice_although_reads_lag_behind(
    empty: Environment, service: str, action: str
) -> None:
    empty.handle.faults(
        [
            {"action": action, "effect": "lost", "at": 1},
            {"service": service, "effect": "stale", "reads": 8, "times": 24},
        ]
    )
    empty.run()
    assert {entry["effect"] for entry in empty.handle.fired()} == {"lost", "stale"}
    empty.handle.faults([])
    assert max(objects(empty).values()) == 1
    empty.run()
    assert addresses(empty.plan()) == set()
