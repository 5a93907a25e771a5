# SPDX-License-Identifier: GPL-3.0-or-later
"""Every request, in memory and as one JSON line in a file."""

from __future__ import annotations

import json
import threading
from collections import deque
from pathlib import Path
from typing import IO, Any

_KEPT = 200_000


class RequestLog:
    """Entries are numbered from 1 in the order in which requests ended."""

    def __init__(self, file: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._entries: deque[dict[str, Any]] = deque(maxlen=_KEPT)
        self._number = 0
        self._file: IO[str] | None = None
        if file is not None:
            self._file = file.open("a", encoding="utf-8", buffering=1)

    def add(self, entry: dict[str, Any]) -> None:
        """Take an entry; it gets its number `n` here."""
        with self._lock:
            self._number += 1
            numbered = {"n": self._number, **entry}
            self._entries.append(numbered)
            if self._file:
                self._file.write(json.dumps(numbered, separators=(",", ":")) + "\n")

    def last(self) -> int:
        """Number of the newest entry, 0 if there is none."""
        with self._lock:
            return self._number

    def since(self, number: int) -> list[dict[str, Any]]:
        """All kept entries with a higher number."""
        with self._lock:
            return [entry for entry in self._entries if entry["n"] > number]
