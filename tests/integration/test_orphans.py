# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing is written any more for a playbook that was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from playbooks import ROOT, Playbooks
from sandbox.running import Handle

PATIENCE = 120.0  # seconds after which a test gives up; no promise is measured by it


def children(process: int) -> set[int]:
    """The numbers of all that descends from a process."""
    parents = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(place.parent.name)] = int(place.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found, more = set[int](), {process}
    while more:
        more = {child for child, parent in parents.items() if parent in more} - found
        found |= more
    return found


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.sweep
def test_workers_end_with_a_controller_that_is_killed_alone(
    sandbox: Handle, tmp_path: Path
) -> None:
    sandbox.reset()
    playbooks = Playbooks(sandbox, tmp_path)
    command, environment = playbooks.call("site")
    sandbox.faults([{"effect": "delay", "write": True, "seconds": 0.5}])
    mark = sandbox.mark()
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    end = time.monotonic() + PATIENCE
    while len(sandbox.writes_since(mark)) < 4:
        assert time.monotonic() < end and process.poll() is None
        time.sleep(0.05)
    workers = children(process.pid)
    assert workers
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    killed = sandbox.mark()
    while any(map(alive, workers)):
        assert time.monotonic() < end
        time.sleep(0.05)
    # What was on its way at that moment, from each thread of each site.
    assert len(sandbox.writes_since(killed)) <= 2 * 16
    sandbox.faults([])
    done = playbooks.run("site")
    assert done.returncode == 0, done.stdout[-3000:]
