# SPDX-License-Identifier: GPL-3.0-or-later
"""Measured runs, and what is made of several of the same."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.counting import Recap, Requests
from benchmarks.process import Usage
from benchmarks.spans import Spans

STEPS = {
    "check_empty": "check on an empty account",
    "first": "first run",
    "second": "second run",
    "check_in_sync": "check in sync",
}
SECOND = "second"


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one side. `said`: what it printed, if that was one JSON object."""

    side: str
    step: str
    usage: Usage
    requests: Requests
    recap: Recap | None
    spans: Spans | None = None
    said: Mapping[str, Any] | None = None

    def as_data(self) -> dict[str, Any]:
        """For JSON: seconds, counts, names."""
        return {
            "side": self.side,
            "step": self.step,
            "wall_seconds": round(self.usage.wall, 3),
            "cpu_seconds": round(self.usage.cpu, 3),
            "exit_code": self.usage.code,
            "requests": {**asdict(self.requests), "reads": self.requests.reads},
            "ansible": asdict(self.recap) if self.recap else None,
            "spans": {name: round(value, 3) for name, value in asdict(self.spans).items()}
            if self.spans
            else None,
            "said": self.said,
        }


@dataclass(frozen=True, slots=True)
class Figure:
    """All runs of one side in one step: medians of times, the worst of everything else.

    `changed` and `failed` are None for a side that is no playbook. `open`: seconds in which
    requests were at the emulator.
    """

    side: str
    step: str
    runs: int
    wall: float
    wall_low: float
    wall_high: float
    cpu: float
    open: float
    requests: int
    writes: int
    tasks: int | None
    results: int | None
    changed: int | None
    failed: int | None
    code: int

    @property
    def reads(self) -> int:
        return self.requests - self.writes


def figure(runs: Sequence[Run]) -> Figure:
    """The figure of runs of the same side and step; raises ValueError for none or a mixture."""
    if len({(run.side, run.step) for run in runs}) != 1:
        raise ValueError("runs of one side and one step are wanted")
    walls = [run.usage.wall for run in runs]
    recaps = [run.recap for run in runs if run.recap]

    def worst(name: str) -> int | None:
        return max((getattr(recap, name) for recap in recaps), default=None)

    return Figure(
        side=runs[0].side,
        step=runs[0].step,
        runs=len(runs),
        wall=statistics.median(walls),
        wall_low=min(walls),
        wall_high=max(walls),
        cpu=statistics.median(run.usage.cpu for run in runs),
        open=statistics.median(run.spans.open if run.spans else 0.0 for run in runs),
        requests=max(run.requests.total for run in runs),
        writes=max(run.requests.writes for run in runs),
        tasks=worst("tasks"),
        results=worst("results"),
        changed=worst("changed"),
        failed=worst("failed"),
        code=max((abs(run.usage.code), run.usage.code) for run in runs)[1],
    )


def figures(runs: Sequence[Run]) -> list[Figure]:
    """One figure for each side and step, steps in their order, sides as they came."""
    sides = list(dict.fromkeys(run.side for run in runs))
    grouped = (
        [run for run in runs if (run.side, run.step) == (side, step)]
        for step in STEPS
        for side in sides
    )
    return [figure(group) for group in grouped if group]


def named(all_figures: Sequence[Figure], side: str, step: str) -> Figure | None:
    """The figure of a side in a step; None if there is none, or if a run of it failed."""
    for one in all_figures:
        if (one.side, one.step) == (side, step):
            return None if one.code else one
    return None


def ratio(value: float, reference: float) -> float | None:
    """How many times the reference a value is; None where the reference is 0."""
    return value / reference if reference else None


@dataclass(frozen=True, slots=True)
class Ratios:
    """A figure in multiples of the reference side's in the same step."""

    wall: float | None
    cpu: float | None
    requests: float | None


def ratios(one: Figure, all_figures: Sequence[Figure], reference: str) -> Ratios | None:
    """Multiples of the reference's figure of that step.

    None if it has none, or is the same, or if a run of either failed.
    """
    other = named(all_figures, reference, one.step)
    if other is None or one.code or one.side == reference:
        return None
    return Ratios(
        ratio(one.wall, other.wall),
        ratio(one.cpu, other.cpu),
        ratio(one.requests, other.requests),
    )
