# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads that see the world as it was before the latest writes."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass

from sandbox.calls import Call
from sandbox.faults import Faults, Rule
from sandbox.snapshot import Snapshot

_KEPT = 50


@dataclass(slots=True)
class _Past:
    taken: float
    view: Snapshot
    missed: int = 0


class Staleness:
    """Keeps how each service of a region was before its latest writes. Called under the lock."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._pasts: dict[tuple[str, str], list[_Past]] = defaultdict(list)

    def before_write(self, call: Call, account: str) -> None:
        """Keep a view if a rule in force could want it."""
        wanted = any(
            rule.effect == "stale"
            and rule.service in (None, call.service)
            and rule.region in (None, call.region)
            for rule in self._faults.rules
        )
        if not wanted or call.service == "s3":
            return
        pasts = self._pasts[call.service, call.region]
        pasts.append(_Past(time.monotonic(), Snapshot(call, account)))
        del pasts[:-_KEPT]

    def view(self, rule: Rule, call: Call) -> Snapshot | None:
        """The past that this read is to see, None if what it would see is the present."""
        hidden = [p for p in self._pasts[call.service, call.region] if _still_hidden(p, rule)]
        if not hidden:
            return None
        for past in hidden:
            past.missed += 1
        return hidden[0].view

    def forget(self) -> None:
        """There is no past."""
        self._pasts.clear()


def _still_hidden(past: _Past, rule: Rule) -> bool:
    if rule.seconds:
        return time.monotonic() - past.taken < rule.seconds
    return past.missed < rule.reads
