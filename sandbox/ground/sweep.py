# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove all that one sandbox made on this machine, also where it was killed at any moment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sandbox.ground import cgroups, namespaces, processes
from sandbox.ground.commands import CommandFailed, run
from sandbox.ground.identity import Identity
from sandbox.ground.podman import Podman

_LINKS = Path("/sys/class/net")


def sweep(
    identity: Identity,
    podman: Podman,
    running: Callable[[Path], list[int]] = processes.of,
) -> None:
    """First those who could make more, then what they made.

    running: which processes of a folder are to be ended.

    A sandbox that is not real has none of it; then no program is called. Whoever is killed in here
    calls it again. Raises CommandFailed, TimeoutError or OSError.
    """
    processes.end(lambda: running(identity.folder))
    podman.erase()
    for name in namespaces.listed(identity.prefix):
        namespaces.delete(name)
    for link in links(identity):
        try:
            run("ip", "link", "delete", link)
        except CommandFailed:
            # The kernel takes a pair away a moment after the namespace of either end.
            if link in links(identity):
                raise


def left(identity: Identity) -> list[str]:
    """What of a sandbox is still there, one name each; none after a sweep."""
    groups = map(str, cgroups.listed(identity.prefix))
    numbers = map(str, processes.of(identity.folder))
    return [*namespaces.listed(identity.prefix), *links(identity), *groups, *numbers]


def links(identity: Identity) -> list[str]:
    """The sandbox's interfaces outside of its namespaces; each pair is removed by either end."""
    return sorted(place.name for place in _LINKS.glob(f"{identity.prefix}*"))
