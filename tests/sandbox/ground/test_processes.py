# SPDX-License-Identifier: GPL-3.0-or-later
"""The processes of a sandbox are found and ended, whoever started them, and no others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.ground import processes
from sandbox.ground.identity import Identity
from sandbox.ground.podman import Podman
from sandbox.ground.sweep import left, sweep

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems have no /proc")


def sleeper(**more: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(["sleep", "600"], env={**os.environ, **more}, start_new_session=True)


def test_a_sweep_ends_what_was_started_for_its_sandbox_and_nothing_else(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "one-more"
    conf = str(one / "podman/containers.conf")
    mine = [sleeper(**processes.mark(one)), sleeper(CONTAINERS_CONF=conf)]
    foreign = [sleeper(), sleeper(**processes.mark(other)), sleeper(SANDBOX_CONNECTION=str(one))]
    try:
        assert set(processes.of(one)) == {process.pid for process in mine}
        sweep(Identity(one), Podman(Identity(one)))
        assert [process.wait() for process in mine] == [-signal.SIGKILL] * 2
        assert left(Identity(one)) == []
        assert [process.poll() for process in foreign] == [None] * 3
    finally:
        for process in (*mine, *foreign):
            process.kill()
            process.wait()


def test_who_sweeps_is_spared_though_it_was_started_for_the_sandbox(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom pathlib import Path\nfrom sandbox.ground import processes\n"
        "processes.end(lambda: processes.of(Path(sys.argv[1])))\nprint('done')\n"
    )
    # The shell stands for a `make` that is marked too.
    done = subprocess.run(
        ["sh", "-c", '"$@" && echo too', "sh", sys.executable, "-c", script, str(tmp_path)],
        env={**os.environ, **processes.mark(tmp_path)},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["done", "too"], done.stderr
