# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs an application's own migration, as the migration user and under a lock of the database.

    migrate.py, and on standard input {"path", "region", "secret", "folder", "user", "command",
    "revision", "release", "wait_seconds", "who"}

What has migrated the database is kept in the database itself, so it is true of a restored one too.
A release that has is not run again: most tools refuse what a newer release has migrated.

The lock is held by a session of its own, so it goes with this program, however that ends. Who comes
while another one migrates waits, and after wait_seconds ends with who that is. revision: a command
that prints what the database is at, "" for none. release: "" for one that is run each time. Prints
{"changed", "before", "after", "output"}.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

# Python leaves the program's own folder out where it is told to be isolated.
sys.path.insert(0, str(Path(__file__).parent))

import configuration
import psycopg2
from botocore.exceptions import BotoCoreError, ClientError

AUTHORITIES = "/etc/phoenix/database-authorities.pem"
CONSTANTS = Path("/etc/phoenix/environment")
# As itself a user sees what its other sessions are. The server asks for a client that says
# nothing, so the lock of one that is gone is soon free.
SESSION = (
    "-c role=none -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
)
# Any number will do, if nobody else in this database takes the same.
LOCK = 7_420_917
PAUSE = 1.0  # seconds
HOLDER = """
    select application_name, client_addr::text, backend_start::text
    from pg_locks join pg_stat_activity using (pid)
    where locktype = 'advisory' and granted and classid = 0 and objid = %s and objsubid = 1
"""
KNOWN = "select to_regclass('phoenix.migrations') is not null"
MIGRATED = "select migrated::text, who from phoenix.migrations where release = %s"
OWNER = """
    select quote_ident(pg_get_userbyid(datdba)) from pg_database where datname = current_database()
"""
# What migrations make belongs to the owner, and so does this.
RECORD = """
    begin;
    set local role {owner};
    create schema if not exists phoenix;
    create table if not exists phoenix.migrations
        (release text primary key, migrated timestamptz not null default now(), who text not null);
    insert into phoenix.migrations (release, who) values (%s, %s);
    commit;
"""
UNRECORDED = (
    "it has migrated, and that could not be written down. The same command asks the application's "
    "tool again, which has nothing to do then: "
)
HIDDEN = "********"
WAIT = "; run this again when it has ended"
# Goes round the application's command, given the session that has the lock.
Around = Callable[[Any], AbstractContextManager[object]]


class Failed(Exception):
    """Why there was no migration; the text says what to do."""


class Broken(Failed):
    """The tool has failed. before, after: what the database was at and is at; after is None where
    that is not known.
    """

    def __init__(self, why: str, before: str, after: str | None) -> None:
        super().__init__(why)
        self.before, self.after = before, after


@contextmanager
def locked(variables: Mapping[str, str], who: str, patience: float) -> Iterator[Any]:
    """Holds the lock. Raises Failed, psycopg2.Error."""
    session = psycopg2.connect(
        host=variables["PGHOST"],
        port=variables["PGPORT"],
        dbname=variables["PGDATABASE"],
        user=variables["PGUSER"],
        password=variables["PGPASSWORD"],
        sslmode="verify-full",
        sslrootcert=AUTHORITIES,
        connect_timeout=10,
        keepalives_idle=10,
        keepalives_interval=5,
        keepalives_count=3,
        options=SESSION,
        application_name=who[:63],
    )
    session.autocommit = True
    try:
        with session.cursor() as cursor:
            end = time.monotonic() + patience
            while not asked(cursor, "select pg_try_advisory_lock(%s)", LOCK)[0]:
                if time.monotonic() > end:
                    raise Failed("another migration runs, " + holder(cursor) + WAIT)
                time.sleep(PAUSE)
        yield session
    finally:
        session.close()


def holder(cursor: Any) -> str:
    """Who has the lock."""
    found = asked(cursor, HOLDER, LOCK)
    if not found:
        return "which has ended by now"
    name, address, since = map(str, found)
    return "by " + name + " of " + address + " since " + since


def asked(cursor: Any, statement: str, *values: Any) -> Any:
    """The first row, None where there is none."""
    cursor.execute(statement, values)
    return cursor.fetchone()


def constants() -> dict[str, str]:
    """The variables of the application that are the same everywhere."""
    if not CONSTANTS.exists():
        return {}
    script = 'set -a; . "$0"; exec env -0'
    done = subprocess.run(
        ["/bin/sh", "-euc", script, str(CONSTANTS)],
        env={},
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
    )
    pairs = (line.partition("=") for line in done.stdout.split("\0") if line)
    return {name: text for name, _equals, text in pairs if name not in ("PWD", "SHLVL", "_")}


