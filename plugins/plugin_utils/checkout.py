# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which commit the controller works from."""

from __future__ import annotations

import subprocess

SECONDS = 10
HASH = 40


def commit(folder: str) -> str:
    """That of the checkout in which a folder is, with "-dirty" behind it where files that git knows
    were changed since; "" where it is in none, where git is not there, or does not answer.
    """
    words = ("describe", "--always", "--dirty", f"--abbrev={HASH}", "--exclude=*")
    try:
        told = subprocess.run(
            ("git", "-C", folder, *words), capture_output=True, timeout=SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return told.stdout.decode("ascii", "replace").strip()
