# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles and databases that a new server of RDS has."""

from __future__ import annotations

from pg8000.native import Connection, identifier, literal

from sandbox.databases.settings import REPLICATOR

# Passwords are in some of these statements, and must not be in the server's log.
_UNLOGGED = ("set log_statement = 'none'", "set log_min_duration_statement = -1")
_ROLES = (
    f"create role {REPLICATOR} login replication",
    "create role rds_password",
    "create role rds_replication",
    "create role rds_iam",
    "create role rds_superuser",
    "grant pg_monitor, pg_signal_backend, pg_checkpoint, rds_password, rds_replication"
    " to rds_superuser with admin option",
    # RDS lets its superusers set it, as what loads or copies a database needs.
    "grant set on parameter session_replication_role to rds_superuser",
)


def furnish(connection: Connection, user: str, password: str, database: str | None) -> None:
    """Make the roles of RDS, the master user and the databases, once in a server's life.

    The master user is no superuser. May only replicate logically: for the other kind of
    replication no address is let in.
    """
    name = identifier(user)
    _run(connection, *_ROLES)
    _run(
        connection,
        *_UNLOGGED,
        f"create role {name} login createdb createrole replication in role rds_superuser"
        f" password {literal(password)} valid until 'infinity'",
        f"alter database postgres owner to {name}",
        f"alter database template1 owner to {name}",
        "create database rdsadmin",
        "revoke all on database rdsadmin from public",
    )
    if database and database != "postgres":
        _run(connection, f"create database {identifier(database)} owner {name}")


def set_password(connection: Connection, user: str, password: str) -> None:
    """Give the master user another password."""
    statement = f"alter role {identifier(user)} password {literal(password)}"
    _run(connection, *_UNLOGGED, statement)


def _run(connection: Connection, *statements: str) -> None:
    for statement in statements:
        connection.run(statement)
