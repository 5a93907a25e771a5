# SPDX-License-Identifier: GPL-3.0-or-later
"""How close a first build comes to AWS's own times: `python -m benchmarks.provisioning`.

The emulated account takes AWS's typical times, divided by one factor. The critical path is the
chain that no order of work can shorten: network and primary until production serves, then the
replica.

What the run itself takes is not divided: about 8 s on two cores until the database is ordered, of
which planning all sites before the first write is 3 s. So the ratio is worse the larger the factor
is, and on AWS, whose factor is 1, better than any that is measured here.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sandbox.running import connection, running
from sandbox.times import STEPS

CHECKOUT = Path(__file__).resolve().parents[1]
SERVES = ("vpc", "db_multi_az")
# A replica is restarted, for it gets its parameters only after it was made.
WHOLE = (*SERVES, "db_replica_cross_region", "db_reboot")
ALLOWED = 1.10
EVENTS = ("production serves", "whole build ends")


def critical(steps: tuple[str, ...], speed: float) -> float:
    """Seconds that these steps take one after the other."""
    return sum(STEPS[step].typical for step in steps) / speed


def build(endpoint: str, folder: str) -> tuple[float, float]:
    """Seconds from the start of a first run until production serves, and until its end."""
    command = ["ansible-playbook", "playbooks/site.yml", "-i", "inventories/sandbox"]
    command += ["-e", f"site_report_folder={folder}"]
    environment = {**os.environ, "SANDBOX_CONNECTION": str(connection(endpoint, Path(folder)))}
    began = time.monotonic()
    serves = 0.0
    with subprocess.Popen(
        command, cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        for line in process.stdout or ():
            sys.stderr.write(line)
            if line.startswith(EVENTS[0]):
                serves = time.monotonic() - began
    if process.returncode or not serves:
        raise RuntimeError(f"the run failed with exit code {process.returncode}")
    return serves, time.monotonic() - began


def main() -> int:
    """Prints both ratios, as text and as JSON, and answers 1 if one is above what is allowed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speed", type=float, default=10.0, help="AWS seconds in one second")
    speed = parser.parse_args().speed
    with running(speed=speed) as handle, tempfile.TemporaryDirectory() as folder:
        measured = build(handle.endpoint, folder)
    paths = (critical(SERVES, speed), critical(WHOLE, speed))
    ratios = [took / path for took, path in zip(measured, paths, strict=True)]
    rows = []
    for event, took, path, ratio in zip(EVENTS, measured, paths, ratios, strict=True):
        minutes = path * speed / 60
        print(
            f"{event:<20} {took:>7.1f} s, critical path {path:>6.1f} s "
            f"(on AWS {minutes:.1f} min), ratio {ratio:.3f}"
        )
        rows.append({"event": event, "seconds": took, "critical": path, "ratio": ratio})
    print(json.dumps({"speed": speed, "rows": rows}))
    return int(max(ratios) > ALLOWED)


if __name__ == "__main__":
    raise SystemExit(main())
