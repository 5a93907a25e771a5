# SPDX-License-Identifier: GPL-3.0-or-later
"""Automated backups that are kept in a second region: a base backup and the log since then."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from sandbox.databases.backups import Backups, NotRestorable
from sandbox.databases.ground import Ground, copy, erase, own


@dataclass(frozen=True, slots=True)
class Copy:
    """The backups of a server of the region `source`, which are copied to `region`."""

    resource_id: str
    source: str
    region: str


class Copies:
    """Which backups are copied, and how far. Each call may come from another thread."""

    def __init__(self, ground: Ground, backups: Backups) -> None:
        self._ground = ground
        self._backups = backups
        self._kept: list[Copy] = []
        self._lock = threading.Lock()
        # One at a time: two that copy the same would each clear away what the other has begun.
        self._carrying = threading.RLock()

    def keep(self, wanted: Copy, now: bool) -> None:
        """Copy from the next `carry` on, or before returning. Raises CommandFailed."""
        with self._lock:
            self._kept.append(wanted)
        if now:
            self.carry(wanted)

    def stop(self, resource_id: str, region: str) -> None:
        """Copy no more to a region; what is there stays."""
        with self._lock:
            self._kept = [
                c for c in self._kept if (c.resource_id, c.region) != (resource_id, region)
            ]

    def drop(self, resource_id: str, region: str) -> None:
        """Remove what was copied to a region."""
        self.stop(resource_id, region)
        with self._carrying:
            for backup in self._backups.of(resource_id, region):
                self._backups.drop(self._ground.snapshots(region), backup.name)
            self._backups.forget(resource_id, region)
            erase(self._ground.archive(region, resource_id))

    def all(self) -> list[Copy]:
        with self._lock:
            return list(self._kept)

    def forget(self) -> None:
        """Forget everything; the files are removed by whoever calls this."""
        with self._lock:
            self._kept.clear()

    def carry(self, wanted: Copy) -> None:
        """Copy what is not there yet. Raises CommandFailed."""
        with self._carrying:
            self._carry(wanted)

    def _carry(self, wanted: Copy) -> None:
        reach = self._backups.range(wanted.resource_id, wanted.source)
        if reach is None:
            return  # There is no backup yet; the next beat of the heart has one.
        if not self._backups.of(wanted.resource_id, wanted.region):
            self._base(wanted)
        there = own(self._ground.archive(wanted.region, wanted.resource_id))
        have = {path.name for path in there.iterdir()}
        for path in sorted(self._ground.archive(wanted.source, wanted.resource_id).iterdir()):
            if path.name not in have and not path.name.endswith(".new"):
                copy(path, there / path.name)
        if wanted in self.all():
            self._backups.reached(wanted.resource_id, wanted.region, reach[1])

    def _base(self, wanted: Copy) -> None:
        newest = max(self._backups.of(wanted.resource_id, wanted.source), key=lambda b: b.finished)
        if not (self._ground.snapshots(wanted.source) / newest.name).exists():
            raise NotRestorable(f"the backup {newest.name} is gone")
        folder = own(self._ground.snapshots(wanted.region))
        copy(self._ground.snapshots(wanted.source) / newest.name, folder / newest.name)
        self._backups.add(newest, wanted.region)
