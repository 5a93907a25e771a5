# SPDX-License-Identifier: GPL-3.0-or-later
"""What a failover takes beyond AWS's own waits: `python -m benchmarks.recovery`.

An environment of its own with real hosts and databases is built; its home region goes dark, and
playbook dr_failover moves it, while AWS's times are divided by one factor. The critical path is the
chain of AWS's waits that no order of work can shorten: a host asks the replica before it is
promoted, the logins get new passwords in what was promoted, the hosts of the web tier are launched
with these, and traffic moves once they are healthy.

All else is the tool's own time, from the command until name servers lead visitors to the other
site: Ansible, ssh, programs on the host, waiting between two looks, and what is slower here than
its share of AWS's time, for hosts and databases start in real time whatever the factor is.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.times import STEPS
from tools.standing import Standing, sites

OWN = 60.0  # seconds
SHARE = 0.15  # of the critical path on AWS
SERVED = "names"
BUILT = 200.0  # AWS seconds in a second until it stands
# AWS seconds in a second, at least: hosts boot in real time here. That is longer than AWS's own
# time for it, as scaled, from about here on; with less, a wait of AWS would hide own time.
SLOWEST = 10.0
REQUEST = 0.06  # seconds that AWS takes for a request: benchmarks/README.md
# Step -> AWS's waits on the critical path that end with it, in seconds of AWS. That a figure moves
# an alarm, and that caches forget a name, takes up to a minute each on AWS and no time here: so
# neither is counted. Nor is what is awaited by nobody, or within another wait.
WAITS: Mapping[str, Mapping[str, float]] = {
    "fence": {"the host of the failover answers": STEPS["instance"].typical},
    "promote": {"the replica is promoted": STEPS["promote"].typical},
    "scale": {"the hosts are healthy": STEPS["target_healthy"].typical},
}


@dataclass(frozen=True, slots=True)
class Row:
    """A step with the way to it: seconds that it took, AWS's wait in it as scaled, and the rest."""

    step: str
    took: float
    waited: float
    own: float


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds. measured: from the command until visitors were served. path: of AWS, not scaled.
    own: of all rows. on_aws: its share of the path. here: its share of the path as scaled.
    """

    measured: float
    path: float
    own: float
    on_aws: float
    here: float
    rows: tuple[Row, ...]

    @property
    def missed(self) -> list[str]:
        """The goals that are not reached, a sentence each."""
        goals = {
            f"own time {self.own:.1f} s, wanted at most {OWN:.0f} s": self.own > OWN,
            f"own time {self.on_aws:.3f} of the path on AWS, wanted at most {SHARE}": self.on_aws
            > SHARE,
        }
        return [told for told, missed in goals.items() if missed]


def figures(report: Mapping[str, Any], command: datetime, speed: float) -> Figures:
    """What the steps of a failover took, by its report; `command` is when it was ordered.

    A wait that was shorter here than its share of AWS's time makes up for no other step. Raises
    ValueError for a failover that failed, or was cut off and gone on with.
    """
    if report["outcome"] != "succeeded" or len(report["attempts"]) != 1:
        raise ValueError(f"failover {report['id']} did not succeed at once: {report['outcome']}")
    rows, before = [], command
    for step in report["steps"]:
        ended = datetime.fromisoformat(step["ended"])
        took, waited = (ended - before).total_seconds(), _path(step["name"]) / speed
        rows.append(Row(step["name"], took, waited, max(0.0, took - waited)))
        before = ended
        if step["name"] == SERVED:
            break
    path, own = sum(map(_path, WAITS)), sum(row.own for row in rows)
    measured = (before - command).total_seconds()
    return Figures(measured, path, own, own / path, own / (path / speed), tuple(rows))


def _path(step: str) -> float:
    """Seconds of AWS."""
    return sum(WAITS.get(step, {}).values())


def fail_over(speed: float) -> tuple[Figures, int]:
    """The figures of a failover in an environment of its own, and how many requests it made."""
    with sites("recovery", BUILT) as standing:
        standing.call("POST", "speed", {"speed": speed})
        mark = standing.call("POST", "log/mark")["mark"]
        command = datetime.now(UTC)
        sys.stderr.write(standing.twin.make("failover"))
        report = standing.whole("failover")
        return figures(report, command, speed), _requests(standing, mark)


def _requests(standing: Standing, mark: int) -> int:
    """Requests of the controller; hosts have keys of their own."""
    text = (standing.twin.identity.folder / "connection.json").read_text("ascii")
    key = json.loads(text)["access_key"]
    return sum(one["access_key"] == key for one in standing.call("GET", f"log?since={mark}"))


def table(found: Figures, requests: int, speed: float) -> Iterable[str]:
    """Lines for people."""
    heads = f"{'step':<12}{'took s':>10}{'AWS s':>10}{'own s':>10}"
    yield f"{heads}   AWS's waits, here {speed:g} times as fast"
    for row in found.rows:
        waits = ", ".join(f"{what} ({s:g} s)" for what, s in WAITS.get(row.step, {}).items())
        line = f"{row.step:<12}{row.took:>10.1f}{row.waited:>10.1f}{row.own:>10.1f}   {waits}"
        yield line.rstrip()
    yield f"recovered in {found.measured:.1f} s from the command, own time {found.own:.1f} s"
    yield f"critical path on AWS {found.path:.0f} s: own time is {found.on_aws:.3f} of it"
    yield f"critical path here {found.path / speed:.1f} s: own time is {found.here:.3f} of it"
    yield (
        f"{requests} requests: on AWS at most {requests * REQUEST:.0f} s more, which is what they "
        "take one after the other"
    )


def main() -> int:
    """Prints the figures, as text and as JSON, and answers 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speed", type=float, default=20.0, help="AWS seconds in one second")
    speed = parser.parse_args().speed
    if speed < SLOWEST:
        parser.error(f"--speed: at least {SLOWEST:g}, for hosts boot in real time")
    found, requests = fail_over(speed)
    load = os.getloadavg()[1]
    print("\n".join([*table(found, requests, speed), *found.missed]))
    print(f"load {load:.1f} on {os.cpu_count()} cores, which all but AWS's waits goes by")
    print(json.dumps({"speed": speed, "requests": requests, "load": load, **asdict(found)}))
    return int(bool(found.missed))


if __name__ == "__main__":
    raise SystemExit(main())
