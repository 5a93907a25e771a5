# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m benchmarks.run`: measure every side, print the table, write the figures as JSON.

Every side builds in an emulated account of its own, at speed 0, where things exist at once: what
is measured is what the tools cost, not how long AWS takes. The second runs go round the sides in
turn, so that a busy moment of the machine does not fall on one of them alone.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import certificate, goals, parts, versions
from benchmarks.account import Account, account, places
from benchmarks.figures import STEPS, Run, figures
from benchmarks.process import adopt_orphans
from benchmarks.sides import CHECKOUT, FILE, Side, Wrong, load
from benchmarks.sides import goals as goals_of
from benchmarks.table import summary, table

RESULTS = Path(__file__).with_name("results")
WORK = CHECKOUT / ".cache" / "bench"
DOMAIN = "shop.example.com"


@dataclass(slots=True)
class Benchmark:
    """The order of the runs; `done` grows run by run."""

    sides: Sequence[Side]
    rounds: int
    logs: Path
    work: Path
    done: list[Run] = field(default_factory=list, init=False)
    _broken: set[tuple[str, str]] = field(default_factory=set, init=False)

    @property
    def builders(self) -> list[Side]:
        return [side for side in self.sides if side.builds]

    def all(self) -> None:
        """All steps of all sides; a run that fails is a result like any other."""
        with ExitStack() as open_accounts:
            accounts = [self._begun(open_accounts, side) for side in self.builders]
            for number in range(1, self.rounds + 1):
                for one in accounts:
                    self._note(one.run("second", number))
                for reader, one in self._readers(accounts):
                    self._note(one.run("second", number, by=reader))
                for one in accounts:
                    self._check(one, "check_in_sync", number)

    def _begun(self, stack: ExitStack, side: Side) -> Account:
        """An account in which the side has checked, emptied, and built."""
        password = secrets.token_hex(16)
        one = stack.enter_context(account(side, self.work, password, self.logs))
        certificate.write(Path(one.places["work"]) / "certificate", DOMAIN)
        self._wake(one)
        for number in range(1, self.rounds + 1):
            self._check(one, "check_empty", number)
        one.handle.reset()
        self._note(one.run("first"))
        return one

    def _check(self, one: Account, step: str, number: int) -> None:
        """Check, unless this side has no check, or one that failed in this step already."""
        if one.side.check and (one.side.name, step) not in self._broken:
            run = one.run(step, number, extra=one.side.check)
            self._note(run)
            if run.usage.code:
                self._broken.add((one.side.name, step))

    def _wake(self, one: Account) -> None:
        """Let the emulator load every service, so that no side pays for it: read it, empty."""
        for reader in self.sides:
            if not reader.builds:
                one.run("wake", by=reader)

    def _readers(self, accounts: Sequence[Account]) -> Iterator[tuple[Side, Account]]:
        for reader in self.sides:
            for name in reader.reads_from:
                found = [one for one in accounts if one.side.name == name]
                if found:
                    yield reader, found[0]
                    break

    def _note(self, run: Run) -> None:
        self.done.append(run)
        how = "" if run.usage.code == 0 else f", exit {run.usage.code}"
        print(
            f"{STEPS[run.step]}, {run.side}: {run.usage.wall:.2f} s, "
            f"{run.requests.total} requests{how}",
            file=sys.stderr,
            flush=True,
        )


def chosen(sides: Sequence[Side], names: Sequence[str], work: Path) -> list[Side]:
    """The named sides, all if none is named, without those that cannot run; says which and why.

    Raises Wrong for a name that no side has.
    """
    unknown = set(names) - {side.name for side in sides}
    if unknown:
        raise Wrong(f"no such side: {', '.join(sorted(unknown))}")
    wanted = [side for side in sides if not names or side.name in names]
    able = []
    for side in wanted:
        missing = side.missing(places(side, work, "", ""))
        if missing is None:
            able.append(side)
        else:
            print(f"{side.title} is left out: {missing} does not exist", file=sys.stderr)
    return able


def report(
    runs: Sequence[Run], sides: Sequence[Side], reference: str, load_before: float
) -> dict[str, object]:
    """Everything about a benchmark that can be kept as JSON.

    load_before: processes that were ready to run before it began, as the system counts them.
    """
    found = figures(runs)
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "reference": reference,
        "sides": {side.name: side.title for side in sides},
        "versions": {
            "commit": versions.commit(CHECKOUT),
            "machine": versions.machine(),
            "ours": versions.of_environment(CHECKOUT / ".venv/bin/python"),
            "peer": {
                **versions.of_environment(CHECKOUT / ".venv-bench/bin/python"),
                **versions.of_collections(CHECKOUT / ".venv-bench"),
            },
        },
        "load_before": round(load_before, 2),
        "parts": {
            "second run": [asdict(part) for part in parts.of_run(found, reference)],
            "the floor": [asdict(part) for part in parts.of_floor(runs)],
        },
        "runs": [run.as_data() for run in runs],
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--sides", default="", help="only these of sides.toml, with commas")
    parser.add_argument("--file", type=Path, default=FILE, help="another sides.toml")
    parser.add_argument(
        "--rounds", type=int, default=3, help="how often second runs and checks run"
    )
    return parser


def main() -> int:
    given = _parser().parse_args()
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H%M%SZ")
    wanted = goals_of(given.file)
    sides = chosen(load(given.file), [name for name in given.sides.split(",") if name], WORK)
    if not any(side.builds for side in sides):
        raise Wrong("no side is left that builds anything")
    adopt_orphans()
    load_before = os.getloadavg()[0]
    shutil.rmtree(WORK, ignore_errors=True)
    benchmark = Benchmark(sides, given.rounds, RESULTS / stamp, WORK)
    benchmark.all()
    reference = benchmark.builders[0].name
    titles = {side.name: side.title for side in sides}
    found = figures(benchmark.done)
    print(table(found, titles, reference))
    for paragraph in (
        parts.lines(parts.of_run(found, reference), f"a second run of {titles[reference]}"),
        parts.lines(parts.of_floor(benchmark.done), "the floor"),
        parts.checks(found, reference),
        summary(found, titles, reference),
        goals.sentences(wanted, found, reference),
        [f"load average before: {load_before:.1f}, processors: {versions.processors()}"],
    ):
        print("", *paragraph, sep="\n")
    file = RESULTS / f"{stamp}.json"
    file.write_text(
        json.dumps(report(benchmark.done, sides, reference, load_before), indent=2) + "\n"
    )
    print(f"\n{file.relative_to(CHECKOUT)}; the output of each run beside it, in {stamp}/")
    return 0 if all(run.usage.code == 0 for run in benchmark.done if run.side == reference) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Wrong, OSError) as problem:
        sys.exit(f"benchmark: {problem}")
