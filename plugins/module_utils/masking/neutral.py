# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What would act in staging as it does in production is stopped before anything is masked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .frameworks import FRAMEWORKS, Framework, Rows
from .functions import SCHEMA
from .removal import removed
from .rules import label
from .schema import Schema, Table, literal, quoted
from .statements import SILENT
from .work import Session

# What PostgreSQL and its extensions do by themselves, or know of others: each as what tells whether
# there is any, and what ends it. A subscription would go on to fetch what production writes.
ACTING: Mapping[str, tuple[str, str]] = {
    "subscription": (
        "select quote_ident(subname) as it from pg_subscription "
        "where subdbid = (select oid from pg_database where datname = current_database())",
        "alter subscription {it} disable; alter subscription {it} set (slot_name = none); "
        "drop subscription {it}",
    ),
    "server of foreign tables": (
        "select quote_ident(srvname) as it from pg_foreign_server",
        "drop server {it} cascade",
    ),
    # What named it is kept, emptied or masked; nobody can say what is in it.
    "large object": (
        "select oid::text as it from pg_largeobject_metadata",
        "select lo_unlink({it})",
    ),
}
# Jobs are kept where the extension is: on RDS that is most often the database that each server has.
CRON = "cron.job"
HISTORY = "cron.job_run_details"


def present(schema: Schema) -> list[Framework]:
    """The frameworks whose tables are there."""
    found = []
    for one in FRAMEWORKS:
        name, column = one.known_by
        table = schema.table(label(name))
        if table and table.column(column):
            found.append(one)
    return found


def completed(declared: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    """The rules as they are declared, and what is known of the frameworks that are there, for the
    tables and columns that are there and of which nothing is declared.
    """
    whole = {label(str(name)): rule for name, rule in declared.items()}
    for framework in present(schema):
        for name, known in framework.rules.items():
            table = schema.table(label(name))
            if table is None or isinstance(whole.get(table.label), str):
                continue
            if isinstance(known, str):
                whole.setdefault(table.label, known)
                continue
            fitting = {
                column.name: known[column.name] for column in table.columns if column.name in known
            }
            whole[table.label] = {**fitting, **(whole.get(table.label) or {})}
    return whole


def rows(schema: Schema) -> list[Rows]:
    """The rows that change or go, by what is known of the frameworks that are there."""
    return [
        one
        for framework in present(schema)
        for one in framework.rows
        if (table := schema.table(label(one.table)))
        and all(table.column(column) for column in one.sets)
    ]


def stop(schema: Schema, more: list[Rows], session: Session) -> dict[str, int]:
    """Ends all that acts by itself. By what it was, how many. Done again, there is none."""
    done = dict(unscheduled(session))
    for what, (asked, ended) in ACTING.items():
        found = [row["it"] for row in session.rows(asked)]
        for it in found:
            session.run(ended.format(it=it))
        if found:
            done[what] = len(found)
    # The application's triggers do not act on it.
    session.run(f"begin; {SILENT}")
    for one in [*rows(schema), *more]:
        what = f"rows of {label(one.table)}"
        if table := schema.table(label(one.table)):
            done[what] = done.get(what, 0) + _stopped(one, table, schema, session)
    session.run("commit")
    return {what: many for what, many in done.items() if many}


def unscheduled(session: Session) -> Iterator[tuple[str, int]]:
    """Ends the jobs of pg_cron in a database, and what it has kept of their runs, which may tell
    values. By what it was, how many.
    """
    if not _is_there(CRON, session):
        return
    jobs = [row["it"] for row in session.rows(f"select jobid as it from {CRON}")]
    for it in jobs:
        session.run(f"select cron.unschedule({it}::bigint)")
    if jobs:
        yield "job of pg_cron", len(jobs)
    if _is_there(HISTORY, session):
        session.run(f"delete from {HISTORY}")


def _is_there(table: str, session: Session) -> bool:
    return session.rows(f"select to_regclass('{table}') is not null as it")[0]["it"] is True


def _stopped(one: Rows, table: Table, schema: Schema, session: Session) -> int:
    """How many rows it was about."""
    if not one.sets:
        return int(session.rows(removed(schema, table, one.where))[0]["rows"])
    sets = ", ".join(f"{quoted(name)} = {value}" for name, value in one.sets.items())
    # Where it is so already nothing is written.
    differs = " or ".join(
        f"{quoted(name)} is distinct from {value}" for name, value in one.sets.items()
    )
    return session.run(f"update {table.quoted} set {sets} where ({one.where}) and ({differs})")


def tell_hosts(hosts: Mapping[str, str], session: Session) -> None:
    """Keeps what the hosts of production are called in staging, for method host."""
    for production, staging in hosts.items():
        session.run(
            f"insert into {SCHEMA}.hosts values ({literal(production)}, {literal(staging)}) "
            "on conflict do nothing"
        )
