# SPDX-License-Identifier: GPL-3.0-or-later
"""How many hosts a machine can bear, by what it has least of."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

# Of each host's systemd: what watches mounts, the time zone, and (cgroups of version 2) groups.
INSTANCES_EACH = 2 if Path("/sys/fs/cgroup/systemd").is_dir() else 3
MEMORY_EACH = 96 * 2**20  # bytes: 25 MB when idle, and what a small application takes
# What is left to others.
_INSTANCES_KEPT = 16
_MEMORY_KEPT = 512 * 2**20
_LIMIT = Path("/proc/sys/fs/inotify/max_user_instances")


def room() -> int:
    """How many more hosts fit into the inotify instances and the memory that are left."""
    limit = int(_LIMIT.read_text(encoding="ascii"))
    by_instances = (limit - _INSTANCES_KEPT - inotify_instances()) // INSTANCES_EACH
    by_memory = (available_memory() - _MEMORY_KEPT) // MEMORY_EACH
    return max(0, min(by_instances, by_memory))


def inotify_instances(numbers: Iterable[int] | None = None) -> int:
    """Those that these processes have open, or (None) all processes of this user."""
    count = 0
    found = Path("/proc").glob("[0-9]*")
    for process in found if numbers is None else (Path(f"/proc/{number}") for number in numbers):
        try:
            if process.stat().st_uid != os.geteuid():
                continue
            for entry in os.scandir(process / "fd"):
                count += str(Path(entry.path).readlink()) == "anon_inode:inotify"
        except OSError:
            continue  # It has ended meanwhile.
    return count


def available_memory() -> int:
    """Bytes that programs can still be given."""
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    raise OSError("/proc/meminfo does not say how much memory is available")
