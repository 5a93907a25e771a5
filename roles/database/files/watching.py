# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a command does to a database while it runs, seen by another session of the same user.

Every 50 ms it looks at the sessions that have come since: which locks of tables they have, and what
they run. What such looks cannot see:

- A lock that is taken and released between two looks. Which locks there were at the moment before
  each commit, which would be all of them, PostgreSQL tells nobody.
- When exactly a lock was taken or released: a stretch is as long as its looks stand for, each for
  the time until the next one, and so is wrong by the time between two of them.
- Tables that are made in a transaction, until it commits; nobody else sees these either.
- Locks of rows: a statement that writes rows keeps others from writing the same ones until its
  transaction ends, whatever is told of the table.
- What the lock would have been waited for where others work, and who would have waited behind it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import Any, NamedTuple

import psycopg2

PAUSE = 0.05  # seconds between two looks
WORDS = 12  # that are told of a statement
# As PostgreSQL's views call them and as its documentation does, the weakest first.
MODES: Mapping[str, str] = {
    "AccessShareLock": "ACCESS SHARE",
    "RowShareLock": "ROW SHARE",
    "RowExclusiveLock": "ROW EXCLUSIVE",
    "ShareUpdateExclusiveLock": "SHARE UPDATE EXCLUSIVE",
    "ShareLock": "SHARE",
    "ShareRowExclusiveLock": "SHARE ROW EXCLUSIVE",
    "ExclusiveLock": "EXCLUSIVE",
    "AccessExclusiveLock": "ACCESS EXCLUSIVE",
}
STRENGTH: Mapping[str, int] = {mode: number for number, mode in enumerate(MODES.values())}
NOTHING = "nothing"
KEEPS_FROM: Mapping[str, str] = {
    "SHARE": "writes",
    "SHARE ROW EXCLUSIVE": "writes",
    "EXCLUSIVE": "writes",
    "ACCESS EXCLUSIVE": "reads and writes",
}
KINDS: Mapping[str, str] = {
    "I": "index",
    "S": "sequence",
    "f": "foreign table",
    "i": "index",
    "m": "materialized view",
    "p": "table",
    "r": "table",
    "v": "view",
}
FILED = ("table", "materialized view")
OURS = "usename = session_user and datname = current_database() and pid <> pg_backend_pid()"
THERE = "select pid || ' ' || backend_start from pg_stat_activity where " + OURS
# Those that work in parallel for another one run the same statement.
RUNNING = (
    "select pid, pid || ' ' || backend_start, state = 'active' and leader_pid is null, "
    "extract(epoch from clock_timestamp() - query_start)::float8, query "
    "from pg_stat_activity where (pid || ' ' || backend_start) <> all(%s) and " + OURS
)
# Who reads a table opens all of its indexes, so a lock of one is a lock of its table.
LOCKED = """
    select t.oid, nspname || '.' || t.relname, mode, array_agg(distinct virtualtransaction)
    from pg_locks as l
    join pg_class as c on c.oid = l.relation
    left join pg_index as i on i.indexrelid = c.oid
    join pg_class as t on t.oid = coalesce(i.indrelid, c.oid)
    join pg_namespace as n on n.oid = t.relnamespace
    where locktype = 'relation' and granted and pid = any(%s) and mode = any(%s)
    and l.database = (select oid from pg_database where datname = current_database())
    and nspname <> 'information_schema' and nspname not like 'pg\\_%%'
    group by 1, 2, 3
"""
RELATIONS = """
    select c.oid, nspname || '.' || relname, relkind::text, relfilenode,
        nullif(reltuples, -1)::bigint, coalesce(indisvalid, true)
    from pg_class as c
    join pg_namespace as n on n.oid = relnamespace
    left join pg_index as i on indexrelid = c.oid
    where relkind = any(%s) and relpersistence <> 't'
    and nspname <> 'information_schema' and nspname not like 'pg\\_%%'
"""
SIZES = "select oid, pg_total_relation_size(oid) from pg_class where oid = any(%s::oid[])"
# What may tell a value becomes a question mark, and where it cannot be told where a value ends,
# which depends on the session's settings or on what was cut off, nothing more is told.
STATEMENT = re.compile(
    r"""
      (?P<gap> \s+ | --[^\n]* | /\*(?:(?!/\*|\*/).)*\*/ )
    | (?P<value>
          [eE]'(?:[^'\\]|''|\\.)*'
        | (?:[bBnNxX]|[uU]&)?'(?:[^'\\]|''|\\(?!'))*'
        | \$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$
        | \d[\w.]* | \.\d[\w.]*
      )
    | (?P<plain> "(?:[^"]|"")*" | (?![eE]')[^\W\d][\w$]* | \$\d+ )
    | (?P<end> [eE]?' | " | /\* | \$(?:[^\W\d]\w*)?\$ )
    | (?P<sign> . )
    """,
    re.DOTALL | re.VERBOSE,
)


