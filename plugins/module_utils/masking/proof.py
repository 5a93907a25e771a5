# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The proof that nothing of what was masked is left: what is written down before, and looked for.

It does not know how a value is masked. Before, a print is kept of each value that is to go. After,
every text in the database is read, in whatever type, table or corner it is, and nothing of that may
be found, nor what looks like an address, a number or a token that may be somebody's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from . import columns
from .methods import KEEP, NULL
from .prints import LEAST_DIGITS, LEAST_SIGNS, MANY_DIGITS, MOST_WORDS, SCHEMA, SPLIT_DIGITS
from .rules import Rule, Rules, of
from .schema import Column, Schema, Table, array, literal
from .work import Session

# Lorem ipsum has shorter words that others have, too.
LEAST_OF_JSON = 4
# Text could be in these as well: composite types, ranges, XML, and what extensions have.
SEARCHED = frozenset({"text", "json", "bytes", "address", "uuid", "other"})
NO_TEXT = frozenset({"bool", "oid", "time", "timetz", "interval", "money", "bit", "varbit"})
MANY = 20
# Signs as JSON and URLs may write them.
ESCAPED, ENCODED, OF_URL = r"%\\u%", r"%\%%", "%[0-9a-fA-F]{2}"
# Selects and rows of SQL where there are none.
NOTHING, NOWHERE = "select '', null::text", "('', '', 0)"
NOBODYS = ("example", "example.com", "example.net", "example.org", "invalid", "localhost", "test")
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
    "a function": "select pg_get_functiondef(p.oid) as v from pg_proc as p "
    "join pg_namespace as n on n.oid = pronamespace where p.oid >= 16384 and prokind in ('f', 'p') "
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
        array([*NOBODYS, *(one.lower() for one in allowed)]),
        array(list(allowed)),
        hosts,
    )
    looks = [_look(table, rules, known) for table in columns.largest_first(schema)]
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
    for found in columns.each(looks, session, connect, at_once, lambda look, on: on.rows(look)):
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
        mine = dict(of(rules, root))
        moved = columns.moved(table, mine)
        now = session.rows(
            f"select count(*) as rows, {columns.filled(table)} as filled, "
            f"{columns.sums(table, moved)} as sums from only {table.quoted} as t"
        )[0]
        if was is None:
            yield Finding(table.label, "was not there before, or not looked at", now["rows"])
            continue
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
            # Of a few numbers all may be by chance what they were.
            same = column in moved and now["sums"][column.name] == was["sums"][column.name]
            if same and found >= MANY:
                yield Finding(f"{table.label}.{column.name}", "is as it was before", found)


def _look(table: Table, rules: Rules, known: Known) -> str:
    """Looks for all that must not be in a table, in one pass over it."""
    root = table.root or table.label
    mine = dict(of(rules, root))
    texts, numbers, parts, masked = [], [], [], []
    for column in table.columns:
        place, value = literal(f"{table.label}.{column.name}"), f"t.{column.quoted}"
        rule = mine.get(column.name)
        if column.family in SEARCHED and column.base not in NO_TEXT:
            texts.append(f"select {place}, {columns.text(value, column)}")
        elif rule and rule.name == KEEP and column.family == "number" and column.base != "int2":
            # A number that is kept, and was that of a telephone or a card elsewhere.
            number = f"unnest({value})" if column.array else value
            numbers.append(f"select {place}, {number}::text")
        if rule and _goes(column, rule):
            if column.array or column.family == "json":
                parts.append(f"select {place}, v.value from {next(columns.values(column, rule))}")
            # One letter of lorem ipsum is as good as another.
            least = LEAST_SIGNS if rule.name == "text" else LEAST_OF_JSON * (rule.name == "json")
            masked.append(f"({place}, {literal(f'{root}.{column.name}')}, {least})")
    rows = f"select c.* from only {table.quoted} as t, lateral ({{}}) as c"
    return _looked(
        rows.format(" union all ".join(texts or [NOTHING])),
        known,
        rows.format(" union all ".join(numbers or [NOTHING])),
        rows.format(" union all ".join(parts or [NOTHING])),
        masked or [NOWHERE],
    )


def _goes(column: Column, rule: Rule) -> bool:
    """Whether a value may not stand where it stood."""
    return (
        rule.method is not None
        and rule.name not in {*columns.OPEN, "constant"}
        and column.family not in columns.UNPRINTED
    )


def _looked(
    texts: str,
    known: Known,
    numbers: str = NOTHING,
    parts: str = NOTHING,
    masked: Sequence[str] = (NOWHERE,),
) -> str:
    """What is found, as a statement that yields place, what and rows: in how many values. Each text
    is read once, in however many rows it is.

    texts, numbers, parts: selects of a place and what is there; parts are the items of lists and of
    JSON. masked: places where no value may stand that stood there before, as what it was written
    down, and how many signs it has at least.
    """
    words = range(1, MOST_WORDS + 1)
    following = ", ".join(f"unnest(words[{n}:]) as w{n}" for n in words)
    gram = ", ".join(f"case when many >= {n} then w{n} end" for n in words)
    production, staging = array([*known.hosts]), array([*known.hosts.values()])
    named = " or ".join(f"strpos(lower(v), {literal(one.lower())}) > 0" for one in known.hosts)
    return f"""
        with texts as materialized (
            select place, v, {SCHEMA}.list(v) as words
            from (
                select distinct place, read.v from ({texts} offset 0) as s(place, v), lateral (
                    select s.v
                    union all
                    select {SCHEMA}.decoded(s.v) where s.v like {literal(ESCAPED)}
                        or s.v like {literal(ENCODED)} and s.v ~ {literal(OF_URL)}
                ) as read(v)
            ) as s where v is not null
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
        ), stood as materialized (
            -- Computed first: joined as an expression, the planner may take each for all prints.
            select place, origin, {SCHEMA}.print(array_to_string(words, ' '), salt) as print
            from (
                select place, v, words from texts
                union all
                select place, v, {SCHEMA}.list(v) from ({parts}) as s(place, v) where v is not null
            ) as t join (values {", ".join(masked)}) as m(place, origin, least) using (place),
                {SCHEMA}.salt
            where length(v) >= least
        ), kept as materialized (
            select place, {SCHEMA}.print(v, salt) as print
            from ({numbers}) as s(place, v), {SCHEMA}.salt where length(v) >= {LEAST_DIGITS}
        )
        select * from (
            select place, 'a value of ' || origin, count(distinct print)
            from prints join {SCHEMA}.prints as p using (print)
            where telling and print <> all(select {SCHEMA}.print({SCHEMA}.words(a), salt)
                from unnest({known.words}) as a, {SCHEMA}.salt)
            group by 1, 2
            union all
            select place, 'a value that was there before', count(*) from stood
            where exists (
                select from {SCHEMA}.prints as p
                where p.origin = stood.origin and p.print = stood.print
            ) group by 1
            union all
            select place, 'a number that was masked elsewhere', count(*) from kept
            where exists (
                select from {SCHEMA}.prints as p where telling and p.print = kept.print
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
