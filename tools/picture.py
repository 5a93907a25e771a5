# SPDX-License-Identifier: GPL-3.0-or-later
"""What is on a machine, by kind, so that two looks at it can be compared."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from sandbox.ground.commands import run

Picture = Mapping[str, frozenset[str]]

_PLACES = ("/etc", "/var", "/run", "/tmp", "/dev/shm")
# Where the kernel's settings for networks are that a router would change.
_SETTINGS = ("net/ipv4/ip_forward", "net/ipv4/conf", "net/ipv6/conf")
_SANDBOX = re.compile(r"\bpx[0-9a-f]{6}")
_CGROUPS = Path("/sys/fs/cgroup")


def picture(folders: Iterable[Path], prefix: str, but: Path) -> Picture:
    """Processes, mounts, network, firewall, settings, control groups and files.

    folders: looked through beside the places where programs leave files, of which `but` is left
    out. prefix: of the sandbox that is looked at; what bears the name of another does not count.
    """

    def shown(*command: str) -> frozenset[str]:
        lines = run(*command).splitlines()
        return frozenset(line for line in lines if set(_SANDBOX.findall(line)) <= {prefix})

    return {
        "processes": frozenset(processes()),
        "mounts": frozenset(line.split()[1] for line in _lines("/proc/self/mounts")),
        "interfaces": shown("ip", "-brief", "link", "show"),
        "addresses": shown("ip", "-brief", "address", "show"),
        "routes": shown("ip", "route", "show", "table", "all"),
        "routing rules": shown("ip", "rule", "show"),
        "firewall rules": shown("nft", "list", "ruleset"),
        "settings": frozenset(_settings()),
        "control groups": frozenset(map(str, _CGROUPS.glob(f"*/{prefix}*")))
        | frozenset(map(str, _CGROUPS.glob(f"{prefix}*"))),
        "files": frozenset(_files((*map(Path, _PLACES), *folders), str(but))),
    }


def difference(before: Picture, after: Picture) -> list[str]:
    """What there is more or less afterwards, one sentence each; of nested files the outermost."""
    found = []
    for kind in before:
        more, less = after[kind] - before[kind], before[kind] - after[kind]
        if kind == "mounts":
            less = frozenset()  # Those of others go with the folders that they remove.
        for sign, things in (("left", more), ("lost", less)):
            outermost = (one for one in things if not _within(one, things))
            found += [f"{sign} of {kind}: {one}" for one in sorted(outermost)]
    return found


def processes(but: Iterable[int] = ()) -> Iterator[str]:
    """Number and command of each process but this one, the first, and kernel threads."""
    spared = {1, os.getpid(), *but}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if any(words) and int(entry.name) not in spared:
            command = b" ".join(words).decode("utf-8", "replace")
            yield f"{entry.name} {command.strip()[:160]}"


def _within(one: str, things: frozenset[str]) -> bool:
    return one.startswith("/") and any(str(parent) in things for parent in Path(one).parents)


def _files(folders: Iterable[Path], but: str) -> Iterator[str]:
    for folder in folders:
        for place, names, files in os.walk(folder):
            names[:] = [
                name for name in names if name != "__pycache__" and f"{place}/{name}" != but
            ]
            yield from (f"{place}/{name}" for name in (*names, *files))


def _settings() -> Iterator[str]:
    for place in (Path("/proc/sys") / name for name in _SETTINGS):
        for file in [place] if place.is_file() else sorted(place.glob("*/*")):
            try:
                text = file.read_text(encoding="ascii").strip()
            except OSError:
                continue  # Some are for writing only.
            # The name of a folder here is that of an interface.
            if not _SANDBOX.match(file.parent.name):
                yield f"{file}={text}"


def _lines(file: str) -> list[str]:
    return Path(file).read_text(encoding="utf-8").splitlines()
