# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The proof that nothing of what was masked is left: what is written down before, and looked for.

It does not know how a value is masked. Before, a print is kept of each value that is to go. After,
every text in the database is read, in whatever type, table or corner it is, and nothing of that may
be found, nor what looks like an address, a number or a token that may be somebody's.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from .frameworks import Rows
from .functions import SCHEMA as MASKS
from .methods import KEEP, NULL, below
from .prints import LEAST_SIGNS, SCHEMA, SETUP
from .rules import Rule, Rules, label, of
from .schema import Column, Schema, Table, literal, quoted
from .work import Session

# Of these a value is a number or a moment; that it changed shows nowhere else.
UNPRINTED = frozenset({"date", "number"})
# Of these nothing has to go: a host is the site's own, and looked for by its name.
OPEN = frozenset({KEEP, "host"})
# Somebody's in part only: two of them in a row tell who it is.
PAIR = ("first_name", "last_name")
# Text could be in these as well: composite types, ranges, XML, and what extensions have.
SEARCHED = frozenset({"text", "json", "bytes", "address", "uuid", "other"})
NO_TEXT = frozenset({"bool", "oid", "time", "timetz", "interval", "money", "bit", "varbit"})
# Of nobody: RFC 2606 and RFC 6761.
HOST = f"{MASKS}.host("
NOBODYS = ("example", "example.com", "example.net", "example.org", "invalid", "localhost", "test")


class Known(NamedTuple):
    """What may be there, in SQL: domains and addresses, and any words as they are; and hosts of
    production, which may not.
    """

    allowed: str
    words: str
    hosts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Finding:
    """Where there is something that must not be, and what; never the value. rows: in how many
    values or rows."""

    where: str
    what: str
    rows: int

    def __str__(self) -> str:
        return f"{self.where}: {self.what} ({self.rows})"


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
        if column.family in UNPRINTED or (one.sets and column.name not in changed):
            continue
        origin = literal(f"{table.label}.{column.name}")
        for text in _values(column, Rule(NULL)):
            yield (
                f"insert into {SCHEMA}.prints select distinct f.* from {SCHEMA}.salt, "
                f"(select * from {table.quoted} where {one.where}) as t, {text}, "
                f"lateral {SCHEMA}.of({origin}, v.value, salt) as f"
            )


def before(rules: Rules, schema: Schema, session: Session, canaries: tuple[str, ...] = ()) -> None:
    """Writes down what is there. What was written down stands, also where a run was killed.

    canaries: texts that are known to be in production, and must be nowhere afterwards.
    """
    known = {row["name"] for row in session.rows(f"select name from {SCHEMA}.before")}
    for table in (one for one in schema.tables if not one.partitioned):
        if table.label not in known:
            root = table.root or table.label
            session.run("begin")
            session.run(_printed(table, root, rules))
            session.run(_counted(table))
            session.run("commit")
    if "" in known:
        return
    session.run("begin")
    for canary in canaries:
        session.run(
            f"insert into {SCHEMA}.prints select f.* from {SCHEMA}.salt, "
            f"{SCHEMA}.of('a canary', {literal(canary)}, salt) as f"
        )
    session.run(
        f"insert into {SCHEMA}.heads select distinct head from {SCHEMA}.prints "
        "where telling and head is not null"
    )
    session.run(f"insert into {SCHEMA}.before select '', 0, '{{}}', count(*) from {SCHEMA}.prints")
    session.run("commit")
    session.run(f"create index if not exists prints_told on {SCHEMA}.prints (print) where telling")
    session.run(f"create index if not exists prints_origin on {SCHEMA}.prints (origin, print)")
    session.run(f"analyze {SCHEMA}.prints, {SCHEMA}.heads")


def tells(text: str, session: Session) -> bool:
    """Whether a text is looked for everywhere. There is none where that is a word as others are."""
    asked = f"select {SCHEMA}.telling({SCHEMA}.words({literal(text)})) as it"
    return bool(session.rows(asked)[0]["it"])


def _text(value: str, column: Column) -> str:
    """A value as the text that it has in it."""
    if column.family == "json":
        return f"{SCHEMA}.plain({value}::text)"
    if column.family == "bytes":
        items = f"(select string_agg({SCHEMA}.text(b), ' ') from unnest({value}) as b)"
        return items if column.array else f"{SCHEMA}.text({value})"
    if column.family == "address" and not column.array:
        return f"host({value})"
    return f'({value}::text collate "default")'


