# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers, in a store of the sandbox's own: nothing of the machine's is seen or touched."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sandbox.ground.commands import run
from sandbox.ground.identity import Identity

_SYS_RESOURCE = 24  # the number of the capability; without it no limit can be raised


class Podman:
    """The containers and images of one sandbox.

    Containers join a network namespace that is there already: podman makes no network here, so it
    leaves no bridge, no address lease and no firewall rule behind.
    """

    def __init__(self, identity: Identity) -> None:
        self._folder = identity.folder / "podman"
        self._conf = self._folder / "containers.conf"
        # Podman takes no more than 50 characters here.
        self._state = Path("/run") / identity.prefix

    def __call__(self, *words: str, given: str | None = None, timeout: float = 300.0) -> str:
        """Run one podman command; what it printed. Raises CommandFailed."""
        command, environment = self._command(words)
        return run(*command, given=given, timeout=timeout, environment=environment)

    def become(self, *words: str) -> None:
        """Let one podman command take this process's place, terminal and all. Does not return."""
        command, environment = self._command(words)
        os.execvpe(command[0], command, environment)

    def _command(self, words: Sequence[str]) -> tuple[list[str], dict[str, str]]:
        self._prepare()
        place = ["--root", str(self._folder / "store"), "--runroot", str(self._state)]
        place += ["--tmpdir", str(self._folder / "tmp"), "--cgroup-manager", "cgroupfs"]
        return ["podman", *place, *words], {**os.environ, "CONTAINERS_CONF": str(self._conf)}

    def containers(self) -> list[dict[str, Any]]:
        """All containers, also those that do not run, as `podman ps` describes them."""
        if not self._folder.exists():
            return []
        found: list[dict[str, Any]] = json.loads(self("ps", "--all", "--format", "json") or "[]")
        return found

    def start(self, name: str, image: str, namespace: str, *options: str) -> None:
        """Create and start a container in the namespace; `options` as `podman run` takes them."""
        place = f"ns:/run/netns/{namespace}"
        self("run", "--detach", "--name", name, "--network", place, *options, image)

    def remove(self, names: Sequence[str]) -> None:
        """Kill and remove containers with their volumes; one that is not there is no error."""
        if names:
            self("rm", "--force", "--time", "0", "--volumes", "--ignore", *names)

    def erase(self) -> None:
        """Remove every container, image and file of the store."""
        if not self._folder.exists():
            return
        self("rm", "--all", "--force", "--time", "0", "--volumes")
        self("rmi", "--all", "--force")
        for folder in (self._folder, self._state):
            for mount in sorted(_mounts_below(folder), reverse=True):
                run("umount", "--lazy", mount)
        shutil.rmtree(self._folder)
        shutil.rmtree(self._state, ignore_errors=True)

    def _prepare(self) -> None:
        if self._conf.exists():
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        self._conf.write_text(configuration(), encoding="ascii")


def configuration() -> str:
    """What podman must be told on this machine.

    Without CAP_SYS_RESOURCE podman's own defaults for limits are refused; runc also starts where
    cgroups are of both versions, crun does not.
    """
    lines = ["[engine]", 'runtime = "runc"', 'events_logger = "file"']
    status = Path("/proc/self/status").read_text(encoding="ascii")
    effective = next(line for line in status.splitlines() if line.startswith("CapEff"))
    if not int(effective.split()[1], 16) >> _SYS_RESOURCE & 1:
        files = run("bash", "-c", "ulimit -Hn").strip()
        lines[:0] = [
            "[containers]",
            f'default_ulimits = ["nofile={files}:{files}", "nproc=32768:32768"]',
        ]
    return "\n".join(lines) + "\n"


def _mounts_below(folder: Path) -> list[str]:
    below = f"{folder}/"
    lines = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    return [place for place in (line.split()[1] for line in lines) if place.startswith(below)]
