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
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

from . import work
from .frameworks import Rows
from .functions import SCHEMA as MASKS
from .methods import KEEP, NULL, below
from .prints import LEAST_DIGITS, LEAST_SIGNS, MANY_DIGITS, MOST_WORDS, SCHEMA, SETUP, SPLIT_DIGITS
from .rules import Rule, Rules, label, of
from .schema import Column, Schema, Table, literal, quoted
from .work import R, Session, T

# Of these a value is a number or a moment; that it changed shows nowhere else.
UNPRINTED = frozenset({"date", "number"})
# Of these nothing has to go: a host is the site's own, and looked for by its name.
OPEN = frozenset({KEEP, "host"})
# Somebody's in part only: two of them in a row tell who it is.
PAIR = ("first_name", "last_name")
# Text could be in these as well: composite types, ranges, XML, and what extensions have.
SEARCHED = frozenset({"text", "json", "bytes", "address", "uuid", "other"})
NO_TEXT = frozenset({"bool", "oid", "time", "timetz", "interval", "money", "bit", "varbit"})
# Selects and rows of SQL where there are none.
NOTHING, NOWHERE = "select '', null::text", "('', '', 0)"
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
    todo = [one for one in _largest_first(schema) if one.label not in known]
    _each(todo, session, connect, at_once, partial(_write_down, rules))
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


def _each(
    todo: Sequence[T],
    session: Session,
    connect: Callable[[], Session] | None,
    at_once: int,
    do: Callable[[T, Session], R],
) -> list[R]:
    if connect is None:
        return [do(one, session) for one in todo]
    return work.each(todo, at_once, connect, do)


def _largest_first(schema: Schema) -> list[Table]:
    """The tables that have rows of their own: what takes longest is begun first."""
    filled = (one for one in schema.tables if not one.partitioned)
    return sorted(filled, key=lambda table: (-table.size, table.label))


def _write_down(rules: Rules, table: Table, session: Session) -> None:
    root = table.root or table.label
    session.run("begin")
    if values := " union all ".join(
        _going(table, root, dict(of(rules, root)), rules[root] is None)
    ):
        session.run(_printed(values))
    session.run(_counted(table))
    session.run("commit")


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
        if rule.name in OPEN or column.generated or column.family == "date":
            continue
        origin = literal(f"{root}.{column.name}")
        whole = "false" if column.family in UNPRINTED else "true"
        for text in _values(column, rule):
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
    connect: Callable[[], Session] | None = None,
    at_once: int = 1,
) -> Iterator[Finding]:
    """All that must not be there. allowed: domains and addresses that are nobody's or our own.
    hosts: what those of production are called in staging. connect: makes a session; with it,
    at_once tables are read at the same time.
    """
    yield from _differences(rules, schema, session)
    known = Known(
        _array([*NOBODYS, *(one.lower() for one in allowed)]), _array(list(allowed)), hosts
    )
    looks = [_look(table, rules, known) for table in _largest_first(schema)]
    looks += [
        _looked(
            f"select {literal(f'view {view}')}, {SCHEMA}.plain(to_jsonb(t.*)::text) "
            f"from {view} as t",
            known,
        )
        for view in schema.views
    ]
    corners = (
        f"select {literal(name)}, v from ({source}) as s" for name, source in CORNERS.items()
    )
    looks.append(_looked(" union all ".join(corners), known))
    for found in _each(looks, session, connect, at_once, lambda look, on: on.rows(look)):
        yield from (Finding(row["place"], row["what"], row["rows"]) for row in found)
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


