# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures as a table for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from benchmarks.figures import STEPS, Figure, ratios

HEADINGS = (
    *("wall s", "low-high", "cpu s", "tasks", "results", "requests", "reads", "writes"),
    *("changed", "failed", "x wall", "x cpu", "x requests"),
)
NOTHING = "-"


def row(one: Figure, all_figures: Sequence[Figure], reference: str) -> tuple[str, ...]:
    """The cells of a figure, one for each heading."""
    times = ratios(one, all_figures, reference)
    spread = f"{one.wall_low:.1f}-{one.wall_high:.1f}" if one.runs > 1 else NOTHING
    failed = str(one.failed) if one.failed is not None else NOTHING
    if one.code and not one.failed:
        failed = f"exit {one.code}"
    return (
        f"{one.wall:.2f}",
        spread,
        f"{one.cpu:.2f}",
        _count(one.tasks),
        _count(one.results),
        str(one.requests),
        str(one.reads),
        str(one.writes),
        _count(one.changed),
        failed,
        _times(times.wall if times else None),
        _times(times.cpu if times else None),
        _times(times.requests if times else None),
    )


def _count(value: int | None) -> str:
    return NOTHING if value is None else str(value)


def _times(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.{1 if value >= 1 else 2}f}"


def table(all_figures: Sequence[Figure], titles: Mapping[str, str], reference: str) -> str:
    """Steps one under the other, sides within each; columns as wide as they need to be."""
    rows = [(titles[one.side], *row(one, all_figures, reference)) for one in all_figures]
    heads = ("", *HEADINGS)
    widths = [max(len(line[at]) for line in [heads, *rows]) for at in range(len(heads))]
    return "\n".join(_lines(all_figures, rows, heads, widths))


def _lines(
    all_figures: Sequence[Figure],
    rows: Sequence[tuple[str, ...]],
    heads: Sequence[str],
    widths: Sequence[int],
) -> Iterator[str]:
    def line(cells: Sequence[str]) -> str:
        first, *rest = cells
        aligned = (cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))
        return "  ".join(["  " + first.ljust(widths[0]), *aligned]).rstrip()

    yield line(heads)
    for step, title in STEPS.items():
        of_step = [cells for one, cells in zip(all_figures, rows, strict=True) if one.step == step]
        if of_step:
            yield title
            yield from map(line, of_step)


def summary(
    all_figures: Sequence[Figure], titles: Mapping[str, str], reference: str
) -> Iterator[str]:
    """One sentence for each other side in each step that the reference ran to its end.

    None for a side that asks AWS nothing.
    """
    ended = {one.step for one in all_figures if one.side == reference and not one.code}
    for one in all_figures:
        if one.side == reference or one.step not in ended or not one.requests:
            continue
        if one.code:
            yield f"{STEPS[one.step]}: {titles[one.side]} did not finish"
            continue
        times = ratios(one, all_figures, reference)
        if times is None:
            continue
        yield (
            f"{STEPS[one.step]}: {titles[one.side]} takes {_times(times.wall)} times the wall "
            f"time and {_times(times.requests)} times the requests of {titles[reference]}"
        )
