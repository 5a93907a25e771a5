# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Keeps writes away from a database that goes on being read, and lets them in again.

The users of our logins write by being members of groups, and a frozen one is a member of the
readers' group only. That holds for whatever a session sets. Where the logins are not ours,
transactions are read only unless they ask for it: that is no strict freeze.

Other users are not touched, the master user among them: who of them may write is told.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

# Python leaves the program's own folder out where it is told to be isolated.
sys.path.insert(0, str(Path(__file__).parent))

from logins import Server
from psycopg2 import sql
from rights import arrange, functions, writers
from sessions import PATIENCE, Refused, as_owner, master_of, row, rows, run, together
from tables import contents

WRITING = ("application", "migration")
PAUSE = 0.2  # seconds between looks whether sessions are gone
# Who was on the way in is seen a moment later.
LOOKS = 5
# By operation. at: who has logged in since then cannot write.
TABLE = """
    create table if not exists phoenix.frozen (
        operation text primary key,
        at timestamptz not null
    )
"""
KEEP = """
    insert into phoenix.frozen values (%s, %s::timestamptz)
    on conflict (operation) do update set at = excluded.at
"""
KEPT = "select at::text from phoenix.frozen where operation = %s"
END = """
    select pid, usename as user, pg_terminate_backend(pid) from pg_stat_activity
    where pid <> pg_backend_pid() and coalesce(backend_start <= %s::timestamptz, true)
        and backend_type = 'client backend' and
"""
USERS = "usename = any(%s)"
# A superuser's is not ours to end, and on RDS it is RDS's own.
CLIENTS = """
    datname = %s
    and not exists (select from pg_roles where oid = usesysid and rolsuper)
"""
# Its owner could commit it at any time.
PREPARED = """
    select coalesce(string_agg(gid, ', '), '') as names from pg_prepared_xacts
    where database = current_database() and (owner = any(%s) or %s)
"""
READ_ONLY = "default_transaction_read_only"
SET = """
    select exists (
        select from pg_db_role_setting where setrole = 0 and setconfig @> %s
        and setdatabase = (select oid from pg_database where datname = current_database())
    ) as there
"""


def freeze(server: Server, given: Mapping[str, Any]) -> dict[str, Any]:
    """Has no write of the application or a migration from here on, and none that is under way.

    "frozen": the users; "sessions": how many were ended; "lsn": behind the last row that was
    written, which `caught_up` looks for; "at": when nobody could write any more; "strict": whether
    a session could not write if it wanted to; "others": who else may log in and write; "in_doubt":
    functions that the users may call and that do as their owners may; and what `contents` tells.
    Done again it ends nobody who has logged in since.

    Raises Refused where a user could write still, and where sessions or transactions stay; before
    anything is frozen where others than the logins may write, unless {"accept_unfenced"}.
    """
    with master_of(server) as master:
        with as_owner(master, given):
            run(master, TABLE)
            before = row(master, KEPT, given["operation"])
        strict, users = bool(given["owner"]), sorted(declared(given))
        if not given["accept_unfenced"]:
            refuse_others(master, users, strict)
        changed = take(master, given) if strict else limit(master, server.database, True)
        at = before["at"] if before and not changed else now(master)
        where = (USERS, users) if strict else (CLIENTS, server.database)
        ended = end_sessions(master, at, *where)
        refuse_prepared(master, users, strict)
        with as_owner(master, given):
            # Committed at home is what counts here, and a copy is waited for later.
            run(master, "set synchronous_commit = local")
            run(master, KEEP, given["operation"], at)
        return {
            "frozen": users if strict else [],
            "strict": strict,
            "sessions": ended,
            "at": at,
            **row(master, "select pg_current_wal_lsn()::text as lsn"),
            "others": [user for user in writers(master) if user not in users] if strict else [],
            "in_doubt": functions(master, users) if strict else [],
            **contents(master, given),
        }


