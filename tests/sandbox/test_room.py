# SPDX-License-Identifier: GPL-3.0-or-later
"""A room can be made whatever others on the machine mount and unmount meanwhile."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.running import CHECKOUT

pytestmark = [pytest.mark.real, pytest.mark.sample]

# Mounts, and unmounts, what a store of podman has, until its input ends.
OTHERS = """
import pathlib, subprocess, sys, threading
ended = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), ended.set())).start()
places = [pathlib.Path(sys.argv[1], str(number), "merged") for number in range(20)]
while not ended.is_set():
    for place in places:
        place.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "others", place], check=True)
    for place in places:
        subprocess.run(["umount", place], check=True)
        place.rmdir()
"""
# In a room, whose output is what can be seen there of the others.
WORK = """
import pathlib, sys
from tools.room import in_room
def work():
    print(pathlib.Path("/proc/self/mounts").read_text().count("others"))
    return 0
sys.exit(in_room(pathlib.Path.cwd(), work))
"""


@pytest.fixture
def others(tmp_path: Path) -> Iterator[None]:
    with subprocess.Popen(
        [sys.executable, "-c", OTHERS, str(tmp_path)], stdin=subprocess.PIPE
    ) as mounting:
        yield
        mounting.communicate()
    assert mounting.returncode == 0


def test_nothing_of_others_is_seen_there_and_they_unmount_in_peace(
    others: None, tmp_path: Path
) -> None:
    module = tmp_path / "enters.py"
    module.write_text(WORK)
    for _ in range(20):
        made = subprocess.run(
            [sys.executable, "-m", "enters"],
            cwd=CHECKOUT,
            env={"PYTHONPATH": f"{tmp_path}:{CHECKOUT}", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (made.returncode, made.stdout) == (0, "0\n"), made.stderr
