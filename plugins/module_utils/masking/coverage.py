# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The gate: whether the rules name all that a schema has, and can be carried out on it.

It is closed unless everything is said. What a rule does not name might be somebody's address.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..declaration.fields import Problem, near
from .methods import KEEP, NULL, TRUNCATE
from .rules import Rule, Rules, of
from .schema import SEARCH, Column, ForeignKey, Schema, Table

ROOMY = 40  # signs for which any mask has room


def problems(rules: Rules, schema: Schema, path: str = "rules") -> Iterator[Problem]:
    """All in which the rules do not do for the schema."""
    for table in schema.declared:
        if table.label not in rules:
            example = {one.name: KEEP for one in table.columns[:2]}
            yield Problem(
                f"{path}.{table.label}",
                None,
                f"is missing: the database has a table of {len(table.columns)} columns of which "
                "no rule tells what becomes",
                example or TRUNCATE,
            )
        elif (columns := rules[table.label]) is not None:
            where = f"{path}.{table.label}"
            yield from _unnamed(table, set(columns), where)
            for name, rule in columns.items():
                yield from _column(table, name, rule, f"{where}.{name}")
            yield from _apart(table, columns, where)
            if table.firing and any(rule.name != KEEP for rule in columns.values()):
                yield Problem(
                    where,
                    ", ".join(table.firing),
                    "has triggers or rules that act even where a copy is written, and would work "
                    "on what is masked",
                    "alter table … enable trigger …, in a migration",
                )
    for name in rules:
        yield from _stranger(name, schema, path)
    for key in schema.foreign_keys:
        yield from _together(key, rules, schema, path)


def unowned(schema: Schema, path: str = "rules") -> Iterator[Problem]:
    """Tables that the login may not write anew, so that what they had would stay in their files."""
    for table in schema.declared:
        if table.others:
            rule = "belongs to somebody whose rights the login has not"
            example = f"grant {table.others} to the login"
            yield Problem(f"{path}.{table.label}", table.others, rule, example)


def _unnamed(table: Table, named: set[str], where: str) -> Iterator[Problem]:
    for column in table.columns:
        if column.generated:
            # It follows from others.
            continue
        if column.name not in named:
            rule = f"is missing: no rule tells what becomes of this column of type {column.type}"
            yield Problem(f"{where}.{column.name}", None, rule, f"{column.name}: {KEEP}")


def _column(table: Table, name: str, rule: Rule, where: str) -> Iterator[Problem]:
    column = table.column(name)
    if column is None:
        close = near(name, (one.name for one in table.columns))
        hint = f"; did you mean {close}?" if close else ""
        yield Problem(where, rule.name, f"is no column of {table.label}{hint}", close or "id")
        return
    if column.generated:
        yield Problem(where, rule.name, "is computed of other columns: mask those", "leave it out")
        return
    if rule.name == KEEP:
        if column.base == SEARCH:
            rule_ = "has words of texts in an order of its own, through which no proof can look"
            yield Problem(where, KEEP, rule_, {"mask": "constant", "value": ""})
        return
    if rule.name == NULL and column.not_null:
        yield Problem(where, NULL, "must not be null: mask it, or keep it", "token")
    if column.identity:
        yield Problem(where, rule.name, "is numbered by the server, and can only be kept", KEEP)
    if name in table.cut_by:
        rule_ = "cuts the table into partitions, and can only be kept"
        yield Problem(where, rule.name, rule_, KEEP)
    yield from _fits(table, column, rule, where)


def _fits(table: Table, column: Column, rule: Rule, where: str) -> Iterator[Problem]:
    method = rule.method
    if method is None:
        return
    if column.family not in method.families:
        fit = "those of type " + " or ".join(sorted(method.families))
        yield Problem(where, rule.name, f"fits {fit}; this column is {column.type}", NULL)
    elif column.size and column.size < method.shortest:
        rule_ = f"needs {method.shortest} characters; this column has room for {column.size}"
        yield Problem(where, rule.name, rule_, NULL)
    by = rule.options.get("by")
    if by and table.column(by) is None:
        close = near(by, (one.name for one in table.columns))
        yield Problem(f"{where}.by", by, f"must be a column of {table.label}", close or "id")


def _apart(table: Table, columns: dict[str, Rule] | object, where: str) -> Iterator[Problem]:
    """What is unique has to stay so."""
    rules = dict(columns) if isinstance(columns, dict) else {}
    for together in table.unique:
        for name in sorted(together & rules.keys()):
            method = rules[name].method
            if method and not method.apart:
                yield Problem(
                    f"{where}.{name}",
                    method.name,
                    f"may give two rows the same, and a unique index is on "
                    f"{', '.join(sorted(together))}",
                    "token",
                )


def _stranger(name: str, schema: Schema, path: str) -> Iterator[Problem]:
    table = schema.table(name)
    if table is None:
        close = near(name, (one.label for one in schema.declared))
        hint = f"; did you mean {close}?" if close else ""
        yield Problem(f"{path}.{name}", None, f"is no table of the database{hint}", close or "…")
    elif table.is_partition:
        rule = f"is a partition: what becomes of it is declared of {table.root}"
        yield Problem(f"{path}.{name}", None, rule, table.root)


def _together(key: ForeignKey, rules: Rules, schema: Schema, path: str) -> Iterator[Problem]:
    """What names a row is masked as the name of that row is."""
    table, target_ = schema.root(key.table), schema.root(key.target)
    if rules.get(table) is None or target_ not in rules:
        return
    mine, theirs = dict(of(rules, table)), dict(of(rules, target_))
    gone = rules[target_] is None
    for name, other in zip(key.columns, key.targets, strict=True):
        rule, target = mine.get(name), theirs.get(other)
        if rule is None or rule.name == NULL or (target is None and not gone):
            continue
        where = f"{path}.{table}.{name}"
        if gone:
            rule_ = f"names rows of {target_}, which go"
            yield Problem(where, rule.name, rule_, f"{table}: {TRUNCATE}")
        elif rule != target:
            rule_ = f"must be as {target_}.{other}, whose rows it names"
            yield Problem(where, rule.name, rule_, target.name if target else KEEP)
        elif rule.method and not _alike(schema, (table, name), (target_, other)):
            rule_ = f"is of another type or size than {target_}.{other}, and so would its masks be"
            yield Problem(where, rule.name, rule_, f"a type as that of {target_}.{other}")


def _alike(schema: Schema, *places: tuple[str, str]) -> bool:
    """Whether equal values of two columns have equal masks."""
    columns = [t.column(name) for label, name in places if (t := schema.table(label))]
    kinds = {(one.base == "citext", min(one.size or ROOMY, ROOMY)) for one in columns if one}
    return len(kinds) == 1
