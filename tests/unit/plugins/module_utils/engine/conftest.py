# SPDX-License-Identifier: GPL-3.0-or-later
"""A world without AWS: objects in a dictionary, a clock that only a wait moves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.apply import Event
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import (
    Action,
    Have,
    Step,
)


@dataclass
class FakeWorld:
    """Makes what it is asked to. slow: seconds until an object settles. fails: what fails."""

    slow: Mapping[str, float] = field(default_factory=dict)
    fails: frozenset[str] = frozenset()
    deadline: float = 1e9
    clock: float = 0.0
    acts: list[tuple[str, str]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    late: frozenset[str] = frozenset()
    completed: list[str] = field(default_factory=list)
    made_at: dict[str, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    barrier: threading.Barrier | None = None
    dies: Mapping[str, float] = field(default_factory=dict)  # seconds until an object has failed

    def act(self, step: Step, haves: Mapping[str, Have]) -> Have | None:
        if self.barrier:
            self.barrier.wait(timeout=30)
        with self.lock:
            self.acts.append((str(step.action), step.address))
            if step.address in self.fails:
                raise RuntimeError(f"{step.address} broke")
            if step.action is Action.DESTROY:
                return None
            self.made_at[step.address] = self.clock
            return self._have(step)

    def _have(self, step: Step) -> Have:
        ready = self.made_at.get(step.address, 0.0) + self.slow.get(step.address, 0.0)
        settled = self.clock >= ready
        failed = not settled and self.clock >= self.dies.get(step.address, 1e9)
        status = "available" if settled else "failed: no room" if failed else "creating"
        facts = {"id": step.address}
        return Have(step.kind, step.id, {}, facts, settled, status, failed=failed)

    def look(self, steps: Iterable[Step]) -> Mapping[str, Have]:
        return {step.address: self._have(step) for step in steps}

    def unfinished(self, step: Step) -> bool:
        return step.address in self.late and step.address not in self.completed

    def finish(self, step: Step, have: Have) -> Have:
        with self.lock:
            self.completed.append(step.address)
        if step.address in self.fails:
            raise RuntimeError(f"{step.address} broke late")
        return have

    def now(self) -> float:
        return self.clock

    def pause(self, round: int) -> None:
        self.clock += 1.0

    def tell(self, event: Event) -> None:
        self.events.append(event)

    def settled_at(self, address: str) -> float:
        return next(e.seconds for e in self.events if e.address == address and e.state == "settled")


@pytest.fixture
def world() -> Callable[..., FakeWorld]:
    return FakeWorld


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as executor:
        yield executor
