# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks of operations in check mode: each tells what it would do, and writes nothing at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import failing_over as over
import pytest
import validating
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.acts import (
    layers,
    stage,
)
from environment import Environment

from playbooks import Playbooks

# As an inventory of the application would declare it.
SHOP: dict[str, Any] = {
    "web_tier_application": "shop",
    "web_tier_user_data": "",
    "web_host_start": "./shop",
    "image_sets_up_database": True,
}


@pytest.fixture(scope="module")
def quickly() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for module, name in ((stage, "LOOK"), (layers, "LOOK"), (layers, "EARLY")):
            patch.setattr(module, name, 0.1)
        yield


@pytest.fixture(scope="module")
def fit(standing: Environment, quickly: None) -> Environment:
    """Home serves, the recovery site is fit to take over, and has a snapshot for a drill."""
    validating.make_fit(standing)
    standing.declared.pop("web_tier")
    standing.aws("recovery").client("rds").create_db_snapshot(
        DBInstanceIdentifier=over.DATABASE, DBSnapshotIdentifier="of-the-night"
    )
    return standing


@pytest.fixture(scope="module")
def fenced(fit: Environment) -> Environment:
    """A failover that has promoted nothing yet."""
    over.upto(fit, "fence")
    return fit


@pytest.fixture(scope="module")
def moved(fenced: Environment) -> Environment:
    """The same when it is through: nothing stands by."""
    over.upto(fenced, "close")
    return fenced


def checked(environment: Environment, folder: Path, name: str) -> tuple[int, str]:
    """The exit code of a check and what it told, in one line; that it wrote anything is a failure
    here.
    """
    mark = environment.handle.mark()
    ran = Playbooks(environment.handle, folder).run(name, "--check", "-e", json.dumps(SHOP))
    assert environment.handle.writes_since(mark) == []
    return ran.returncode, " ".join(f"{ran.stdout}{ran.stderr}".split())


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "dr_switchover",
            (
                "site recovery is ready to take over",
                "Nobody writes to production while it moves from home to recovery",
                "Let nobody write any more",
                "Promote the replica",
                "Move the traffic",
            ),
        ),
        pytest.param(
            "dr_drill",
            ("Restore the newest copy of the database", "Remove the copy", "USD a month"),
            marks=pytest.mark.sweep,
        ),
        pytest.param("dr_failback", ("site home serves already",), marks=pytest.mark.sweep),
        pytest.param("dr_reprotect", ("site recovery stands by already",), marks=pytest.mark.sweep),
    ],
)
def test_a_check_of_an_environment_that_is_fit_tells_each_step_or_why_there_is_none(
    fit: Environment, tmp_path: Path, name: str, told: tuple[str, ...]
) -> None:
    code, said = checked(fit, tmp_path, name)
    assert code == 0, said[-6000:]
    assert [each for each in told if each not in said] == []


@pytest.mark.sweep
def test_where_nothing_was_begun_a_check_says_that_there_is_nothing_to_give_up(
    fit: Environment, tmp_path: Path
) -> None:
    code, said = checked(fit, tmp_path, "dr_abandon")
    assert code != 0
    assert "step abandon belongs to no failover that has been begun" in said


@pytest.mark.sweep
def test_a_check_of_giving_up_tells_what_would_be_brought_back(
    fenced: Environment, tmp_path: Path
) -> None:
    code, said = checked(fenced, tmp_path, "dr_abandon")
    assert code == 0, said[-6000:]
    assert "Write down that the old site serves" in said
    assert "security_group_rule/database/in-web" in said
    assert not over.let_in(fenced)


@pytest.mark.sweep
def test_a_check_of_a_rollback_tells_who_would_serve_on_and_asks_for_nothing(
    built: Environment, tmp_path: Path
) -> None:
    over.upto(built, "freeze", operation="switchover")
    built.handle.faults([{"effect": "dark", "region": over.RECOVERY}])
    code, said = checked(built, tmp_path, "dr_rollback")
    assert code == 0, said[-6000:]
    assert "nobody was sent to recovery yet" in said
    assert "Let the application write" in said


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "dr_failback",
            (
                "Delete the old database",
                "which is deleted now, and a replica of recovery takes its place",
                "site home does not stand by yet. Once it does, the environment is moved there",
            ),
        ),
        pytest.param("dr_reprotect", ("Delete the old database",), marks=pytest.mark.sweep),
    ],
)
@pytest.mark.sweep
def test_a_check_of_an_environment_that_was_failed_over_tells_how_home_comes_to_stand_by(
    moved: Environment, tmp_path: Path, name: str, told: tuple[str, ...]
) -> None:
    code, said = checked(moved, tmp_path, name)
    assert code == 0, said[-6000:]
    assert [each for each in told if each not in said] == []
