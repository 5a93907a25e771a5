# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbers of the locks that programs on hosts take in one database."""

from __future__ import annotations

import re
from pathlib import Path

ROLES = Path(__file__).parents[2] / "roles"
NUMBER = re.compile(r"^LOCK = ([\d_]+)|pg_advisory_xact_lock\((\d+)\)", re.MULTILINE)


def test_no_two_programs_take_the_same_lock() -> None:
    found = {
        path.name: int((match[1] or match[2]).replace("_", ""))
        for path in (*ROLES.glob("*/files/*.py"), *ROLES.glob("*/files/*.sql"))
        for match in NUMBER.finditer(path.read_text("utf-8"))
    }
    assert {"beat.sql", "heartbeat.py", "migrate.py", "rotate.py"} <= found.keys()
    assert len(set(found.values())) == len(found), found
