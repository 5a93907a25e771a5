# SPDX-License-Identifier: GPL-3.0-or-later
"""Which schema this version of the application needs, and whether the database has it."""

from __future__ import annotations

import psycopg

from crowdfund.database import Connection
from crowdfund.revision import REVISION

ASK = """
select (select max(version_num) from alembic_version) as revision,
       current_setting('transaction_read_only') = 'on' as read_only,
       has_table_privilege('pledges', 'insert') as may_insert,
       exists (select from campaigns where slug = %s) as campaign
"""


class NotReady(Exception):
    """Why this database can't be served from."""


def check_schema(connection: Connection, campaign: str, access: str) -> str:
    """The revision of the database's schema, if pledges can be taken.

    access: "write"; or "read" where showing them is enough, as from the copy at another site.

    Raises NotReady, and psycopg.errors.ReadOnlySqlTransaction where the server takes no writes.
    """
    try:
        row = connection.execute(ASK, (campaign,)).fetchone()
    except psycopg.errors.UndefinedTable as problem:
        raise NotReady("the database has no schema: run the migrations") from problem
    except psycopg.errors.InsufficientPrivilege as problem:
        raise NotReady(f"the database's user lacks a right: {problem}") from problem
    assert row is not None  # a query without a table has one row
    if row["read_only"] and access == "write":
        raise psycopg.errors.ReadOnlySqlTransaction
    revision = row["revision"] or "none"
    if revision == "none" or revision < REVISION:
        raise NotReady(f"the schema is at {revision} and must be at {REVISION}: run the migrations")
    if not row["may_insert"]:
        raise NotReady("the database's user may not insert into pledges")
    if not row["campaign"]:
        raise NotReady(f"the database has no campaign {campaign!r}")
    return str(revision)
