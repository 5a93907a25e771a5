# SPDX-License-Identifier: GPL-3.0-or-later
"""Of a million rows nobody's value survives: looked for by what PostgreSQL dumps, in Python.

What is looked for, and how, is nothing of the collection's: neither its prints nor its patterns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.masking.task import (
    Refused,
    masked,
    proved,
)

from tests.masking import shop
from tests.masking.masked import Copy
from tests.masking.scanner import left, readable
from tests.masking.server import Server
from tests.masking.test_modules import given, marked

pytestmark = [pytest.mark.real, pytest.mark.sweep]
FOREIGN = """
    select conname, conrelid::regclass::text as naming,
        confrelid::regclass::text as named,
        array(
            select attname::text from unnest(conkey) with ordinality as k(number, place)
            join pg_attribute on attrelid = conrelid and attnum = number order by place
        ) as mine,
        array(
            select attname::text from unnest(confkey) with ordinality as k(number, place)
            join pg_attribute on attrelid = confrelid and attnum = number order by place
        ) as theirs
    from pg_constraint where contype = 'f' and conparentid = 0 order by 1
"""


@dataclass(frozen=True)
class Links:
    """How many rows have a foreign key; how many of these name none; and how many are named."""

    naming: int
    orphans: int
    named: int


def links(copy: Copy) -> dict[tuple[str, str], Links]:
    """By the name of each foreign key and the table that has it."""
    found = {}
    for name, table, target, mine, theirs in copy.rows(FOREIGN):
        same = " and ".join(f"a.{one} = b.{other}" for one, other in zip(mine, theirs, strict=True))
        filled = " and ".join(f"a.{one} is not null" for one in mine)
        found[name, table] = Links(
            copy.value(f"select count(*) from {table} as a where {filled}"),
            copy.value(
                f"select count(*) from {table} as a where {filled} "
                f"and not exists (select from {target} as b where {same})"
            ),
            copy.value(
                f"select count(*) from {target} as b "
                f"where exists (select from {table} as a where {same})"
            ),
        )
    return found


def counts(copy: Copy) -> dict[str, int]:
    return {table: copy.value(f"select count(*) from {table}") for table in shop.RULES}


def dumped(copy: Copy, *which: str) -> Iterator[bytes]:
    """All that is in the database, some lines at a time: its dump, views that keep rows, and what
    the planner knows. Bytes are followed by the text that is in them. which: of the dump.
    """
    path = copy.server.folder / "dump.sql"
    copy.server.program(
        *("pg_dump", "-h", "127.0.0.1", "-p", str(copy.server.port), "-U", "postgres"),
        *("-f", str(path), *which, copy.name),
    )
    with path.open("ab") as whole:
        views = copy.rows("select relname from pg_class where relkind = 'm'")
        for query in (*(f"select * from {name}" for (name,) in views), "select * from pg_stats"):
            whole.write(copy.session.dump(query).encode())
    with path.open("rb") as whole:
        while lines := whole.readlines(1 << 20):
            yield readable(b"".join(lines))


def test_of_a_million_rows_nobodys_value_survives_and_all_that_belongs_together_does_so_still(
    server: Server,
) -> None:
    with Copy(server, "million", shop.MILLION) as copy:
        marked(copy)
        rows, keys = counts(copy), links(copy)
        assert sum(rows.values()) > 1_000_000
        assert len(keys) > 8 and all(one.naming for one in keys.values())
        values = {
            value.lower().encode()
            for query in shop.REAL
            for value in copy.session.dump(query).splitlines()
            if len(value) >= 8
        }
        assert len(values) > 1_000_000
        # Each is found where it was, so it would be where it were left.
        assert len(left(values, dumped(copy))) == len(values)

        masked(given(copy), dry=False)
        seeded = "of PERSON41234@MAIL4.COM"
        copy.run(f"update products set name = '{seeded}' where id = 7")
        survivors = left(values, dumped(copy, "--table", "products"))
        assert b"person41234@mail4.com" in survivors
        assert survivors == {one for one in values if one in seeded.lower().encode()}
        with pytest.raises(Refused, match=r"public\.products\.name: a value of"):
            proved(given(copy))
        copy.run("update products set name = 'Lamp 7' where id = 7")
        assert proved(given(copy))["findings"] == []

        assert left(values, dumped(copy)) == set()
        gone = {table for table, rule in shop.RULES.items() if rule == "truncate"}
        assert counts(copy) == {one: 0 if one in gone else many for one, many in rows.items()}
        empty = Links(0, 0, 0)
        assert links(copy) == {
            (name, table): empty if table in gone else was for (name, table), was in keys.items()
        }
        assert not any(one.orphans for one in links(copy).values())
