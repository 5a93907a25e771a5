# SPDX-License-Identifier: GPL-3.0-or-later
"""Measured runs, and what is made of several of the same."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.counting import Recap, Requests
from benchmarks.process import Usage

STEPS = {
    "check_empty": "check on an empty account",
    "first": "first run",
    "second": "second run",
    "check_in_sync": "check in sync",
}


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one side."""

    side: str
    step: str
    usage: Usage
    requests: Requests
    recap: Recap | None

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
        }


@dataclass(frozen=True, slots=True)
class Figure:
    """All runs of one side in one step: medians of times, the worst of everything else.

    `changed` and `failed` are None for a side that is no playbook.
    """

    side: str
    step: str
    runs: int
    wall: float
    wall_low: float
    wall_high: float
    cpu: float
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
    for other in all_figures:
        if (other.side, other.step) == (reference, one.step) and one.side != reference:
            if one.code or other.code:
                return None
            return Ratios(
                ratio(one.wall, other.wall),
                ratio(one.cpu, other.cpu),
                ratio(one.requests, other.requests),
            )
    return None
