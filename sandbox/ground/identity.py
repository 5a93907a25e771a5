# SPDX-License-Identifier: GPL-3.0-or-later
"""Names, folders and addresses of one sandbox, so that several run side by side on a machine."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

# Carrier-grade NAT space: neither in a VPC nor in a home network. A /22 for each sandbox.
_PUBLIC = IPv4Network("100.64.0.0/10")
_PUBLIC_SIZE = 22
# Numbers of addresses in it; below 64 nobody is given one.
_CONTROLLER, _PACKAGES = 3, 4


@dataclass(frozen=True, slots=True)
class Identity:
    """Follows the folder in which a sandbox keeps its files: another folder, another identity."""

    folder: Path

    @property
    def code(self) -> str:
        """Six hexadecimal digits."""
        return hashlib.sha256(str(self.folder.resolve()).encode()).hexdigest()[:6]

    @property
    def prefix(self) -> str:
        """Begins the name of each namespace, container and network interface: `px1a2b3c`."""
        return f"px{self.code}"

    def name(self, *parts: str) -> str:
        """A name for a namespace or a container."""
        return "-".join((self.prefix, *parts))

    def link(self, short: str) -> str:
        """A name for a network interface outside of the sandbox's namespaces: 15 bytes at most."""
        name = f"{self.prefix}{short}"
        if len(name) > 15:
            raise ValueError(f"{name} is longer than the 15 bytes of an interface's name")
        return name

    @property
    def port(self) -> int:
        """The port of its API on loopback, below those that the kernel gives to connections."""
        return 15000 + int(self.code, 16) % 15000

    @property
    def names_port(self) -> int:
        """The port on loopback at which names are asked for, above all ports of APIs."""
        return 30000 + int(self.code, 16) % 2768

    @property
    def public(self) -> IPv4Network:
        """The addresses that are this sandbox's internet."""
        slots = 2 ** (_PUBLIC_SIZE - _PUBLIC.prefixlen)
        start = int(_PUBLIC.network_address) + (int(self.code, 16) % slots) * 2 ** (
            32 - _PUBLIC_SIZE
        )
        return IPv4Network((start, _PUBLIC_SIZE))

    @property
    def controller(self) -> str:
        """The address that this machine has in that internet, where it connects to a host."""
        return str(self.public.network_address + _CONTROLLER)

    @property
    def packages(self) -> str:
        """Where Debian's packages are to be had in that internet."""
        return str(self.public.network_address + _PACKAGES)
