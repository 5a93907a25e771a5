# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A connection to the database that is masked: the one place that knows its driver.

`MISSING` holds the reason where that could not be imported; callers report it before any work.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from typing import Any


class NoDriver(Exception):
    """Stands in for what psycopg2 raises where that is absent."""


MISSING: str = ""
Error: type[Exception] = NoDriver
try:
    import psycopg2

    Error = psycopg2.Error
except ImportError:
    MISSING = traceback.format_exc()


__all__ = ["MISSING", "Connected", "Error", "without_values"]


# A copy has what was set for production, where that may end a statement or have it see less. Where
# a policy would hide rows, the server refuses instead.
SETTINGS: Mapping[str, str] = {
    "statement_timeout": "0",
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "default_transaction_read_only": "off",
    "default_transaction_isolation": "read\\ committed",
    "row_security": "off",
    "datestyle": "ISO",
    # The proof holds what it looks for against all texts of a table: within memory, mostly.
    "work_mem": "64MB",
    "client_min_messages": "error",
}


class Connected:
    """A session, as `work` wants it. Raises Error."""

    def __init__(self, **how: Any) -> None:
        options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
        self._connection = psycopg2.connect(application_name="phoenix mask", options=options, **how)
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


# Of data that does not fit, and of what functions of the application raise.
TELLS_VALUES = ("22", "P0")


def without_values(trouble: Exception) -> str:
    """What went wrong, without what may tell a row's values: all that comes after the first line,
    and of some kinds of troubles that, too.
    """
    code = str(getattr(trouble, "pgcode", "") or "")
    if not code.startswith(TELLS_VALUES):
        return str(trouble).strip().partition("\n")[0]
    diag = getattr(trouble, "diag", None)
    where = [
        f"{what} {found}"
        for what in ("schema", "table", "column", "constraint")
        if (found := getattr(diag, f"{what}_name", None))
    ]
    return ", ".join([f"{type(trouble).__name__} ({code})", *where])
