# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rows are removed so that the planner forgets them, too.

What the planner knows of a table stays as it was where that has no row when it is looked at, and
there are values in it. Of a single row nothing is kept, but what is in a list: so of a table that
is emptied one row goes last, without its lists, after the table was looked at. Of tables in
partitions the same is known of each, and of each together with those below it.
"""

from __future__ import annotations

from .functions import SCHEMA
from .schema import SEARCH, Column, Schema, Table, array, literal

SETUP = f"""
create or replace function {SCHEMA}.remove(
    leaves text[], lists text[], wholes text[], condition text
) returns bigint language plpgsql as $$
-- leaves: tables that have rows of their own. lists: how their lists become empty, '' where there
-- is none. wholes: what they are partitions of, the lowest first. Answers how many rows went.
declare
    ending text[] := '{{}}';
    gone bigint := 0;
    many bigint;
    stays bool;
    one text;
begin
    for n in 1 .. cardinality(leaves) loop
        one := leaves[n];
        execute format('select exists (select from only %s where (%s) is not true)', one, condition)
            into stays;
        if stays then
            execute format('delete from only %s where %s', one, condition);
        else
            execute format(
                'delete from only %s where ctid <> (select ctid from only %1$s limit 1)', one
            );
        end if;
        get diagnostics many = row_count;
        gone := gone + many;
        if stays then continue; end if;
        if lists[n] <> '' then execute format('update only %s set %s', one, lists[n]); end if;
        execute format('analyze %s', one);
        ending := ending || one;
    end loop;
    foreach one in array wholes loop
        execute format(
            'select exists (select from %s where tableoid <> all(%L::regclass[]))', one, ending
        ) into stays;
        if stays then continue; end if;
        execute format(
            'delete from %s where (tableoid, ctid) <> (select tableoid, ctid from %1$s limit 1)',
            one
        );
        get diagnostics many = row_count;
        gone := gone + many;
        execute format('analyze %s', one);
    end loop;
    foreach one in array ending loop
        execute format('delete from only %s', one);
        get diagnostics many = row_count;
        gone := gone + many;
    end loop;
    return gone;
end $$;
"""


def removed(schema: Schema, table: Table, condition: str = "true") -> str:
    """What removes rows of a table, with its partitions, and tells how many, as `rows`.

    condition: of which rows, in SQL.
    """
    leaves = schema.filled(table.label)
    wholes = [] if not table.partitioned else schema.wholes(table.label)
    return (
        f"select {SCHEMA}.remove({array([one.quoted for one in leaves])}, "
        f"{array([_lists(one) for one in leaves])}, {array([one.quoted for one in wholes])}, "
        f"{literal(condition)}) as rows"
    )


def _lists(table: Table) -> str:
    """As an update sets them, "" where there are none."""
    found = (one for one in table.columns if _is_list(one) and one.name not in table.cut_by)
    return ", ".join(f"{one.quoted} = {literal('{}' if one.array else '')}" for one in found)


def _is_list(column: Column) -> bool:
    return not column.generated and (column.array or column.base == SEARCH)
