# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What of a column is read by the proof, before and after: in SQL, table by table."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence

from . import work
from .methods import KEEP, below
from .prints import SCHEMA
from .rules import Rule
from .schema import Column, Schema, Table, array, literal, quoted
from .work import R, Session, T

# Of these a value is a number or a moment; that it changed shows nowhere else.
UNPRINTED = frozenset({"date", "number"})
# Of these nothing has to go: a host is the site's own, and looked for by its name.
OPEN = frozenset({KEEP, "host"})


def each(
    todo: Sequence[T],
    session: Session,
    connect: Callable[[], Session] | None,
    at_once: int,
    do: Callable[[T, Session], R],
) -> list[R]:
    """What each of some tables gives. connect: makes a session; with it, at_once are read at the
    same time.
    """
    if connect is None:
        return [do(one, session) for one in todo]
    return work.each(todo, at_once, connect, do)


def largest_first(schema: Schema) -> list[Table]:
    """The tables that have rows of their own: what takes longest is begun first."""
    filled = (one for one in schema.tables if not one.partitioned)
    return sorted(filled, key=lambda table: (-table.size, table.label))


def text(value: str, column: Column) -> str:
    """A value as the text that it has in it."""
    if column.family == "json":
        return f"{SCHEMA}.plain({value}::text)"
    if column.family == "bytes":
        items = f"(select string_agg({SCHEMA}.text(b), ' ') from unnest({value}) as b)"
        return items if column.array else f"{SCHEMA}.text({value})"
    if column.family == "address" and not column.array:
        return f"host({value})"
    return f'({value}::text collate "default")'


def values(column: Column, rule: Rule) -> Iterator[str]:
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
        yield f"lateral (select {text(value, column)}) as v(value)"


def moved(table: Table, rules: Mapping[str, Rule]) -> list[Column]:
    """The columns of numbers and moments that are masked, of rows that are known afterwards: by a
    key that is kept.
    """
    kept = all(rules.get(name, Rule(KEEP)).name == KEEP for name in table.key)
    if not table.key or not kept:
        return []
    return [one for one in table.columns if one.family in UNPRINTED and _moves(rules, one.name)]


def _moves(rules: Mapping[str, Rule], name: str) -> bool:
    rule = rules.get(name, Rule(KEEP))
    return rule.method is not None and rule.name != "constant"


def sums(table: Table, moved: Sequence[Column]) -> str:
    """What the values of some columns are with the rows they are of: {} where there is none."""
    names = array([one.name for one in moved])
    key = ", ".join(f"t.{quoted(name)}" for name in table.key)
    found = ", ".join(
        f"sum(hashtextextended(concat_ws(' ', {key}, t.{one.quoted}), 0)::numeric)::text"
        for one in moved
    )
    return f"coalesce(jsonb_object({names}, array[{found}]::text[]), '{{}}')"


def filled(table: Table) -> str:
    """In how many rows each column of a table is filled: a function takes a hundred things only."""
    names = array([one.name for one in table.columns])
    counts = ", ".join(f"count(t.{one.quoted})::text" for one in table.columns)
    return f"coalesce(jsonb_object({names}, array[{counts}]::text[]), '{{}}')"
