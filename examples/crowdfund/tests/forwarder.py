# SPDX-License-Identifier: GPL-3.0-or-later
"""A name that can move: a port that leads to one server now, and to another one later."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

BLOCK = 65_536


class Forwarder:
    """Forwards connections to `target`, a port of loopback; 0 is nowhere."""

    def __init__(self) -> None:
        self.target = 0
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._open: set[asyncio.StreamWriter] = set()

    def move(self, target: int) -> None:
        """Cut off all who are connected; who comes from now on gets to the new target."""
        asyncio.run_coroutine_threadsafe(self._move(target), self._loop).result()

    async def _move(self, target: int) -> None:
        self.target = target
        for writer in list(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        with suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
            self._open.add(far_writer)
            await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))
            self._open.discard(far_writer)
        writer.close()
        self._open.discard(writer)

    async def _listen(self, listening: threading.Event) -> None:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        listening.set()
        await server.serve_forever()

    def run(self, listening: threading.Event) -> None:
        """Serve until the end."""
        with suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._listen(listening))

    async def end(self) -> None:
        """Stop serving, and close what is open."""
        await self._move(0)
        mine = asyncio.current_task()
        for task in asyncio.all_tasks():
            if task is not mine:
                task.cancel()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry bytes one way until either side ends."""
    with suppress(OSError):
        while block := await reader.read(BLOCK):
            writer.write(block)
            await writer.drain()
    writer.close()


@contextmanager
def forwarding() -> Iterator[Forwarder]:
    """A forwarder in a thread of its own."""
    forwarder = Forwarder()
    listening = threading.Event()
    thread = threading.Thread(target=forwarder.run, args=(listening,))
    thread.start()
    listening.wait()
    try:
        yield forwarder
    finally:
        asyncio.run_coroutine_threadsafe(forwarder.end(), forwarder._loop).result()
        thread.join()
