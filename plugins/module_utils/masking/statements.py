# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The statements by which a schema is masked, in their order.

A table is masked in one statement, with what says that it was done in the same transaction, so what
was killed is gone on with and no row is masked twice. What was there before is in dead rows then,
and in what the planner knows: when all are masked, and nobody can see those rows any more, each
table is written anew, and looked at anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .functions import SCHEMA
from .methods import KEEP, NULL, masked
from .rules import Rule, Rules, of
from .schema import ForeignKey, Schema, Table, literal, quoted

# Neither the application's triggers nor its foreign keys act on what is masked; the keys are looked
# at in the end.
SILENT = "set local session_replication_role = replica"
# What the planner knows of a table stays where that has no rows when it is looked at, and has
# values of them. Of a single row nothing is kept.
EMPTY = (
    "delete from only {table} where ctid <> (select min(ctid) from only {table}); {emptied}"
    "analyze {table}; delete from only {table}"
)


@dataclass(frozen=True, slots=True)
class Work:
    """What is done with one table. statement: in a transaction; empty where all of it is kept.
    anew: what is done after that, outside of any.
    """

    name: str
    quoted: str
    size: int
    statement: str
    anew: str


def works(rules: Rules, schema: Schema, touched: frozenset[str] = frozenset()) -> list[Work]:
    """One of each table that has rows of its own and is not kept as it is, the largest first.
    touched: labels of tables of which rows were changed before, which are written anew as well.
    """
    return sorted(_works(rules, schema, touched), key=lambda work: (-work.size, work.name))


def _works(rules: Rules, schema: Schema, touched: frozenset[str]) -> Iterator[Work]:
    for root in schema.declared:
        for table in schema.filled(root.label):
            if rules[root.label] is None:
                statement = _empty(table)
            else:
                statement = _update(table, dict(of(rules, root.label)))
            if statement or root.label in touched:
                anew = f"vacuum (full, analyze) {table.quoted}"
                yield Work(table.label, table.quoted, table.size, statement, anew)


def _empty(table: Table) -> str:
    # Of lists it keeps what is in a single row.
    nothing = ", ".join(
        f"{one.quoted} = null"
        for one in table.columns
        if not one.not_null and not one.generated and one.name not in table.cut_by
    )
    emptied = f"update only {table.quoted} set {nothing}; " if nothing else ""
    return EMPTY.format(table=table.quoted, emptied=emptied)


def _update(table: Table, rules: dict[str, Rule]) -> str:
    """ "" where all columns are kept."""
    sets = []
    for column in table.columns:
        rule = rules.get(column.name)
        if rule is None or rule.name == KEEP:
            continue
        new = "null" if rule.name == NULL else ""
        if rule.method:
            new = masked(rule.method, column, rule.options)
        sets.append(f"{column.quoted} = {new}")
    if not sets:
        return ""
    return f"update only {table.quoted} as t set {', '.join(sets)} from {SCHEMA}.key as k"


def ended(name: str, rows: int, seconds: float) -> str:
    """By which it is known that a table was masked."""
    values = f"{literal(name)}, {rows}, {seconds!r}"
    return f"insert into {SCHEMA}.done (name, rows, seconds) values ({values})"


def filed(name: str) -> str:
    """By which it is known in which file a table is."""
    return f"select pg_relation_filenode({literal(name)}::regclass)::bigint as it"


def written(name: str) -> str:
    """By which it is known that a table was written anew."""
    return f"update {SCHEMA}.done set anew = true where name = {literal(name)}"


# By which it is known that all was done.
FINISHED = (
    f"insert into {SCHEMA}.done (name, rows, seconds, anew) values ('', 0, 0, true) "
    "on conflict do nothing"
)


# Who began before the last table was masked may see its rows of before, and has them kept.
SEEING = """
    select string_agg(who, ', ' order by who) as who from (
        select coalesce(nullif(application_name, ''), backend_type) || ' of '
            || coalesce(usename, 'the server') || ' since '
            || coalesce(xact_start::text, '') as who from pg_stat_activity
        where pid <> pg_backend_pid()
            and (datname = current_database() or datname is null)
            and (backend_xid is not null or backend_xmin is not null)
        union all
        select 'prepared transaction ' || gid from pg_prepared_xacts
        where database = current_database()
        union all
        select 'replication slot ' || slot_name from pg_replication_slots
        where xmin is not null
    ) as all_of_them
"""


def dangling(key: ForeignKey, schema: Schema) -> str:
    """How many rows name one that is not there: with a key that was not looked at, there may be."""
    table, target = schema.table(key.table), schema.table(key.target)
    if table is None or target is None:
        raise KeyError(key.name)
    pairs = list(zip(key.columns, key.targets, strict=True))
    named = " and ".join(f"a.{quoted(mine)} is not null" for mine, _theirs in pairs)
    same = " and ".join(f"a.{quoted(mine)} = b.{quoted(theirs)}" for mine, theirs in pairs)
    # Of children by inheritance a foreign key knows nothing.
    one, other = (f"{'' if t.partitioned else 'only '}{t.quoted}" for t in (table, target))
    return (
        f"select count(*) as rows from {one} as a where {named} "
        f"and not exists (select from {other} as b where {same})"
    )


def bent(rules: Rules, schema: Schema) -> list[ForeignKey]:
    """The foreign keys with a column on either side that is not kept."""

    def changed(label: str, columns: tuple[str, ...]) -> bool:
        declared = rules[schema.root(label)]
        # What is computed changes with that of which it is.
        return declared is None or any(
            name not in declared or declared[name].name != KEEP for name in columns
        )

    return [
        key
        for key in schema.foreign_keys
        if changed(key.table, key.columns) or changed(key.target, key.targets)
    ]
