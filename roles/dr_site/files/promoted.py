# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is done in a database once it takes writes."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# Python leaves the program's own folder out where it is told to be isolated.
sys.path.insert(0, str(Path(__file__).parent))

from logins import Server
from psycopg2 import sql
from sessions import Refused, as_owner, master_of, row, rows, run, together

PROOFS = """
    create table if not exists phoenix.proof (
        operation text primary key,
        at timestamptz not null default clock_timestamp(),
        sequences jsonb
    )
"""
# Not those of temporary tables, which end with their sessions.
SEQUENCES = """
    select c.oid::text, nspname as schema, relname as name, seqincrement as step,
        seqmin as least, seqmax as most,
        has_schema_privilege(n.oid, 'usage') and has_sequence_privilege(c.oid, 'select')
            and has_sequence_privilege(c.oid, 'update') as ours,
        exists (
            select from pg_depend where classid = 'pg_class'::regclass and objid = c.oid
            and deptype = 'e'
        ) as of_extension
    from pg_sequence join pg_class as c on c.oid = seqrelid
    join pg_namespace as n on n.oid = relnamespace
    where relpersistence <> 't'
        and nspname not in ('information_schema', 'phoenix') and nspname not like 'pg\\_%'
    order by 2, 3
"""


def proof(server: Server, given: Mapping[str, Any]) -> dict[str, Any]:
    """What another connection reads of the row. Raises psycopg2.Error where it takes no writes."""
    with master_of(server) as master, as_owner(master, given):
        run(master, PROOFS)
        run(
            master,
            "insert into phoenix.proof (operation) values (%s) "
            "on conflict (operation) do update set at = clock_timestamp()",
            given["operation"],
        )
    with master_of(server) as other:
        asked = "select operation as proof, pg_is_in_recovery() as in_recovery from phoenix.proof"
        return row(other, asked + " where operation = %s", given["operation"]) or {}


def move_sequences(server: Server, given: Mapping[str, Any]) -> dict[str, Any]:
    """ "moved": name -> the value after which a sequence goes on; "near_end": the names of those
    that have no room for the gap: they are moved as far as one more value is left; "left": those of
    extensions that the master user may not move. A second time for the same operation it tells what
    it did the first time.

    Raises Refused where there is another one that the master user may not move.
    """
    with master_of(server) as master, together(master):
        asked = "select sequences from phoenix.proof where operation = %s for update"
        before = row(master, asked, given["operation"])
        if before is None:
            raise Refused("there is no proof yet that the database takes writes")
        if before["sequences"] is not None:
            return dict(before["sequences"])
        found = rows(master, SEQUENCES)
        refuse_others(one for one in found if not one["ours"] and not one["of_extension"])
        told: dict[str, Any] = {"moved": {}, "near_end": [], "left": []}
        for one in found:
            name = one["schema"] + "." + one["name"]
            if not one["ours"]:
                told["left"].append(name)
                continue
            value, steps = move(master, one, int(given["gap"]))
            if steps:
                told["moved"][name] = value
            if steps < int(given["gap"]):
                told["near_end"].append(name)
        run(
            master,
            "update phoenix.proof set sequences = %s where operation = %s",
            json.dumps(told),
            given["operation"],
        )
        return told


def refuse_others(sequences: Any) -> None:
    """Raises Refused."""
    names = [one["schema"] + "." + one["name"] for one in sequences]
    if names:
        raise Refused(
            "the master user may not move these sequences: "
            + ", ".join(names)
            + ". Grant it usage on their schemas, and select and update on them. None was moved"
        )


def move(master: Any, sequence: Mapping[str, Any], gap: int) -> tuple[int, int]:
    """The value after which it goes on, and by how many it was moved."""
    asked = sql.SQL("select last_value, is_called from {}")
    where = sql.Identifier(sequence["schema"], sequence["name"])
    found, step = row(master, asked.format(where)), sequence["step"]
    # One that gave no number here may have given some before what was lost.
    last = found["last_value"] if found["is_called"] else found["last_value"] - step
    steps = steps_of(last, step, gap, sequence["least"], sequence["most"])
    value = last + steps * step
    if steps:
        run(master, "select setval(%s::oid::regclass, %s)", sequence["oid"], value)
    return value, steps


def steps_of(last: int, step: int, gap: int, least: int, most: int) -> int:
    """By how many values a sequence is moved on: by the gap, or so that one more value is left. So
    none fails that would not have failed, and none begins again from its other end.
    """
    room = (most - last) // step if step > 0 else (last - least) // -step
    return max(0, min(gap, room - 1))
