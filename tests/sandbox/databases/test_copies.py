# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups that are copied to a second region, by whoever comes first."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

from sandbox.databases import copies
from sandbox.databases.backups import Backup, Backups
from sandbox.databases.copies import Copies, Copy
from sandbox.databases.ground import Ground

WANTED = Copy("db-1", "us-east-1", "us-west-2")


class Folders:
    """Where a region has its backups and its archive."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def snapshots(self, region: str) -> Path:
        return self.root / region / "snapshots"

    def archive(self, region: str, resource_id: str) -> Path:
        return self.root / region / "archive" / resource_id


def test_two_who_copy_the_same_backup_do_it_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ground, backups = Folders(tmp_path), Backups()
    moment = datetime.now(UTC)
    (ground.snapshots("us-east-1") / "base").mkdir(parents=True)
    ground.archive("us-east-1", "db-1").mkdir(parents=True)
    backups.add(Backup("base", "us-east-1", "db-1", moment), "us-east-1")
    backups.reached("db-1", "us-east-1", moment)
    began: list[str] = []

    def slowly(source: Path, target: Path) -> None:
        began.append(target.name)
        time.sleep(0.2)
        target.mkdir(parents=True)

    def owned(path: Path) -> Path:
        path.mkdir(parents=True, exist_ok=True)
        return path

    monkeypatch.setattr(copies, "copy", slowly)
    monkeypatch.setattr(copies, "own", owned)
    kept = Copies(cast(Ground, ground), backups)
    kept.keep(WANTED, now=False)
    both = [threading.Thread(target=kept.carry, args=(WANTED,)) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert began == ["base"]
    assert [backup.name for backup in backups.of("db-1", "us-west-2")] == ["base"]
