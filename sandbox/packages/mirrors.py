# SPDX-License-Identifier: GPL-3.0-or-later
"""The mirrors of Debian that this machine's apt uses, asked by that apt.

So its proxies, of its configuration or of the environment, and all its other settings hold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from sandbox.ground.commands import CommandFailed, run
from sandbox.ground.images import SUITE

# Where Debian's archives are, by their folder, on a machine whose own apt says nothing of them.
ARCHIVES: Mapping[str, str] = {
    "debian": "http://deb.debian.org/debian",
    "debian-security": "http://security.debian.org/debian-security",
}
# A suite by which each is known: also others than Debian name one of theirs like its main one.
_KNOWN_BY = {"debian": f"{SUITE}-updates", "debian-security": f"{SUITE}-security"}
_INDEX = re.compile(r"'(https?://[^']+)/dists/([^/']+)/InRelease'")
_HELPER = "/usr/lib/apt/apt-helper"
_PATIENCE = 300.0
# Where there is no network, say so soon: who asked may do with what is kept.
_SETTINGS = ("-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=20")


class Absent(LookupError):
    """A mirror has no such file."""


class Unreachable(ConnectionError):
    """A mirror did not answer, and why."""


def known() -> dict[str, str]:
    """The address of each of Debian's archives, by the folder in which Debian has it."""
    try:
        listed = run("apt-get", "update", "--print-uris")
    except CommandFailed:
        listed = ""
    return {**ARCHIVES, **found(listed)}


def found(listed: str) -> dict[str, str]:
    """The archives in what `apt-get update --print-uris` prints, the first of each."""
    places: dict[str, str] = {}
    for place, suite in _INDEX.findall(listed):
        for archive, mark in _KNOWN_BY.items():
            if suite == mark:
                places.setdefault(archive, place)
    return places


def fetch(uri: str, target: Path) -> None:
    """Have apt write a file of a mirror. Raises Absent or Unreachable."""
    try:
        run(_HELPER, *_SETTINGS, "download-file", uri, str(target), timeout=_PATIENCE)
    except CommandFailed as failed:
        if re.search(r"\b404\b", failed.output):
            raise Absent(uri) from failed
        raise Unreachable(str(failed)) from failed
