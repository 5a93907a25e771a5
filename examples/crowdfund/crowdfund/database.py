# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections to PostgreSQL: few, checked before use, and made anew when the server moves."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from crowdfund.settings import Settings

Connection = psycopg.Connection[DictRow]
T = TypeVar("T")

# A server that is gone without a word is noticed after about 6 s, not after the kernel's minutes.
# Where the database's URL says otherwise, it wins.
DEFAULTS: dict[str, str | int] = {
    "application_name": "crowdfund",
    "connect_timeout": 3,
    "keepalives_idle": 2,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 6000,
}
# What libpq reads by itself, and a default of ours must not override.
VARIABLES = {"application_name": "PGAPPNAME", "connect_timeout": "PGCONNECT_TIMEOUT"}
# After a failed attempt the pool pauses, twice as long each time, up to this; then a request starts
# a new one. It is shorter than any request waits, so that a database that is back is used at once.
RECONNECT_SECONDS = 0.5


class Unavailable(Exception):
    """The database does not answer, or not in time, or takes no writes."""


def connection_string(settings: Settings) -> str:
    """The database's URL with our defaults; libpq adds its own variables, PGHOST and so on."""
    told = conninfo_to_dict(settings.database_url)
    lacking = {
        name: value
        for name, value in DEFAULTS.items()
        if name not in told and VARIABLES.get(name, "") not in os.environ
    }
    return make_conninfo(settings.database_url, **lacking)


class Database:
    """A pool of connections. Used by all threads of a process, and by one process."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is connected yet: a process starts and answers without a database, too."""
        self._limit_ms = settings.database_statement_timeout_ms
        kwargs: dict[str, Any] = {"autocommit": True, "row_factory": dict_row}
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            connection_string(settings),
            connection_class=psycopg.Connection[DictRow],
            kwargs=kwargs,
            min_size=1,
            max_size=settings.database_pool_size,
            timeout=settings.database_pool_wait_seconds,
            max_lifetime=settings.database_connection_age_seconds,
            reconnect_timeout=RECONNECT_SECONDS,
            check=ConnectionPool.check_connection,
            configure=self._configure,
            open=False,
        )

    def open(self) -> None:
        """Start to connect, in the background."""
        self._pool.open(wait=False)

    def close(self) -> None:
        """Close all connections, those in use when they are given back."""
        self._pool.close()

    def run(self, work: Callable[[Connection], T]) -> T:
        """The result of work with a connection, on which each statement is a transaction.

        The work must bear to be done twice: it is, on another connection, where the first one
        was lost or leads to a server that takes no writes (any more).

        Raises Unavailable.
        """
        try:
            try:
                return self._attempt(work)
            except psycopg.errors.ReadOnlySqlTransaction:
                # They may lead to what was the primary; new ones ask anew where the name leads.
                self._pool.drain()
            except ConnectionLost:
                pass
            return self._attempt(work)
        except psycopg.errors.ReadOnlySqlTransaction as problem:
            raise Unavailable("the database takes no writes") from problem
        except (ConnectionLost, PoolTimeout, psycopg.OperationalError) as problem:
            raise Unavailable(str(problem)) from problem

    def _attempt(self, work: Callable[[Connection], T]) -> T:
        """Raises ConnectionLost, PoolTimeout, OperationalError, ReadOnlySqlTransaction."""
        with self._pool.connection() as connection:
            try:
                return work(connection)
            except psycopg.OperationalError as problem:
                # A statement that took too long is one, too, and is not asked again.
                if connection.closed:
                    raise ConnectionLost(str(problem)) from problem
                raise

    def _configure(self, connection: Connection) -> None:
        limit = f"{self._limit_ms}ms"
        connection.execute("select set_config('statement_timeout', %s, false)", (limit,))


class ConnectionLost(Exception):
    """A connection that is of no use any more; another one may be."""
