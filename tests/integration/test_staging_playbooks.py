# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks of staging, where there is an API only."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.view import View
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.acts import swap
from environment import Environment
from lost_hosts import lost
from mirroring import Mirror, leads_to, left, told
from staging_runs import run

__all__ = ["lost"]


@pytest.fixture
def copies(production: Environment) -> list[Mirror]:
    """Two copies, of which the second serves."""
    made = []
    for _slot in "ab":
        made.append(Mirror(production))
        made[-1].refresh()
    return made


def test_the_copy_before_is_had_back_and_the_other_one_goes_once_its_time_is_over(
    production: Environment, copies: list[Mirror], tmp_path: Path
) -> None:
    first, second = copies
    ran = run(production, tmp_path, "staging_back")
    assert ran.returncode == 0, ran.stdout[-6000:]
    assert leads_to(production) == swap.balancer(View(first.aws()))
    ran = run(production, tmp_path, "staging_expire")
    assert ran.returncode == 0 and left(second) != [], ran.stdout[-6000:]
    ran = run(production, tmp_path, "staging_expire", staging_mirror_keep_hours=0)
    assert ran.returncode == 0, ran.stdout[-6000:]
    assert "staging-b of home is kept until" in ran.stdout
    assert left(second) == [] and left(first) != []
    ran = run(production, tmp_path, "staging_back")
    assert ran.returncode != 0 and "There is no copy of before" in ran.stdout


@pytest.mark.sweep
def test_a_copy_of_which_no_host_answers_is_not_had_back(
    production: Environment, copies: list[Mirror]
) -> None:
    first, second = copies
    leads = swap.balancer(View(second.aws()))
    scaling, name = first.aws().client("autoscaling"), f"{first.name}-staging-web"
    scaling.update_auto_scaling_group(AutoScalingGroupName=name, MinSize=0, DesiredCapacity=0)
    with pytest.raises(Refusal, match="no host of staging-a is healthy"):
        Mirror(production, purpose="return").have_back()
    assert leads_to(production) == leads
    assert told(production, purpose="return")["under_way"] == ""


@pytest.mark.sweep
def test_a_way_back_that_nobody_goes_on_with_is_given_up_and_both_copies_stay(
    production: Environment, copies: list[Mirror], tmp_path: Path
) -> None:
    first, second = copies
    leads = leads_to(production)
    back = Mirror(production, purpose="return")
    assert back.name == first.name
    back.open("return")
    # Of what it would lead to nothing is left meanwhile, so it is never done.
    first.destroy()
    ran = run(production, tmp_path, "staging_back")
    assert ran.returncode != 0 and leads_to(production) == leads, ran.stdout[-6000:]
    assert told(production)["under_way"] == "return"
    with pytest.raises(Refusal, match="staging_abandon gives it up"):
        Mirror(production, purpose="abandon").open()
    ran = run(production, tmp_path, "staging_abandon")
    assert ran.returncode == 0, ran.stdout[-6000:]
    assert leads_to(production) == leads == swap.balancer(View(second.aws()))
    assert left(second) != [] and told(production)["under_way"] == ""
    ran = run(production, tmp_path, "staging_abandon")
    assert ran.returncode != 0 and "nothing to give up" in ran.stdout


@pytest.mark.sweep
@pytest.mark.usefixtures("lost")
def test_where_the_host_is_lost_that_works_on_a_copy_that_is_removed_and_staging_stays(
    production: Environment, tmp_path: Path
) -> None:
    Mirror(production).refresh()
    leads = leads_to(production)
    rules = {"customers": {"id": "keep"}}
    ran = run(production, tmp_path, "staging", staging_mirror_rules=rules)
    assert ran.returncode != 0, ran.stdout[-6000:]
    assert "It failed by this: Make sure that the host has not been lost" in ran.stdout
    assert leads_to(production) == leads
    there = told(production)
    assert [one["environment"] for one in there["copies"]] == ["staging-a"]
    assert there["under_way"] == ""
