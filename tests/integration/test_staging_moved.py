# SPDX-License-Identifier: GPL-3.0-or-later
"""Staging where production has moved to its other site: copies are left where it was."""

from __future__ import annotations

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.view import View
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.acts import swap
from environment import Environment
from mirroring import Mirror, leads_to, left, told
from moving import move


@pytest.fixture
def first(production: Environment) -> Mirror:
    """A copy of production at home, which has moved to the recovery site since."""
    mirror = Mirror(production)
    mirror.refresh()
    move(production, "recovery")
    return mirror


def test_the_next_copy_is_made_where_production_is_and_the_one_that_was_left_goes_in_its_time(
    production: Environment, first: Mirror
) -> None:
    of_first = leads_to(production)
    there = told(production, "home", purpose="expire")
    assert not there["needed"] and "home stands by" in there["said"]
    [copy] = there["copies"]
    assert (copy["environment"], copy["of"], copy["serves"]) == ("staging-a", "home", True)
    assert copy["due"] == ""
    next = Mirror(production, "recovery")
    assert next.declares["before"] == of_first
    assert next.declares["sites"]["staging"]["region"] == "us-west-2"
    report = next.refresh()["report"]
    assert (report["outcome"], report["from"]) == ("succeeded", "recovery")
    of_next = leads_to(production)
    assert of_next == swap.balancer(View(next.aws())) != of_first
    [copy] = told(production, "home", purpose="expire", keep_hours=0)["copies"]
    assert not copy["serves"] and "the one after it is good" in copy["due"]
    assert copy["declares"]["copy_of"] == {"environment": "production", "site": "home"}
    first.destroy()
    assert left(first) == []
    assert leads_to(production) == of_next and left(next) != []


@pytest.mark.sweep
def test_a_refresh_that_was_cut_off_where_production_was_is_left_and_removed(
    production: Environment,
) -> None:
    mirror = Mirror(production)
    mirror.open()
    mirror.go_on("restore")
    move(production, "recovery")
    assert told(production, "recovery")["under_way"] == ""
    [copy] = told(production, "home", purpose="expire")["copies"]
    assert copy["under_way"] and "has not come to an end" in copy["due"]
    mirror.destroy()
    assert left(mirror) == []
