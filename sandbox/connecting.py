# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection from this machine to a public address of the sandbox's internet.

It comes from one fixed address there, so that security groups can let in the controller only.
"""

from __future__ import annotations

import os
import socket
import threading
from ipaddress import ip_address

from sandbox.ground import namespaces
from sandbox.ground.identity import Identity

PATIENCE = 30.0  # seconds for the other side to answer
_BLOCK = 65536


class NoWay(ConnectionError):
    """There is no way to an address, and why."""


def connect(
    identity: Identity, address: str, port: int, timeout: float = PATIENCE
) -> socket.socket:
    """A TCP connection to a public address; `timeout` is that of its beginning, in seconds.

    The caller needs root, and no sandbox: it enters the network namespace that is its internet.
    Raises NoWay, and ValueError if it is no such address.
    """
    if ip_address(address) not in identity.public:
        raise ValueError(
            f"{address} is no address of this sandbox's internet, which is {identity.public}"
        )
    internet = identity.name("internet")
    if not namespaces.exists(internet):
        raise NoWay(
            "the sandbox has no internet: it has one where it runs with real servers and has a "
            "network interface in a VPC with an internet gateway"
        )
    try:
        line = namespaces.connect(internet, address, port, timeout, identity.controller)
    except PermissionError as refused:
        raise NoWay(f"only root may enter {internet}") from refused
    except TimeoutError as silent:
        raise NoWay(
            f"no answer from {address} port {port} in {timeout:g} s: look at routes, and at "
            f"what the security group lets in from {identity.controller}/32"
        ) from silent
    except OSError as refused:
        raise NoWay(f"{address} port {port}: {refused.strerror or refused}") from refused
    line.settimeout(None)
    return line


def join(line: socket.socket, given: int, taken: int) -> None:
    """Pass on what comes from the file `given`, and to the file `taken` what comes back.

    Returns when the other side has sent its last. `given` and `taken` are numbers of open files.
    """

    def forth() -> None:
        try:
            while part := os.read(given, _BLOCK):
                line.sendall(part)
            line.shutdown(socket.SHUT_WR)
        except OSError:
            return  # The other side is gone, which is seen below.

    threading.Thread(target=forth, name="forth", daemon=True).start()
    while part := line.recv(_BLOCK):
        while part:
            part = part[os.write(taken, part) :]
