# SPDX-License-Identifier: GPL-3.0-or-later
"""An emulated cloud in a process of its own, whose clock stands still until a test moves it.

Run as ``python stepped_cloud.py mended`` or ``... plain`` (the emulator as it comes). Prints its
port.
"""

from __future__ import annotations

import heapq
import itertools
import os
import sys
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from sandbox.shims import install_all
from sandbox.ticking import Ticking
from sandbox.world import Action, Cancel, World


class SteppedWorld(World):
    """A world in which time passes only by `advance`; at speed 0 everything happens at once."""

    def __init__(self) -> None:
        super().__init__(speed=0.0)
        self._passed = 0.0
        self._numbers = itertools.count()
        self._heap: list[tuple[float, int, Action, str]] = []
        self._ticks: list[Action] = []
        self.on_reset(self._begin)

    def _begin(self) -> None:
        self._heap.clear()
        self._passed = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self._passed)

    def later(self, seconds: float, action: Action, label: str, listed: bool = True) -> Cancel:
        if seconds <= 0:
            return super().later(0, action, label)
        entry = (self._passed + seconds, next(self._numbers), action, label)
        heapq.heappush(self._heap, entry)

        def cancel() -> None:
            if entry in self._heap:
                self._heap.remove(entry)
                heapq.heapify(self._heap)

        return cancel

    def advance(self, seconds: float) -> None:
        until = self._passed + seconds
        while self._heap and self._heap[0][0] <= until:
            self._passed, _, action, label = heapq.heappop(self._heap)
            super().later(0, action, label)
        self._passed = until

    def ticking(self, seconds: float, action: Action) -> Ticking:
        """Ticks by `tick` only."""
        self._ticks.append(action)
        return Ticking(self, float("inf"), action)

    def tick(self) -> None:
        with self.lock:
            for action in self._ticks:
                action()


def disturb(world: World, query: dict[str, list[str]]) -> None:
    """Have these regions be dark and these two cut off from each other, and mend all others."""
    world.cut = frozenset()
    world.darken(frozenset(query.get("dark", [])))
    for pair in query.get("cut", []):
        world.sever(*pair.split(","))


def application(world: SteppedWorld | None) -> Callable[..., Iterable[bytes]]:
    """The emulator, and beside it what the tests steer."""
    emulator = DomainDispatcherApplication(create_backend_app)

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not path.startswith("/steer/"):
            return emulator(environ, start_response)  # type: ignore[no-any-return]
        query = parse_qs(environ.get("QUERY_STRING", ""))
        if world and path == "/steer/reset":
            world.speed = 0.0
            world.reset()
        if world and path == "/steer/speed":
            world.speed = float(query["value"][0])
        if world and path == "/steer/disturb":
            disturb(world, query)
        if world and path == "/steer/tick":
            world.tick()
        if world and path == "/steer/advance":
            world.advance(float(query["seconds"][0]))
        if world and path == "/steer/clock":
            world.clock.steer(advance=float(query["seconds"][0]))
        if world and path == "/steer/strike":
            details = {name: value[0] for name, value in query.items()}
            world.disasters[details.pop("disaster")](**details)
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "0")])
        return []

    return serve


class Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """No line per request."""


def main() -> None:
    world = None
    if sys.argv[1] == "mended":
        world = SteppedWorld()
        install_all(world)
    Quiet.protocol_version = "HTTP/1.1"
    server = make_server("127.0.0.1", 0, application(world), threaded=True, request_handler=Quiet)
    print(server.port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
