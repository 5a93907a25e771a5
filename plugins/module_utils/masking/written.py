# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is written down of a copy before it is masked, that the proof may look for it.

Of each value that is to go a print is kept, and of each table how many rows it has.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from . import columns
from .frameworks import Rows
from .functions import SCHEMA as MASKS
from .methods import KEEP, NULL
from .prints import MANY_DIGITS, MOST_WORDS, SCHEMA, SETUP, SPLIT_DIGITS
from .rules import Rule, Rules, label, of
from .schema import Column, Schema, Table, literal, quoted
from .work import Session

# Somebody's in part only: two of them in a row tell who it is.
PAIR = ("first_name", "last_name")
# Of nobody: RFC 2606 and RFC 6761.
HOST = f"{MASKS}.host("


class Changed(Exception):
    """The rules are others than those by which the copy was begun."""


def begin(session: Session, digest: str) -> None:
    """Prepares what is written down. digest: of the rules. Raises Changed."""
    session.run(SETUP)
    session.run(
        f"insert into {SCHEMA}.salt (salt, rules) select gen_random_uuid()::text, "
        f"{literal(digest)} on conflict do nothing"
    )
    refuse_changed(session, digest)


def refuse_changed(session: Session, digest: str) -> None:
    """Raises Changed where what was written down is by other rules."""
    if session.rows(f"select rules from {SCHEMA}.salt")[0]["rules"] != digest:
        raise Changed(
            "the rules are others than those by which this copy was begun, so what was there of "
            "columns of which they say something else is not known any more: begin with a new copy"
        )


def before_rows(rows: list[Rows], schema: Schema, session: Session) -> None:
    """Writes down what single rows have that are about to change or go, once."""
    marked = "rows that were stopped"
    known = session.rows(f"select 1 from {SCHEMA}.before where name = {literal(marked)}")
    if known:
        return
    session.run("begin")
    for one in rows:
        if table := schema.table(label(one.table)):
            for statement in _of_rows(one, table):
                session.run(statement)
    session.run(f"insert into {SCHEMA}.before values ({literal(marked)}, 0, '{{}}', 0)")
    session.run("commit")


def _of_rows(one: Rows, table: Table) -> Iterator[str]:
    """Inserts the prints of what some rows of a table have."""
    # A host that another one takes the place of is nobody's.
    changed = [name for name, value in one.sets.items() if not value.startswith(HOST)]
    for column in table.columns:
        if column.family in columns.UNPRINTED or (one.sets and column.name not in changed):
            continue
        origin = literal(f"{table.label}.{column.name}")
        for text in columns.values(column, Rule(NULL)):
            yield _printed(
                f"select {origin}, v.value, true from "
                f"(select * from {table.quoted} where {one.where}) as t, {text}"
            )


def before(
    rules: Rules,
    schema: Schema,
    session: Session,
    canaries: tuple[str, ...] = (),
    connect: Callable[[], Session] | None = None,
    at_once: int = 1,
) -> None:
    """Writes down what is there. What was written down stands, also where a run was killed.

    canaries: texts that are known to be in production, and must be nowhere afterwards. connect:
    makes a session; with it, at_once tables are read at the same time.
    """
    known = {row["name"] for row in session.rows(f"select name from {SCHEMA}.before")}
    todo = [one for one in columns.largest_first(schema) if one.label not in known]
    columns.each(todo, session, connect, at_once, partial(_write_down, rules))
    if "" not in known:
        _write_down_together(canaries, session)
    for name in ("prints", "heads"):
        session.run(f"create index if not exists {name}_print on {SCHEMA}.{name} (print)")
    session.run(f"analyze {SCHEMA}.prints, {SCHEMA}.heads, {SCHEMA}.salt")


def _write_down_together(canaries: tuple[str, ...], session: Session) -> None:
    session.run("begin")
    for canary in canaries:
        session.run(_printed(f"select 'a canary', {literal(canary)}, true"))
    session.run(
        f"insert into {SCHEMA}.heads select distinct head, many from {SCHEMA}.prints where telling"
    )
    session.run(f"insert into {SCHEMA}.before select '', 0, '{{}}', count(*) from {SCHEMA}.prints")
    session.run("commit")


