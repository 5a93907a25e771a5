# SPDX-License-Identifier: GPL-3.0-or-later
"""What all database servers of a sandbox share, and where their files are."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from sandbox.databases.certificates import Certificates
from sandbox.databases.image import OWNER
from sandbox.databases.network import Backbone, Network
from sandbox.databases.settings import Engine
from sandbox.ground.commands import run
from sandbox.ground.identity import Identity
from sandbox.ground.podman import Podman


@dataclass(frozen=True, slots=True)
class Ground:
    """`folder` holds the files of all servers, a folder for each region."""

    identity: Identity
    podman: Podman
    folder: Path
    image: str
    engine: Engine
    certificates: Certificates
    network: Network
    backbone: Backbone

    def instance(self, region: str, resource_id: str) -> Path:
        return self.folder / region / "instances" / resource_id

    def snapshots(self, region: str) -> Path:
        return self.folder / region / "snapshots"

    def archive(self, region: str, resource_id: str) -> Path:
        """What is archived of the log of a server."""
        return self.folder / region / "archive" / resource_id


def own(path: Path) -> Path:
    """Make a folder that belongs to the server's user and to nobody else."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    os.chown(path, OWNER, OWNER)
    return path


def write(path: Path, text: str, mode: int = 0o600) -> None:
    """Write a file for the server's user; whoever reads it meanwhile sees the old or the new."""
    new = path.with_name(f"{path.name}.new")
    new.write_text(text, encoding="utf-8")
    new.chmod(mode)
    os.chown(new, OWNER, OWNER)
    new.rename(path)


def copy(source: Path, target: Path) -> None:
    """Copy a folder or a file whole: under another name first. Raises CommandFailed."""
    begun = target.with_name(f"{target.name}.new")
    shutil.rmtree(begun, ignore_errors=True)
    begun.parent.mkdir(parents=True, exist_ok=True)
    run("cp", "--archive", "--reflink=auto", "--sparse=always", str(source), str(begun))
    begun.rename(target)


def erase(path: Path) -> None:
    """Remove a folder with all that is in it; one that is not there is no error."""
    if path.exists():
        shutil.rmtree(path)
