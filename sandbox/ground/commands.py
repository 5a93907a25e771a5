# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a program of this machine to its end."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence


class CommandFailed(RuntimeError):
    """A program ended with another code than 0; its last lines are the message."""

    def __init__(self, command: Sequence[str], code: int, output: str) -> None:
        last = "\n".join(output.strip().splitlines()[-8:])
        super().__init__(f"{' '.join(command[:6])} ended with {code}: {last}")
        self.code = code
        self.output = output


def run(
    *command: str,
    given: str | None = None,
    timeout: float = 120.0,
    environment: Mapping[str, str] | None = None,
) -> str:
    """What the program printed on stdout; `given` is its stdin, `timeout` in seconds.

    Raises CommandFailed, also where the program does not exist or takes longer than `timeout`.
    """
    try:
        done = subprocess.run(
            command,
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True,
            text=True,
            timeout=timeout,
            env=environment,
            check=False,
        )
    except FileNotFoundError as missing:
        raise CommandFailed(command, 127, str(missing)) from missing
    except subprocess.TimeoutExpired as late:
        raise CommandFailed(command, 124, f"no end after {timeout:g} s") from late
    if done.returncode:
        raise CommandFailed(command, done.returncode, done.stderr or done.stdout)
    return done.stdout
