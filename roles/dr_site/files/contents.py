# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a database has, as of one moment, for whoever has to know whether it is the right one."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

# Python leaves the program's own folder out where it is told to be isolated.
sys.path.insert(0, str(Path(__file__).parent))

import psycopg2
from logins import Server
from psycopg2 import sql
from sessions import master_of, row, rows
from tables import apart, at_once, read, room_of, steadily, tables

# Where the tools that applications migrate with keep what they have done, and how each tells the
# last of it. One by its full name is ours: migrate.py.
HEADS: Mapping[str, str] = {
    "_prisma_migrations": "select migration_name as head from {} where finished_at is not null "
    "and rolled_back_at is null order by finished_at desc limit 1",
    "alembic_version": "select string_agg(version_num, ', ' order by version_num) as head from {}",
    "databasechangelog": "select id as head from {} order by orderexecuted desc limit 1",
    "django_migrations": "select app || '.' || name as head from {} order by id desc limit 1",
    "flyway_schema_history": "select version as head from {} where success and version is not null "
    "order by installed_rank desc limit 1",
    "goose_db_version": "select version_id::text as head from {} where is_applied "
    "order by id desc limit 1",
    "knex_migrations": "select name as head from {} order by id desc limit 1",
    "migrations": "select migration as head from {} order by id desc limit 1",
    "phoenix.migrations": "select release as head from {} order by migrated desc limit 1",
    "schema_migrations": "select version::text as head from {} order by version desc limit 1",
}
KEPT = """
    select nspname as schema, relname as name
    from pg_class as c join pg_namespace as n on n.oid = relnamespace
    where relkind = 'r' and relpersistence <> 't' and (
        nspname || '.' || relname = any(%s)
        or relname = any(%s) and nspname not in ('information_schema', 'phoenix')
        and nspname not like 'pg\\_%%'
    )
    order by 1, 2
"""
# By the database's own clock, which wrote the beat as well.
BEAT = """
    select id, extract(epoch from at)::float as at,
        extract(epoch from clock_timestamp() - at)::float as age
    from phoenix.heartbeat order by id desc limit 1
"""
BITS = 64
# By how many transactions the newest that a table has a row of is behind one. A row keeps the lower
# half of the number of its transaction; see orphans.py.
BEHIND = "select min(mod(%s - t.xmin::text::bigint, 4294967296)) as it from only {} as t"
NEXT = "select pg_snapshot_xmax(pg_current_snapshot())::text::bigint as it"
# Of those of which nothing is known any more each has ended long ago.
UNDONE = """
    select coalesce(string_agg(xid::text, ',' order by xid), '') as others
    from generate_series(greatest(3, %s - %s), %s - 1) as xid
    where pg_xact_status(xid::text::xid8) in ('aborted', 'in progress')
"""
OPEN = 1_000_000  # transactions that may begin and end while one is open


def contents(server: Server, given: Mapping[str, Any]) -> dict[str, Any]:
    """{"tables": {"schema.table": {"rows", "checksum"}}, "not_read": {"schema.table": why},
    "migrations": {"schema.table": head}, "beat": {"id", "at", "age"} or None, "in_recovery"}; and
    where {"snapshot"} asks for it, of a database that has just become a primary and to which no
    application has written yet: "snapshot", by which it is told which transactions of the one of
    before it has. {"known"}: one that `point` told while it was a replica, if it was one.

    The checksum is the same in whichever order the rows are. Each table is in one of the first two:
    the smallest are read, up to {"compare_mb"} megabytes in all, and of each of the others is told
    why not and how many rows it has about. migrations: what tools of applications, and migrations
    of releases, have come to; None of one that has done nothing. age: seconds, of the newest beat.
    """
    with master_of(server) as master:
        found = steadily(seen, master, room_of(given))
        if given.get("snapshot"):
            found["snapshot"] = snapshot(master, list(found["tables"]), given.get("known", ""))
        return found


def snapshot(master: Any, labels: list[str], known: str) -> str:
    """As PostgreSQL writes it, "" where nothing is known and no row in any of these tables.

    Up to the newest transaction that has a row, all are of the database of before, for who works
    here after a restore or a promotion writes to none of the tables; of each of them this server
    knows whether it was committed. A later one has no row here. Of a table that is not among these,
    it may have some, and is taken for lost. Up to what is known from before the promotion, all are
    of that database anyhow, and what was replicated between the two is had as well.
    """
    low, until = (int(part) for part in known.split(":")[:2]) if known else (0, 0)
    with at_once(master):
        following = row(master, NEXT)["it"]
        looked = [table.identifier for table in tables(master) if table.label in labels]
        behind = [row(master, sql.SQL(BEHIND).format(one), following)["it"] for one in looked]
        least = min(filter(None, behind), default=None)
        end = max(0 if least is None else following - least + 1, until)
        if not end:
            return ""
        if known and low < end - OPEN:
            return known
        others = row(master, UNDONE, end, OPEN, end)["others"]
    first = others.partition(",")[0] or end
    return ":".join(str(part) for part in (first, end, others))


def seen(master: Any, room: int) -> dict[str, Any]:
    """All of it in one transaction. Raises psycopg2.Error."""
    with at_once(master):
        found = read(master, room)
        asked = "select pg_is_in_recovery() as it, to_regclass('phoenix.heartbeat') is not null as "
        now = row(master, asked + "beats")
        return {
            "tables": {name: checked(**table) for name, table in found["tables"].items()},
            "not_read": found["not_compared"],
            "migrations": dict(heads(master)),
            "beat": row(master, BEAT) if now["beats"] else None,
            "in_recovery": now["it"],
        }


def checked(rows: int, sum: str) -> dict[str, Any]:
    """A sum of signed hashes as a text of one length."""
    return {"rows": rows, "checksum": format(int(sum) % 2**BITS, "016x")}


def heads(master: Any) -> Iterator[tuple[str, str | None]]:
    """The last migration by each table in which one is kept. A table that has only the name of such
    a one is left out.
    """
    for table in rows(master, KEPT, list(HEADS), list(HEADS)):
        label = table["schema"] + "." + table["name"]
        asked = HEADS.get(label) or HEADS[table["name"]]
        try:
            with apart(master):
                found = row(master, sql.SQL(asked).format(sql.Identifier(*table.values())))
        except psycopg2.Error:
            continue
        yield label, found["head"] if found else None
