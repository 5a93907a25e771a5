# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the emulator that is installed is the one that the sandbox was written for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata

WRITTEN_FOR = "5.2.5"


class EmulatorMismatch(RuntimeError):
    """The installed emulator has other classes or parameters than the shims were written for."""

    def __init__(self, what: str) -> None:
        """what: which part of it does not fit."""
        super().__init__(
            f"it was written for moto {WRITTEN_FOR} and does not fit moto {installed()}, which is "
            f"installed: {what} (pip install moto=={WRITTEN_FOR} mends it)"
        )


def installed() -> str:
    """The version of the installed emulator, e.g. "5.2.5"."""
    try:
        return metadata.version("moto")
    except metadata.PackageNotFoundError:
        return "of no version"


@contextmanager
def fitting() -> Iterator[None]:
    """Tell what goes wrong in the block as a mismatch, if another version is installed.

    For blocks that only import and change the emulator. Raises EmulatorMismatch; with the version
    that it was written for, what goes wrong is a mistake of the sandbox and raised as it is.
    """
    try:
        yield
    except EmulatorMismatch:
        raise
    except Exception as problem:
        if installed() == WRITTEN_FOR:
            raise
        raise EmulatorMismatch(str(problem)) from None
