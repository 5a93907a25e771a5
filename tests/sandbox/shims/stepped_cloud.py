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

from sandbox.balancers.interface import NoBalancers
from sandbox.balancers.wanted import Check
from sandbox.hosts.interface import NoMachines
from sandbox.hosts.orders import Launch, Order
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
        self.machines, self.balancers = NoMachines(self), NoBalancers(self)

    @property
    def passed(self) -> float:
        """Seconds since it began."""
        return self._passed

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


class SteppedHosts(NoMachines):
    """Hosts that boot in so many seconds, whatever the speed, and answer checks then if `well`."""

    booting = "initializing"
    real = True

    def __init__(self, world: SteppedWorld) -> None:
        super().__init__(world)
        self.world = world
        self.boot, self.well = 0.0, True
        self._up: dict[str, float] = {}
        self._sick: set[str] = set()

    def carry_out(self, order: Callable[[], Order], *rest: Any) -> None:
        made = order()
        if isinstance(made, Launch):
            self._up[made.machine.id] = self.world.passed + self.boot
            if not self.well:
                self._sick.add(made.machine.id)
        super().carry_out(order, *rest)

    def booted(self, instance_id: str) -> bool:
        return self.world.passed >= self._up[instance_id]

    def answers(self, instance_id: str, seconds: float) -> bool:
        """Whether it has answered for so long."""
        up = self._up[instance_id] + seconds
        return instance_id not in self._sick and self.world.passed >= up


class SteppedChecks(NoBalancers):
    """Health checks that fail before a host has answered for a while, and in the dark."""

    PROOF = 10.0  # seconds

    def __init__(self, world: SteppedWorld, hosts: SteppedHosts) -> None:
        super().__init__(world)
        self.world, self.hosts = world, hosts
        self.lit = 0.0  # when the last region was lit

    def health(self, group_arn: str, target: str) -> tuple[str, ...]:
        dark = group_arn.split(":")[3] in self.world.dark
        if dark or (self.lit and self.world.passed < self.lit + self.PROOF):
            return ("unhealthy", "Target.Timeout", "Request timed out")
        if self.hosts.answers(target, self.PROOF):
            return ("healthy",)
        return ("unhealthy", "Target.FailedHealthChecks", "Health checks failed")

    def proof(self, check: Check) -> float:
        return self.PROOF


def furnish(world: SteppedWorld, query: dict[str, list[str]]) -> None:
    """Have hosts from now on that boot in `boot` seconds, and are `well` or not."""
    if not isinstance(world.machines, SteppedHosts):
        world.machines = SteppedHosts(world)
        world.balancers = SteppedChecks(world, world.machines)
    world.machines.boot = float(query["boot"][0])
    world.machines.well = query["well"][0] == "True"


def disturb(world: SteppedWorld, query: dict[str, list[str]]) -> None:
    """Have these regions be dark and these two cut off from each other, and mend all others."""
    world.cut = frozenset()
    if isinstance(world.balancers, SteppedChecks) and world.dark:
        world.balancers.lit = world.passed
    world.darken(frozenset(query.get("dark", [])))
    for pair in query.get("cut", []):
        world.sever(*pair.split(","))


def steer(world: SteppedWorld, what: str, query: dict[str, list[str]]) -> None:
    """Do what a test orders."""
    match what:
        case "reset":
            world.speed = 0.0
            world.reset()
        case "speed":
            world.speed = float(query["value"][0])
        case "disturb":
            disturb(world, query)
        case "hosts":
            furnish(world, query)
        case "tick":
            world.tick()
        case "advance":
            world.advance(float(query["seconds"][0]))
        case "clock":
            world.clock.steer(advance=float(query["seconds"][0]))
        case "strike":
            details = {name: value[0] for name, value in query.items()}
            world.disasters[details.pop("disaster")](**details)


def application(world: SteppedWorld | None) -> Callable[..., Iterable[bytes]]:
    """The emulator, and beside it what the tests steer."""
    emulator = DomainDispatcherApplication(create_backend_app)

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not path.startswith("/steer/"):
            answer: Iterable[bytes] = emulator(environ, start_response)
            return answer
        query = parse_qs(environ.get("QUERY_STRING", ""))
        if world:
            steer(world, path.removeprefix("/steer/"), query)
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
