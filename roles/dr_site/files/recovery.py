# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a failover does and looks at from a host in the region that it moves to.

    recovery.py WHAT, and on standard input what logins.py is told, with what is named below

point: waits until the replica has applied all that it received, and tells what that is. proof,
{"operation", "owner"}: commits a row, as the owner of the database unless that is "", and reads it
by another connection. sequences, {"operation", "gap"}: moves every sequence on, once for an
operation. lock, {"users", "rotate"}: takes the password from the user that each login had before.
site, {"balancer", "domain", "page", "authorities"}: asks the balancer for a page by the name of the
site. names, {"balancer", "domain"}: looks both up, until the one leads to the other or ten minutes
have passed. Each prints what it found, as JSON.
"""

from __future__ import annotations

import http.client
import json
import secrets
import socket
import ssl
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

# Python leaves the program's own folder out where it is told to be isolated.
sys.path.insert(0, str(Path(__file__).parent))

import configuration
import psycopg2
from botocore.exceptions import BotoCoreError, ClientError
from logins import MASTER, Server, set_password
from psycopg2 import sql

PATIENCE = 60.0  # seconds for a replica to apply what it has
NAMES = 600.0  # seconds for names to lead to another site: ten times as long as they are kept
LOOK = 1.0
SILENCE = 20.0  # seconds for an answer
EXCERPT = 300  # characters of an answer
POINT = """
    select pg_is_in_recovery() as in_recovery, pg_last_wal_receive_lsn()::text as received,
        pg_last_wal_replay_lsn()::text as replayed, pg_current_snapshot()::text as snapshot,
        extract(epoch from pg_last_xact_replay_timestamp())::float as last_commit
"""
BEAT = """
    select id, extract(epoch from at)::float as at, writes from phoenix.heartbeat
    order by id desc limit 1
"""
SEQUENCES = """
    select schemaname, sequencename, last_value, increment_by, min_value, max_value
    from pg_sequences where last_value is not null and schemaname <> 'phoenix' order by 1, 2
"""
# Of the owner, as all that is made here.
PROOFS = """
    create table if not exists phoenix.proof (
        operation text primary key,
        at timestamptz not null default clock_timestamp(),
        sequences jsonb
    )
