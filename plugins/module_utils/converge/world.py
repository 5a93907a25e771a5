# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The world that the engine acts on: kinds over AWS, with the rules for calls that fail.

There is one retry layer for a call that may be repeated (the SDK's) and one for creates (here): a
create is sent once, and whether an unclear one was executed is found out by looking. How long and
how often, says patience.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..aws.errors import RENAME, Conflict, Meaning, StillUsed, meaning
from ..aws.session import Aws
from ..engine import graph
from ..engine.apply import Event
from ..engine.diff import compare
from ..engine.model import UNKNOWN, Action, Have, Ref, Step, Want
from ..kinds.base import Kind
from . import patience
from .reading import Reader

LONGEST_PAUSE = 15.0
SHORTEST_PAUSE = 0.2
PATIENCE = 0.02


class Account:
    """Implements engine.apply.World.

    purge: mappings whose undeclared entries are removed. guard: raises where nothing may be written
    any more.
    """

    def __init__(
        self,
        accounts: Mapping[str, Aws],
        kinds: Mapping[str, Kind],
        known: Mapping[str, Mapping[str, Any]],
        *,
        timeout: float,
        purge: frozenset[str] = frozenset(),
        listener: Callable[[Event], None] = lambda event: None,
        guard: Callable[[], None] = lambda: None,
    ) -> None:
        self._accounts = accounts
        self._kinds = kinds
        self._known = known
        self._purge = purge
        self._listener = listener
        self._guard = guard
        self._made: dict[str, Want] = {}
        self._last_event = time.monotonic()
        self.deadline = time.monotonic() + timeout

    def now(self) -> float:
        return time.monotonic()

    def tell(self, event: Event) -> None:
        self._last_event = self.now()
        self._listener(event)

    def pause(self, round: int) -> None:
        """Looks often after something happened, seldom during a long wait."""
        waited = self.now() - self._last_event
        time.sleep(max(SHORTEST_PAUSE, min(LONGEST_PAUSE, waited * PATIENCE)))

    def look(self, steps: Iterable[Step]) -> Mapping[str, Have]:
        chosen = {step.address: step for step in steps}
        try:
            return self._read([step.want for step in chosen.values() if step.want])
        except Exception as error:
            if meaning(error) in (Meaning.THROTTLED, Meaning.UNCLEAR):
                return {}
            raise

    def unfinished(self, step: Step) -> bool:
        return step.address in self._made

    def finish(self, step: Step, have: Have) -> Have:
        """What AWS does not take in the create call is set once the object is there."""
        want, kind = self._made[step.address], self._kinds[step.kind]
        after = self._update(kind, self._accounts[""], want, have)
        del self._made[step.address]
        return self._postponed(kind, want, after)

    def act(self, step: Step, haves: Mapping[str, Have]) -> Have | None:
        kind = self._kinds[step.kind]
        aws = self._accounts[""]
        if step.action is Action.DESTROY and step.have:
            self._delete(kind, aws, step.have)
            return None
        if not step.want:
            raise ValueError("it has nothing to act on")
        want = self._resolved(step.want, haves)
        if step.action is Action.UPDATE and step.have:
            return self._postponed(kind, want, self._update(kind, aws, want, step.have))
        if step.action is Action.REPLACE and step.have:
            self._delete(kind, aws, step.have)
            self._await_absence(step.want)
        have = self._create(kind, aws, want)
        if not have.settled:
            self._made[want.address] = want
        return have

    def _resolved(self, want: Want, haves: Mapping[str, Have]) -> Want:
        def lookup(ref: Ref) -> Any:
            have = haves.get(ref.target)
            facts = have.facts if have else self._known.get(ref.target, {})
            value = facts.get(ref.attr, UNKNOWN)
            if value is UNKNOWN:
                raise LookupError(f"it needs {ref.attr} of {ref.target}, which is not known yet")
            return value

        spec = graph.resolve(want.spec, lookup)
        return Want(want.kind, want.id, spec, want.after, want.tier, want.given, want.site)

    def _create(self, kind: Kind, aws: Aws, want: Want) -> Have:
        began, attempt = self.now(), 0
        while True:
            self._guard()
            try:
                return kind.create(aws, want)
            except Exception as error:
                how = meaning(error)
                if how in (Meaning.REFUSED, Meaning.BLOCKED):
                    raise
                # It may be a later call of the create that was refused, so this always looks.
                have = self._search(want, patience.looks(how, kind.tokenless))
                if have is not None:
                    return self._update(kind, aws, want, have)
                if how is Meaning.EXISTS:
                    raise Conflict(
                        "its name is taken by an object that does not carry the owner tags of "
                        f"{aws.scope.prefix}; it was left alone ({error})",
                        RENAME,
                    ) from error
                if not _rest(how, attempt, self.now() - began):
                    raise
                attempt += 1

    def _search(self, want: Want, pauses: Iterable[float]) -> Have | None:
        """Looks for an object that may have just been made; it may take a moment to show."""
        for seconds in pauses:
            time.sleep(seconds)
            found = self._read([want]).get(want.address)
            if found is not None:
                return found
        return None

    def _update(self, kind: Kind, aws: Aws, want: Want, have: Have) -> Have:
        changes = compare(want.spec, have.spec, kind.rules.partial, self._purge)
        fixed = [change.dotted for change in changes if change.key in kind.rules.replace]
        if fixed:
            raise Conflict(f"it exists with another {', '.join(fixed)}")
        if not changes:
            return have
        began, attempt = self.now(), 0
        while True:
            self._guard()
            try:
                after = kind.update(aws, want, have, changes)
                break
            except Exception as error:
                if not _rest(meaning(error), attempt, self.now() - began):
                    raise
                attempt += 1
        return after or Have(
            have.kind, have.id, {**have.spec, **want.spec}, have.facts, have.settled, have.status
        )

    def _postponed(self, kind: Kind, want: Want, have: Have) -> Have:
        """Remembers what an object that was busy did not take, for when it has settled."""
        if not have.settled and compare(want.spec, have.spec, kind.rules.partial, self._purge):
            self._made[want.address] = want
        return have

    def _delete(self, kind: Kind, aws: Aws, have: Have) -> None:
        began, attempt = self.now(), 0
        while True:
            self._guard()
            try:
                kind.delete(aws, have)
                return
            except Exception as error:
                how = meaning(error)
                if how is Meaning.ABSENT:
                    return
                again = how in (Meaning.BLOCKED, Meaning.UNCLEAR, Meaning.THROTTLED)
                again = again or how is Meaning.UNPROPAGATED
                end = self.deadline
                if not isinstance(error, StillUsed):
                    end = min(end, began + patience.BLOCKED)
                if not again or self.now() > end:
                    raise
                time.sleep(patience.growing(attempt))
                attempt += 1

    def _await_absence(self, want: Want) -> None:
        attempt = 0
        while want.address in self._read([want]):
            if self.now() > self.deadline:
                raise TimeoutError("what it replaces is still there")
            time.sleep(patience.growing(attempt))
            attempt += 1

    def _read(self, wants: Iterable[Want]) -> dict[str, Have]:
        return Reader(self._accounts, self._kinds).read(list(wants), ())


def _rest(how: Meaning, attempt: int, elapsed: float) -> bool:
    """Sleeps before the next try; False where there is none."""
    seconds = patience.pause(how, attempt, elapsed)
    if seconds is None:
        return False
    time.sleep(seconds)
    return True
