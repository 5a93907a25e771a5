# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The tables of the application, and whether two servers have the same in them.

Those of PostgreSQL and of this collection are left out. Large objects are in none of them.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

# Python leaves the program's own folder out where it is told to be isolated.
sys.path.insert(0, str(Path(__file__).parent))

import psycopg2
from psycopg2 import sql
from sessions import LOOK, row, rows, run, together

MEGABYTES = 1024  # of tables that are compared, where nothing else is said
# Partitions and children by themselves; what has them is asked for its own rows only.
TABLES = """
    select nspname as schema, relname as name, coalesce(pg_table_size(c.oid), 0) as size,
        greatest(reltuples, 0)::bigint as about, relpersistence = 'u' as unlogged,
        has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select') as readable
    from pg_class as c join pg_namespace as n on n.oid = relnamespace
    where relkind = 'r' and relpersistence <> 't'
        and nspname not in ('information_schema', 'phoenix') and nspname not like 'pg\\_%'
    order by 1, 2
"""
# What a value is written as hangs on these, and on nothing that a replica has of its own.
SETTINGS: Mapping[str, str] = {
    "bytea_output": "hex",
    "datestyle": "ISO",
    "extra_float_digits": "1",
    "intervalstyle": "postgres",
    "lc_monetary": "C",
    "lock_timeout": "30s",
    # Where rows are hidden from whoever asks, it is told so.
    "row_security": "off",
    "synchronize_seqscans": "off",
    "timezone": "UTC",
}
# The sum is the same in whichever order the rows are. A column may have any name, so the row is t.*
CONTENT = """
    select count(*) as rows,
        coalesce(sum(hashtextextended((t.*)::text, 0)::numeric), 0)::text as sum
    from only {} as t
"""
CONFLICT = "40001"
TRIES = 3


class Table(NamedTuple):
    """A table with rows of its own. size: bytes. about: how many rows it has, as the planner
    knows. hindrance: why it cannot be looked at, or "".
    """

    schema: str
    name: str
    size: int
    about: int
    hindrance: str

    @property
    def label(self) -> str:
        return self.schema + "." + self.name

    @property
    def identifier(self) -> Any:
        return sql.Identifier(self.schema, self.name)


def tables(master: Any) -> list[Table]:
    """All of them, by name."""
    return [
        Table(one["schema"], one["name"], one["size"], one["about"], hindrance(**one))
        for one in rows(master, TABLES)
    ]


def hindrance(unlogged: bool, readable: bool, **_more: Any) -> str:
    if unlogged:
        return "it is unlogged: no other server ever has its rows"
    return "" if readable else "the master user may not read it"


@contextmanager
def at_once(master: Any) -> Iterator[None]:
    """All is read as of one moment, and each value written as on any other server."""
    with together(master, "isolation level repeatable read read only"):
        for name, value in SETTINGS.items():
            run(master, "select set_config(%s, %s, true)", name, value)
        yield


@contextmanager
def apart(master: Any) -> Iterator[None]:
    """What fails in here does not end the transaction. Raises psycopg2.Error still."""
    run(master, "savepoint one")
    try:
        yield
    except psycopg2.Error:
        if not master.closed:
            run(master, "rollback to one")
        raise
    run(master, "release one")


def contents(master: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """{"tables": {name: {"rows": count, "sum": checksum}}, "not_compared": {name: why}}.

    The smallest tables first, up to {"compare_mb"} megabytes in all. Raises psycopg2.Error.
    """
    return steadily(looked_at, master, room_of(given))


def room_of(given: Mapping[str, Any]) -> int:
    """How many bytes of tables are read."""
    return int(given.get("compare_mb", MEGABYTES)) * 2**20


def steadily(look: Callable[[Any, int], dict[str, Any]], master: Any, room: int) -> dict[str, Any]:
    """What is seen at last, where a replica ends who reads what a vacuum of the primary takes away.

    Raises psycopg2.Error.
    """
    for _attempt in range(TRIES - 1):
        try:
            return look(master, room)
        except psycopg2.Error as trouble:
            if trouble.pgcode != CONFLICT:
                raise
            time.sleep(LOOK)
    return look(master, room)


def looked_at(master: Any, room: int) -> dict[str, Any]:
    with at_once(master):
        return read(master, room)


def read(master: Any, room: int) -> dict[str, Any]:
    """As `contents`, within a transaction. room: bytes. Raises psycopg2.Error."""
    found: dict[str, Any] = {}
    left: dict[str, str] = {}
    for table in sorted(tables(master), key=lambda one: (one.size, one.label)):
        room -= 0 if table.hindrance else table.size
        if table.hindrance or room < 0:
            left[table.label] = table.hindrance or too_large(table)
            continue
        try:
            with apart(master):
                found[table.label] = row(master, sql.SQL(CONTENT).format(table.identifier))
        except psycopg2.Error as trouble:
            if trouble.pgcode == CONFLICT:
                raise
            left[table.label] = first_line(trouble)
    return {"tables": found, "not_compared": left}


def too_large(table: Table) -> str:
    return str(table.size >> 20) + " MB are too many, of about " + str(table.about) + " rows"


def first_line(trouble: Exception) -> str:
    """What went wrong, without what PostgreSQL adds to it."""
    return str(trouble).strip().partition("\n")[0]


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The names of the tables that are not the same, or that only one server has.

    before, after: what `contents` told. A table that one of them did not look at is none of these.
    """
    left = {*before["not_compared"], *after["not_compared"]}
    one, other = before["tables"], after["tables"]
    return sorted(name for name in {*one, *other} - left if one.get(name) != other.get(name))