"""


class Refused(Exception):
    """Something is not as it has to be; the text says what."""


def point(server: Server, _given: Mapping[str, Any]) -> dict[str, Any]:
    """Raises Refused where the replica does not come to an end with what it received."""
    master, end = server.connect(server.login(MASTER)), time.monotonic() + PATIENCE
    try:
        while True:
            found = row(master, POINT)
            # Of a replica that was restarted, what it had received is not told any more.
            if not found["in_recovery"] or found["received"] in (None, found["replayed"]):
                return {**found, "beat": newest_beat(master)}
            if time.monotonic() > end:
                raise Refused(
                    "the replica has received "
                    + found["received"]
                    + " and applied no more than "
                    + found["replayed"]
                )
            time.sleep(LOOK)
    finally:
        master.close()


def newest_beat(master: Any) -> dict[str, Any] | None:
    """None where nobody beats."""
    there = row(master, "select to_regclass('phoenix.heartbeat') is not null as there")["there"]
    return row(master, BEAT) if there else None


def proof(server: Server, given: Mapping[str, Any]) -> dict[str, Any]:
    """What another connection reads of the row. Raises psycopg2.Error where it takes no writes."""
    master = server.connect(server.login(MASTER))
    try:
        with master.cursor() as cursor:
            if given["owner"]:
                cursor.execute(sql.SQL("set role {}").format(sql.Identifier(given["owner"])))
            cursor.execute("create schema if not exists phoenix")
            cursor.execute(PROOFS)
            cursor.execute(
                "insert into phoenix.proof (operation) values (%s) "
                "on conflict (operation) do update set at = clock_timestamp()",
                (given["operation"],),
            )
    finally:
        master.close()
    other = server.connect(server.login(MASTER))
    try:
        asked = "select operation as proof, pg_is_in_recovery() as in_recovery from phoenix.proof"
        return row(other, asked + " where operation = %s", given["operation"]) or {}
    finally:
        other.close()


def move_sequences(server: Server, given: Mapping[str, Any]) -> dict[str, Any]:
    """Name -> the value after which each goes on. A second time for the same operation it tells
    what it did the first time.
    """
    master = server.connect(server.login(MASTER))
    master.autocommit = False
    try:
        with master.cursor() as cursor:
            cursor.execute(
                "select sequences from phoenix.proof where operation = %s for update",
                (given["operation"],),
            )
            [(before,)] = cursor.fetchall()
            if before is not None:
                return {"moved": before}
            cursor.execute(SEQUENCES)
            moved = {}
            for schema, name, last, step, least, most in cursor.fetchall():
                value = min(most, max(least, last + step * int(given["gap"])))
                where = sql.Identifier(schema, name).as_string(master)
                cursor.execute("select setval(%s::regclass, %s)", (where, value))
                moved[schema + "." + name] = value
            cursor.execute(
                "update phoenix.proof set sequences = %s where operation = %s",
                (json.dumps(moved), given["operation"]),
            )
        master.commit()
        return {"moved": moved}
    finally:
        master.close()


def lock(server: Server, given: Mapping[str, Any]) -> dict[str, Any]:
    """Login -> the user who cannot log in any more, until a rotation gives it a new password."""
    master = server.connect(server.login(MASTER))
    locked = {}
    try:
        for login in given["rotate"]:
            now = server.login(login)["username"]
            [other] = [user for user in given["users"][login] if user != now]
            set_password(master, {"username": other, "password": secrets.token_urlsafe(40)})
            locked[login] = other
    finally:
        master.close()
    return {"locked": locked}


def site(_server: Server, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the balancer answers. status is 0 where it does not, and said tells why."""
    context = ssl.create_default_context(cafile=given.get("authorities") or None)
    connection = http.client.HTTPSConnection(given["domain"], timeout=SILENCE, context=context)
    try:
        plain = socket.create_connection((given["balancer"], 443), timeout=SILENCE)
        connection.sock = context.wrap_socket(plain, server_hostname=given["domain"])
        connection.request("GET", given["page"], headers={"User-Agent": "phoenix"})
        answer = connection.getresponse()
        said = answer.read(EXCERPT).decode(errors="replace")
        return {"status": answer.status, "said": " ".join(said.split())}
    except (OSError, http.client.HTTPException) as trouble:
        return {"status": 0, "said": str(trouble)}
    finally:
        connection.close()


def names(_server: Server, given: Mapping[str, Any]) -> dict[str, Any]:
    """The addresses of the site's name, and those of the balancer that it is to lead to."""
    began = time.monotonic()
    while True:
        answers, wanted = addresses(given["domain"]), addresses(given["balancer"])
        seconds = round(time.monotonic() - began, 1)
        if (answers and answers <= wanted) or seconds > NAMES:
            return {"answers": sorted(answers), "wanted": sorted(wanted), "seconds": seconds}
        time.sleep(LOOK)


def addresses(name: str) -> set[str]:
    try:
        found = socket.getaddrinfo(name, 443, socket.AF_INET, socket.SOCK_STREAM)
    except OSError:
        return set()
    return {str(one[4][0]) for one in found}


def row(connection: Any, query: str, *values: Any) -> Any:
    """The first row by column, None where there is none."""
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        found = cursor.fetchone()
        columns = [column.name for column in cursor.description]
    return dict(zip(columns, found, strict=True)) if found else None


WHAT: Mapping[str, Callable[[Server, Mapping[str, Any]], dict[str, Any]]] = {
    "point": point,
    "proof": proof,
    "sequences": move_sequences,
    "lock": lock,
    "site": site,
    "names": names,
}


def main(what: str, given: Mapping[str, Any]) -> None:
    """Raises SystemExit, with what is wrong."""
    troubles = (configuration.Incomplete, configuration.Wrong, BotoCoreError, ClientError)
    try:
        print(json.dumps(WHAT[what](Server(given), given)))
    except (*troubles, Refused, OSError, psycopg2.Error) as trouble:
        raise SystemExit("recovery " + what + ": " + str(trouble).strip()) from None


if __name__ == "__main__":
    main(sys.argv[1], json.load(sys.stdin))
