# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand in a VPC, or in the internet, from another process than the sandbox's own."""

from __future__ import annotations

from sandbox.fabric import plugs
from sandbox.fabric.names import CARD, cable
from sandbox.ground import namespaces
from sandbox.ground.identity import Identity


def enter(identity: Identity, namespace: str, place: str, address: str) -> None:
    """Make a namespace with an address in a place: the id of a VPC, or `internet`.

    The place must be there: a VPC is when a network interface was made in it. In a VPC the account
    must have an interface with that address. Raises CommandFailed.
    """
    namespaces.create(namespace)
    plugs.plug(identity.name(place), cable(address), namespace, CARD, address)
    plugs.default_route(namespace, CARD)
