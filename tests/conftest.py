# SPDX-License-Identifier: GPL-3.0-or-later
"""The checkout under the name Ansible looks for, for a pytest started by hand too."""

from __future__ import annotations

import gc
import os
from pathlib import Path

ROOT = Path(__file__).parents[1]
LINK = ROOT / ".cache/tree/ansible_collections/operatingdev/phoenix"


def pytest_configure() -> None:
    """Make the link that `make tree` makes, if there is none."""
    LINK.parent.mkdir(parents=True, exist_ok=True)
    # Workers of one run may get here together, and all of them want the same link.
    if not LINK.is_symlink():
        LINK.symlink_to(os.path.relpath(ROOT, LINK.parent))


def pytest_collection_finish() -> None:
    """Have the collector look at what tests make only: thousands of tests stay to the end.

    Else it comes when there is a quarter more than all of them, which is gigabytes.
    """
    gc.freeze()
    gc.collect()
