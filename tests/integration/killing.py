# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is killed when a chosen request arrives."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from environment import Environment

DRIVE = Path(__file__).parent / "drive.py"
FAILOVER = Path(__file__).parent / "drive_failover.py"
ROOT = Path(__file__).resolve().parents[2]


def killed_run(environment: Environment, rule: dict[str, Any], drive: Path = DRIVE) -> int:
    """Starts a run that dies by SIGKILL at the request that the rule chooses; its exit status.

    rule: which request, as in the fault rules of the emulated account, and mode: "before" it is
    executed or "after". drive: the script that is the run.
    """
    command = [sys.executable, str(drive), environment.handle.endpoint]
    process = subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / ".cache/tree")))},
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    environment.handle.faults([{"effect": "kill", "pgid": process.pid, **rule}])
    process.communicate("go\n")
    return process.returncode
