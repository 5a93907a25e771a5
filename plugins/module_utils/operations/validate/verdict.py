# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What was read, what is thought of it, and how both become a row. No I/O, and no clock."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

from ...aws.scope import Scope
from ...declaration.site import Site
from ...engine import graph
from ...engine.diff import compare
from ...engine.model import UNKNOWN, Change, Have, Ref, Rules, Want

State = Literal["pass", "fail", "unknown"]
Row = dict[str, Any]
# The order in which they are told.
STATES: tuple[State, ...] = ("fail", "unknown", "pass")
COMMAND = "$ "
# Begins the names of facts of the site that serves.
ACTIVE = "active:"
BUILD = f"{COMMAND}ansible-playbook operatingdev.phoenix.site"


@dataclass(frozen=True, slots=True)
class Verdict:
    """said: a sentence. next: "", a sentence, or a command behind "$ ". age: seconds, None where it
    has none.
    """

    state: State
    said: str
    next: str = ""
    age: float | None = None


def good(said: str, age: float | None = None) -> Verdict:
    return Verdict("pass", said, "", age)


def bad(said: str, next: str, age: float | None = None) -> Verdict:
    return Verdict("fail", said, next, age)


def unknown(said: str, next: str = "", age: float | None = None) -> Verdict:
    return Verdict("unknown", said, next, age)


class NoFact(Exception):
    """A fact that a row needs was not read. verdict: what the row is then."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.said)
        self.verdict = verdict


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at both sites, from the one that stands by.

    site: the one that stands by, with who serves as the record has it. options: by tier. wants: of
    this site, by address, and what home declares of the switch. objectives: as the task was given
    them, with what else a look is given: commit, smoke_write, and switchover, whether it is looked
    at for a move while both regions are there. rules: by kind. facts: what was read by name; in
    place of what could not be a Verdict.
    """

    site: Site
    peer: Scope
    options: Mapping[str, Mapping[str, Any]]
    wants: Mapping[str, Want]
    objectives: Mapping[str, Any]
    rules: Mapping[str, Rules]
    now: datetime.datetime
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def scope(self) -> Scope:
        return self.site.scope

    @property
    def serving(self) -> Site:
        """The site as its tiers see it once it has taken over."""
        return replace(self.site, active=self.scope.site)

    @property
    def application(self) -> str:
        return str(self.options["web_tier"]["application"])

    @property
    def replicates(self) -> bool:
        """Whether the site is to have a copy of the database that streams."""
        return self.site.strategy != "backup_restore"

    def fact(self, name: str) -> Any:
        """What was read. Raises NoFact where that could not be."""
        found = self.facts[name]
        if isinstance(found, Verdict):
            raise NoFact(found)
        return found

    def have(self, address: str) -> Have | None:
        """What is there of a want. Raises NoFact."""
        found: Have | None = self.fact(address)
        return found

    def changes(self, address: str) -> tuple[Change, ...]:
        """How what is there differs from what is declared, as far as that is known. Raises NoFact
        where it is not known to differ, and what it is to be like could not be read; KeyError where
        it is not there.
        """
        want, have = self.wants[address], self.have(address)
        if have is None:
            raise KeyError(address)
        of_active = address.startswith(ACTIVE)
        resolved = graph.resolve(want.spec, partial(self._lookup, of_active))
        found = compare(resolved, have.spec, self.rules[want.kind].partial)
        known = tuple(change for change in found if not _open(change.after))
        if not known:
            self._refuse_unread(of_active, (want.spec[change.key] for change in found))
        return known

    def age(self, time: Any) -> float:
        """Seconds since a time, as AWS tells it or as ISO 8601."""
        if isinstance(time, str):
            time = datetime.datetime.fromisoformat(time)
        return max(0.0, float((self.now - time).total_seconds()))

    def _refuse_unread(self, of_active: bool, values: Iterable[Any]) -> None:
        """Raises NoFact where one of these refers to what could not be read."""
        for ref in graph.refs(list(values)):
            found = self.facts.get(self._name(of_active, ref))
            if isinstance(found, Verdict):
                raise NoFact(found)

    def _name(self, of_active: bool, ref: Ref) -> str:
        """That of the fact which a want refers to. of_active: whether it is one of the site that
        serves, to which this site is the other one.
        """
        _site, colon, address = ref.target.rpartition(":")
        return f"{ACTIVE}{address}" if of_active != bool(colon) else address

    def _lookup(self, of_active: bool, ref: Ref) -> Any:
        have = self.facts.get(self._name(of_active, ref))
        return have.facts.get(ref.attr, UNKNOWN) if isinstance(have, Have) else UNKNOWN


@dataclass(frozen=True, slots=True)
class Check:
    """One precondition. judge: None where it is none for this environment; raises NoFact."""

    what: str
    judge: Callable[[Seen], Verdict | None]


def row(check: Check, seen: Seen) -> Row | None:
    """The check as a row of the result, None where it is none here."""
    try:
        found = check.judge(seen)
    except NoFact as error:
        found = error.verdict
    if found is None:
        return None
    return {
        "what": check.what,
        "state": found.state,
        "age_seconds": None if found.age is None else round(found.age, 1),
        "said": found.said,
        "next": found.next,
    }


def lines(said: str, rows: list[Row]) -> Iterator[str]:
    """For people: how ready it is first, then what is in the way."""
    yield said
    width = max((len(row["what"]) for row in rows), default=0)
    for state in STATES:
        for row in rows:
            if row["state"] == state:
                yield f"{state:<7} {row['what']:<{width}}  {row['said']}{_aged(row)}"
                if row["next"] and state != "pass":
                    yield f"{'':<7} {'':<{width}}  next: {row['next']}"


def _aged(row: Row) -> str:
    age = row["age_seconds"]
    return "" if age is None else f" ({datetime.timedelta(seconds=round(age))} old)"


def _open(value: Any) -> bool:
    """Whether it hangs on something that is not known."""
    if isinstance(value, Mapping):
        return any(map(_open, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_open, value))
    return value is UNKNOWN
