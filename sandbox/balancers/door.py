# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways from this machine's loopback to a load balancer, for a browser or curl."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Any

from sandbox.address import ADDRESS
from sandbox.ground.identity import Identity

# Above the ports of APIs, and below those that the kernel gives to connections.
_FIRST, _PORTS = 30000, 2700
_MOST = 200  # connections at once
_BLOCK = 65536


def port_of(identity: Identity, balancer: str, port: int) -> int:
    """Where the way to a listener begins, unless that is taken; the same at every start."""
    number = int(identity.code, 16)
    for character in f"{balancer}:{port}":
        number = (number * 31 + ord(character)) % 2**32
    return _FIRST + number % _PORTS


class Door:
    """A port on loopback whose connections go on where `connect` leads.

    `connect` raises OSError where nobody is; then the connection ends.
    """

    def __init__(self, port: int, connect: Callable[[], socket.socket]) -> None:
        """Raises OSError if the port is taken."""
        self._connect = connect
        self._room = threading.BoundedSemaphore(_MOST)
        self._socket = socket.create_server((ADDRESS, port))
        self.port = int(self._socket.getsockname()[1])
        threading.Thread(target=self._serve, name=f"door {self.port}", daemon=True).start()

    def close(self) -> None:
        """Let nobody in any more; who is in stays."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                guest, _ = self._socket.accept()
            except OSError:
                return
            self._room.acquire()
            threading.Thread(target=self._lead, args=(guest,), daemon=True).start()

    def _lead(self, guest: socket.socket) -> None:
        try:
            with guest:
                try:
                    host = self._connect()
                except OSError:
                    return
                with host:
                    back = threading.Thread(target=_pass_on, args=(host, guest), daemon=True)
                    back.start()
                    _pass_on(guest, host)
                    back.join()
        finally:
            self._room.release()


def open_door(identity: Identity, balancer: str, port: int, connect: Any) -> Door:
    """A door to a listener, at its own port or where there is room."""
    try:
        return Door(port_of(identity, balancer, port), connect)
    except OSError:
        return Door(0, connect)


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    """What comes from one to the other, to the end of it."""
    with contextlib.suppress(OSError):
        while part := one.recv(_BLOCK):
            other.sendall(part)
    with contextlib.suppress(OSError):
        other.shutdown(socket.SHUT_WR)
