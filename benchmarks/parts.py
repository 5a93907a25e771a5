# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the time of a second run goes, and what a check costs against it.

The parts are differences of medians that were measured side by side in the same benchmark: an empty
play, then one in which every task is skipped, then the run itself. All three are played over the
same hosts.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.figures import SECOND, STEPS, Figure, Run, named

EMPTY, SKIPPED, FLOOR = "empty", "skipped", "floor"
CHECKS = ("check_empty", "check_in_sync")


@dataclass(frozen=True, slots=True)
class Part:
    """Seconds of a run and what they went to."""

    what: str
    seconds: float


def of_run(all_figures: Sequence[Figure], reference: str) -> list[Part]:
    """Parts that add up to the reference's second run; none if a side they need was not measured.

    A part that is a difference of medians can come out below 0 on a busy machine.
    """
    run, empty, skipped = (named(all_figures, side, SECOND) for side in (reference, EMPTY, SKIPPED))
    if run is None or empty is None or skipped is None:
        return []
    return [
        Part("Ansible starts, reads the inventory and ends (an empty play)", empty.wall),
        Part(
            "the SDK and its models are loaded, tasks are begun (all of them skipped)",
            skipped.wall - empty.wall,
        ),
        Part("requests are at the emulator", run.open),
        Part(
            "all else: clients, requests made and read, workers, comparing, reports",
            run.wall - skipped.wall - run.open,
        ),
    ]


def of_floor(runs: Sequence[Run]) -> list[Part]:
    """What the floor's own time went to, medians; none if it was not measured."""
    told = [run for run in runs if run.side == FLOOR and run.step == SECOND and run.said]
    if not told:
        return []

    def middle(name: str) -> float:
        return statistics.median(float(run.said["seconds"][name]) for run in told if run.said)

    wall = statistics.median(run.usage.wall for run in told)
    both = middle("clients and calls")
    return [
        Part("Python starts and ends", wall - middle("import") - both),
        Part("the SDK is imported", middle("import")),
        Part("clients are made, while calls run", middle("clients")),
        Part("calls are made and read", both - middle("clients")),
    ]


def lines(parts: Sequence[Part], title: str) -> Iterator[str]:
    """A heading with the sum, and a line for each part."""
    if parts:
        yield f"where {title} goes: {sum(part.seconds for part in parts):.2f} s"
        for part in parts:
            yield f"  {part.seconds:5.2f}  {part.what}"


def checks(all_figures: Sequence[Figure], reference: str) -> Iterator[str]:
    """One sentence for each check of the reference: what it costs against its second run."""
    second = named(all_figures, reference, SECOND)
    for step in CHECKS:
        check = named(all_figures, reference, step)
        if check and second and second.wall and second.requests:
            yield (
                f"{STEPS[step]}: {check.wall / second.wall:.2f} times the wall time and "
                f"{check.requests / second.requests:.2f} times the requests of a second run"
            )
