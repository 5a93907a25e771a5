# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs and sides of a benchmark, as data."""

from __future__ import annotations

from typing import Any

from benchmarks.counting import Recap, Requests
from benchmarks.figures import Run
from benchmarks.process import Usage
from benchmarks.sides import Side
from benchmarks.spans import Spans

OUTPUT = """
PLAY [Build] *******************************************************************

TASK [Create the VPC] **********************************************************
changed: [home]
ok: [recovery]

TASK [Create the subnets] ******************************************************
changed: [home] => (item=public)
changed: [home] => (item=database)
skipping: [recovery]

TASK [Break] *******************************************************************
fatal: [home]: FAILED! => {"msg": "no"}

PLAY RECAP *********************************************************************
home                       : ok=2    changed=2    unreachable=0    failed=1    skipped=0
recovery                   : ok=1    changed=0    unreachable=1    failed=0    skipped=1
"""


def run(
    side: str,
    step: str,
    wall: float,
    *,
    cpu: float = 1.0,
    total: int = 10,
    writes: int = 0,
    code: int = 0,
    changed: int | None = 0,
    busy: float | None = None,
    told: dict[str, Any] | None = None,
) -> Run:
    counted = None if changed is None else Recap(5, 9, changed, 0)
    when = None if busy is None else Spans(0.0, busy, 0.0, 0.0)
    return Run(side, step, Usage(wall, cpu, code), Requests(total, writes), counted, when, told)


def side(name: str, **given: Any) -> Side:
    told = {"title": name, "folder": "/", "command": ("/bin/true",), "check": (), "environment": {}}
    return Side(name, **{**told, **given})


def second_runs() -> list[Run]:
    seconds = {"import": 0.1, "clients": 0.5, "clients and calls": 0.6}
    return [
        run("ours", "second", 2.0, total=100, busy=0.3),
        run("empty", "second", 0.5, total=0, changed=None),
        run("skipped", "second", 1.1, total=0),
        run("floor", "second", 0.9, total=90, changed=None, told={"seconds": seconds}),
    ]
