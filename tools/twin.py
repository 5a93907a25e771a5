# SPDX-License-Identifier: GPL-3.0-or-later
"""A second checkout, made of this one, with its own sandbox: `make` works in it as here."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.ground.identity import Identity
from sandbox.running import CHECKOUT

_LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "dist")
# Of a `make` or a run around this one.
_FOREIGN = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "SANDBOX_CONNECTION", "SANDBOX_FOLDER")


class Twin:
    """A checkout in a folder; it shares the tools of this one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder.with_name(f"{folder.name}-home")
        self.logs = folder.with_name("logs")
        self.identity = Identity(folder / ".sandbox")
        shutil.copytree(CHECKOUT, folder, ignore=_LEFT_OUT)
        (folder / ".venv").symlink_to(CHECKOUT / ".venv")
        self.home.mkdir()
        self.logs.mkdir(exist_ok=True)

    def give_images(self) -> None:
        """Let it have what this checkout has baked, without a copy where that can be."""
        target = self.folder / ".cache/images"
        target.mkdir(parents=True, exist_ok=True)
        for archive in (CHECKOUT / ".cache/images").glob("*.tar"):
            try:
                os.link(archive, target / archive.name)
            except FileExistsError:
                continue
            except OSError:
                shutil.copy2(archive, target / archive.name)

    def start(self, target: str, log: Path, *values: str) -> subprocess.Popen[bytes]:
        """`make` of a target, in a session of its own, with nobody to ask. values: NAME=value."""
        environment = {key: value for key, value in os.environ.items() if key not in _FOREIGN}
        with log.open("wb") as output:
            return subprocess.Popen(
                ["make", target, *values],
                cwd=self.folder,
                env={**environment, "HOME": str(self.home)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def make(self, target: str, *values: str) -> str:
        """What `make` of a target printed. Raises RuntimeError with it if it failed."""
        log = self.logs / f"{self.folder.name}-{target}.log"
        code = self.start(target, log, *values).wait()
        text = log.read_text(encoding="utf-8", errors="replace")
        if code:
            raise RuntimeError(f"make {target} ended with {code}:\n{text[-3000:]}")
        return text


@contextmanager
def twins(*names: str) -> Iterator[list[Twin]]:
    """Twins in a folder of this checkout; they are taken down, and it goes with all in it."""
    (CHECKOUT / ".cache").mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="twins-", dir=CHECKOUT / ".cache"))
    made = [Twin(folder / name) for name in names]
    try:
        yield made
    finally:
        for twin in made:
            twin.make("down")
        shutil.rmtree(folder)
