# SPDX-License-Identifier: GPL-3.0-or-later
"""What a killed run has left of a builder goes with the next run, which needs none itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.run import run
from environment import BUILDER, Environment, addresses

from playbooks import Playbooks, changed

LEFT = {
    "instance/builder",
    "security_group/builder",
    "security_group_rule/builder/in-ssh",
    "security_group_rule/builder/out-http",
    "security_group_rule/builder/out-https",
    "security_group_rule/builder/out-database",
    "security_group_rule/database/in-builder",
}


@pytest.fixture
def left(played: Environment) -> Environment:
    """The environment, with a builder that nobody is at any more."""
    params = played.params("home", **BUILDER)
    params.pop("traffic")
    made = run(params, "image", dry=False)
    assert made["known"]["instance/builder"]
    return played


def found(environment: Environment) -> set[str]:
    """What site_info says is to be removed."""
    return addresses(environment.info(), "destroy")


def test_the_plan_shows_it_and_the_next_run_of_site_removes_it(
    left: Environment, tmp_path: Path
) -> None:
    assert found(left) == {f"home {name}" for name in LEFT}
    assert {item["address"] for item in left.info()["home"]["drift"]} >= LEFT
    playbooks = Playbooks(left.handle, tmp_path)
    looked = playbooks.run("site", "--check")
    assert changed(looked) == {"home": 1, "recovery": 0}
    assert all(f"- home {name}" in looked.stdout for name in LEFT)
    ran = playbooks.run("site")
    assert changed(ran) == {"home": 1, "recovery": 0}
    assert found(left) == set()
    assert changed(playbooks.run("site")) == {"home": 0, "recovery": 0}


@pytest.mark.sweep
def test_where_only_its_rules_are_left_they_go(left: Environment, tmp_path: Path) -> None:
    ec2 = left.aws("home").client("ec2")
    number = left.info()["home"]["known"]["instance/builder"]["id"]
    ec2.terminate_instances(InstanceIds=[number])
    assert found(left) == {f"home {name}" for name in LEFT - {"instance/builder"}}
    changed(Playbooks(left.handle, tmp_path).run("site"))
    assert found(left) == set()
