# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who may write in a database, and by which groups."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

# Python leaves the program's own folder out where it is told to be isolated.
sys.path.insert(0, str(Path(__file__).parent))

from psycopg2 import sql
from sessions import Refused, rows, run

GROUPS = """
    select distinct groups.rolname as name
    from pg_auth_members join pg_roles as groups on groups.oid = roleid
    join pg_roles as users on users.oid = member
    where users.rolname = %s
"""
# Of everybody who logs in, but superusers and who asks. A view is written as its owner.
WRITERS = """
    with users as (
        select oid, rolname from pg_roles
        where rolcanlogin and not rolsuper and rolname <> session_user
    ),
    schemas as (
        select oid, nspname from pg_namespace
        where nspname <> 'information_schema' and nspname not like 'pg\\_%'
    )
    select rolname as user, relations.oid::regclass::text as what
    from users cross join schemas join pg_class as relations on relnamespace = schemas.oid
    where relkind in ('r', 'p', 'v', 'f') and relpersistence <> 't'
        and has_schema_privilege(users.oid, schemas.oid, 'usage')
        and (has_table_privilege(users.oid, relations.oid, 'insert, update, delete, truncate')
            or has_any_column_privilege(users.oid, relations.oid, 'insert, update'))
    union all
    select rolname, relations.oid::regclass::text
    from users cross join schemas join pg_class as relations on relnamespace = schemas.oid
    where relkind = 'S' and has_schema_privilege(users.oid, schemas.oid, 'usage')
        and has_sequence_privilege(users.oid, relations.oid, 'usage, update')
    union all
    select rolname, 'schema ' || nspname from users cross join schemas
    where has_schema_privilege(users.oid, schemas.oid, 'create')
    union all
    select rolname, 'database ' || current_database() from users
    where has_database_privilege(users.oid, current_database(), 'create')
    order by 1, 2
"""
# What a trigger calls, nobody else calls.
FUNCTIONS = """
    select f.oid::regprocedure::text as name
    from pg_proc as f join pg_namespace as n on n.oid = pronamespace
    where prosecdef and provolatile = 'v' and nspname not in ('information_schema', 'pg_catalog')
        and prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
        and exists (
            select from pg_roles as users where rolname = any(%s)
            and has_schema_privilege(users.oid, n.oid, 'usage')
            and has_function_privilege(users.oid, f.oid, 'execute')
        )
    order by 1
"""


def arrange(master: Any, wanted: Mapping[str, Iterable[str]]) -> list[str]:
    """Makes users members of these groups and of no others, within a transaction of the caller's.
    The users who were members of others.

    Raises Refused where a membership stays: since PostgreSQL 16 nobody else's grant is revoked.
    """
    changed = []
    for user, groups in sorted(wanted.items()):
        found = groups_of(master, user)
        for group in sorted(found - set(groups)):
            change(master, "revoke {} from {}", group, user)
        for group in sorted(set(groups) - found):
            change(master, "grant {} to {}", group, user)
        if found != set(groups):
            changed.append(user)
        left = sorted(groups_of(master, user) - set(groups))
        if left:
            raise Refused(
                user
                + " is a member of "
                + ", ".join(left)
                + " by a grant of somebody else. Revoke it as who granted it, then run this again"
            )
    return changed


def groups_of(master: Any, user: str) -> set[str]:
    return {one["name"] for one in rows(master, GROUPS, user)}


def change(master: Any, statement: str, group: str, user: str) -> None:
    run(master, sql.SQL(statement).format(sql.Identifier(group), sql.Identifier(user)))


def writers(master: Any) -> dict[str, list[str]]:
    """User -> what it may write: tables, sequences, and where it may make some."""
    found: dict[str, list[str]] = {}
    for one in rows(master, WRITERS):
        found.setdefault(one["user"], []).append(one["what"])
    return found


def functions(master: Any, users: Iterable[str]) -> list[str]:
    """Those that users may call and that do what their owners may."""
    return [one["name"] for one in rows(master, FUNCTIONS, list(users))]