class Relation(NamedTuple):
    """A table, an index or alike. file: of its rows, 0 for none. rows: about, None for unknown."""

    name: str
    kind: str
    file: int
    rows: int | None
    valid: bool


class Lock(NamedTuple):
    """A mode of lock of a table."""

    table: int
    mode: str


class Held:
    """For how long a lock was held, in seconds: in all, at the longest, and by whom it was last."""

    def __init__(self) -> None:
        self.seconds = self.longest = 0.0
        self.stretch, self.holders = 0.0, frozenset[str]()

    def add(self, holders: frozenset[str], span: float) -> None:
        """span: seconds for which these transactions, none of them for not held, had it.

        It is the same stretch as long as one of them had it before: between two transactions
        whoever waits gets what he waits for.
        """
        same = holders & self.holders
        self.holders = holders
        if holders:
            self.seconds += span
            self.stretch = self.stretch + span if same else span
            self.longest = max(self.longest, self.stretch)


def add(held: dict[Lock, Held], seen: Mapping[Lock, frozenset[str]], span: float) -> None:
    """One look more. seen: who has which lock. span: seconds until the next look."""
    for lock in held.keys() | seen.keys():
        held.setdefault(lock, Held()).add(seen.get(lock, frozenset()), span)


def strongest(modes: Iterable[str]) -> str:
    """The mode that keeps others from most."""
    return max(modes, key=STRENGTH.__getitem__)


def by_table(held: Mapping[Lock, Held], names: Mapping[int, str]) -> dict[str, Any]:
    """schema.table -> its strongest lock, as `of_lock` tells it with "mode", and "weaker": the
    other modes -> the same.
    """
    told: dict[str, dict[str, Any]] = {}
    for lock, it in held.items():
        told.setdefault(names[lock.table], {})[lock.mode] = of_lock(lock.mode, it)
    found = {}
    for name, modes in sorted(told.items()):
        mode = strongest(modes)
        found[name] = {"mode": mode, **modes.pop(mode), "weaker": modes}
    return found


def of_lock(mode: str, held: Held) -> dict[str, Any]:
    """{"keeps_from", "seconds", "longest"}."""
    return {
        "keeps_from": KEEPS_FROM.get(mode, NOTHING),
        "seconds": round(held.seconds, 3),
        "longest": round(held.longest, 3),
    }


def without_values(statement: str) -> str:
    """Its first words, of which none is a literal, a number or a comment."""
    found = ""
    for token in STATEMENT.finditer(statement):
        if token["end"]:
            found += " …"
            break
        found += " " if token["gap"] else "?" if token["value"] else token[0]
    words = found.split()
    return " ".join(words[:WORDS]) + (" …" if len(words) > WORDS else "")


