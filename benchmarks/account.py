# SPDX-License-Identifier: GPL-3.0-or-later
"""An emulated account of a side's own, and the runs of that side against it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import counting
from benchmarks.figures import Run
from benchmarks.process import measure
from benchmarks.sides import CHECKOUT, Side, fill
from benchmarks.spans import spans
from sandbox.running import Handle, connection, running

PATIENCE = 3600.0
# What the caller's shell or make has set of these would decide over a side's result.
_FOREIGN = ("AWS_", "ANSIBLE_", "BOTO_", "PYTHON", "SANDBOX_")


def environment(
    side: Side, places: Mapping[str, str], inherited: Mapping[str, str]
) -> dict[str, str]:
    """The variables of a run: the inherited ones that decide nothing, and the side's own."""
    kept = {name: value for name, value in inherited.items() if not name.startswith(_FOREIGN)}
    return {**kept, **{name: fill(value, places) for name, value in side.environment.items()}}


@dataclass(frozen=True, slots=True)
class Account:
    """A sandbox at speed 0, and the folder for what the side leaves behind."""

    handle: Handle
    side: Side
    places: Mapping[str, str]
    logs: Path

    def run(
        self, step: str, number: int = 1, extra: Sequence[str] = (), by: Side | None = None
    ) -> Run:
        """Run the side's command once, or that of a side that reads what this one built."""
        side = by or self.side
        command = [fill(word, self.places) for word in (*side.command, *extra)]
        log = self.logs / f"{side.name}-{step}-{number}.log"
        mark = self.handle.mark()
        usage = measure(
            command,
            Path(fill(side.folder, self.places)),
            environment(side, self.places, os.environ),
            log,
            PATIENCE,
        )
        entries = self.handle.log(mark)
        output = log.read_text(encoding="utf-8", errors="replace")
        return Run(
            side.name,
            step,
            usage,
            counting.requests(entries),
            counting.recap(output),
            spans(entries, usage.began, usage.wall),
            counting.said(output),
        )


@contextmanager
def account(side: Side, work: Path, password: str, logs: Path) -> Iterator[Account]:
    """A fresh, empty account for a side; it ends with the block."""
    with running(speed=0.0) as handle:
        connection(handle.endpoint, work / side.name)
        yield Account(handle, side, places(side, work, password, handle.endpoint), logs)


def places(side: Side, work: Path, password: str, endpoint: str) -> dict[str, str]:
    """What the placeholders of sides.toml stand for."""
    return {
        "checkout": str(CHECKOUT),
        "work": str(work / side.name),
        "endpoint": endpoint,
        "connection": str(work / side.name / "connection.json"),
        "password": password,
    }
