# SPDX-License-Identifier: GPL-3.0-or-later
"""RDS's own way into a server: its socket, as the superuser, without a password."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pg8000.exceptions import DatabaseError, InterfaceError
from pg8000.native import Connection

from sandbox.databases.settings import ADMIN

# What a connection, or a question asked over it, fails with.
Trouble = (DatabaseError, InterfaceError, OSError)
# What the driver makes of half an answer of a server that was killed.
_NONSENSE = (KeyError, IndexError, struct.error)
_PATIENCE = 60.0


@contextmanager
def connected(sockets: Path, port: int, database: str = "postgres") -> Iterator[Connection]:
    """A connection to the server whose socket is in a folder. Raises what is in `Trouble`."""
    # The path of a socket has 107 bytes at most, and that of a checkout may be longer.
    folder = os.open(sockets, os.O_PATH | os.O_DIRECTORY)
    try:
        connection = Connection(
            ADMIN,
            database=database,
            unix_sock=f"/proc/self/fd/{folder}/.s.PGSQL.{port}",
            timeout=_PATIENCE,
            application_name="rds",
        )
    except _NONSENSE as broken:
        raise InterfaceError("the connection broke in the middle of an answer") from broken
    finally:
        os.close(folder)
    try:
        yield connection
    except _NONSENSE as broken:
        raise InterfaceError("the connection broke in the middle of an answer") from broken
    finally:
        close(connection)


def close(connection: Connection) -> None:
    """End a connection, whatever has become of the server."""
    with suppress(*Trouble, *_NONSENSE):
        connection.close()


def value(connection: Connection, question: str, **given: Any) -> Any:
    """The first column of the first row of the answer."""
    rows = connection.run(question, **given)
    return rows[0][0] if rows else None
