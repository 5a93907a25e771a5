# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate: what rules have to say of a schema before anything of it is masked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.masking.coverage import problems
from ansible_collections.operatingdev.phoenix.plugins.module_utils.masking.rules import parse
from ansible_collections.operatingdev.phoenix.plugins.module_utils.masking.schema import (
    Column,
    ForeignKey,
    Schema,
    Table,
)

ID = Column("id", "bigint", "int8", not_null=True)
EMAIL = Column("email", "character varying(60)", "varchar", size=60, not_null=True)
CUSTOMERS = Table(
    "public",
    "customers",
    (
        ID,
        EMAIL,
        Column("code", "character varying(8)", "varchar", size=8),
        Column("label", "text", "text", generated=True),
        Column("born", "date", "date"),
        Column("number", "integer", "int4", identity=True),
    ),
    unique=(frozenset({"id"}), frozenset({"email"})),
)
VISITS = Table(
    "public",
    "visits",
    (ID, Column("customer_email", "text", "text"), Column("at", "date", "date")),
    partitioned=True,
    cut_by=frozenset({"at"}),
)
PART = replace(VISITS, name="visits_2026", root="public.visits", partitioned=False)
KEY = ForeignKey("f", "public.visits", ("customer_email",), "public.customers", ("email",))
SCHEMA = Schema((CUSTOMERS, VISITS, PART), (KEY,))
RULES: dict[str, Any] = {
    "customers": {
        "id": "keep",
        "email": "email",
        "code": "null",
        "born": {"mask": "date", "by": "id"},
        "number": "keep",
    },
    "visits": {"id": "keep", "customer_email": "email", "at": "keep"},
}


def told(declared: dict[str, Any], schema: Schema = SCHEMA) -> list[str]:
    rules, wrong = parse(declared)
    assert wrong == []
    return [str(problem) for problem in problems(rules, schema)]


def changed(table: str, **columns: Any) -> dict[str, Any]:
    """The rules with other ones for some columns of a table; None leaves a column out."""
    kept = {**RULES[table], **columns}
    return {**RULES, table: {name: rule for name, rule in kept.items() if rule is not None}}


def test_rules_that_name_all_are_enough() -> None:
    assert told(RULES) == []


def test_a_column_that_production_got_since_is_named() -> None:
    got = replace(CUSTOMERS, columns=(*CUSTOMERS.columns, Column("phone", "text", "text")))
    assert told(RULES, replace(SCHEMA, tables=(got, VISITS, PART))) == [
        "rules.public.customers.phone: nothing - is missing: no rule tells what becomes of this "
        "column of type text, for example 'phone: keep'"
    ]


def test_a_table_that_production_got_since_is_named() -> None:
    schema = replace(SCHEMA, tables=(*SCHEMA.tables, Table("logs", "mails", (ID, EMAIL))))
    assert told(RULES, schema) == [
        "rules.logs.mails: nothing - is missing: the database has a table of 2 columns of which no "
        "rule tells what becomes, for example {'id': 'keep', 'email': 'keep'}"
    ]


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (
            changed("customers", emial="email"),
            "rules.public.customers.emial: 'email' - is no column of public.customers; did you "
            "mean email?, for example 'email'",
        ),
        (
            changed("customers", label="name"),
            "rules.public.customers.label: 'name' - is computed of other columns: mask those, for "
            "example 'leave it out'",
        ),
        (
            {**changed("customers", email="null"), "visits": "truncate"},
            "rules.public.customers.email: 'null' - must not be null: mask it, or keep it, for "
            "example 'token'",
        ),
        (
            changed("customers", number="null"),
            "rules.public.customers.number: 'null' - is numbered by the server, and can only be "
            "kept, for example 'keep'",
        ),
        (
            changed("visits", at={"mask": "date", "by": "id"}),
            "rules.public.visits.at: 'date' - cuts the table into partitions, and can only be "
            "kept, for example 'keep'",
        ),
        (
            changed("customers", born="name"),
            "rules.public.customers.born: 'name' - fits those of type text; this column is date, "
            "for example 'null'",
        ),
        (
            changed("customers", code="email"),
            "rules.public.customers.code: 'email' - needs 25 characters; this column has room for "
            "8, for example 'null'",
        ),
        (
            changed("customers", born={"mask": "date", "by": "idd"}),
            "rules.public.customers.born.by: 'idd' - must be a column of public.customers, for "
            "example 'id'",
        ),
        (
            {**changed("customers", email="name"), "visits": "truncate"},
            "rules.public.customers.email: 'name' - may give two rows the same, and a unique index "
            "is on email, for example 'token'",
        ),
        (
            {**RULES, "visit": "truncate"},
            "rules.public.visit: nothing - is no table of the database; did you mean "
            "public.visits?, for example 'public.visits'",
        ),
        (
            {**RULES, "visits_2026": "truncate"},
            "rules.public.visits_2026: nothing - is a partition: what becomes of it is declared of "
            "public.visits, for example 'public.visits'",
        ),
        (
            changed("visits", customer_email="token"),
            "rules.public.visits.customer_email: 'token' - must be as public.customers.email, "
            "whose rows it names, for example 'email'",
        ),
        (
            {**RULES, "customers": "truncate"},
            "rules.public.visits.customer_email: 'email' - names rows of public.customers, which "
            "go, for example 'public.visits: truncate'",
        ),
    ],
)
def test_what_cannot_be_is_told(declared: dict[str, Any], expected: str) -> None:
    assert told(declared) == [expected]


def test_rows_that_name_none_any_more_are_no_trouble() -> None:
    assert told({**changed("visits", customer_email="null"), "customers": "truncate"}) == []
    assert told({"customers": "truncate", "visits": "truncate"}) == []


def test_a_trigger_that_fires_whoever_writes_is_in_the_way() -> None:
    firing = replace(CUSTOMERS, firing=("audit",))
    [found] = told(RULES, replace(SCHEMA, tables=(firing, VISITS, PART)))
    assert found.startswith("rules.public.customers: 'audit' - has triggers or rules that act even")
