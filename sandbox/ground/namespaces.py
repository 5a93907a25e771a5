# SPDX-License-Identifier: GPL-3.0-or-later
"""Network namespaces: made, listed, entered for a moment, and removed with their processes."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sandbox.ground.commands import CommandFailed, run

_PLACE = Path("/run/netns")
_NEW_NETWORK = 0x40000000  # CLONE_NEWNET

Made = TypeVar("Made")


def create(name: str) -> None:
    """A namespace with its loopback up; one that is there already is kept."""
    if not exists(name):
        run("ip", "netns", "add", name)
    run("ip", "-n", name, "link", "set", "lo", "up")


def exists(name: str) -> bool:
    return (_PLACE / name).exists()


def listed(prefix: str) -> list[str]:
    """The names of all namespaces that begin with `prefix`."""
    return sorted(p.name for p in _PLACE.glob(f"{prefix}*")) if _PLACE.is_dir() else []


def delete(name: str) -> None:
    """Kill what runs in it, then remove it; one that is not there is no error."""
    if not exists(name):
        return
    end(name)
    try:
        run("ip", "netns", "delete", name)
    except CommandFailed:
        if exists(name):
            raise


def end(name: str) -> None:
    """Kill what runs in a namespace."""
    for number in processes(name):
        try:
            os.kill(number, signal.SIGKILL)
        except ProcessLookupError:
            continue


def forget(name: str) -> None:
    """Remove the name; the namespace itself goes with the last socket or process in it."""
    run("ip", "netns", "delete", name)


def processes(name: str) -> list[int]:
    """The numbers of the processes that run in a namespace."""
    return [int(line) for line in run("ip", "netns", "pids", name).split()]


def links(name: str) -> list[str]:
    """The names of the network interfaces in a namespace."""
    found = json.loads(run("ip", "-n", name, "-json", "link", "show") or "[]")
    return [link["ifname"] for link in found]


def batch(name: str, lines: list[str]) -> None:
    """Carry out lines of `ip` in one process. Raises CommandFailed at the first that fails."""
    if lines:
        run("ip", "-n", name, "-batch", "-", given="\n".join(lines) + "\n")


def within(name: str, make: Callable[[], Made]) -> Made:
    """What `make` returns, called in a thread of its own that stands in the namespace.

    A socket made there stays there, whoever uses it afterwards. Raises what `make` raises, and
    OSError if the namespace cannot be entered.
    """
    box: list[Made] = []
    trouble: list[BaseException] = []

    def inside() -> None:
        try:
            _enter(name)
            box.append(make())
        except BaseException as problem:
            trouble.append(problem)

    thread = threading.Thread(target=inside, name=f"in {name}")
    thread.start()
    thread.join()
    if trouble:
        raise trouble[0]
    return box[0]


def listener(name: str, address: str, port: int, kind: int = socket.SOCK_STREAM) -> socket.socket:
    """A bound socket in the namespace (a stream also listens)."""

    def bound() -> socket.socket:
        made = socket.socket(socket.AF_INET, kind)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((address, port))
        if kind == socket.SOCK_STREAM:
            made.listen(128)
        return made

    return within(name, bound)


def connect(name: str, address: str, port: int, timeout: float, source: str = "") -> socket.socket:
    """A connection out of the namespace, from its address `source` if that is given.

    `timeout` in seconds. Raises OSError.
    """
    return within(name, lambda: socket.create_connection((address, port), timeout, (source, 0)))


def _enter(name: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    with (_PLACE / name).open("rb") as place:
        if libc.setns(place.fileno(), _NEW_NETWORK) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), name)
