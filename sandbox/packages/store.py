# SPDX-License-Identifier: GPL-3.0-or-later
"""What was fetched of Debian's archives."""

from __future__ import annotations

import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path

from sandbox.packages.mirrors import Absent, Unreachable

_ABREAST = 4  # files that are fetched at the same time
# A package is never changed under its name, and these name what is in them.
_FIXED = ("/by-hash/", ".deb")


class Store:
    """Files of archives, each asked for by its path, e.g. `debian/dists/bookworm/InRelease`.

    `folder` may be shared with other sandboxes.
    """

    def __init__(
        self,
        folder: Path,
        fetch: Callable[[str, Path], None],
        archives: Callable[[], Mapping[str, str]],
    ) -> None:
        """fetch: writes what is at an address into a file, and raises Absent or Unreachable.

        archives: the address of each archive by its folder; called once.
        """
        self._folder = folder
        self._fetch = fetch
        self._find = archives
        self._archives: Mapping[str, str] = {}
        self._lock = threading.Lock()
        self._turns: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._room = threading.Semaphore(_ABREAST)

    def get(self, path: str) -> Path:
        """The file with what is at a path: if it can change, as it is now, or was if no mirror
        answers. Raises Absent, and Unreachable for what is not kept."""
        # A comma is in no path, so no two have the same name here.
        kept = self._folder / path.replace("/", ",")
        with self._lock:
            turn = self._turns[path]
        with turn:
            if kept.exists() and (_FIXED[0] in path or path.endswith(_FIXED[1])):
                return kept
            try:
                self._renew(path, kept)
            except Unreachable:
                if not kept.exists():
                    raise
        return kept

    def _renew(self, path: str, kept: Path) -> None:
        archive, _, rest = path.partition("/")
        with self._lock:
            self._archives = self._archives or self._find()
            place = self._archives.get(archive)
        if place is None:
            raise Absent(path)
        self._folder.mkdir(parents=True, exist_ok=True)
        # Under its own name only when it is whole: others may be reading it, or stop in the middle.
        with self._room, tempfile.TemporaryDirectory(dir=self._folder) as folder:
            begun = Path(folder) / "begun"
            self._fetch(f"{place}/{rest}", begun)
            begun.rename(kept)
