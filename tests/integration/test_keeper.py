# SPDX-License-Identifier: GPL-3.0-or-later
"""While a builder works its site's lease is kept, although no task writes, and then given back."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge import lease as module
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.holder import (
    of_run,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.keeper import Keeper
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.lease import (
    Lease,
)
from environment import Environment
from keeping import OTHER, leases, takes, unseen, until

OFTEN = 1.0  # seconds between signs of life, where nobody wants to wait for them


@pytest.fixture
def home(empty: Environment) -> Aws:
    return empty.aws("home")


@pytest.fixture
def controller() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "1000"]) as process:
        yield process
        process.kill()


@pytest.fixture
def keeper(home: Aws, controller: subprocess.Popen[bytes], tmp_path: Path) -> Iterator[Keeper]:
    """One that was begun by a task which had the lease."""
    made = Keeper(tmp_path / "mark")
    lease = Lease(home, of_run(controller.pid), lambda line: None)
    with lease.during():
        lease.kept = True
    made.begin(home, controller.pid, OFTEN)
    yield made
    controller.kill()
    made.end()


@pytest.mark.usefixtures("keeper")
def test_another_run_is_refused_as_long_as_it_lives(
    home: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LAPSE", 5 * OFTEN)
    unseen(monkeypatch)
    assert not takes(home, OTHER)


def test_it_gives_the_lease_back_when_told(home: Aws, keeper: Keeper) -> None:
    assert keeper.lives
    keeper.end()
    assert not keeper.lives
    assert leases(home) == []
    assert takes(home, OTHER)


def test_it_ends_with_its_run_and_the_lease_lapses(
    home: Aws, keeper: Keeper, controller: subprocess.Popen[bytes]
) -> None:
    controller.kill()
    controller.wait()
    until(lambda: not keeper.lives)
    assert leases(home) != []
    # On this machine that is seen at once.
    assert takes(home, of_run(1))


def test_it_has_the_lease_again_that_was_lost(home: Aws, keeper: Keeper) -> None:
    [name] = leases(home)
    home.client("ssm").delete_parameter(Name=name)
    until(lambda: leases(home) == [name])
    keeper.end()


def test_tasks_of_its_run_write_meanwhile_and_do_not_give_it_back(
    home: Aws, keeper: Keeper, controller: subprocess.Popen[bytes]
) -> None:
    task = Lease(home, of_run(controller.pid), lambda line: None, lambda: keeper.lives)
    with task.during() as new:
        assert not new
    assert leases(home) != []
    # As often as wanted it is one.
    keeper.begin(home, controller.pid, OFTEN)
    keeper.end()
    assert leases(home) == []


def test_where_it_cannot_begin_its_reason_is_told(
    home: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = tmp_path / "mark"
    monkeypatch.setenv("PYTHONHOME", str(tmp_path))
    with pytest.raises(Refusal, match=r"site home: nothing keeps its lease: [\s\S]*encodings"):
        Keeper(mark).begin(home, os.getpid(), OFTEN)
    assert not Keeper(mark).lives


@pytest.mark.sweep
def test_where_it_cannot_give_a_first_sign_of_life_the_reason_is_told(
    home: Aws, tmp_path: Path
) -> None:
    nowhere = replace(home.connection, endpoint_url="http://127.0.0.1:9")
    with pytest.raises(Refusal, match="Could not connect to the endpoint"):
        Keeper(tmp_path / "mark").begin(Aws(home.scope, nowhere), os.getpid(), OFTEN)


def test_what_ended_it_is_told_at_its_end(home: Aws, keeper: Keeper) -> None:
    [name] = leases(home)
    put = home.client("ssm").put_parameter
    theirs = {"Name": name.replace("/1", "/2"), "Value": OTHER.dumps(), "Type": "String"}

    def ended() -> bool:
        put(**theirs, Overwrite=True)
        return not keeper.lives

    until(ended)
    assert "another run writes at this site: that of bob@elsewhere" in keeper.end()
