# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds both sites in a process that a test can kill: drive.py ENDPOINT."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / ".cache/tree"), str(Path(__file__).parent)]

from environment import Environment  # noqa: E402


class Endpoint:
    """Where the emulated account listens, in place of a handle on it."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint


if __name__ == "__main__":
    # The test lets it go when it has told the account whom to kill.
    sys.stdin.readline()
    Environment(Endpoint(sys.argv[1])).run()
