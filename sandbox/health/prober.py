# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks endpoints again and again, each at its interval."""

from __future__ import annotations

import heapq
import itertools
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import TYPE_CHECKING

from sandbox.health.endpoint import (
    TIMED_OUT,
    Connect,
    Endpoint,
    NotReal,
    Outcome,
    attempt,
    failed,
    loopback,
)
from sandbox.health.verdict import Verdict
from sandbox.names.records import region_of

if TYPE_CHECKING:
    from sandbox.world import World

# Real seconds between two attempts: at least, at speed 0, and where nothing real is to be asked.
_LEAST, _AT_ONCE, _UNREAL = 0.25, 0.5, 2.0
_AT_A_TIME = 8


class Prober:
    """One health checker for all those that AWS has; they would all see the same.

    `connect` may be replaced by what reaches more than loopback. What `watch` was told is called
    the endpoint's key here. Nothing runs until there is an endpoint.
    """

    def __init__(self, world: World) -> None:
        self.connect: Connect = loopback
        self._world = world
        self._endpoints: dict[str, Endpoint] = {}
        self._verdicts: dict[str, Verdict] = {}
        self._due: list[tuple[float, int, str, Endpoint]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._workers: ThreadPoolExecutor | None = None

    def watch(self, key: str, endpoint: Endpoint) -> None:
        """Ask this endpoint from now on, in place of what had the key before."""
        with self._changed:
            if self._endpoints.get(key) == endpoint:
                return
            self._endpoints[key] = endpoint
            self._verdicts.setdefault(key, Verdict())
            self._plan(key, endpoint, 0.0)
            if self._workers is None:
                self._begin()

    def revive(self) -> None:
        """Go on in a process that was forked from the one where it began."""
        self._changed = threading.Condition()
        if self._workers is not None:
            self._begin()

    def _begin(self) -> None:
        self._workers = ThreadPoolExecutor(_AT_A_TIME, "health check")
        threading.Thread(target=self._run, name="health checks", daemon=True).start()

    def pause(self, key: str) -> None:
        """Ask no longer, and keep the verdict; what is not watched is no error."""
        with self._changed:
            self._endpoints.pop(key, None)

    def forget(self, key: str | None = None) -> None:
        """Forget an endpoint, or all."""
        with self._changed:
            for one in [*self._endpoints, *self._verdicts] if key is None else [key]:
                self._endpoints.pop(one, None)
                self._verdicts.pop(one, None)

    def verdict(self, key: str) -> Verdict:
        """What is known of an endpoint."""
        with self._changed:
            return self._verdicts.get(key, Verdict())

    def _plan(self, key: str, endpoint: Endpoint, seconds: float) -> None:
        heapq.heappush(self._due, (monotonic() + seconds, next(self._numbers), key, endpoint))
        self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._due or self._due[0][0] > monotonic():
                    self._changed.wait(self._due[0][0] - monotonic() if self._due else None)
                _, _, key, endpoint = heapq.heappop(self._due)
                current = self._endpoints.get(key) is endpoint
            if current and self._workers:
                self._workers.submit(self._probe, key, endpoint)

    def _probe(self, key: str, endpoint: Endpoint) -> None:
        outcome, wait = None, _UNREAL
        try:
            outcome = self._outcome(endpoint)
            wait = self._interval(endpoint)
        except NotReal:
            if self.verdict(key).real:
                # It was there and is gone: nobody answers at such an address.
                outcome, wait = TIMED_OUT, self._interval(endpoint)
        except Exception:
            # A check that fails in a way nobody foresaw must not stop the others, nor itself.
            traceback.print_exc()
        with self._changed:
            if self._endpoints.get(key) is not endpoint:
                return  # It was changed or deleted meanwhile.
            if outcome is not None:
                now = self._world.now()
                before = self._verdicts.get(key, Verdict())
                self._verdicts[key] = before.after(outcome, endpoint.threshold, now)
            self._plan(key, endpoint, wait)

    def _outcome(self, endpoint: Endpoint) -> Outcome:
        address = endpoint.address
        if not address:
            found = self._world.names.answer(endpoint.host)
            if not found.authoritative and not found.answers:
                raise NotReal(endpoint.host)  # No zone of the account: it is somebody else's.
            if not found.addresses():
                return failed(f"DNS resolution failed: DNS response error code {found.code}")
            address = found.addresses()[0]
        with self._world.lock:
            unreal = self._world.names.places.unreal(address)
        if unreal and region_of(unreal) in self._world.dark:
            return TIMED_OUT
        return attempt(endpoint, address, self.connect)

    def _interval(self, endpoint: Endpoint) -> float:
        if not self._world.speed:
            return _AT_ONCE
        return max(self._world.scaled(endpoint.interval), _LEAST)
