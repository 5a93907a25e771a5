# SPDX-License-Identifier: GPL-3.0-or-later
"""Two runs at once: one of them writes at a site, the other one waits or ends."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge import lease
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.run import (
    run as run_task,
)
from environment import SITES, Environment, addresses
from keeping import OTHER
from killing import DRIVE
from objects import objects

from playbooks import Playbooks
from sandbox.running import Handle

HELD = "another run writes at this site"


@pytest.fixture
def playbooks(tmp_path_factory: pytest.TempPathFactory, sandbox: Handle) -> Playbooks:
    sandbox.faults([])
    sandbox.reset()
    return Playbooks(sandbox, tmp_path_factory.mktemp("report"))


def leases(environment: Environment) -> list[str]:
    return [
        item["Name"]
        for site in SITES
        for item in environment.aws(site)
        .client("ssm")
        .get_parameters_by_path(Path="/phoenix", Recursive=True)["Parameters"]
    ]


def test_two_runs_begun_at_once_on_an_empty_account_make_nothing_twice(empty: Environment) -> None:
    command = [sys.executable, str(DRIVE), empty.handle.endpoint]
    runs = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for run in runs:
        assert run.stdin
        run.stdin.write("go\n")
        run.stdin.flush()
    told = [run.communicate()[1] for run in runs]
    for run, text in zip(runs, told, strict=True):
        assert run.returncode == 0 or HELD in text, text[-2000:]
    empty.run()
    assert max(objects(empty).values()) == 1
    assert addresses(empty.plan()) == set()
    assert leases(empty) == []


@pytest.mark.sweep
def test_from_a_run_that_was_stopped_nobody_takes_over_and_when_woken_it_finishes(
    empty: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped in the midst of a request it would make what another run has made meanwhile."""
    command = [sys.executable, str(DRIVE), empty.handle.endpoint]
    with subprocess.Popen(command, stdin=subprocess.PIPE, text=True) as first:
        assert first.stdin
        first.stdin.write("go\n")
        first.stdin.flush()
        while len(leases(empty)) < len(SITES):
            assert first.poll() is None
        first.send_signal(signal.SIGSTOP)
        try:
            monkeypatch.setattr(lease, "LAPSE", 3.0)
            with pytest.raises(Refusal, match=HELD) as held:
                empty.run()
        finally:
            first.send_signal(signal.SIGCONT)
        assert f"process {first.pid} of this machine is still there" in str(held.value)
        assert first.wait() == 0
    monkeypatch.undo()
    assert max(objects(empty).values()) == 1
    assert addresses(empty.plan()) == set()
    assert leases(empty) == []


@pytest.mark.sweep
def test_a_playbook_gives_its_leases_back_and_one_that_finds_nothing_to_do_takes_none(
    playbooks: Playbooks,
) -> None:
    environment = Environment(playbooks.handle)
    ran = playbooks.run("site")
    assert ran.returncode == 0, ran.stdout
    assert leases(environment) == []
    mark = playbooks.handle.mark()
    assert playbooks.run("site").returncode == 0
    assert playbooks.handle.writes_since(mark) == []


def test_a_playbook_whose_site_is_held_by_another_run_touches_nothing_there(
    playbooks: Playbooks, tmp_path: Path
) -> None:
    """The other one is of another machine, so that only its signs of life tell that it lives."""
    environment = Environment(playbooks.handle)
    held = {site: environment.aws(site).client("ssm").put_parameter for site in SITES}
    names = {site: f"/phoenix/production/{site}/lease/1" for site in SITES}
    value = '{"run": "other/1/1", "process": "other/2/1", "who": "ann@elsewhere"}'
    for site, put in held.items():
        put(Name=names[site], Value=value, Type="String")
    mark = playbooks.handle.mark()
    command, variables = playbooks.call("site")
    told = tmp_path / "told"
    with (
        told.open("w") as file,
        subprocess.Popen(command, env=variables, stdout=file, stderr=file) as process,
    ):
        while process.poll() is None:
            for site, put in held.items():
                put(Name=names[site], Value=value, Type="String", Overwrite=True)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(3)
    text = told.read_text()
    assert process.returncode != 0
    assert text.count(HELD) >= len(SITES)
    assert "ann@elsewhere" in text
    assert "one run at a time" in text
    made = {entry["action"] for entry in playbooks.handle.writes_since(mark)}
    assert made == {"PutParameter"}


def test_what_looks_like_nobodys_is_told_of_the_run_that_writes_there(empty: Environment) -> None:
    """That may just be making it: a plan reads one thing before and another after."""
    kms = empty.aws("home").client("kms")
    theirs = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/phoenix-production-home", TargetKeyId=theirs)
    with pytest.raises(Refusal, match="it is not ours"):
        run_task(empty.params("home"), "storage", dry=False)
    other = lease.Lease(empty.aws("home"), OTHER, lambda line: None)
    with other.during(), pytest.raises(Refusal, match=HELD) as refused:
        run_task(empty.params("home"), "storage", dry=False)
    assert OTHER.who in str(refused.value)