class Tool:
    """The application's own commands, in its folder, as its user, with the migration's login."""

    def __init__(self, given: Mapping[str, Any], variables: Mapping[str, str]) -> None:
        self._folder, self._user = given["folder"], given["user"]
        plain = {"HOME": "/tmp", "LANG": "C.UTF-8", "PATH": os.defpath}
        self._variables = {**plain, **constants(), **variables}

    def run(self, command: str, stderr: int = subprocess.STDOUT) -> tuple[int, str]:
        """How it ended, and what it said, without the password."""
        done = subprocess.run(
            ["/sbin/runuser", "-u", self._user, "--", "/bin/sh", "-euc", command],
            cwd=self._folder,
            env=self._variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        return done.returncode, done.stdout.replace(self._variables["PGPASSWORD"], HIDDEN).strip()

    def revision(self, command: str) -> str:
        """What the database is at. Raises Failed."""
        if not command:
            return ""
        code, said = self.run(command, subprocess.DEVNULL)
        if code:
            said = self.run(command)[1]
            raise Failed(command + " ended with " + str(code) + ":\n" + said)
        return said


def migrate(given: Mapping[str, Any]) -> dict[str, Any]:
    """Raises what `opened` and `run` raise."""
    with opened(given) as (session, tool):
        return run(session, tool, given)


@contextmanager
def opened(given: Mapping[str, Any]) -> Iterator[tuple[Any, Tool]]:
    """The session that has the lock, and the application's tool; nothing of it has run yet.

    Raises Failed, psycopg2.Error, or what `configuration` and the SDK raise.
    """
    wanted = ("database_endpoint", "database_name", "database_port")
    place = configuration.Place(given["path"].rstrip("/"), given["region"], wanted)
    variables = configuration.fetch(place, given["secret"])
    tool = Tool(given, variables)
    with locked(variables, given["who"], float(given["wait_seconds"])) as session:
        yield session, tool


def run(
    session: Any, tool: Tool, given: Mapping[str, Any], around: Around = nullcontext
) -> dict[str, Any]:
    """Raises Failed, psycopg2.Error."""
    before = tool.revision(given["revision"])
    if migrated := by_release(session, given["release"]):
        return {"changed": False, "before": before, "after": before, "output": migrated}
    with around(session):
        code, said = tool.run(given["command"])
    ended = given["command"] + " ended with " + str(code) + ":\n" + said
    if code:
        raise broken(tool, given, before, ended)
    after = tool.revision(given["revision"])
    # It tells that the lock was held to the end, too.
    try:
        record(session, given["release"], given["who"])
    except psycopg2.Error as trouble:
        raise Failed(UNRECORDED + str(trouble)) from trouble
    changed = before != after if given["revision"] else True
    return {"changed": changed, "before": before, "after": after, "output": said}


def by_release(session: Any, release: str) -> str:
    """When and by whom a release has migrated this database, "" where it has not."""
    with session.cursor() as cursor:
        if not release or not asked(cursor, KNOWN)[0]:
            return ""
        found = asked(cursor, MIGRATED, release)
    return "release " + release + " has migrated it on {} by {}".format(*found) if found else ""


def record(session: Any, release: str, who: str) -> None:
    """Keeps in the database that a release has migrated it. Raises psycopg2.Error."""
    with session.cursor() as cursor:
        owner = asked(cursor, OWNER)[0]
        if release:
            cursor.execute(RECORD.format(owner=owner), (release, who))


def broken(tool: Tool, given: Mapping[str, Any], before: str, ended: str) -> Broken:
    """Of a migration that failed, with what it has left as far as that is told."""
    failed = "the migration failed. "
    try:
        after = tool.revision(given["revision"])
    except Failed as trouble:
        left = "What it left is not known, " + str(trouble) + "\n"
        return Broken(failed + left + ended, before, None)
    if not given["revision"]:
        return Broken(failed + ended, before, None)
    was = before or "nothing"
    left = "The database was at " + was + " and is at " + after + ". "
    if after == before:
        left = "The database is still at " + was + ". "
    return Broken(failed + left + ended, before, after)


def main(
    given: Mapping[str, Any], work: Callable[[Mapping[str, Any]], Mapping[str, Any]] = migrate
) -> None:
    """Prints what work tells. Raises SystemExit, with what is wrong."""
    troubles = (configuration.Incomplete, configuration.Wrong, BotoCoreError, ClientError)
    os.environ["PGSSLROOTCERT"] = AUTHORITIES
    try:
        print(json.dumps(work(given)))
    except Failed as trouble:
        raise SystemExit(str(trouble).strip()) from None
    except (*troubles, OSError, psycopg2.Error) as trouble:
        raise SystemExit("there was no migration: " + str(trouble).strip()) from None


if __name__ == "__main__":
    main(json.load(sys.stdin))
