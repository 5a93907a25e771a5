# SPDX-License-Identifier: GPL-3.0-or-later
"""Control groups of one sandbox: below one of its own, so that they are found without podman."""

from __future__ import annotations

import os
from pathlib import Path

from sandbox.ground import processes

_PLACE = Path("/sys/fs/cgroup")


def listed(name: str) -> list[Path]:
    """The groups with a name at the top of each hierarchy: of version 2 one, of version 1 many."""
    return [place for place in (_PLACE / name, *_PLACE.glob(f"*/{name}")) if place.is_dir()]


def delete(name: str) -> None:
    """Kill what is in the groups of that name and below, and remove them. Raises TimeoutError."""
    processes.end(lambda: [number for place in listed(name) for number in _members(place)])
    for place in listed(name):
        for folder, _, _ in os.walk(place, topdown=False):
            Path(folder).rmdir()


def _members(place: Path) -> list[int]:
    found: list[int] = []
    for folder, _, _ in os.walk(place):
        try:
            text = (Path(folder) / "cgroup.procs").read_text(encoding="ascii")
        except OSError:
            continue  # It went, or its processes are counted further up.
        found += map(int, text.split())
    return found
