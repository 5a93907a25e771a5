# SPDX-License-Identifier: GPL-3.0-or-later
"""Where database servers are reached: from their VPC, and from one another."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network
from typing import Protocol

from sandbox.fabric import plugs
from sandbox.fabric.names import ROUTER
from sandbox.ground import namespaces
from sandbox.ground.identity import Identity

# The network of RDS: addresses for tests between networks, which no VPC has. A /24 for each region.
BACKBONE = IPv4Network("198.18.0.0/15")
_MOST_SERVERS = 250


class NoAddress(RuntimeError):
    """A network has no free address."""


class Network(Protocol):
    """The VPCs, as far as a database server needs them."""

    def attach(self, namespace: str, vpc_id: str, address: str) -> None:
        """Give the namespace a card `eth0` with the address, and its default route, in a VPC."""
        ...

    def detach(self, namespace: str) -> None:
        """Take the card away; one that is not there is no error."""
        ...


class Backbone:
    """RDS's own network, over which servers reach one another across VPCs and regions."""

    def __init__(self, identity: Identity) -> None:
        self._name = identity.name("backbone")
        self._regions: list[str] = []
        self._taken: dict[str, IPv4Address] = {}
        self._rules: set[str] = set()
        self._lock = threading.Lock()

    def attach(self, namespace: str, region: str) -> str:
        """Give the namespace a card `rds0` in the network; its address, the one it had before."""
        with self._lock:
            plugs.router(self._name)
            address = self._taken.get(namespace) or self._free(region)
            self._taken[namespace] = address
        plugs.plug(self._name, _outer(namespace), namespace, "rds0", str(address))
        namespaces.batch(namespace, [f"route add {BACKBONE} via {ROUTER} dev rds0 onlink"])
        return str(address)

    def address(self, namespace: str) -> str:
        """The address that a namespace has here. Raises KeyError."""
        return str(self._taken[namespace])

    def detach(self, namespace: str) -> None:
        """Take the card away, and its address back; one that is not there is no error."""
        plugs.unplug(namespace, "rds0")
        with self._lock:
            self._taken.pop(namespace, None)

    def cut(self, pairs: Iterable[tuple[str, str]], dark: Iterable[str]) -> None:
        """Drop what goes between the two regions of each pair, and all of a dark region.

        What was cut before and is not named now is mended.
        """
        with self._lock:
            wanted = set()
            for one, other in pairs:
                here, there = self._range(one), self._range(other)
                wanted |= {f"from {here} to {there}", f"from {there} to {here}"}
            for region in dark:
                wanted |= {f"from {self._range(region)}", f"to {self._range(region)}"}
            if not wanted and not self._rules:
                return
            plugs.router(self._name)
            lines = [f"rule del {rule} blackhole" for rule in sorted(self._rules - wanted)]
            lines += [f"rule add {rule} blackhole" for rule in sorted(wanted - self._rules)]
            namespaces.batch(self._name, lines)
            self._rules = wanted

    def forget(self) -> None:
        """Remove the network with all that is in it."""
        with self._lock:
            namespaces.delete(self._name)
            self._taken.clear()
            self._rules.clear()

    def _range(self, region: str) -> IPv4Network:
        if region not in self._regions:
            self._regions.append(region)
        start = int(BACKBONE.network_address) + 256 * self._regions.index(region)
        return IPv4Network((start, 24))

    def _free(self, region: str) -> IPv4Address:
        used = set(self._taken.values())
        start = self._range(region).network_address + 1
        for number in range(_MOST_SERVERS):
            if start + number not in used:
                return start + number
        raise NoAddress(f"{region} has {_MOST_SERVERS} database servers, and no room for more")


def _outer(namespace: str) -> str:
    return f"r{hashlib.sha256(namespace.encode()).hexdigest()[:12]}"
