# SPDX-License-Identifier: GPL-3.0-or-later
"""What the shims share: one lock, one clock, one speed, and work that is done later."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from ipaddress import IPv4Network
from typing import Any

from sandbox.balancers.interface import Balancers, NoBalancers
from sandbox.clock import Clock
from sandbox.databases.interface import Databases, NoDatabases
from sandbox.health.prober import Prober
from sandbox.hosts.interface import Machines, NoMachines, Told
from sandbox.names.names import Names
from sandbox.ticking import Ticking
from sandbox.times import SLOWEST, STEPS

Action = Callable[[], object]
Cancel = Callable[[], None]


class World:
    """One emulated cloud; there is one in a process, since the emulator's state is global.

    `speed` is 0 (things are there at once) or a number of AWS seconds that pass in one real second.
    `lock` is held by every request for as long as the emulator works on it, and by every action
    that `later` runs: state that only these two touch needs no lock of its own.
    `databases` are the servers behind the database instances of the API, `balancers` the proxies
    behind its load balancers, and `machines` the hosts behind its EC2 instances. `clock` is the
    time by which schedules are kept, `names` answers DNS, and `prober` asks the endpoints of health
    checks.
    """

    def __init__(self, speed: float = 0.0) -> None:
        self.lock = threading.RLock()
        self._speed = 0.0
        self.speed = speed
        self.databases: Databases = NoDatabases(self)
        self.balancers: Balancers = NoBalancers(self)
        self.machines: Machines = NoMachines(self)
        self.health_told: list[Told] = []
        self.epoch = 0  # how often everything was forgotten
        self.regions: frozenset[str] = frozenset()  # that the account can use; empty: all
        self.public = IPv4Network("100.64.0.0/22")  # addresses of the sandbox's internet
        # What a client is to know of what is real, by name: `controller_cidr`, from where this
        # machine's own connections come, `visitor_cidr`, from where its browser comes to a load
        # balancer, and `database_ca`, the file with the certificate
        # authorities of the databases.
        self.facts: dict[str, str] = {}
        self.dark: frozenset[str] = frozenset()
        self.dead_zones: frozenset[str] = frozenset()
        self.cut: frozenset[tuple[str, str]] = frozenset()
        # What may be made to happen to what is real, by name; called under the lock.
        self.disasters: dict[str, Callable[..., object]] = {}
        # Whether there is no capacity in a region and zone for a type of instance or database.
        self.short_of: Callable[[str, str, str], bool] = lambda *_launch: False
        # What can be set from outside, by the name of its endpoint; called under the lock.
        self.controls: dict[str, Callable[..., object]] = {}
        self.names = Names(self.lock)
        self.prober = Prober(self)
        self._resets: list[Action] = [self.names.forget, self.prober.forget]
        self._revivals: list[Action] = [self.names.revive, self.prober.revive]
        # One more sandbox that is as this one is now: see `Branches`.
        self.branch: Callable[[], dict[str, Any]] = no_branch
        self._disturbances: list[Action] = []
        self._changes: list[Action] = []
        self._held: list[tuple[Callable[[], bool], Action, str]] = []
        # Returns when what is real is as it should be by now, or after some patience; whether it
        # is. Not to be called under the lock.
        self.settle: Callable[[], bool] = lambda: True
        # Whether who has an address in a VPC reaches a service, as "ssm", of a region. Called under
        # the lock.
        self.reaches: Callable[[str, str, str, str], bool] = lambda *_asked: True
        # What of the real part is not as it should be, a sentence each.
        self.troubles: Callable[[], list[str]] = list
        self.end: Action = lambda: None  # stops what makes it so
        self._timers: dict[threading.Timer, bool] = {}
        self._answering = False
        self._afterwards: list[tuple[Action, str]] = []
        self.clock = Clock(self)

    @property
    def speed(self) -> float:
        return self._speed

    @speed.setter
    def speed(self, value: float) -> None:
        if value and not SLOWEST <= value < float("inf"):
            raise ValueError(f"speed must be 0 or a number of at least {SLOWEST:g}, not {value:g}")
        self._speed = float(value)

    def now(self) -> datetime:
        """The time, with its zone (UTC)."""
        return datetime.now(UTC)

    def scaled(self, seconds: float) -> float:
        """AWS seconds as real seconds; 0 where things happen at once."""
        return seconds / self._speed if self._speed else 0.0

    def seconds(self, step: str) -> float:
        """Real seconds that a step of `sandbox.times` takes here, 0 where things happen at once."""
        return self.scaled(STEPS[step].typical)

    def later(self, seconds: float, action: Action, label: str, listed: bool = True) -> Cancel:
        """Run `action` under the lock after so many real seconds, at once if 0.

        While a request is answered, "at once" is when its answer is made: it tells the first state
        of what it made, as AWS does, and the next request finds the action done.

        Returns what cancels it. An action that is still waiting when the world is reset never runs.
        One that raises is reported on stderr with its label and changes nothing else. What is not
        `listed` is nothing that was begun, but only watched for, and `waiting` is silent about it.
        """
        if seconds <= 0:
            with self.lock:
                if self._answering:
                    return self._put_off(action, label)
                self._run(action, label)
            return _nothing

        def fire() -> None:
            with self.lock:
                if self._timers.pop(timer, None) is not None:
                    self._run(action, label)

        timer = threading.Timer(seconds, fire)
        timer.daemon = True
        timer.name = label
        with self.lock:
            self._timers[timer] = listed
        timer.start()

        def cancel() -> None:
            with self.lock:
                self._timers.pop(timer, None)
            timer.cancel()

        return cancel

    def ticking(self, seconds: float, action: Action) -> Ticking:
        """Something to be done every so many seconds of AWS, once it has been started."""
        ticking = Ticking(self, seconds, action)
        self._revivals.append(ticking.revive)
        return ticking

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Put off what happens at once until the block, which makes an answer, is left."""
        with self.lock:
            self._answering = True
            try:
                yield
            finally:
                self._answering = False
                actions, self._afterwards = self._afterwards, []
                for action, label in actions:
                    self._run(action, label)

    def _put_off(self, action: Action, label: str) -> Cancel:
        entry = (action, label)
        self._afterwards.append(entry)

        def cancel() -> None:
            with self.lock:
                self._afterwards = [other for other in self._afterwards if other is not entry]

        return cancel

    def waiting(self) -> list[str]:
        """Labels of what `later` and `once` still have to do."""
        with self.lock:
            timed = [timer.name for timer, listed in self._timers.items() if listed]
            return sorted([*timed, *(label for _, _, label in self._held)])

    def once(self, possible: Callable[[], bool], action: Action, label: str) -> None:
        """Run `action` under the lock as soon as it is `possible`, which may be now.

        It is asked again each time something was lost or mended, and by `resume`.
        """
        with self.lock:
            if possible():
                action()
            else:
                self._held.append((possible, action, label))

    def resume(self) -> None:
        """Run what `once` holds and has become possible."""
        with self.lock:
            held, self._held = self._held, []
            for possible, action, label in held:
                if possible():
                    self._run(action, label)
                else:
                    self._held.append((possible, action, label))

    def darken(self, regions: frozenset[str]) -> None:
        """Have what is real in these regions reached by nobody, and in all others again."""
        self.dark = regions
        self._disturb()

    def sever(self, one: str, other: str, cut: bool = True) -> None:
        """Let nothing pass between two regions any more, or let it pass again.

        Raises ValueError.
        """
        pair = (min(one, other), max(one, other))
        if one == other:
            raise ValueError(f"{one} cannot be cut from itself")
        if not cut and pair not in self.cut:
            raise ValueError(f"{one} and {other} are not cut from each other")
        self.cut = self.cut | {pair} if cut else self.cut - {pair}
        self._disturb()

    def severed(self, one: str, other: str) -> bool:
        """Whether nothing passes between two regions."""
        return bool({one, other} & self.dark) or (min(one, other), max(one, other)) in self.cut

    def lose_zone(self, zone: str, lost: bool = True) -> None:
        """Have nothing be in an availability zone any more, or let it be used again."""
        self.dead_zones = self.dead_zones | {zone} if lost else self.dead_zones - {zone}
        self._disturb()

    def on_disturbance(self, action: Action) -> None:
        """Have `action` run, under the lock, each time regions or zones are lost or mended."""
        self._disturbances.append(action)

    def on_change(self, action: Action) -> None:
        """Have `action` run each time something may have changed. It must return at once."""
        self._changes.append(action)

    def touch(self) -> None:
        """Something may have changed."""
        for action in self._changes:
            action()

    def on_health(self, told: Told) -> None:
        """Have `told` called, under the lock, when the health of a host changes."""
        self.health_told.append(told)

    def tell_health(self, instance: str, health: str) -> None:
        """The health of a host has changed. Whoever calls holds the lock."""
        for told in self.health_told:
            told(instance, health)
        self.touch()

    def on_reset(self, action: Action) -> None:
        """Have `action` run, under the lock, each time everything is forgotten."""
        self._resets.append(action)

    def reset(self) -> None:
        """Forget everything: cancel what waits, then run what was registered, in order."""
        with self.lock:
            self.epoch += 1
            self.dark, self.cut, self.dead_zones = frozenset(), frozenset(), frozenset()
            for timer in self._timers:
                timer.cancel()
            self._timers.clear()
            self._afterwards.clear()
            self._held.clear()
            for action in self._resets:
                action()
            self.touch()

    def revive(self) -> None:
        """Have all that threads did here go on, in a process that was forked from their own.

        What waits for its time waits for all of it again.
        """
        for timer in self._timers:
            again = threading.Timer(timer.interval, timer.function)
            again.daemon = True
            again.start()
        for action in self._revivals:
            action()

    def _disturb(self) -> None:
        with self.lock:
            self.databases.disturb(self.dark, self.cut)
            for action in self._disturbances:
                action()
            self.resume()
            self.touch()

    def _run(self, action: Action, label: str) -> None:
        try:
            action()
        except Exception:
            print(f"sandbox: {label} failed", file=sys.stderr)
            traceback.print_exc()
        self.touch()


def no_branch() -> dict[str, Any]:
    """Raises ValueError."""
    raise ValueError("only a sandbox without anything real, which a test has started, has branches")


def _nothing() -> None:
    """There is nothing to cancel."""
