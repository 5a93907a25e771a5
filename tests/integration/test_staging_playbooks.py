# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks of staging, where there is an API only."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.view import View
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.acts import swap
from environment import Environment
from mirroring import DOMAIN, OFFICE, Mirror, leads_to, left, told

from playbooks import Playbooks

GIVEN: dict[str, Any] = {
    "web_tier_application": "shop",
    "web_tier_user_data": "",
    "image_sets_up_database": True,
    "image_controller": "198.51.100.7/32",
    "staging_mirror_domain": DOMAIN,
    "staging_mirror_visitors": [OFFICE],
}


@pytest.fixture
def copies(production: Environment) -> list[Mirror]:
    """Two copies, of which the second serves."""
    made = []
    for _slot in "ab":
        made.append(Mirror(production))
        made[-1].refresh()
    return made


def run(
    production: Environment, folder: Path, name: str, **given: Any
) -> subprocess.CompletedProcess[str]:
    playbooks = Playbooks(production.handle, folder)
    return playbooks.run(name, "-e", json.dumps({**GIVEN, **given}))


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
