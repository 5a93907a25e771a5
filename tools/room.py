# SPDX-License-Identifier: GPL-3.0-or-later
"""A room on this machine in which all that is there afterwards is ours, whatever else runs.

It has process numbers and mounts of its own, an empty folder for each place where programs leave
files, and the machine's own network. When its first process ends the kernel clears it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from sandbox.ground.commands import CommandFailed, run

_EMPTY = ("/tmp", "/var/tmp", "/run", "/dev/shm", "/var/lib/containers", "/var/lib/cni")
# By it names are found where systemd answers them.
_RESOLVER = Path("/run/systemd/resolve")


def in_room(keep: Path, work: Callable[[], int]) -> int:
    """Call this program again in a room, and there `work`; its result. Takes root.

    keep: a folder that stays visible, wherever it is. Does not return in the room.
    """
    if os.getpid() != 1:
        words = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
        module = sys.modules["__main__"].__spec__
        assert module
        again = (sys.executable, "-m", module.name, *sys.argv[1:])
        os.execvp("unshare", (*words, "--propagation", "slave", *again))
    _furnish(keep)
    worker = os.fork()
    if worker == 0:
        os.setsid()
        return work()
    # Number 1 of the room: it inherits what lost its parent, and must take note of each end.
    while True:
        number, status = os.wait()
        if number == worker:
            os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _furnish(keep: Path) -> None:
    _forget_others()
    kept = {folder: os.open(folder, os.O_PATH) for folder in (keep, _RESOLVER) if folder.exists()}
    for place in filter(os.path.isdir, _EMPTY):
        mode = "1777" if place in ("/tmp", "/var/tmp", "/dev/shm") else "755"
        run("mount", "-t", "tmpfs", "-o", f"mode={mode}", "room", place)
    for folder, number in kept.items():
        folder.mkdir(parents=True, exist_ok=True)
        # The path behind the number is the empty folder by now.
        words = ("mount", "--no-canonicalize", "--bind")
        run(*words, f"/proc/{os.getpid()}/fd/{number}", str(folder))
        os.close(number)
    # What iproute2 and podman make once for all who use them: a mount and two empty folders.
    run("ip", "netns", "add", "first")
    run("ip", "netns", "delete", "first")
    Path("/var/lib/containers").mkdir(exist_ok=True)


def _forget_others() -> None:
    """See no more what others mount, and let go of what they have: it goes when they unmount it.

    In this order: else what they mount meanwhile stays.
    """
    run("mount", "--make-rprivate", "/")
    for place, kind in reversed(_mounts()):
        if kind == "nsfs" or place.endswith(("/merged", "/userdata/shm")):
            try:
                run("umount", "--lazy", place)
            except CommandFailed:
                # It goes by itself when they remove the folder.
                if (place, kind) in _mounts():
                    raise


def _mounts() -> list[tuple[str, str]]:
    """The place and the kind of each, in their order."""
    lines = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    return [(line.split()[1], line.split()[2]) for line in lines]
