# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The words of the engine as plain frozen data: want, have, action, step, plan.

Nothing here knows AWS, Ansible, a clock or a file.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final


class Unknown:
    """The value of something that exists only after apply. There is one instance, `UNKNOWN`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "(known after apply)"

    __str__ = __repr__


UNKNOWN: Final = Unknown()


class Untold:
    """What an object was made with and AWS does not tell. There is one instance, `UNTOLD`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "(not told by AWS)"

    __str__ = __repr__


UNTOLD: Final = Untold()


@dataclass(frozen=True, slots=True)
class Ref:
    """Points from one want to a fact of another.

    target: address of the other want, "kind/id" or "site:kind/id".
    attr: which of its facts, usually "id" or "arn".
    ready: the other one must be settled (available, issued, …), not merely made.
    """

    target: str
    attr: str = "id"
    ready: bool = False


@dataclass(frozen=True, slots=True)
class Join:
    """A string with Refs inside it: Join(("arn:aws:s3:::", Ref("bucket/logs", "name"), "/*"))."""

    parts: tuple[str | Ref, ...]


@dataclass(frozen=True, slots=True)
class Want:
    """One declared object.

    spec: its managed attributes in canonical form; values may be Ref or Join at any depth.
    after: order without data ("this one later than those").
    given: it is read and awaited, never made, changed or removed (another site's, say).
    site: "" for the site being built, else the name of the site it belongs to.
    """

    kind: str
    id: str
    spec: Mapping[str, Any] = field(default_factory=dict)
    after: tuple[Ref, ...] = ()
    tier: str = ""
    given: bool = False
    site: str = ""

    @property
    def address(self) -> str:
        return address(self.kind, self.id, self.site)


@dataclass(frozen=True, slots=True)
class Have:
    """One observed object.

    spec: the same keys as a want's spec, canonical; keys that nobody declares are allowed. What is
    UNTOLD is taken for what is wanted.
    facts: what Refs read ("id", "arn", "name", "dns_name", …); never compared.
    settled: usable by those who need it ready. status: AWS's own word for it, for progress lines.
    foreign: things found on it that are not ours, named in reports and left alone.
    failed: it never settles by itself; `status` says why. Whoever waits for it is told at once.
    leaving: it waits for its end, and a change calls it back. For a teardown it is gone.
    """

    kind: str
    id: str
    spec: Mapping[str, Any]
    facts: Mapping[str, Any]
    settled: bool = True
    status: str = ""
    foreign: tuple[str, ...] = ()
    site: str = ""
    failed: bool = False
    leaving: bool = False

    @property
    def address(self) -> str:
        return address(self.kind, self.id, self.site)


class Action(enum.StrEnum):
    """What a step does. KEEP: no longer declared, but stateful, so it stays until destroyed."""

    NOOP = "no change"
    CREATE = "create"
    UPDATE = "change"
    REPLACE = "replace"
    DESTROY = "destroy"
    KEEP = "keep"
    READ = "read"

    @property
    def writes(self) -> bool:
        return self in (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DESTROY)


@dataclass(frozen=True, slots=True)
class Change:
    """One managed field that differs: the path below spec, and both values."""

    path: tuple[str, ...]
    before: Any
    after: Any

    @property
    def key(self) -> str:
        return self.path[0]

    @property
    def dotted(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Step:
    """One planned act on one object. needs: what it waits for, True where that must be ready."""

    address: str
    action: Action
    kind: str
    id: str
    tier: str
    want: Want | None = None
    have: Have | None = None
    changes: tuple[Change, ...] = ()
    needs: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """All steps, every one after those that it needs."""

    steps: tuple[Step, ...]

    @property
    def writes(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.action.writes)

    def count(self, action: Action) -> int:
        return sum(1 for step in self.steps if step.action is action)


@dataclass(frozen=True, slots=True)
class Rules:
    """What the planner must know of a kind.

    replace: spec keys that AWS cannot change in place. stateful: never replaced, never deleted by
    an edit. rank: order of removal of what nobody declares any more (highest first).
    partial: mapping keys of which only the declared entries are ours (tags, parameters).
    grows: spec keys, numbers, that AWS raises in place and never lowers.
    container: AWS does not remove it while something that refers to it stands.
    advice: why a key stays as it is, and what to do instead, where a refusal should say so.
    history: earlier ones of what is declared stay on purpose, and no report names them.
    observed: keys that follow from what became of the object and that nobody declares by value; of
    these the advice is all there is to do.
    """

    replace: frozenset[str] = frozenset()
    stateful: bool = False
    rank: int = 0
    partial: frozenset[str] = frozenset({"tags"})
    grows: frozenset[str] = frozenset()
    container: bool = False
    history: bool = False
    advice: Mapping[str, str] = field(default_factory=dict)
    observed: frozenset[str] = frozenset()

    def demands_new(self, change: Change) -> bool:
        """Whether a change can only be made by a new object in place of the one that stands."""
        lowered = change.key in self.grows and change.after < change.before
        return lowered or change.key in self.replace


def address(kind: str, id: str, site: str = "") -> str:
    return f"{site}:{kind}/{id}" if site else f"{kind}/{id}"
