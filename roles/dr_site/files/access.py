# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who gets in to a database that another site had: new passwords, proven, and old ones gone."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

# Python leaves the program's own folder out where it is told to be isolated.
sys.path.insert(0, str(Path(__file__).parent))

import rotate
from logins import Server, set_password
from psycopg2 import sql
from sessions import Refused, as_owner, master_of, row, run

APPLICATION = "application"
# Whoever the application is may add to it, by its group alone, and nothing else.
ENTRIES = """
    create table if not exists phoenix.entries (
        operation text not null,
        login text not null default session_user,
        at timestamptz not null default clock_timestamp()
    )
"""
ENTER = "insert into phoenix.entries (operation) values (%s)"
ENTERED = """
    select login, count(*) as rows, max(at)::text as at, pg_is_in_recovery() as in_recovery
    from phoenix.entries where operation = %s and login = %s group by login
"""


def change_logins(server: Server, given: Mapping[str, Any]) -> dict[str, Any]:
    """Login -> what rotate.py tells of its rotation, which is this operation's own; for that of the
    application also "proof", what another connection reads of the row that it wrote. {"none": {}}
    where no login is ours.

    Raises Refused where the application cannot write, and what rotate.py raises.
    """
    if not given["rotate"]:
        return {"none": {}}
    told = rotate.begin(server, given)
    if APPLICATION in told:
        told[APPLICATION]["proof"] = prove(server, given)
    return told


def prove(server: Server, given: Mapping[str, Any]) -> dict[str, Any]:
    """The application's own login writes, by the rights that all its users have.

    None of its tables is touched. Raises Refused, or psycopg2.Error where it is not let in.
    """
    login = server.login(APPLICATION)
    [group] = {
        group
        for one in given["roles"]
        if one["name"] == login["username"]
        for group in one["member_of"]
    }
    with master_of(server) as master, as_owner(master, given):
        run(master, ENTRIES)
        for grant in ("usage on schema phoenix", "insert on phoenix.entries"):
            run(master, sql.SQL("grant " + grant + " to {}").format(sql.Identifier(group)))
    with closing(server.connect(login)) as session:
        run(session, ENTER, given["operation"])
    with master_of(server) as other:
        found: dict[str, Any] = row(other, ENTERED, given["operation"], login["username"])
    if not found or found["in_recovery"]:
        raise Refused("the row that " + login["username"] + " wrote was not read back")
    return found


def lock(server: Server, given: Mapping[str, Any]) -> dict[str, Any]:
    """ "locked": login -> the user who cannot log in any more, until a rotation gives it a new
    password; "ended": login -> the version of its secret with which the rotation has ended.
    """
    locked = {}
    with master_of(server) as master:
        for login in given["rotate"]:
            now = server.login(login)["username"]
            [other] = [user for user in given["users"][login] if user != now]
            set_password(master, {"username": other, "password": secrets.token_urlsafe(40)})
            locked[login] = other
    ended = rotate.end(server, given)
    return {"locked": locked, "ended": {login: it["version"] for login, it in ended.items()}}
