# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the migrations: all in one transaction, by one at a time, and never backwards.

A migration's number is its place in the order: 0001, 0002. Migrations only add, so that the
version before goes on working while a release rolls out, and after it was rolled back.
"""

from __future__ import annotations

import logging
import os
from logging.config import fileConfig

import psycopg
from alembic import context
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, pool, text
from sqlalchemy.engine import Connection

from crowdfund.database import connection_string
from crowdfund.settings import read_settings

# Any number will do, if nobody else in this database takes the same.
LOCK = 7_205_001
# A migration that waits for a lock blocks all that come after it, so it gives up soon.
LOCK_TIMEOUT = "5s"

logger = logging.getLogger("alembic.crowdfund")


def connect() -> psycopg.Connection[tuple[object, ...]]:
    """A connection to the application's database."""
    return psycopg.connect(connection_string(read_settings(os.environ)))


def is_ahead(connection: Connection) -> bool:
    """Whether the database has migrations that this version does not know."""
    script = ScriptDirectory.from_config(context.config)
    known = {found.revision for found in script.walk_revisions()}
    there = context.get_context().get_current_heads()
    return any(head not in known and head > max(known) for head in there)


def run_migrations(connection: Connection) -> None:
    """Bring the database to the wanted revision, or leave it as it was."""
    context.configure(connection=connection, transaction_per_migration=False)
    with context.begin_transaction():
        connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        connection.execute(
            text("select set_config('lock_timeout', :limit, true)"), {"limit": LOCK_TIMEOUT}
        )
        if is_ahead(connection):
            # An older version is installed again: what it needs is there.
            logger.info("the schema is newer than this version and stays as it is")
            return
        context.run_migrations()


fileConfig(str(context.config.config_file_name), disable_existing_loggers=False)
if context.is_offline_mode():
    raise SystemExit("migrations need the database: there is no --sql")
with create_engine(
    "postgresql+psycopg://", creator=connect, poolclass=pool.NullPool
).connect() as opened:
    run_migrations(opened)
