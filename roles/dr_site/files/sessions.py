# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sessions of the master user, and what the programs of an operation do in them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# Python leaves the program's own folder out where it is told to be isolated.
sys.path.insert(0, str(Path(__file__).parent))

from logins import MASTER, Server
from psycopg2 import sql

PATIENCE = 60.0  # seconds for what is waited for
LOOK = 1.0


class Refused(Exception):
    """Something is not as it has to be; the text says what."""


@contextmanager
def master_of(server: Server) -> Iterator[Any]:
    """A session of the master user. It may write also where a database was made to be read only."""
    master = server.connect(server.login(MASTER))
    try:
        run(master, "set default_transaction_read_only = off")
        run(master, "set statement_timeout = 0")
        yield master
    finally:
        master.close()


@contextmanager
def as_owner(master: Any, given: Mapping[str, Any]) -> Iterator[None]:
    """What is made here belongs to the owner of the database, where that is a role of ours."""
    if given["owner"]:
        run(master, sql.SQL("set role {}").format(sql.Identifier(given["owner"])))
    try:
        run(master, "create schema if not exists phoenix")
        yield
    finally:
        if not master.closed:
            run(master, "reset role")


@contextmanager
def together(master: Any, mode: str = "read write") -> Iterator[None]:
    """One transaction: all of it, or nothing."""
    run(master, "begin " + mode)
    try:
        yield
    except BaseException:
        if not master.closed:
            run(master, "rollback")
        raise
    run(master, "commit")


def run(connection: Any, query: Any, *values: Any) -> None:
    """A statement of which nothing is told."""
    with connection.cursor() as cursor:
        cursor.execute(query, values or None)


def rows(connection: Any, query: Any, *values: Any) -> list[dict[str, Any]]:
    """All rows, by column."""
    with connection.cursor() as cursor:
        cursor.execute(query, values or None)
        columns = [column.name for column in cursor.description]
        return [dict(zip(columns, found, strict=True)) for found in cursor.fetchall()]


def row(connection: Any, query: Any, *values: Any) -> Any:
    """The first row by column, None where there is none."""
    return next(iter(rows(connection, query, *values)), None)