class Watch:
    """Looks on while a command runs. One of them is for one command."""

    def __init__(self) -> None:
        self.began = False
        self._seconds = self._gap = self._slowest = 0.0
        self._looks = 0
        self._statement = ""
        self._sessions: set[str] = set()
        self._held: dict[Lock, Held] = {}
        self._names: dict[int, str] = {}
        self._before: dict[int, Relation] = {}
        self._sizes: dict[int, int] = {}
        self._after: dict[int, Relation] | None = {}

    @contextmanager
    def over(self, session: Any) -> Iterator[None]:
        """session: by which it looks, of the command's own user. Nobody else uses it meanwhile, and
        so the command has as many connections left as without a watch.

        Raises psycopg2.Error before the command is run, and no more then.
        """
        self._before = relations(session)
        self._sizes = dict(asked(session, SIZES, list(self._before)))
        strangers = [name for (name,) in asked(session, THERE)]
        end = Event()
        self.began = True
        began = time.monotonic()
        with ThreadPoolExecutor(1) as pool:
            looking = pool.submit(self._look_on, session, strangers, end)
            try:
                yield
            finally:
                self._seconds = time.monotonic() - began
                end.set()
        looking.result()
        try:
            self._after = relations(session)
        except psycopg2.Error:
            self._after = None

    def _look_on(self, session: Any, strangers: list[str], end: Event) -> None:
        """Until the end. What the server does not answer is no look, and the gap tells of it."""
        last, seen = time.monotonic(), dict[Lock, frozenset[str]]()
        while not end.is_set():
            now = time.monotonic()
            try:
                found = self._look(session, strangers)
            except psycopg2.Error:
                end.wait(PAUSE)
                continue
            self._passed(seen, now - last)
            self._looks, last, seen = self._looks + 1, now, found
            end.wait(PAUSE)
        self._passed(seen, time.monotonic() - last)

    def _passed(self, seen: Mapping[Lock, frozenset[str]], span: float) -> None:
        add(self._held, seen, span)
        self._gap = max(self._gap, span)

    def _look(self, session: Any, strangers: list[str]) -> dict[Lock, frozenset[str]]:
        """Who has which lock now. Raises psycopg2.Error."""
        running = asked(session, RUNNING, strangers)
        for _pid, name, active, seconds, statement in running:
            self._sessions.add(name)
            if active and seconds > self._slowest:
                self._slowest, self._statement = seconds, statement
        found = {}
        if running:
            for table, name, mode, holders in asked(
                session, LOCKED, [pid for pid, *_more in running], list(MODES)
            ):
                self._names.setdefault(table, name)
                found[Lock(table, MODES[mode])] = frozenset(holders)
        return found

    def told(self) -> dict[str, Any]:
        """{"seconds", "locks", "longest", "watched", "rewritten", "made", "gone", "invalid"}

        locks: see `by_table`. longest: {"seconds", "statement"}, of what was seen running; None
        where nothing was. watched: {"looks", "longest_gap", "sessions"}, how much there is to that.
        rewritten: tables that have another file of rows, by a rewrite or as they were emptied ->
        {"bytes", "rows"} as they were before, with indexes; rows are about as many, None for
        unknown. made, by kind, and gone: other relations than before; one that was dropped and made
        again is both. invalid: indexes that are not valid and were, or were not there. These four
        are None where the server did not answer afterwards.
        """
        slowest = {
            "seconds": round(self._slowest, 3),
            "statement": without_values(self._statement),
        }
        return {
            "seconds": round(self._seconds, 3),
            "locks": by_table(self._held, self._names),
            "longest": slowest if self._slowest else None,
            "watched": {
                "looks": self._looks,
                "longest_gap": round(self._gap, 3),
                "sessions": len(self._sessions),
            },
            **changes(self._before, self._after, self._sizes),
        }


def changes(
    before: Mapping[int, Relation], after: Mapping[int, Relation] | None, sizes: Mapping[int, int]
) -> dict[str, Any]:
    """{"rewritten", "made", "gone", "invalid"}, see `Watch.told`."""
    if after is None:
        return dict.fromkeys(("rewritten", "made", "gone", "invalid"))
    both = before.keys() & after.keys()
    rewritten = {
        before[one].name: {"bytes": sizes.get(one), "rows": before[one].rows}
        for one in both
        if before[one].kind in FILED and before[one].file != after[one].file
    }
    invalid = (
        it.name
        for one, it in after.items()
        if not it.valid and (one not in before or before[one].valid)
    )
    return {
        "rewritten": dict(sorted(rewritten.items())),
        "made": dict(sorted(after[one][:2] for one in after.keys() - both)),
        "gone": sorted(before[one].name for one in before.keys() - both),
        "invalid": sorted(invalid),
    }


def relations(session: Any) -> dict[int, Relation]:
    """All in schemas that are no system's. Raises psycopg2.Error."""
    return {
        number: Relation(name, KINDS[kind], file, rows, valid)
        for number, name, kind, file, rows, valid in asked(session, RELATIONS, list(KINDS))
    }


def asked(session: Any, statement: str, *values: Any) -> list[Any]:
    """All rows. Raises psycopg2.Error."""
    with session.cursor() as cursor:
        cursor.execute(statement, values or None)
        rows: list[Any] = cursor.fetchall()
    return rows
