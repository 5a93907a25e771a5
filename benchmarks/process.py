# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a command and measures it with all its descendants."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True, slots=True)
class Usage:
    """Seconds of wall time; seconds of user and system time of the whole tree; exit code.

    `began`: Unix time of the start.
    """

    wall: float
    cpu: float
    code: int
    began: float = 0.0


def adopt_orphans() -> None:
    """Make this process the parent of every descendant that loses its own (Linux only).

    Without it the time of a process that outlives its parent is lost, as on other systems.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def measure(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], log: Path, patience: float
) -> Usage:
    """Run a command with its output in `log`; after `patience` seconds it is ended.

    CPU time is that of all children of this process that ended meanwhile, so nothing else that
    this process started may end during the call.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    before = _children()
    began, begin = time.time(), time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            code = process.wait()
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
    wall = time.perf_counter() - begin
    _reap()
    return Usage(wall, _children() - before, code, began)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _reap() -> None:
    """Take the orphans that have ended, so that their time is counted."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
