# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Masks a database: prepared, table by table on several connections, and put in order in the end.

It may be killed at any moment and begun again. The key is made once, and goes with the schema in
which it is; until then what was masked before and what is masked now belong together.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from functools import partial
from typing import Any, Protocol, TypeVar

from . import removal
from .functions import SCHEMA, SETUP
from .methods import SCALARS
from .rules import Rules
from .schema import ForeignKey, Schema
from .statements import (
    FINISHED,
    SEEING,
    SILENT,
    Work,
    anew,
    bent,
    dangling,
    ended,
    filed,
    works,
    written,
)

T = TypeVar("T")
R = TypeVar("R")
Say = Callable[[str], None]
PAUSE = 0.1  # seconds


class Dangling(Exception):
    """Rows name others that are not there, once all is masked."""


class Seen(Exception):
    """Somebody else works in the database, where nobody should."""


class Session(Protocol):
    """A connection on which each statement is a transaction unless it says otherwise."""

    def rows(self, statement: str) -> list[Mapping[str, Any]]: ...
    def run(self, statement: str) -> int: ...
    def close(self) -> None: ...


def prepare(session: Session) -> None:
    """The functions, and a key that nobody ever sees: the server makes it and keeps it."""
    session.run(SETUP.replace("{scalars}", SCALARS))
    session.run(removal.SETUP)
    # 244 bits of it are random.
    session.run(
        f"insert into {SCHEMA}.key (key) select sha256(convert_to("
        "gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')) on conflict do nothing"
    )


def mask(
    rules: Rules,
    schema: Schema,
    connect: Callable[[], Session],
    at_once: int = 2,
    say: Say = lambda _text: None,
    patience: float = 600.0,
    touched: frozenset[str] = frozenset(),
) -> dict[str, dict[str, Any]]:
    """By table how many rows were masked, and in how many seconds. connect: makes a session.
    at_once: tables on which it works at the same time. patience: seconds that it waits until nobody
    sees rows as they were before. touched: labels of tables of which rows were changed already.

    Raises Dangling, and what a session raises: the first of that, with what is under way ended.
    """
    todo = works(rules, schema, touched)
    first = connect()
    try:
        prepare(first)
        done = _done(first)
        each(
            [one for one in todo if one.name not in done], at_once, connect, partial(_mask_one, say)
        )
        _unseen(first, patience)
        done = _done(first)
        each([one for one in todo if not done[one.name]["anew"]], at_once, connect, _anew)
        for view in schema.views:
            first.run(f"refresh materialized view {view}")
            first.run(f"analyze {view}")
        for table in schema.tables:
            # Of all partitions together the planner knows by itself.
            if table.partitioned:
                first.run(f"analyze {table.quoted}")
        _look(bent(rules, schema, touched), schema, first)
        first.run(FINISHED)
        return _done(first)
    finally:
        first.close()


def each(
    todo: Sequence[T], at_once: int, connect: Callable[[], Session], do: Callable[[T, Session], R]
) -> list[R]:
    """What comes of doing something with each, on sessions of their own, at_once at a time. Raises
    what the first that fails does, with what is under way ended.
    """

    def one(what: T) -> R:
        session = connect()
        try:
            return do(what, session)
        finally:
            session.close()

    with ThreadPoolExecutor(at_once) as pool:
        running = [pool.submit(one, what) for what in todo]
        ready, others = wait(running, return_when=FIRST_EXCEPTION)
        for future in others:
            future.cancel()
        for future in ready:
            future.result()
        return [future.result() for future in running]


def _done(session: Session) -> dict[str, dict[str, Any]]:
    found = session.rows(f"select * from {SCHEMA}.done where name <> ''")
    return {str(row["name"]): {k: row[k] for k in ("rows", "seconds", "anew")} for row in found}


def _mask_one(say: Say, work: Work, session: Session) -> None:
    began = time.monotonic()
    session.run("begin")
    session.run(SILENT)
    rows = _changed(work, session)
    session.run(ended(work.name, rows, round(time.monotonic() - began, 3)))
    session.run("commit")
    say(f"{work.name}: {rows} rows in {time.monotonic() - began:.1f} s")


def _changed(work: Work, session: Session) -> int:
    if work.removes:
        return int(session.rows(work.statement)[0]["rows"])
    return session.run(work.statement) if work.statement else 0


def _anew(work: Work, session: Session) -> None:
    for name in work.files:
        before = session.rows(filed(name))[0]["it"]
        session.run(anew(name))
        # Where somebody may not do it, PostgreSQL only warns.
        if session.rows(filed(name))[0]["it"] == before:
            raise Seen(f"{name} was not written anew: the login may not vacuum it")
    session.run(written(work.name))


def _unseen(session: Session, patience: float) -> None:
    """Waits until nobody may see a row as it was before. Raises Seen."""
    end = time.monotonic() + patience
    while who := session.rows(SEEING)[0]["who"]:
        if time.monotonic() > end:
            raise Seen(f"rows as they were before may still be seen, and stay until then: by {who}")
        time.sleep(PAUSE)


def _look(keys: Iterable[ForeignKey], schema: Schema, session: Session) -> None:
    for key in keys:
        rows = session.rows(dangling(key, schema))[0]["rows"]
        if rows:
            raise Dangling(
                f"{rows} rows of {key.table} name rows of {key.target} that are not there "
                f"({key.name}): they did so before, the two are masked differently, or what they "
                "name was stopped by going: have those rows go as well"
            )