def _look(table: Table, rules: Rules, known: Known) -> str:
    """Looks for all that must not be in a table, in one pass over it."""
    root = table.root or table.label
    mine = dict(of(rules, root))
    texts, numbers, masked = [], [], []
    for column in table.columns:
        place, value = literal(f"{table.label}.{column.name}"), f"t.{column.quoted}"
        rule = mine.get(column.name)
        if column.family in SEARCHED and column.base not in NO_TEXT:
            texts.append(f"select {place}, {_text(value, column)}")
        elif rule and rule.name == KEEP and column.family == "number" and column.base != "int2":
            # A number that is kept, and was that of a telephone or a card elsewhere.
            number = f"unnest({value})" if column.array else value
            numbers.append(f"select {place}, {number}::text")
        if rule and _goes(column, rule):
            if column.array:
                texts.append(f"select {place}, v.value from {next(_values(column, rule))}")
            # One letter of lorem ipsum is as good as another.
            least = LEAST_SIGNS if rule.name == "text" else 0
            masked.append(f"({place}, {literal(f'{root}.{column.name}')}, {least})")
    rows = f"select c.* from only {table.quoted} as t, lateral ({{}}) as c"
    return _looked(
        rows.format(" union all ".join(texts or [NOTHING])),
        known,
        rows.format(" union all ".join(numbers or [NOTHING])),
        masked or [NOWHERE],
    )


def _goes(column: Column, rule: Rule) -> bool:
    """Whether a value may not stand where it stood."""
    return (
        rule.method is not None
        and rule.name not in {*OPEN, "constant"}
        and column.family not in {*UNPRINTED, "json"}
    )


def _looked(
    texts: str, known: Known, numbers: str = NOTHING, masked: Sequence[str] = (NOWHERE,)
) -> str:
    """What is found, as a statement that yields place, what and rows: in how many values. Each text
    is read once, in however many rows it is.

    texts, numbers: selects of a place and what is there. masked: places where no value may stand
    that stood there before, as what it was written down, and how many signs it has at least.
    """
    words = range(1, MOST_WORDS + 1)
    following = ", ".join(f"unnest(words[{n}:]) as w{n}" for n in words)
    gram = ", ".join(f"case when many >= {n} then w{n} end" for n in words)
    production, staging = _array([*known.hosts]), _array([*known.hosts.values()])
    named = " or ".join(f"strpos(lower(v), {literal(one.lower())}) > 0" for one in known.hosts)
    return f"""
        with texts as materialized (
            select place, v, {SCHEMA}.list(v) as words
            from (select distinct * from ({texts} offset 0) as s(place, v)) as s
            where v is not null
        ), prints as (
            -- What follows a word matters only where a value begins with it.
            select place, case many when 1 then heads.print
                else {SCHEMA}.print(concat_ws(' ', {gram}), salt) end as print
            from (select place, {following} from texts) as t cross join {SCHEMA}.salt
            join {SCHEMA}.heads on heads.print = {SCHEMA}.print(w1, salt)
            union
            select place, {SCHEMA}.print(d, salt)
            from texts, {SCHEMA}.salt, lateral {SCHEMA}.digits(v) as d
            where v ~ {literal(MANY_DIGITS)} and v ~ {literal(SPLIT_DIGITS)}
        )
        select * from (
            select place, 'a value of ' || origin, count(distinct print)
            from prints join {SCHEMA}.prints as p using (print)
            where telling and print <> all(select {SCHEMA}.print({SCHEMA}.words(a), salt)
                from unnest({known.words}) as a, {SCHEMA}.salt)
            group by 1, 2
            union all
            select place, 'a value that was there before', count(*)
            from texts join (values {", ".join(masked)}) as m(place, origin, least) using (place),
                {SCHEMA}.salt
            where length(v) >= least and exists (
                select from {SCHEMA}.prints as p where p.origin = m.origin
                    and p.print = {SCHEMA}.print(array_to_string(words, ' '), salt)
            ) group by 1
            union all
            select place, 'a number that was masked elsewhere', count(*)
            from ({numbers}) as s(place, v), {SCHEMA}.salt
            where length(v) >= {LEAST_DIGITS} and exists (
                select from {SCHEMA}.prints as p
                where telling and p.print = {SCHEMA}.print(v, salt)
            ) group by 1
            union all
            select place, 'what looks like a ' || p || ' of somebody', count(*)
            from texts, lateral {SCHEMA}.patterns(v, {known.allowed}) as p
            where {SCHEMA}.maybe(v) group by 1, 2
            union all
            select place, 'a host of production', count(*) from texts
            where ({named or "false"}) and {SCHEMA}.leads(v, {production}, {staging}) group by 1
        ) as found(place, what, rows) order by 1, 2
    """


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
