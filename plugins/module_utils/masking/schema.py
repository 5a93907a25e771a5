# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A database's schema as data: what masking, its gate and its proof have to know of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

# What a value is, by the type that is under its domains and arrays.
FAMILIES: Mapping[str, frozenset[str]] = {
    "text": frozenset({"text", "varchar", "bpchar", "citext", "name", "char"}),
    "number": frozenset({"int2", "int4", "int8", "numeric", "float4", "float8"}),
    "date": frozenset({"date", "timestamp", "timestamptz"}),
    "json": frozenset({"json", "jsonb"}),
    "bytes": frozenset({"bytea"}),
    "address": frozenset({"inet"}),
    "uuid": frozenset({"uuid"}),
}
OTHER = "other"
# Words of texts, in an order of their own.
SEARCH = "tsvector"
# Of the others: truth values, lengths of time, flags and numbers of the server's own.
PLAIN = frozenset({"bool", "time", "timetz", "interval", "bit", "varbit", "oid", "money"})
# Enumerations, ranges and several ranges.
NUMBERED = frozenset("erm")


def quoted(name: str) -> str:
    """An identifier as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as SQL has it, whatever `standard_conforming_strings` is."""
    escaped = text.replace("'", "''")
    return "'" + escaped + "'" if "\\" not in text else " E'" + escaped.replace("\\", "\\\\") + "'"


def array(texts: Iterable[str]) -> str:
    """Texts as an array of SQL."""
    return "array[" + ", ".join(map(literal, texts)) + "]::text[]"


@dataclass(frozen=True, slots=True)
class Column:
    """type: as SQL has it. base: the type under domains and arrays, kind: of which kind that is, as
    PostgreSQL has it in typtype. size: characters that it has room for, 0 where there is no limit.
    generated: computed of others. identity: numbered by the server, whoever inserts.
    """

    name: str
    type: str
    base: str
    size: int = 0
    array: bool = False
    not_null: bool = False
    generated: bool = False
    identity: bool = False
    kind: str = "b"

    @property
    def family(self) -> str:
        found = (family for family, types in FAMILIES.items() if self.base in types)
        return next(found, OTHER)

    @property
    def tells_nobody(self) -> bool:
        """Whether it is of a type in which there is nothing of a person by itself."""
        return self.kind in NUMBERED or self.base in PLAIN

    @property
    def quoted(self) -> str:
        return quoted(self.name)


@dataclass(frozen=True, slots=True)
class Table:
    """One with rows of its own, or one whose rows are in partitions.

    root: the label of the table whose partition it is, its own where it is none. unique: the
    columns of each unique index. cut_by: the columns by which it is cut into partitions. firing:
    triggers and rules that act whoever writes. others: its owner, where that is nobody whose rights
    we have. size: bytes, with indexes. about: rows, as the planner knows. depth: how many tables it
    is below.
    """

    schema: str
    name: str
    columns: tuple[Column, ...]
    root: str = ""
    partitioned: bool = False
    unique: tuple[frozenset[str], ...] = ()
    cut_by: frozenset[str] = frozenset()
    firing: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    others: str = ""
    size: int = 0
    about: int = 0
    depth: int = 0

    @property
    def label(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def quoted(self) -> str:
        return f"{quoted(self.schema)}.{quoted(self.name)}"

    @property
    def is_partition(self) -> bool:
        return self.root not in ("", self.label)

    def column(self, name: str) -> Column | None:
        return next((one for one in self.columns if one.name == name), None)


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """Columns of one table, by label, that name rows of another one."""

    name: str
    table: str
    columns: tuple[str, ...]
    target: str
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Schema:
    """All tables. views: those that keep rows, quoted, in the order in which they are made anew."""

    tables: tuple[Table, ...]
    foreign_keys: tuple[ForeignKey, ...] = ()
    views: tuple[str, ...] = ()

    def table(self, label: str) -> Table | None:
        return next((one for one in self.tables if one.label == label), None)

    @property
    def declared(self) -> Iterable[Table]:
        """Those that rules name, with all that binds their partitions: these are masked as the
        table of which they are.
        """
        return (self._whole(one) for one in self.tables if not one.is_partition)

    def _whole(self, table: Table) -> Table:
        parts = [one for one in self.tables if one.root == table.label and one.is_partition]
        if not parts:
            return table
        needed = {c.name for one in parts for c in one.columns if c.not_null}
        return replace(
            table,
            columns=tuple(
                replace(one, not_null=one.not_null or one.name in needed) for one in table.columns
            ),
            unique=tuple(dict.fromkeys(each for one in (table, *parts) for each in one.unique)),
            cut_by=table.cut_by.union(*(one.cut_by for one in parts)),
            firing=tuple(dict.fromkeys(each for one in (table, *parts) for each in one.firing)),
            others=next((one.others for one in (table, *parts) if one.others), ""),
        )

    def root(self, label: str) -> str:
        """The label of the table that rules name for another one."""
        table = self.table(label)
        return table.root if table and table.is_partition else label

    def filled(self, label: str) -> list[Table]:
        """Those that have the rows of a table: its partitions, or itself."""
        if (table := self.table(label)) and not table.partitioned:
            return [table]
        return [one for one in self.tables if one.root == label and not one.partitioned]

    def wholes(self, label: str) -> list[Table]:
        """Those of a table in partitions that have no rows of their own, the lowest first."""
        found = [one for one in self.tables if label in (one.label, one.root) and one.partitioned]
        return sorted(found, key=lambda one: (-one.depth, one.label))
