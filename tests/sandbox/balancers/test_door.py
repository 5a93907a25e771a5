# SPDX-License-Identifier: GPL-3.0-or-later
"""A door leads from loopback to where it is told to, and only from there."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sandbox.balancers.door import Door, open_door, port_of
from sandbox.ground.identity import Identity


@pytest.fixture
def house() -> Iterator[int]:
    """The port of a server that says what it heard, when the guest has said all."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    guest, _ = server.accept()
                except OSError:
                    return
                with guest:
                    heard = b""
                    while part := guest.recv(1000):
                        heard += part
                    guest.sendall(b"heard " + heard)

        threading.Thread(target=serve, daemon=True).start()
        yield int(server.getsockname()[1])
        server.shutdown(socket.SHUT_RDWR)


def ask(port: int, text: bytes) -> bytes:
    with closing(socket.create_connection(("127.0.0.1", port), 20)) as line:
        line.sendall(text)
        line.shutdown(socket.SHUT_WR)
        answer = b""
        while part := line.recv(1000):
            answer += part
        return answer


def test_what_is_said_comes_through_both_ways(house: int) -> None:
    door = Door(0, lambda: socket.create_connection(("127.0.0.1", house), 20))
    assert ask(door.port, b"hello") == b"heard hello"
    door.close()
    with pytest.raises(OSError, match=r"refused|reset"):
        ask(door.port, b"hello")


def test_where_nobody_is_the_connection_ends() -> None:
    def nobody() -> socket.socket:
        raise OSError("nobody")

    door = Door(0, nobody)
    assert ask(door.port, b"") == b""
    door.close()


def test_a_door_is_on_loopback_only(house: int) -> None:
    door = Door(0, lambda: socket.create_connection(("127.0.0.1", house), 20))
    found = [
        line.split()[1]
        for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
        if line.split()[1].endswith(f":{door.port:04X}") and line.split()[3] == "0A"
    ]
    door.close()
    assert found == [f"0100007F:{door.port:04X}"]


def test_a_door_has_its_own_port_in_each_checkout_or_another_if_that_is_taken(
    tmp_path: Path,
) -> None:
    one, other = Identity(tmp_path / "one"), Identity(tmp_path / "other")
    ports = [port_of(one, "main", 80), port_of(one, "main", 443), port_of(other, "main", 80)]
    assert len(set(ports)) == 3
    assert all(30000 <= port < 32768 for port in ports)
    assert ports[0] == port_of(one, "main", 80)

    def nobody() -> socket.socket:
        raise OSError("nobody")

    first = open_door(one, "main", 80, nobody)
    second = open_door(one, "main", 80, nobody)
    assert first.port != second.port
    first.close()
    second.close()
