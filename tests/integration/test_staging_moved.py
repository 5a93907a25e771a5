# SPDX-License-Identifier: GPL-3.0-or-later
"""Staging where production has moved to its other site: copies are left where it was."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.view import View
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations import account
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations import (
    journal as journals,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.acts import swap
from environment import Environment
from mirroring import Mirror, leads_to, left, told
from moving import move
from staging_runs import run


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
def test_nothing_is_removed_while_a_refresh_goes_on_at_the_other_site(
    production: Environment, tmp_path: Path
) -> None:
    both = [Mirror(production)]
    both[0].refresh()
    both.append(Mirror(production))
    both[1].refresh()
    move(production, "recovery")
    next = Mirror(production, "recovery")
    next.open()
    ran = run(production, tmp_path, "staging_expire", staging_mirror_keep_hours=0)
    assert ran.returncode == 0 and left(both[0]) != [], ran.stdout[-6000:]
    next.go_on("build")
    next.end()
    ran = run(production, tmp_path, "staging_expire", staging_mirror_keep_hours=0)
    assert ran.returncode == 0 and left(both[0]) == [], ran.stdout[-6000:]
    assert left(both[1]) != []


@pytest.mark.sweep
def test_a_refresh_that_was_cut_off_where_production_was_is_ended_as_its_copy_is_removed(
    production: Environment, tmp_path: Path
) -> None:
    mirror = Mirror(production)
    mirror.open()
    mirror.go_on("restore")
    move(production, "recovery")
    assert told(production, "recovery")["under_way"] == ""
    [copy] = told(production, "home", purpose="expire")["copies"]
    assert copy["under_way"] == "refresh" and "has not come to an end" in copy["due"]
    ran = run(production, tmp_path, "staging_expire")
    assert ran.returncode == 0, ran.stdout[-6000:]
    assert left(mirror) == [] and told(production, "home", purpose="expire")["copies"] == []
    [report] = account.reports(mirror.aws())
    assert (report["outcome"], report["operation"]) == ("failed", "refresh")
    assert journals.unended(mirror.aws()) is None


@pytest.mark.sweep
def test_one_that_was_cut_off_before_anything_was_made_is_ended_as_well(
    production: Environment, tmp_path: Path
) -> None:
    mirror = Mirror(production)
    mirror.open()
    move(production, "recovery")
    ran = run(production, tmp_path, "staging_expire")
    assert ran.returncode == 0, ran.stdout[-6000:]
    assert told(production, "home", purpose="expire")["copies"] == []
    assert journals.unended(mirror.aws()) is None


@pytest.mark.sweep
def test_one_that_was_cut_off_behind_the_swap_serves_for_its_days(production: Environment) -> None:
    mirror = Mirror(production)
    mirror.open()
    mirror.go_on("swap")
    move(production, "recovery")
    [copy] = told(production, "home", purpose="expire")["copies"]
    assert (copy["serves"], copy["due"], copy["under_way"]) == (True, "", "refresh")
    began, until = (datetime.datetime.fromisoformat(copy[name]) for name in ("made", "until"))
    assert until - began == datetime.timedelta(days=14)