def _printed(table: Table, root: str, rules: Rules) -> str:
    """Inserts the prints of what is to go of one table."""
    selects = list(_prints(table, root, dict(of(rules, root)), rules[root] is None))
    if not selects:
        return "select 0"
    return f"insert into {SCHEMA}.prints " + " union ".join(selects)


def _prints(table: Table, root: str, rules: dict[str, Rule], gone: bool) -> Iterator[str]:
    """Selects of what is to be printed of one table: what it is of, the print, whether it tells."""
    rows = f"from only {table.quoted} as t, {SCHEMA}.salt"
    for column in table.columns:
        rule = rules.get(column.name, Rule(NULL if gone else KEEP))
        if rule.name in OPEN or column.generated or column.family == "date":
            continue
        origin = literal(f"{root}.{column.name}")
        for text in _values(column, rule):
            if column.family not in UNPRINTED:
                yield (
                    f"select f.* {rows}, {text}, lateral {SCHEMA}.of({origin}, v.value, salt) as f"
                )
            yield (
                f"select {origin}, {SCHEMA}.print(d, salt), true, null::bigint "
                f"{rows}, {text}, lateral {SCHEMA}.digits(v.value) as d"
            )
    # Who is told by a first name and a last one, is in either order.
    for both in _pairs(table, rules, gone):
        origin = literal(f"{root}.{both[0]}")
        joined = " || ' ' || ".join(f"t.{quoted(name)}::text" for name in both)
        yield f"select f.* {rows}, lateral {SCHEMA}.of({origin}, {joined}, salt) as f"


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


def _values(column: Column, rule: Rule) -> Iterator[str]:
    """What yields the values of a column that are to go, as v.value."""
    value = f"t.{column.quoted}"
    if column.family == "json":
        # Each text in it that no path keeps.
        paths = {path: method not in OPEN for path, method in rule.options.get("paths", {}).items()}
        tree = json.dumps(below(paths) or True)
        yield f"lateral {SCHEMA}.leaves(to_jsonb({value}), {literal(tree)}) as v(value)"
    elif column.array:
        yield f"lateral unnest({value}::text[]) as v(value)"
    else:
        yield f"lateral (select {_text(value, column)}) as v(value)"


def _array(texts: list[str]) -> str:
    return "array[" + ", ".join(map(literal, texts)) + "]::text[]"


def _counted(table: Table) -> str:
    """Writes down how many rows there are, and in how many each column is filled."""
    return (
        f"insert into {SCHEMA}.before select {literal(table.label)}, count(*), {_filled(table)}, 0 "
        f"from only {table.quoted} as t"
    )


def _filled(table: Table) -> str:
    """In how many rows each column of a table is filled: a function takes a hundred things only."""
    names = _array([one.name for one in table.columns])
    counts = ", ".join(f"count(t.{one.quoted})::text" for one in table.columns)
    return f"coalesce(jsonb_object({names}, array[{counts}]::text[]), '{{}}')"


def after(
    rules: Rules,
    schema: Schema,
    session: Session,
    allowed: tuple[str, ...] = (),
    hosts: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Finding]:
    """All that must not be there. allowed: domains and addresses that are nobody's or our own.
    hosts: what those of production are called in staging.
    """
    yield from _differences(rules, schema, session)
    known = Known(
        _array([*NOBODYS, *(one.lower() for one in allowed)]), _array(list(allowed)), hosts
    )
    for table in (one for one in schema.tables if not one.partitioned):
        root = table.root or table.label
        mine = dict(of(rules, root))
        for column in table.columns:
            where = f"{table.label}.{column.name}"
            yield from _survivors(table, root, column, mine.get(column.name), session)
            if column.family in SEARCHED and column.base not in NO_TEXT:
                text = _text(f"t.{column.quoted}", column)
                # What is in many rows is read once.
                source = f"select distinct {text} as v from only {table.quoted} as t"
                yield from _searched(where, source, known, session)
            elif column.family == "number":
                yield from _numbers(where, table, column, mine.get(column.name), session)
    for view in schema.views:
        source = f"select distinct {SCHEMA}.plain(to_jsonb(t.*)::text) as v from {view} as t"
        yield from _searched(f"view {view}", source, known, session)
    for where, source in CORNERS.items():
        yield from _searched(where, source, known, session)
    for row in session.rows(OTHERS):
        yield Finding(f"database {row['name']}", "is on the same server, and was not masked", 0)


