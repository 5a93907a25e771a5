# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that are proposed for a database of which nothing is declared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.masking.task import (
    masked,
    proposed,
    proved,
)

from tests.masking.frameworks import MADE
from tests.masking.masked import Copy
from tests.masking.server import MASTER, Server
from tests.masking.test_modules import given, marked

pytestmark = [pytest.mark.real, pytest.mark.sample]


@pytest.fixture(scope="module")
def shop(server: Server) -> Iterator[Copy]:
    with Copy(server, "proposed") as found:
        marked(found)
        yield found


@pytest.fixture(scope="module")
def rules(shop: Copy) -> dict[str, Any]:
    return proposed(reached(shop))


def reached(copy: Copy) -> dict[str, Any]:
    return {name: value for name, value in given(copy).items() if name not in ("rules", "copy")}


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("customers.id", "keep"),
        ("customers.email", "email"),
        ("customers.first_name", "first_name"),
        ("customers.last_name", "last_name"),
        ("customers.phone", "phone"),
        ("customers.born", {"mask": "date", "by": "id"}),
        ("customers.last_ip", "ip"),
        ("customers.password_hash", {"mask": "constant", "value": "!"}),
        ("customers.profile", {"mask": "json", "paths": {}}),
        ("customers.country", "keep"),
        ("addresses.street", "address"),
        ("addresses.city", "place"),
        ("addresses.postcode", {"mask": "constant", "value": "00000"}),
        ("addresses.kind", "keep"),
        ("orders.placed", "keep"),
        ("orders.note", "text"),
        ("orders.ship_to", "name"),
        ("payments.card", "card"),
        ("payments.iban", "iban"),
        ("api_keys.owner", "email"),
        ("api_keys.key", "token"),
        ("newsletters.email", "email"),
        ("tickets.body", "text"),
        ("tickets.attachment", "null"),
        ("products.sku", "keep"),
    ],
)
def test_a_column_is_told_by_its_name_its_type_or_what_is_in_it(
    rules: dict[str, Any], column: str, expected: Any
) -> None:
    table, _dot, name = column.partition(".")
    assert rules["rules"][f"public.{table}"][name] == expected
    assert rules["reasons"][f"public.{column}"]


def test_what_passes_is_emptied(rules: dict[str, Any]) -> None:
    assert rules["rules"]["public.sessions"] == "truncate"
    assert rules["rules"]["public.audit"] == "truncate"


def test_no_value_is_in_what_is_told(rules: dict[str, Any]) -> None:
    assert "person" not in str(rules).lower()
    assert "4539" not in str(rules)


def test_what_is_proposed_is_taken_as_it_is_and_nothing_is_left_of_anybody(
    shop: Copy, rules: dict[str, Any]
) -> None:
    assert rules["left"] == []
    options = given(shop, rules=rules["rules"])
    masked(options, dry=False)
    assert proved(options)["findings"] == []


@pytest.mark.parametrize("framework", MADE)
def test_of_a_framework_all_is_proposed(server: Server, framework: str) -> None:
    with Copy(server, "framework", made=[MADE[framework][0]]) as copy:
        found = proposed(reached(copy))
        assert found["left"] == []
        assert found["rules"].keys() == {table.label for table in copy.schema.tables}


def test_who_only_reads_may_ask_and_nothing_is_written(server: Server) -> None:
    with Copy(server, "read", 20) as copy:
        with server.connect("read", "postgres") as admin:
            admin.run("create role looker login in role pg_read_all_data")
        before = copy.session.dump("select * from customers")
        assert proposed({**reached(copy), "login_user": "looker"})["left"] == []
        assert copy.session.dump("select * from customers") == before
        with server.connect("postgres", "postgres") as admin:
            admin.run("drop role looker")


def test_what_is_declared_stands(server: Server) -> None:
    with Copy(server, "declared", 20) as copy:
        declared = {"customers": {"phone": "token"}, "audit": {"at": "keep"}}
        found = proposed({**reached(copy), "declared": declared})["rules"]
        assert found["public.customers"]["phone"] == "token"
        assert found["public.customers"]["email"] == "email"
        assert found["public.audit"].keys() == {"at", "what", "who", "details"}
    assert MASTER


def test_of_a_type_that_no_method_masks_nothing_is_kept_unseen(server: Server) -> None:
    made = (
        "create extension hstore",
        "create type place as (street text, city text)",
        "create type mood as enum ('fine')",
        "create table people (id int primary key, home place, work place not null, more hstore, "
        "also hstore not null, search tsvector, at point, mood mood, ok bool, days daterange)",
    )
    with Copy(server, "types", made=made) as copy:
        found = proposed(reached(copy))
    rules = found["rules"]["public.people"]
    kept = {name for name, rule in rules.items() if rule == "keep"}
    assert kept == {"id", "mood", "ok", "days"}
    assert {name for name, rule in rules.items() if rule == "null"} == {
        *("home", "more", "search", "at")
    }
    assert rules["also"] == {"mask": "constant", "value": ""}
    # What it is a person says, and until then a refresh stops.
    assert "work" not in rules
    assert "rules.public.people.work: nothing - is missing" in "\n".join(found["left"])
