# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back out of an operation, as long as nothing was promoted."""

from __future__ import annotations

from typing import Any

import failing_over as over
import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge import active
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from environment import Environment


def records(environment: Environment) -> set[tuple[str, bool]]:
    found = [active.read(environment.aws(site)) for site in ("home", "recovery")]
    return {(one.site, one.moving) for one in found}


@pytest.mark.parametrize(
    ("operation", "last", "frozen"),
    [
        pytest.param("failover", "fence", False, marks=pytest.mark.sweep),
        ("switchover", "freeze", True),
    ],
)
def test_an_operation_that_is_given_up_leaves_home_serving_and_can_be_begun_again(
    built: Environment, operation: str, last: str, frozen: bool
) -> None:
    before = over.let_in(built)
    given: dict[str, Any] = {"operation": operation}
    over.upto(built, last, **given)
    told = over.step(built, "abandon", dry=True, **given)["evidence"]
    assert (told["frozen"], told["site"]) == (frozen, "home")
    over.step(built, "abandon", **given)
    assert records(built) == {("home", False)}
    assert over.is_replica(built) and not over.switched(built)
    built.run()
    assert len(over.let_in(built)) == len(before)
    over.upto(built, "close", **given)
    assert not over.is_replica(built)
    assert records(built) == {("recovery", False)}


def test_once_the_promotion_was_asked_for_there_is_no_way_back(built: Environment) -> None:
    over.upto(built, "promote")
    with pytest.raises(Refusal, match="has asked for the promotion, which is not taken back"):
        over.step(built, "abandon")
    assert active.read(built.aws("recovery")).moving


def test_where_nothing_was_begun_there_is_nothing_to_give_up(built: Environment) -> None:
    for dry in (True, False):
        with pytest.raises(Refusal, match="belongs to no failover that has been begun"):
            over.step(built, "abandon", dry=dry)
