# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads a schema. What is of PostgreSQL and of this collection is left out; all else is told."""

from __future__ import annotations

import graphlib
from collections.abc import Callable, Mapping
from typing import Any

from .schema import Column, ForeignKey, Schema, Table, quoted

Row = Mapping[str, Any]
# Rows of a statement, each as a mapping from the name of a column.
Ask = Callable[[str], list[Row]]

# A temporary table is of one session, and there is none in a copy.
OURS = """
    nspname not in ('information_schema', 'phoenix_mask', 'phoenix_proof')
    and nspname !~ '^pg_'
    and not (
        nspname = 'phoenix'
        and c.relname in ('entries', 'frozen', 'heartbeat', 'migrations', 'proof')
    )
"""
TABLES = f"""
    select c.oid::bigint as id, nspname as schema, relname as name, relkind = 'p' as partitioned,
        coalesce(pg_total_relation_size(c.oid), 0) as size, greatest(reltuples, 0)::bigint as about,
        case when relispartition then (
            select pn.nspname || '.' || p.relname from pg_partition_ancestors(c.oid) as a
            join pg_class as p on p.oid = a.relid join pg_namespace as pn on pn.oid = p.relnamespace
            where not p.relispartition
        ) else '' end as root,
        case when relispartition
            then (select count(*) - 1 from pg_partition_ancestors(c.oid)) else 0 end as depth,
        coalesce((
            select array_agg(attname::text) from pg_partitioned_table as t
            join pg_attribute on attrelid = t.partrelid and attnum > 0 and (
                attnum = any(t.partattrs) or 0 = any(t.partattrs) and exists (
                    select from pg_depend where classid = 'pg_class'::regclass
                    and objid = t.partrelid and refobjid = t.partrelid and refobjsubid = attnum
                )
            )
            where t.partrelid = c.oid
        ), array[]::text[]) as cut_by,
        coalesce((
            select array_agg(name order by name) from (
                select tgname::text as name from pg_trigger
                where tgrelid = c.oid and not tgisinternal and tgenabled in ('A', 'R')
                union all
                select rulename from pg_rewrite
                where ev_class = c.oid and rulename <> '_RETURN' and ev_enabled in ('A', 'R')
            ) as acting
        ), array[]::text[]) as firing,
        case when pg_has_role(relowner, 'usage') then ''
            else pg_get_userbyid(relowner)::text end as others,
        coalesce((
            select array_agg(attname::text order by array_position(indkey::int2[], attnum))
            from pg_index join pg_attribute on attrelid = indrelid and attnum = any(indkey)
            where indrelid = c.oid and indisprimary
        ), array[]::text[]) as key
    from pg_class as c join pg_namespace as n on n.oid = relnamespace
    where relkind in ('r', 'p') and relpersistence <> 't' and {OURS}
    order by nspname, relname
"""
# What is under an array, and then under a domain, which may be of an array again.
COLUMNS = f"""
    with recursive under as (
        select oid as type, oid as at, typtype, typbasetype, typelem, typcategory, typtypmod as mod,
            false as array
        from pg_type
        union all
        select u.type, t.oid, t.typtype, t.typbasetype, t.typelem, t.typcategory,
            case when t.typtype = 'd' then t.typtypmod else u.mod end,
            u.array or (u.typtype <> 'd' and u.typcategory = 'A')
        from under as u join pg_type as t on t.oid = case
            when u.typtype = 'd' then u.typbasetype
            when u.typcategory = 'A' and u.typelem <> 0 then u.typelem
        end
    )
    select c.oid::bigint as id, attname as name, format_type(atttypid, atttypmod) as type,
        t.typname as base, t.typtype::text as kind, u.array, attnotnull as not_null,
        attgenerated <> '' as generated, attidentity = 'a' as identity,
        case when t.typname in ('varchar', 'bpchar') then greatest(
            coalesce(nullif(atttypmod, -1), nullif(u.mod, -1), 4) - 4, 0
        ) when t.typname = 'name' then 63 when t.typname = 'char' then 1 else 0 end as size
    from pg_class as c join pg_namespace as n on n.oid = relnamespace
    join pg_attribute on attrelid = c.oid and attnum > 0 and not attisdropped
    join under as u on u.type = atttypid
        and u.typtype <> 'd' and not (u.typcategory = 'A' and u.typelem <> 0)
    join pg_type as t on t.oid = u.at
    where relkind in ('r', 'p') and relpersistence <> 't' and {OURS}
    order by c.oid, attnum
"""
# An expression's columns are told by what the index depends on.
UNIQUE = f"""
    select c.oid::bigint as id, i.indexrelid::bigint as index,
        array_agg(distinct attname::text) as columns
    from pg_index as i join pg_class as c on c.oid = indrelid
    join pg_namespace as n on n.oid = relnamespace
    join pg_attribute as a on attrelid = indrelid and attnum > 0 and (
        attnum = any(indkey) or exists (
            select from pg_depend where classid = 'pg_class'::regclass and objid = indexrelid
            and refclassid = 'pg_class'::regclass and refobjid = indrelid and refobjsubid = attnum
        )
    )
    where indisunique and relkind in ('r', 'p') and {OURS}
    group by 1, 2 order by 1, 2
"""
FOREIGN = f"""
    select f.oid::bigint as id, conname as name, conrelid::bigint as table,
        confrelid::bigint as target,
        array(
            select attname::text from unnest(conkey) with ordinality as k(number, place)
            join pg_attribute on attrelid = conrelid and attnum = number order by place
        ) as columns,
        array(
            select attname::text from unnest(confkey) with ordinality as k(number, place)
            join pg_attribute on attrelid = confrelid and attnum = number order by place
        ) as targets
    from pg_constraint as f join pg_class as c on c.oid = conrelid
    join pg_namespace as n on n.oid = relnamespace
    where contype = 'f' and conparentid = 0 and {OURS}
    order by 1
"""
# Of what a view is made, through views that keep none.
VIEWS = f"""
    with recursive made_of as (
        select r.ev_class as view, d.refobjid as of
        from pg_rewrite as r join pg_depend as d on d.classid = 'pg_rewrite'::regclass
            and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
            and d.refobjid <> r.ev_class
        union
        select m.view, d.refobjid
        from made_of as m join pg_rewrite as r on r.ev_class = m.of
        join pg_depend as d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
            and d.refclassid = 'pg_class'::regclass and d.refobjid <> r.ev_class
    )
    select c.oid::bigint as id, nspname as schema, c.relname as name,
        coalesce(
            array_agg(distinct v.oid::bigint) filter (where v.oid is not null), '{{}}'
        ) as after
    from pg_class as c join pg_namespace as n on n.oid = relnamespace
    left join made_of as m on m.view = c.oid
    left join pg_class as v on v.oid = m.of and v.relkind = 'm'
    where c.relkind = 'm' and c.relispopulated and {OURS}
    group by 1, 2, 3 order by 2, 3
"""


