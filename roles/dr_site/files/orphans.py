# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rows that an old primary has and that the new one never had.

A row version is one if it is visible on the old primary now, and was written by a transaction that
the replica had not committed when it became the primary: so a row that was inserted, and the new
version of one that was updated. A row that was deleted is not seen, nor is the version that an
update took away: the new primary has that still. The statistics of the server count deletions
since whenever they were reset, which tells nothing of a moment, so nothing is said of them. A table
that was rewritten since then, as by some `alter table`, has all its rows here. Large objects are in
none of the tables.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

# Python leaves the program's own folder out where it is told to be isolated.
sys.path.insert(0, str(Path(__file__).parent))

import psycopg2
from logins import Server
from psycopg2 import sql
from sessions import Refused, master_of, row, rows, run
from tables import Table, apart, at_once, first_line, tables

# A row keeps the lower half of the number of its transaction. Of those that have been given out,
# the newest with that half is meant: what is older by 2^32 was frozen long ago, and looks like the
# newer one only where that lies in the narrow range that is asked for. So none is missed, and on a
# server that has given out more than 2^32 a row too many may be told. A subtransaction has a number
# of its own, which the snapshot knows as any other. 1 and 2 are always visible.
LOST = """
    select row_to_json(t.*)::text as text from only {table} as t
    where t.xmin::text::bigint > 2 and not pg_visible_in_snapshot(
        ({newest} - mod(mod({newest} - t.xmin::text::bigint, {all}) + {all}, {all}))::text::xid8,
        {snapshot}::pg_snapshot
    )
"""
ALL = 2**32
SERVER = """
    select pg_is_in_recovery() as in_recovery,
        pg_snapshot_xmax(pg_current_snapshot())::text::bigint as next,
        pg_snapshot_xmax(%s::pg_snapshot)::text::bigint as then
"""
FETCH = "fetch 1000 from lost"  # so many rows are in memory at once


def orphans(server: Server, given: Mapping[str, Any]) -> dict[str, Any]:
    """{"tables": {name: rows}, "total", "files": {name: {"path", "sha256", "bytes"}}, "in_doubt":
    {name: why it could not be looked at}, "seconds"}.

    {"snapshot"}: what `point` told; {"folder"}: below it, in one of the operation, are the rows of
    each table that has some, as gzip of JSON, one a line, as json_populate_record takes them. All
    tables are read as of one moment. Another run writes the files again.

    Raises Refused where this server cannot be the one that the replica followed, and OSError where
    the folder has no room.
    """
    began, folder = time.monotonic(), Path(given["folder"]) / given["operation"]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    counts: dict[str, int] = {}
    files: dict[str, Any] = {}
    left: dict[str, str] = {}
    with master_of(server) as master, at_once(master):
        newest = newest_of(master, given["snapshot"])
        for table in tables(master):
            path = folder / (label(table.schema) + "." + label(table.name) + ".jsonl.gz")
            path.unlink(missing_ok=True)
            if table.hindrance:
                left[table.label] = table.hindrance
                continue
            try:
                with apart(master):
                    count = write(path, lost(master, table, newest, given["snapshot"]))
            except psycopg2.Error as trouble:
                left[table.label] = first_line(trouble)
                continue
            counts[table.label] = count
            if count:
                files[table.label] = told(path)
    return {
        "tables": counts,
        "total": sum(counts.values()),
        "files": files,
        "in_doubt": left,
        "seconds": round(time.monotonic() - began, 1),
    }


def newest_of(master: Any, snapshot: str) -> int:
    """The number of the newest transaction that this server has given out. Raises Refused."""
    found = row(master, SERVER, snapshot)
    if found["in_recovery"]:
        raise Refused("this server is a replica: it has nothing of its own")
    if found["next"] < found["then"]:
        raise Refused("this server has not come as far as the replica had: it is another one")
    return int(found["next"]) - 1


def lost(master: Any, table: Table, newest: int, snapshot: str) -> Iterator[str]:
    """The rows, as JSON."""
    query = sql.SQL(LOST).format(
        table=table.identifier,
        newest=sql.Literal(newest),
        all=sql.Literal(ALL),
        snapshot=sql.Literal(snapshot),
    )
    run(master, sql.SQL("declare lost no scroll cursor for ") + query)
    while batch := rows(master, FETCH):
        yield from (one["text"] for one in batch)
    run(master, "close lost")


def write(path: Path, lines: Iterator[str]) -> int:
    """How many lines there are. A file is whole or not there, and for no line there is none."""
    beside, count = path.with_suffix(".new"), 0
    number = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    # Without a time and a name in it, the same rows are the same file.
    with os.fdopen(number, "wb") as plain, gzip.GzipFile("", "wb", 6, plain, 0) as file:
        for text in lines:
            # Within a value JSON writes a line break as two signs: others are between values.
            file.write(text.replace("\r", " ").replace("\n", " ").encode() + b"\n")
            count += 1
    if count:
        beside.rename(path)
    else:
        beside.unlink()
    return count


def told(path: Path) -> dict[str, Any]:
    """A file, by which its copy elsewhere is known to be the same."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(2**20):
            digest.update(part)
    size = path.stat().st_size
    return {"path": str(path), "sha256": digest.hexdigest(), "bytes": size}


def label(name: str) -> str:
    """A name that is one of a file, whatever signs are in it."""
    return quote(name, safe=" ")
