# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A connection to the database that is masked: the one place that knows its driver.

`MISSING` holds the reason where that could not be imported; callers report it before any work.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from typing import Any

MISSING: str = ""
try:
    import psycopg2
    from psycopg2 import Error
except ImportError:
    MISSING = traceback.format_exc()

    class Error(Exception):  # type: ignore[no-redef]
        """Stands in for psycopg2's class where that is absent."""


__all__ = ["MISSING", "Connected", "Error", "first_line"]


class Connected:
    """A session, as `work` wants it. Raises Error."""

    def __init__(self, **how: Any) -> None:
        self._connection = psycopg2.connect(application_name="phoenix mask", **how)
        # Transactions are begun where they are wanted.
        self._connection.autocommit = True

    def rows(self, statement: str) -> list[Mapping[str, Any]]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement)
            names = [one.name for one in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def run(self, statement: str) -> int:
        """How many rows it was about."""
        with self._connection.cursor() as cursor:
            cursor.execute(statement)
            return int(cursor.rowcount)

    def close(self) -> None:
        self._connection.close()


def first_line(trouble: Exception) -> str:
    """What went wrong, without what PostgreSQL adds to it: that may tell a row's values."""
    return str(trouble).strip().partition("\n")[0]