def _differences(rules: Rules, schema: Schema, session: Session) -> Iterator[Finding]:
    """Rows or values that went or came, where none should have."""
    known = {row["name"]: row for row in session.rows(f"select * from {SCHEMA}.before")}
    prints = session.rows(f"select count(*) as many from {SCHEMA}.prints")[0]["many"]
    if "" not in known or prints != known[""]["prints"]:
        yield Finding(f"{SCHEMA}.prints", "what was written down before is not all there", prints)
    for table in (one for one in schema.tables if not one.partitioned):
        root = table.root or table.label
        was = known.get(table.label)
        now = session.rows(
            f"select count(*) as rows, {_filled(table)} as filled from only {table.quoted} as t"
        )[0]
        if was is None:
            yield Finding(table.label, "was not there before, or not looked at", now["rows"])
            continue
        mine = dict(of(rules, root))
        expected = 0 if rules[root] is None else was["rows"]
        if now["rows"] != expected:
            yield Finding(table.label, f"has other rows than {expected}", now["rows"])
        for column in table.columns:
            nothing = rules[root] is None or mine.get(column.name, Rule(KEEP)).name == NULL
            due = 0 if nothing else int(was["filled"].get(column.name, 0))
            found = int(now["filled"][column.name])
            if found != due:
                told = f"is filled in other rows than {due}"
                yield Finding(f"{table.label}.{column.name}", told, found)


def _survivors(
    table: Table, root: str, column: Column, rule: Rule | None, session: Session
) -> Iterator[Finding]:
    """Values that stand where they stood, and should have gone."""
    if rule is None or rule.method is None or rule.name in {*OPEN, "constant"}:
        return
    if column.family in UNPRINTED or column.family == "json":
        return
    origin = literal(f"{root}.{column.name}")
    [text] = _values(column, rule)
    # One letter of lorem ipsum is as good as another.
    least = f"and length(v.value) >= {LEAST_SIGNS} " if rule.name == "text" else ""
    yield from _told(
        f"{table.label}.{column.name}",
        "a value that was there before",
        f"select count(*) as rows from only {table.quoted} as t, {SCHEMA}.salt, {text} "
        f"where v.value is not null {least}"
        f"and exists (select from {SCHEMA}.prints as p where p.origin = {origin} "
        f"and p.print = {SCHEMA}.print({SCHEMA}.words(v.value), salt))",
        session,
    )


def _searched(where: str, source: str, known: Known, session: Session) -> Iterator[Finding]:
    """What is found in texts: v of each row of the source."""
    # Only what has a word with which a value begins is looked at further.
    likely = (
        f"select distinct v from ({source}) as s, {SCHEMA}.salt, "
        f"lateral unnest({SCHEMA}.list(v)) as w, {SCHEMA}.heads "
        f"where heads.print = {SCHEMA}.print(w, salt)"
    )
    prints = (
        f"select {SCHEMA}.print(g, salt) as print from ({likely}) as s, {SCHEMA}.salt, "
        f"lateral {SCHEMA}.grams(v) as g union "
        f"select {SCHEMA}.print(d, salt) from ({source}) as s, {SCHEMA}.salt, "
        f"lateral {SCHEMA}.digits(v) as d"
    )
    for row in session.rows(
        f"select origin, count(*) as rows from ({prints}) as found "
        f"join {SCHEMA}.prints using (print) where telling and print <> all(select "
        f"{SCHEMA}.print({SCHEMA}.words(a), salt) from unnest({known.words}) as a, {SCHEMA}.salt) "
        "group by 1 order by 1"
    ):
        yield Finding(where, f"a value of {row['origin']}", row["rows"])
    for row in session.rows(
        f"select p as what, count(*) as rows from ({source}) as s, "
        f"lateral {SCHEMA}.patterns(v, {known.allowed}) as p group by 1 order by 1"
    ):
        yield Finding(where, f"what looks like a {row['what']} of somebody", row["rows"])
    if known.hosts:
        production, staging = _array([*known.hosts]), _array([*known.hosts.values()])
        yield from _told(
            where,
            "a host of production",
            f"select count(*) as rows from ({source}) as s "
            f"where {SCHEMA}.leads(v, {production}, {staging})",
            session,
        )


