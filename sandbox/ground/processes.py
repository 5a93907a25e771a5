# SPDX-License-Identifier: GPL-3.0-or-later
"""The processes of one sandbox, known by a word in their environment that children inherit."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

_WORD = "SANDBOX_FOLDER"
# Beside it in what the sandbox itself starts. Only the first is in a run of `make` that uses it.
_SERVER = "SANDBOX_SERVER"
# All that podman passes on to what stays with a container, which is a path in the folder.
_PODMANS_WORD = "CONTAINERS_CONF"
_PATIENCE = 60.0  # seconds for what was killed to be gone


def mark(folder: Path) -> Mapping[str, str]:
    """What stands in the environment of all that is started for the sandbox of a folder."""
    return {_WORD: str(folder.resolve()), _SERVER: str(folder.resolve())}


def of(folder: Path) -> list[int]:
    """The numbers of its processes, but this one and those that led to it."""
    return _with(_WORD, folder)


def of_server(folder: Path) -> list[int]:
    """As `of`, without runs that only use the sandbox, or wait until it is there."""
    return _with(_SERVER, folder)


def _with(word: str, folder: Path) -> list[int]:
    place = str(folder.resolve())
    signs = (f"\0{word}={place}\0".encode(), f"\0{_PODMANS_WORD}={place}/".encode())
    others = set(_all()) - set(_lineage())
    return [number for number in others if any(sign in _environment(number) for sign in signs)]


def end(found: Callable[[], list[int]]) -> None:
    """Kill processes until `found` finds none, also those that others of them start meanwhile.

    Raises TimeoutError if one cannot be killed.
    """
    until = time.monotonic() + _PATIENCE
    while numbers := found():
        for number in numbers:
            try:
                os.kill(number, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if time.monotonic() > until:
            raise TimeoutError(f"processes cannot be killed: {numbers}")
        time.sleep(0.01)


def _all() -> Iterator[int]:
    # Elsewhere than on Linux there is no such folder, and nothing real.
    return (int(entry.name) for entry in Path("/proc").glob("[0-9]*"))


def _lineage() -> Iterator[int]:
    number = os.getpid()
    while number:
        yield number
        try:
            stat = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return
        number = int(stat.rpartition(")")[2].split()[1])


def _environment(number: int) -> bytes:
    """Each variable between two zeros."""
    try:
        return b"\0" + Path(f"/proc/{number}/environ").read_bytes() + b"\0"
    except OSError:
        return b""  # It has ended, or is another user's.
