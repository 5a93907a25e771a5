# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is killed when a chosen request arrives."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from environment import Environment

DRIVE = Path(__file__).parent / "drive.py"
OPERATION = Path(__file__).parent / "drive_operation.py"
FAILOVER = ("failover", "recovery", "close")
ROOT = Path(__file__).resolve().parents[2]


def killed_operation(
    environment: Environment,
    rule: dict[str, Any],
    operation: tuple[str, ...] = FAILOVER,
    *beside: dict[str, Any],
) -> int:
    """The same of an operation: its name, the site that carries it out, its last step and, where
    it is another one, the strategy."""
    return killed_run(environment, rule, OPERATION, *operation, beside=beside)


def killed_run(
    environment: Environment,
    rule: dict[str, Any],
    drive: Path = DRIVE,
    *more: str,
    beside: Sequence[dict[str, Any]] = (),
) -> int:
    """Starts a run that dies by SIGKILL at the request that the rule chooses; its exit status.

    rule: which request, as in the fault rules of the emulated account, and mode: "before" it is
    executed or "after". drive: the script that is the run. more: what that is told. beside: rules
    that are in force, too.
    """
    command = [sys.executable, str(drive), environment.handle.endpoint, *more]
    process = subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / ".cache/tree")))},
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    environment.handle.faults([{"effect": "kill", "pgid": process.pid, **rule}, *beside])
    process.communicate("go\n")
    return process.returncode