def _write_down(rules: Rules, table: Table, session: Session) -> None:
    root = table.root or table.label
    session.run("begin")
    if values := " union all ".join(
        _going(table, root, dict(of(rules, root)), rules[root] is None)
    ):
        session.run(_printed(values))
    session.run(_counted(table, columns.moved(table, dict(of(rules, root)))))
    session.run("commit")


def _printed(values: str) -> str:
    """Inserts prints. values: a select of what a value is of, the value, and whether all of it is
    printed, or its digits only.
    """
    return f"""
        with texts as materialized (
            select origin, v, whole, {SCHEMA}.list(v) as words
            from (select distinct * from ({values}) as s(origin, v, whole)) as s where v is not null
        ), parts as materialized (
            select origin, array_to_string(words, ' ') as t, cardinality(words) as many,
                words[1] as head
            from texts where whole and words <> '{{}}'
            union all
            select origin, array_to_string(words[1:{MOST_WORDS}], ' '), {MOST_WORDS}, words[1]
            from texts where whole and cardinality(words) > {MOST_WORDS}
        )
        insert into {SCHEMA}.prints
        select origin, {SCHEMA}.print(t, salt), many <= {MOST_WORDS} and {SCHEMA}.telling(t),
            {SCHEMA}.print(head, salt), many
        from parts, {SCHEMA}.salt
        union all
        select origin, {SCHEMA}.print(d, salt), true, {SCHEMA}.print(d, salt), 1
        from texts, {SCHEMA}.salt, lateral {SCHEMA}.digits(v) as d
        where v ~ {literal(MANY_DIGITS)}
            and (not whole or cardinality(words) > 1 or v ~ {literal(SPLIT_DIGITS)})
    """


def _going(table: Table, root: str, rules: dict[str, Rule], gone: bool) -> Iterator[str]:
    """Selects of what is to be printed of one table, as `_printed` wants them."""
    rows = f"from only {table.quoted} as t"
    for column in table.columns:
        rule = rules.get(column.name, Rule(NULL if gone else KEEP))
        if rule.name in columns.OPEN or column.generated or column.family == "date":
            continue
        origin = literal(f"{root}.{column.name}")
        whole = "false" if column.family in columns.UNPRINTED else "true"
        for text in columns.values(column, rule):
            yield f"select {origin}, v.value, {whole} {rows}, {text}"
    # Who is told by a first name and a last one, is in either order.
    for both in _pairs(table, rules, gone):
        origin = literal(f"{root}.{both[0]}")
        joined = " || ' ' || ".join(f"t.{quoted(name)}::text" for name in both)
        yield f"select {origin}, {joined}, true {rows}"


def _pairs(table: Table, rules: dict[str, Rule], gone: bool) -> Iterator[tuple[str, str]]:
    firsts, lasts = (
        [
            one.name
            for one in table.columns
            if rules.get(one.name, Rule(KEEP)).name == kind or (gone and one.name == kind)
        ]
        for kind in PAIR
    )
    for first, last in itertools.product(firsts, lasts):
        yield first, last
        yield last, first


def _counted(table: Table, moved: Sequence[Column]) -> str:
    """Writes down how many rows there are, in how many each column is filled, and what they are of
    which nothing is printed.
    """
    return (
        f"insert into {SCHEMA}.before select {literal(table.label)}, count(*), "
        f"{columns.filled(table)}, 0, {columns.sums(table, moved)} from only {table.quoted} as t"
    )


def tells(text: str, session: Session) -> bool:
    """Whether a text is looked for everywhere. There is none where that is a word as others are."""
    asked = f"select {SCHEMA}.telling({SCHEMA}.words({literal(text)})) as it"
    return bool(session.rows(asked)[0]["it"])


def forget(session: Session) -> None:
    """What was written down goes, and the key with it: the one is of no use without the other."""
    session.run(f"drop schema if exists {SCHEMA}, {MASKS} cascade")
