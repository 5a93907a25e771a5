# SPDX-License-Identifier: GPL-3.0-or-later
"""What one run can tell of the processes of another one. Only what is gone is dead."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge import holder as module
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.holder import (
    Holder,
    of_run,
)


@pytest.fixture
def other() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As a mount with hidepid=2 shows it: of processes only our own."""
    (tmp_path / "sys/kernel/random").mkdir(parents=True)
    (tmp_path / "sys/kernel/random/boot_id").write_bytes(
        Path("/proc/sys/kernel/random/boot_id").read_bytes()
    )
    for name in ("self", str(os.getpid())):
        (tmp_path / name).symlink_to(Path("/proc") / str(os.getpid()))
    monkeypatch.setattr(module, "_PROC", tmp_path)
    return tmp_path


def of(process: subprocess.Popen[bytes]) -> Holder:
    run = of_run(process.pid).run
    return Holder(run, run, "ann@here")


def seen(process: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch) -> Holder:
    """The holder as it was before anything was hidden."""
    with monkeypatch.context() as before:
        before.setattr(module, "_PROC", Path("/proc"))
        return of(process)


def forbidden(number: int, signal: int) -> None:
    """What the kernel answers for a process of another user, whether it is hidden or not."""
    raise PermissionError(1, "Operation not permitted")


@pytest.mark.parametrize("foreign", [False, True])
def test_a_process_that_hidepid_hides_is_not_taken_for_dead(
    other: subprocess.Popen[bytes],
    proc: Path,
    monkeypatch: pytest.MonkeyPatch,
    foreign: bool,
) -> None:
    holder = seen(other, monkeypatch)
    assert not (proc / str(other.pid)).exists()
    if foreign:
        monkeypatch.setattr(os, "kill", forbidden)
    assert holder.lives is None


def test_a_process_whose_entry_is_listed_and_may_not_be_read_is_not_taken_for_dead(
    other: subprocess.Popen[bytes], proc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With hidepid=1. That nobody may open a folder as a file holds for root too."""
    holder = seen(other, monkeypatch)
    (proc / str(other.pid) / "stat").mkdir(parents=True)
    monkeypatch.setattr(os, "kill", forbidden)
    assert holder.lives is None


def test_of_a_process_that_ended_hidepid_hides_nothing(
    other: subprocess.Popen[bytes], proc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder = seen(other, monkeypatch)
    other.kill()
    other.wait()
    assert holder.lives is False


def test_a_process_whose_beginning_its_own_run_could_not_see_is_not_taken_for_dead(
    other: subprocess.Popen[bytes], proc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder = of(other)
    assert holder.run.endswith(f"/{other.pid}/")
    monkeypatch.setattr(module, "_PROC", Path("/proc"))
    assert holder.lives is None


def test_a_number_that_another_process_has_since_is_not_the_process_that_had_it(
    other: subprocess.Popen[bytes],
) -> None:
    holder = of(other)
    before = Holder(f"{holder.run}0", f"{holder.run}0", "ann@here")
    assert before.lives is False