def thaw(server: Server, given: Mapping[str, Any]) -> dict[str, Any]:
    """Gives back what was taken: memberships are as the roles are declared. "thawed": the users who
    had others, "sessions": how many were ended, since they lack what is set at a login.

    Raises Refused where a membership stays that is not declared.
    """
    with master_of(server) as master:
        with as_owner(master, given):
            run(master, TABLE)
            before = rows(master, "select operation from phoenix.frozen")
        strict, wanted = bool(given["owner"]), declared(given)
        if strict:
            with together(master):
                changed = arrange(master, wanted)
            where = (USERS, sorted(set(wanted) & becoming(given)))
        else:
            changed = limit(master, server.database, False)
            where = (CLIENTS, server.database)
        # Cut off before the rows are gone, it is done again, whoever has frozen it.
        ended = end_sessions(master, now(master), *where) if changed or before else 0
        with as_owner(master, given):
            run(master, "delete from phoenix.frozen")
        return {"thawed": changed, "sessions": ended}


def declared(given: Mapping[str, Any]) -> dict[str, list[str]]:
    """User of a login that writes -> the groups that it is declared to be a member of."""
    groups = {one["name"]: list(one["member_of"]) for one in given["roles"]}
    return {user: groups[user] for login in WRITING for user in given["users"][login]}


def becoming(given: Mapping[str, Any]) -> set[str]:
    """Users who are somebody else from their login on."""
    return {one["name"] for one in given["roles"] if "role" in one["settings"]}


def take(master: Any, given: Mapping[str, Any]) -> list[str]:
    """Lets the users read and nothing else; those who could do more before. Raises Refused."""
    users = declared(given)
    [reading] = {
        group
        for one in given["roles"]
        if one["name"] in given["users"]["reader"]
        for group in one["member_of"]
    }
    with together(master):
        changed = arrange(master, {user: [reading] for user in users})
        found = writers(master)
        left = [user + ": " + ", ".join(found[user]) for user in sorted(users) if user in found]
        if left:
            raise Refused(
                "these could write still, by what was granted to them or to all: "
                + "; ".join(left)
                + ". Revoke it, then run this again. Nothing was frozen"
            )
    return changed


def limit(master: Any, database: str, limited: bool) -> list[str]:
    """Whether transactions of a database are read only from a login on; its name if that is new."""
    if row(master, SET, [READ_ONLY + "=on"])["there"] == limited:
        return []
    what = "alter database {} set {} = on" if limited else "alter database {} reset {}"
    run(master, sql.SQL(what).format(sql.Identifier(database), sql.SQL(READ_ONLY)))
    return [database]


def now(master: Any) -> str:
    return str(row(master, "select clock_timestamp()::text as at")["at"])


def end_sessions(master: Any, at: str, where: str, value: str | Iterable[str]) -> int:
    """How many of those that began before a moment were ended. Raises Refused."""
    found: set[int] = set()
    looks, end = 0, time.monotonic() + PATIENCE
    while looks < LOOKS:
        there = rows(master, END + where, at, value)
        found.update(one["pid"] for one in there)
        looks = 0 if there else looks + 1
        if there and time.monotonic() > end:
            users = sorted({one["user"] for one in there})
            raise Refused("sessions do not end that were told to, of " + ", ".join(users))
        time.sleep(PAUSE)
    return len(found)


def refuse_others(master: Any, users: Iterable[str], strict: bool) -> None:
    """Raises Refused where what is written while the environment moves may be lost."""
    known = set(users)
    free = sorted(user for user in writers(master) if user not in known) if strict else []
    who = ", ".join(free) if strict else "whoever logs in, for the logins are not the collection's"
    if free or not strict:
        raise Refused(
            "these may go on writing to the old database while it is moved: "
            + who
            + ". Take that from them, or have it moved all the same by -e accept_unfenced=true. "
            "Nothing was frozen"
        )


def refuse_prepared(master: Any, users: Iterable[str], strict: bool) -> None:
    """Raises Refused."""
    names = row(master, PREPARED, list(users), not strict)["names"]
    if names:
        raise Refused(
            "transactions are prepared that could be committed at any time: "
            + names
            + ". Commit them or roll them back, then run this again"
        )
