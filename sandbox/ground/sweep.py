# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove all that one sandbox made on this machine, also where its process was killed."""

from __future__ import annotations

import json

from sandbox.ground import namespaces
from sandbox.ground.commands import CommandFailed, run
from sandbox.ground.identity import Identity
from sandbox.ground.podman import Podman


def sweep(identity: Identity, podman: Podman) -> None:
    """Containers and images first, then namespaces with their processes, then interfaces."""
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
    return [*namespaces.listed(identity.prefix), *links(identity)]


def links(identity: Identity) -> list[str]:
    """The sandbox's interfaces outside of its namespaces; each pair is removed by either end."""
    found = json.loads(run("ip", "-json", "link", "show") or "[]")
    return [link["ifname"] for link in found if link["ifname"].startswith(identity.prefix)]
