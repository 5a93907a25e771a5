# SPDX-License-Identifier: GPL-3.0-or-later
"""End a process group, and know that it has ended."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from sandbox.faults import Rule


def kill_group(rule: Rule) -> None:
    """SIGKILL to the group that the rule names; returns when none of its processes runs.

    Raises OSError or ValueError if there is no such group or its file holds no number. Never ends
    the group of the sandbox itself.
    """
    group = rule.pgid
    if group is None:
        group = int(Path(str(rule.pid_file)).read_text(encoding="ascii"))
    if group < 2 or group == os.getpgrp():
        raise ValueError(f"refusing to end process group {group}")
    os.killpg(group, signal.SIGKILL)
    until = time.monotonic() + 5.0
    while _alive(group) and time.monotonic() < until:
        time.sleep(0.002)


def _alive(group: int) -> bool:
    """Whether a process of the group still runs; one that only waits to be reaped does not."""
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = entry.read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
        except OSError:
            continue
        state, _parent, its_group = after_name.split()[:3]
        if int(its_group) == group and state not in "ZX":
            return True
    return False
