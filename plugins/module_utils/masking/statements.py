# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The statements by which a schema is masked, in their order.

A table is masked in one statement, with what says that it was done in the same transaction, so what
was killed is gone on with and no row is masked twice. What was there before is in dead rows then,
and in what the planner knows: when all are masked, and nobody can see those rows any more, each
table is written anew, and looked at anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .functions import SCHEMA
from .methods import KEEP, NULL, masked
from .removal import removed
from .rules import Rule, Rules, of
from .schema import ForeignKey, Schema, Table, literal, quoted

# Neither the application's triggers nor its foreign keys act on what is masked; the keys are looked
# at in the end.
SILENT = "set local session_replication_role = replica"


@dataclass(frozen=True, slots=True)
class Work:
    """What is done with one table. statement: in a transaction; empty where all of it is kept.
    removes: whether that tells itself how many rows it is about. files: what is written anew after
    that, quoted.
    """

    name: str
    size: int
    statement: str
    removes: bool
    files: tuple[str, ...]


def works(rules: Rules, schema: Schema, touched: frozenset[str] = frozenset()) -> list[Work]:
    """One of each table that has rows of its own and is not kept as it is, the largest first; where
    they go, one with all its partitions. touched: labels of tables of which rows were changed
    before, which are written anew as well.
    """
    return sorted(_works(rules, schema, touched), key=lambda work: (-work.size, work.name))


def room(todo: Iterable[Work], at_once: int) -> int:
    """How many bytes more than before are needed: all stand twice until they are written anew, and
    those that are, once more.
    """
    sizes = sorted((work.size for work in todo), reverse=True)
    return sum(sizes) + sum(sizes[:at_once])


def _works(rules: Rules, schema: Schema, touched: frozenset[str]) -> Iterator[Work]:
    for root in schema.declared:
        leaves = schema.filled(root.label)
        if rules[root.label] is None:
            size, files = sum(one.size for one in leaves), tuple(one.quoted for one in leaves)
            yield Work(root.label, size, removed(schema, root), True, files)
            continue
        for table in leaves:
            statement = _update(table, dict(of(rules, root.label)))
            if statement or root.label in touched:
                yield Work(table.label, table.size, statement, False, (table.quoted,))


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


def anew(name: str) -> str:
    """By which a table is written anew, and looked at. In no transaction."""
    return f"vacuum (full, analyze) {name}"


def written(name: str) -> str:
    """By which it is known that all files of a table were written anew."""
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
            -- For who vacuums no row is kept, and of a large table that takes hours.
            and pid not in (select pid from pg_stat_progress_vacuum)
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


def bent(rules: Rules, schema: Schema, touched: frozenset[str] = frozenset()) -> list[ForeignKey]:
    """The foreign keys with a column on either side that is not kept, or that name rows of a table
    of which some may have gone. touched: labels of those.
    """

    def changed(label: str, columns: tuple[str, ...]) -> bool:
        declared = rules[schema.root(label)]
        # What is computed changes with that of which it is.
        return declared is None or any(
            name not in declared or declared[name].name != KEEP for name in columns
        )

    return [
        key
        for key in schema.foreign_keys
        if changed(key.table, key.columns)
        or changed(key.target, key.targets)
        or schema.root(key.target) in touched
    ]