def _numbers(
    where: str, table: Table, column: Column, rule: Rule | None, session: Session
) -> Iterator[Finding]:
    """A number that is kept, and was that of a telephone or a card elsewhere."""
    if rule is None or rule.name != KEEP or column.base == "int2":
        return
    value = f"unnest(t.{column.quoted})" if column.array else f"t.{column.quoted}"
    yield from _told(
        where,
        "a number that was masked elsewhere",
        f"select count(*) as rows from (select {value}::text as v from only {table.quoted} as t) "
        f"as s, {SCHEMA}.salt where length(v) >= 9 and exists (select from {SCHEMA}.prints as p "
        f"where telling and p.print = {SCHEMA}.print(v, salt))",
        session,
    )


def _told(where: str, what: str, asked: str, session: Session) -> Iterator[Finding]:
    rows = session.rows(asked)[0]["rows"]
    if rows:
        yield Finding(where, what, rows)


def forget(session: Session) -> None:
    """What was written down goes, and the key with it: the one is of no use without the other."""
    session.run(f"drop schema if exists {SCHEMA}, {MASKS} cascade")


OTHERS = """
    select datname as name from pg_database
    where not datistemplate and datname not in (current_database(), 'postgres', 'rdsadmin')
    order by 1
"""
# Texts that are in no table of the application.
CORNERS: Mapping[str, str] = {
    "a comment": "select description as v from pg_description where objoid >= 16384",
    "a comment on the database or a role": "select description as v from pg_shdescription "
    "where objoid >= 16384",
    "a default": "select pg_get_expr(adbin, adrelid) as v from pg_attrdef",
    "a constraint": "select pg_get_constraintdef(oid) as v from pg_constraint where contype = 'c' "
    "and oid >= 16384",
    "an index": "select pg_get_indexdef(indexrelid) as v from pg_index where indexrelid >= 16384 "
    "and (indpred is not null or indexprs is not null)",
    "a view": "select pg_get_viewdef(oid) as v from pg_class where relkind in ('v', 'm') "
    "and oid >= 16384",
    "a function": "select prosrc as v from pg_proc as p join pg_namespace as n "
    "on n.oid = pronamespace where p.oid >= 16384 "
    f"and nspname not in ('{SCHEMA}', 'phoenix_mask', 'phoenix')",
    "a rule": "select pg_get_ruledef(oid) as v from pg_rewrite where rulename <> '_RETURN' "
    "and ev_class >= 16384",
    "a default of a domain": "select typdefault as v from pg_type where oid >= 16384",
    "a bound of a partition": "select pg_get_expr(relpartbound, oid) as v from pg_class "
    "where relispartition",
    "a name of a schema, a type or a role": "select nspname as v from pg_namespace "
    "where oid >= 16384 union all select typname from pg_type where oid >= 16384 "
    "and typtype <> 'c' union all select rolname from pg_roles where oid >= 16384",
    "a trigger": "select pg_get_triggerdef(oid) as v from pg_trigger where not tgisinternal",
    "a policy": "select concat_ws(' ', pg_get_expr(polqual, polrelid), "
    "pg_get_expr(polwithcheck, polrelid)) as v from pg_policy",
    "a word of an enumeration": "select enumlabel as v from pg_enum",
    "what the planner knows of columns together": "select most_common_vals::text as v "
    "from pg_stats_ext union all select concat_ws(' ', most_common_vals::text, "
    "histogram_bounds::text, most_common_elems::text) from pg_stats_ext_exprs",
    "a large object": f"select {SCHEMA}.text(lo_get(oid)) as v from pg_largeobject_metadata",
    "a setting": "select unnest(setconfig) as v from pg_db_role_setting",
    "a name of a table or column": "select concat_ws(' ', relname, attname) as v "
    "from pg_class as c join pg_attribute on attrelid = c.oid and attnum > 0 where c.oid >= 16384 "
    "and relkind in ('r', 'p', 'v', 'm')",
    "what the planner knows": "select concat_ws(' ', most_common_vals::text, "
    "histogram_bounds::text, most_common_elems::text) as v from pg_stats where schemaname not in "
    f"('pg_catalog', 'information_schema', '{SCHEMA}', 'phoenix_mask', 'phoenix')",
}
