# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers, in a store of the sandbox's own: nothing of the machine's is seen or touched."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sandbox.ground import cgroups
from sandbox.ground.commands import run
from sandbox.ground.identity import Identity

# Where images are written podman notes that in a file of the machine, wherever the store is. In a
# mount namespace of its own that file is in memory, and gone with the command.
_NOTED = ("import", "commit")
_UNNOTED = """mkdir -p /var/lib/containers
mount -t tmpfs sandbox /var/lib/containers
exec "$@"
"""
_SYS_RESOURCE = 24  # the number of the capability; without it no limit can be raised


class Podman:
    """The containers and images of one sandbox.

    Containers join a network namespace that is there already: podman makes no network here, so it
    leaves no bridge, no address lease and no firewall rule behind. Locks, control groups and the
    runtime's state are in places of the sandbox too.
    """

    def __init__(self, identity: Identity) -> None:
        self._folder = identity.folder.resolve() / "podman"
        self._conf = self._folder / "containers.conf"
        # Podman takes no more than 50 characters here.
        self._state = Path("/run") / identity.prefix
        self._group = identity.prefix

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
        settings = {"CONTAINERS_CONF": str(self._conf), "TMPDIR": str(self._folder)}
        command = ["podman", *place, *words]
        if words[0] in _NOTED:
            apart = ("unshare", "--mount", "--propagation", "slave", "sh", "-e", "-c", _UNNOTED)
            command = [*apart, "sh", *command]
        return command, {**os.environ, **settings}

    def containers(self) -> list[dict[str, Any]]:
        """All containers, also those that do not run, as `podman ps` describes them."""
        if not self._folder.exists():
            return []
        found: list[dict[str, Any]] = json.loads(self("ps", "--all", "--format", "json") or "[]")
        return found

    def start(self, name: str, image: str, namespace: str, *options: str) -> None:
        """Create and start a container in the namespace; `options` as `podman run` takes them."""
        place = f"ns:/run/netns/{namespace}"
        self._run("--detach", "--name", name, "--network", place, *options, image)

    def ask(self, image: str, *words: str) -> str:
        """What a command prints in a container that is there for it only, without a network."""
        return self._run("--rm", "--network", "none", image, *words)

    def _run(self, *words: str) -> str:
        # What is not there is in no registry either.
        return self("run", "--pull", "never", "--cgroup-parent", f"/{self._group}", *words)

    def remove(self, names: Sequence[str]) -> None:
        """Kill and remove containers with their volumes; one that is not there is no error."""
        if names:
            self("rm", "--force", "--time", "0", "--volumes", "--ignore", *names)

    def erase(self) -> None:
        """Kill every container, and remove every file of the store.

        Podman is not asked: it may have been killed at any moment, and its store be half written.
        Its own processes must have ended. Raises CommandFailed, TimeoutError or OSError.
        """
        cgroups.delete(self._group)
        for folder in (self._folder, self._state):
            for mount in sorted(_mounts_below(folder), reverse=True):
                run("umount", "--lazy", mount)
            if folder.exists():
                shutil.rmtree(folder)

    def _prepare(self) -> None:
        if self._conf.exists():
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        # Podman does not pass options for the runtime to all that call it, but its name.
        runtime = self._folder / "runc"
        state = shlex.quote(str(self._state / "runtime"))
        runtime.write_text(f'#!/bin/sh\nexec runc --root {state} "$@"\n', encoding="utf-8")
        runtime.chmod(0o755)
        begun = self._conf.with_suffix(".begun")
        begun.write_text(configuration(runtime), encoding="utf-8")
        begun.rename(self._conf)


def configuration(runtime: Path) -> str:
    """What podman must be told on this machine; `runtime` is a program that is called as runc.

    Without CAP_SYS_RESOURCE podman's own defaults for limits are refused; runc also starts where
    cgroups are of both versions, crun does not.
    """
    lines = ["[engine]", 'runtime = "runc"', 'events_logger = "file"']
    # Locks in shared memory are one table for all stores of the machine.
    lines.append('lock_type = "file"')
    status = Path("/proc/self/status").read_text(encoding="ascii")
    effective = next(line for line in status.splitlines() if line.startswith("CapEff"))
    if not int(effective.split()[1], 16) >> _SYS_RESOURCE & 1:
        files = run("bash", "-c", "ulimit -Hn").strip()
        lines[:0] = [
            "[containers]",
            f'default_ulimits = ["nofile={files}:{files}", "nproc=32768:32768"]',
        ]
    lines += ["[engine.runtimes]", f"runc = [{json.dumps(str(runtime))}]"]
    return "\n".join(lines) + "\n"


def _mounts_below(folder: Path) -> list[str]:
    below = f"{folder}/"
    return [place for place in _mounts() if place.startswith(below)]


def _mounts() -> Iterator[str]:
    table = Path("/proc/self/mounts")
    for line in table.read_bytes().splitlines() if table.exists() else ():
        # A space in a path is written as \\040.
        yield line.split()[1].decode("unicode_escape").encode("latin-1").decode("utf-8")
