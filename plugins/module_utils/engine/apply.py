# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Executes a plan: a ready queue over threads. The engine owns the order, others do the acts.

One rule for everything that takes time: a step that needs another one *ready* is held until that
one is settled. With `wait` the held steps go on when it is; without, they are reported as deferred,
and a later run over the same declaration takes them up.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field
from typing import Protocol

from .errors import NeverReady
from .model import Action, Have, Plan, Step


class State(enum.StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    MADE = "made"
    SETTLED = "settled"
    DEFERRED = "deferred"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to one address. seconds: since the start of apply."""

    state: State
    address: str
    action: Action
    seconds: float
    status: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What apply did. done: the steps executed, as they ended. errors: root causes only."""

    haves: Mapping[str, Have]
    done: tuple[Step, ...]
    waiting: Mapping[str, str]
    deferred: tuple[str, ...]
    errors: Mapping[str, BaseException]
    skipped: tuple[str, ...]


class World(Protocol):
    """What apply may do to the outside; the only way out of the engine."""

    def act(self, step: Step, haves: Mapping[str, Have]) -> Have | None:
        """Executes one step and answers what is there afterwards, None after a removal."""

    def look(self, steps: Iterable[Step]) -> Mapping[str, Have]:
        """Reads the objects of these steps again; absent ones are left out."""

    def unfinished(self, step: Step) -> bool:
        """Whether an object that has settled still lacks what its create could not give it."""

    def finish(self, step: Step, have: Have) -> Have:
        """Gives it that, and answers what is there afterwards."""

    def now(self) -> float:
        """Seconds on a clock that only goes forward."""

    def pause(self, round: int) -> None:
        """Sleeps between two looks; round counts the looks since something last happened."""

    def tell(self, event: Event) -> None:
        """Takes note of an event."""

    @property
    def deadline(self) -> float:
        """The value of now() after which waiting ends."""


@dataclass(slots=True)
class _Run:
    plan: Plan
    world: World
    wait: bool
    until: frozenset[str]
    start: float
    haves: dict[str, Have]
    states: dict[str, State] = field(default_factory=dict)
    running: dict[Future[Have | None], Step] = field(default_factory=dict)
    done: list[Step] = field(default_factory=list)
    errors: dict[str, BaseException] = field(default_factory=dict)

    def mark(self, step: Step, state: State, status: str = "") -> None:
        self.states[step.address] = state
        if state is not State.PENDING:
            self.world.tell(
                Event(state, step.address, step.action, self.world.now() - self.start, status)
            )

    def pending(self) -> list[Step]:
        return [s for s in self.plan.steps if self.states[s.address] is State.PENDING]

    def unsettled(self) -> list[Step]:
        return [s for s in self.plan.steps if self.states[s.address] is State.MADE]

    def arrived(self) -> bool:
        """Whether all that is waited for in particular is usable, or never will be."""
        moving = (State.PENDING, State.RUNNING, State.MADE)
        return bool(self.until) and not any(self.states.get(n) in moving for n in self.until)


def apply(
    plan: Plan,
    haves: Mapping[str, Have],
    world: World,
    pool: Executor,
    *,
    wait: bool,
    until: frozenset[str] = frozenset(),
) -> Outcome:
    """Executes the plan and answers what happened. An act that fails is in the outcome.

    until: addresses; once these are usable nothing else is waited for, and what waits is deferred.
    Without wait nothing undeclared is removed either: others may use it that are not in this plan.
    """
    run = _Run(plan, world, wait, until, world.now(), dict(haves))
    for step in plan.steps:
        run.states[step.address] = State.PENDING
    quiet = 0
    while True:
        _dispatch(run, pool)
        if run.running:
            quiet = 0
            _collect(run)
            continue
        if not (wait and run.unsettled()) or run.arrived() or world.now() >= world.deadline:
            break
        world.pause(quiet)
        quiet += 1
        _settle(run, pool)
    return _outcome(run)


def _dispatch(run: _Run, pool: Executor) -> None:
    """Starts or closes every step whose needs allow it, until nothing moves any more."""
    moved = True
    while moved:
        moved = False
        for step in run.pending():
            verdict = _verdict(run, step)
            if verdict is State.PENDING:
                continue
            moved = True
            if verdict is not State.RUNNING:
                run.mark(step, verdict)
            elif step.action.writes:
                run.mark(step, State.RUNNING)
                run.running[pool.submit(run.world.act, step, dict(run.haves))] = step
            else:
                _note(run, step, run.haves.get(step.address))


def _verdict(run: _Run, step: Step) -> State:
    verdict = State.RUNNING
    if step.action is Action.DESTROY and step.want is None and not run.wait:
        verdict = State.DEFERRED
    for target, ready in step.needs.items():
        state = run.states.get(target, State.SETTLED)
        if state in (State.FAILED, State.SKIPPED):
            return State.SKIPPED
        if state is State.DEFERRED:
            verdict = State.DEFERRED
        elif state in (State.PENDING, State.RUNNING):
            return State.PENDING
        elif state is State.MADE and (ready or _absent(run, target)):
            if run.wait:
                return State.PENDING
            verdict = State.DEFERRED
    return verdict


def _absent(run: _Run, address: str) -> bool:
    """True for a given object that is not there yet: nothing of it can be referred to."""
    return address not in run.haves and run.states[address] is State.MADE


def _note(run: _Run, step: Step, have: Have | None) -> None:
    """Takes what is there after a step, and whether it is settled."""
    if have is None:
        run.haves.pop(step.address, None)
        gone = step.action in (Action.DESTROY, Action.KEEP)
        run.mark(step, State.SETTLED if gone else State.MADE, "" if gone else "absent")
        return
    run.haves[step.address] = have
    # Nobody waits for what is only kept: it is not declared, so nobody looks at it again.
    settled = have.settled or step.action is Action.KEEP
    run.mark(step, State.SETTLED if settled else State.MADE, have.status)


def _collect(run: _Run) -> None:
    finished, _rest = wait(run.running, return_when=FIRST_COMPLETED)
    for future in finished:
        step = run.running.pop(future)
        error = future.exception()
        if error is None:
            if step not in run.done:
                run.done.append(step)
            _note(run, step, future.result())
        else:
            run.errors[step.address] = error
            run.mark(step, State.FAILED, str(error))


def _settle(run: _Run, pool: Executor) -> None:
    """Looks again at what is made and not settled."""
    steps = run.unsettled()
    try:
        seen = run.world.look(steps)
    except Exception as error:
        for step in steps:
            run.errors[step.address] = error
            run.mark(step, State.FAILED, str(error))
        return
    for step in steps:
        have = seen.get(step.address)
        if have is None:
            continue
        before = run.haves.get(step.address)
        run.haves[step.address] = have
        if have.settled and run.world.unfinished(step):
            run.mark(step, State.RUNNING)
            run.running[pool.submit(run.world.finish, step, have)] = step
        elif have.settled:
            run.mark(step, State.SETTLED, have.status)
        elif have.failed:
            run.errors[step.address] = NeverReady(f"it has failed: {have.status}")
            run.mark(step, State.FAILED, have.status)
        elif before is None or before.status != have.status:
            run.mark(step, State.MADE, have.status)


def _outcome(run: _Run) -> Outcome:
    def named(state: State) -> tuple[str, ...]:
        return tuple(name for name, now in run.states.items() if now is state)

    return Outcome(
        haves=run.haves,
        done=tuple(run.done),
        waiting={
            name: run.haves[name].status if name in run.haves else "absent"
            for name in named(State.MADE)
        },
        deferred=(*named(State.DEFERRED), *named(State.PENDING)),
        errors=run.errors,
        skipped=named(State.SKIPPED),
    )
