# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts taken from the emulator's request log and from what ansible-playbook printed."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_RECAP = re.compile(r"^\S+\s*:\s+ok=\d+.*$", re.MULTILINE)
_FIGURE = re.compile(r"(\w+)=(\d+)")
_TASK = re.compile(r"^TASK \[", re.MULTILINE)
_RESULT = re.compile(r"^(?:ok|changed|failed|fatal): \[", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Requests:
    """API requests of one run. A request that was refused counts like any other."""

    total: int = 0
    writes: int = 0
    refused: int = 0
    by_service: Mapping[str, int] = field(default_factory=dict)
    written: Mapping[str, int] = field(default_factory=dict)

    @property
    def reads(self) -> int:
        return self.total - self.writes


def requests(entries: Iterable[Mapping[str, Any]]) -> Requests:
    """Counts of log entries with the fields service, action, write and status.

    `status` is that of HTTP; one that is missing, as for a connection cut off, counts as refused.
    """
    total = writes = refused = 0
    by_service: Counter[str] = Counter()
    written: Counter[str] = Counter()
    for entry in entries:
        total += 1
        by_service[entry["service"]] += 1
        if entry["write"]:
            writes += 1
            written[f"{entry['service']}:{entry['action']}"] += 1
        if not 200 <= (entry["status"] or 0) < 400:
            refused += 1
    return Requests(
        total, writes, refused, dict(sorted(by_service.items())), dict(sorted(written.items()))
    )


def said(output: str) -> Mapping[str, Any] | None:
    """The output of a run that printed one JSON object and nothing else, None for any other."""
    if not output.startswith("{"):
        return None
    try:
        content = json.loads(output)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


@dataclass(frozen=True, slots=True)
class Recap:
    """What ansible-playbook said of a run, added up over the hosts.

    `tasks` are task headers; `results` are lines of a host's or a loop item's result, which for
    tasks that run on the target is the number of modules run.
    """

    tasks: int
    results: int
    changed: int
    failed: int


def recap(output: str) -> Recap | None:
    """The recap of a run's output, None if it has none."""
    lines = _RECAP.findall(output)
    if not lines:
        return None
    figures: Counter[str] = Counter()
    for line in lines:
        for name, value in _FIGURE.findall(line):
            figures[name] += int(value)
    return Recap(
        tasks=len(_TASK.findall(output)),
        results=len(_RESULT.findall(output)),
        changed=figures["changed"],
        failed=figures["failed"] + figures["unreachable"],
    )
