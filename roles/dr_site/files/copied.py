# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What tells the copy of a database from the database that it is a copy of."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# Python leaves the program's own folder out where it is told to be isolated.
sys.path.insert(0, str(Path(__file__).parent))

from logins import Server
from psycopg2 import sql
from sessions import Refused, as_owner, master_of, row, run

COMMENT = """
    select coalesce(shobj_description(oid, 'pg_database'), '') as it
    from pg_database where datname = current_database()
"""
# As module staging_mask looks for it.
MARK = "phoenix copy "


def mark(server: Server, given: Mapping[str, Any]) -> dict[str, Any]:
    """{"marked"}: the comment of the database, which names the operation from here on.

    Raises Refused where it is another copy already.
    """
    wanted = MARK + given["operation"]
    with master_of(server) as master:
        found = row(master, COMMENT)["it"]
        if found.startswith(MARK) and found.split(",")[0] != wanted:
            raise Refused("the database is marked as another copy: " + found)
        if not found.startswith(MARK):
            what = sql.SQL("comment on database {} is {}")
            name = sql.Identifier(server.database)
            with as_owner(master, given):
                run(master, what.format(name, sql.Literal(wanted)))
        return {"marked": wanted}