def read(ask: Ask) -> Schema:
    """The schema of the database that is asked."""
    columns: dict[int, list[Column]] = {}
    for row in ask(COLUMNS):
        columns.setdefault(row["id"], []).append(
            Column(**{name: value for name, value in row.items() if name != "id"})
        )
    unique: dict[int, list[frozenset[str]]] = {}
    for row in ask(UNIQUE):
        unique.setdefault(row["id"], []).append(frozenset(row["columns"]))
    labels: dict[int, str] = {}
    tables = []
    for row in ask(TABLES):
        id = row["id"]
        labels[id] = f"{row['schema']}.{row['name']}"
        tables.append(
            Table(
                schema=row["schema"],
                name=row["name"],
                columns=tuple(columns.get(id, [])),
                root=row["root"],
                partitioned=row["partitioned"],
                unique=tuple(unique.get(id, [])),
                cut_by=frozenset(row["cut_by"]),
                firing=tuple(row["firing"]),
                key=tuple(row["key"]),
                others=row["others"],
                size=row["size"],
                about=row["about"],
                depth=row["depth"],
            )
        )
    keys = tuple(
        ForeignKey(
            row["name"],
            labels[row["table"]],
            tuple(row["columns"]),
            labels[row["target"]],
            tuple(row["targets"]),
        )
        for row in ask(FOREIGN)
    )
    return Schema(tuple(tables), keys, _in_order(ask(VIEWS)))


def _in_order(views: list[Row]) -> tuple[str, ...]:
    """One that is made of another one comes after it."""
    names = {row["id"]: f"{quoted(row['schema'])}.{quoted(row['name'])}" for row in views}
    graph = {row["id"]: row["after"] for row in views}
    return tuple(names[id] for id in graphlib.TopologicalSorter(graph).static_order())
