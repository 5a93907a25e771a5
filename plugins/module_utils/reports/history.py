# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What earlier operations say about this one: how long its steps will take, and took before."""

from __future__ import annotations

import statistics
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .evidence import Facts


@dataclass(frozen=True, slots=True)
class Forecast:
    """How long an operation will take. seconds: in all; guessed: steps known by their plan only."""

    seconds: float
    guessed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a step took, in seconds, None where it was not done: now and the time before."""

    name: str
    title: str
    now: float | None
    before: float | None

    @property
    def longer(self) -> float | None:
        """By how many seconds it took longer now; negative where it was faster."""
        return None if self.now is None or self.before is None else self.now - self.before


def predictions(earlier: Iterable[Facts], kinds: Collection[str]) -> dict[str, float]:
    """Step -> seconds: the median of what it took in earlier operations that succeeded.

    kinds: the operations that count, as ("failover", "drill") for a failover. A step that had
    nothing to do, or was passed over, says nothing about how long it takes.
    """
    took: dict[str, list[float]] = {}
    for facts in earlier:
        if facts["operation"] in kinds and facts["outcome"] == "succeeded":
            for name, seconds in _done(facts).items():
                took.setdefault(name, []).append(seconds)
    return {name: statistics.median(found) for name, found in took.items()}


def forecast(steps: Iterable[Mapping[str, Any]], predicted: Mapping[str, float]) -> Forecast:
    """The whole of steps one after the other, each with name and planned_seconds.

    predicted: what `predictions` says; a step that it does not know is taken as planned.
    """
    listed = list(steps)
    seconds = sum(predicted.get(step["name"], step["planned_seconds"]) for step in listed)
    guessed = tuple(step["name"] for step in listed if step["name"] not in predicted)
    return Forecast(float(seconds), guessed)


def total(steps: Iterable[Mapping[str, Any]], field: str) -> float | None:
    """Sum of one field of steps in seconds, without those that lack it; None where all do."""
    found = [step[field] for step in steps if step[field] is not None]
    return float(sum(found)) if found else None


def compared(now: Facts, before: Facts) -> list[Comparison]:
    """Step by step, in the order of now, what it took in two reports of the same kind.

    Steps that only the one before has come last; what neither did is left out.
    """
    ours, theirs = _done(now), _done(before)
    titles = {step["name"]: str(step["title"]) for step in (*before["steps"], *now["steps"])}
    names = dict.fromkeys(step["name"] for step in (*now["steps"], *before["steps"]))
    did = [name for name in names if name in ours or name in theirs]
    return [Comparison(n, titles[n], ours.get(n), theirs.get(n)) for n in did]


def _done(facts: Facts) -> dict[str, float]:
    return {
        step["name"]: float(step["seconds"])
        for step in facts["steps"]
        if step["outcome"] == "done" and step["seconds"] is not None
    }
