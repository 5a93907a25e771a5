# SPDX-License-Identifier: GPL-3.0-or-later
"""Sockets on which names are asked for: UDP and TCP, here or in another network namespace."""

from __future__ import annotations

import selectors
import socket
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.ground import namespaces

Reply = Callable[[bytes, bool], bytes | None]  # the query, and whether it came over TCP
PORT = 53
_PATIENCE = 10.0  # seconds for a whole query over TCP
_ATTEMPTS = 20


@dataclass(frozen=True, slots=True, eq=False)
class Desk:
    """One address at which names are asked for."""

    datagrams: socket.socket
    streams: socket.socket
    reply: Reply

    @property
    def port(self) -> int:
        return int(self.datagrams.getsockname()[1])


def bind(address: str, port: int) -> tuple[socket.socket, socket.socket]:
    """A UDP and a listening TCP socket of the same port; 0 takes a free one. Raises OSError."""
    for attempt in range(_ATTEMPTS):
        streams = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            streams.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            streams.bind((address, port))
            datagrams.bind((address, streams.getsockname()[1]))
            streams.listen(32)
        except OSError:
            streams.close()
            datagrams.close()
            if port or attempt == _ATTEMPTS - 1:
                raise
        else:
            return datagrams, streams
    raise AssertionError("unreachable")


def bind_in(namespace: str, address: str, port: int = PORT) -> tuple[socket.socket, socket.socket]:
    """The same in another network namespace, where the sockets stay. Raises OSError."""
    return namespaces.within(namespace, lambda: bind(address, port))


class Listening:
    """One thread that serves all desks; connections over TCP have a thread each while they last."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        self._selector.register(self._woken, selectors.EVENT_READ, None)
        self._desks: set[Desk] = set()
        self._gone: list[Desk] = []
        self._lock = threading.Lock()
        threading.Thread(target=self._run, name="names", daemon=True).start()

    def add(self, sockets: tuple[socket.socket, socket.socket], reply: Reply) -> Desk:
        """Serve a pair of sockets, which are the listener's from now on."""
        desk = Desk(*sockets, reply)
        for one in sockets:
            one.setblocking(False)
        with self._lock:
            self._desks.add(desk)
            self._selector.register(desk.datagrams, selectors.EVENT_READ, (desk, self._datagram))
            self._selector.register(desk.streams, selectors.EVENT_READ, (desk, self._stream))
        self._wake.send(b"1")
        return desk

    def remove(self, desk: Desk) -> None:
        """Stop serving a desk and close its sockets; one that is not there is no error."""
        with self._lock:
            if desk in self._desks:
                self._desks.discard(desk)
                self._gone.append(desk)
        self._wake.send(b"1")

    def _run(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    self._woken.recv(64)
                    self._close_gone()
                    continue
                desk, serve = key.data
                try:
                    serve(desk)
                except BlockingIOError:
                    continue
                except Exception:
                    # One query that nobody foresaw must not silence all names.
                    traceback.print_exc()

    def _close_gone(self) -> None:
        """Close what was removed: here, where nobody waits for it at the same time."""
        with self._lock:
            for desk in self._gone:
                for one in (desk.datagrams, desk.streams):
                    self._selector.unregister(one)
                    one.close()
            self._gone.clear()

    def _datagram(self, desk: Desk) -> None:
        query, sender = desk.datagrams.recvfrom(65535)
        answer = desk.reply(query, False)
        if answer is not None:
            desk.datagrams.sendto(answer, sender)

    def _stream(self, desk: Desk) -> None:
        connection, _ = desk.streams.accept()
        connection.settimeout(_PATIENCE)
        threading.Thread(
            target=_converse, args=(connection, desk.reply), name="names over TCP", daemon=True
        ).start()


def _converse(connection: socket.socket, reply: Reply) -> None:
    with connection:
        try:
            while head := _read(connection, 2):
                answer = reply(_read(connection, int.from_bytes(head, "big")), True)
                if answer is None:
                    return
                connection.sendall(len(answer).to_bytes(2, "big") + answer)
        except OSError:
            return  # Whoever asked has gone, or takes too long.


def _read(connection: socket.socket, length: int) -> bytes:
    """So many bytes; none if the other side has ended before the first. Raises OSError."""
    found = b""
    while len(found) < length:
        part = connection.recv(length - len(found))
        if not part and found:
            raise ConnectionAbortedError("the query was cut short")
        if not part:
            return b""
        found += part
    return found
