# SPDX-License-Identifier: GPL-3.0-or-later
"""What the proof finds in a copy that was masked, and into which something was put."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.masking import (
    proof,
    statements,
    written,
)

from tests.masking import shop
from tests.masking.masked import CUSTOMERS, Copy
from tests.masking.server import Server

pytestmark = [pytest.mark.real, pytest.mark.sample]
CANARY = "Canary Bird, 7 Cage Road"
# A statement by which something of production is copied, and where the proof finds what. Each is of
# another person: number n, whose mail, telephone and name are put in.
LEAKS: dict[str, tuple[str, str]] = {
    "a text": (
        "update tickets set body = 'write to {mail} soon' where id = {n}",
        "public.tickets.body: a value of public.customers.email",
    ),
    "a text, in other cases": (
        "update tickets set body = upper('Write to {mail}') where id = {n}",
        "public.tickets.body: a value of public.customers.email",
    ),
    "a name in a sentence": (
        "update products set name = 'Lamp of {name}, brass' where id = {n}",
        "public.products.name: a value of public.customers.first_name",
    ),
    "a name with other signs between": (
        "update products set name = upper(replace('Lamp ({name})', ' ', '_-')) where id = {n}",
        "public.products.name: a value of public.customers.first_name",
    ),
    "a telephone number with other signs between": (
        "update products set name = 'call 0049 (300) 039-595' where id = {n}",
        "public.products.name: what looks like a phone of somebody",
    ),
    "a telephone number without its plus": (
        "update products set sku = substr('{phone}', 2) where id = {n}",
        "public.products.sku: a value of public.customers.phone",
    ),
    "a value of JSON": (
        "update tickets set tags = tags || jsonb_build_array('{mail}') where id = {n}",
        "public.tickets.tags: a value of public.customers.email",
    ),
    "a key of JSON": (
        "update customers set profile = profile || jsonb_build_object('{mail}', 1) where id = {n}",
        "public.customers.profile: a value of public.customers.email",
    ),
    "JSON within a text, with signs as numbers": (
        "update tickets set body = replace(jsonb_build_object('a', '{mail}')::text, '@', "
        "E'\\\\u0040') where id = {n}",
        "public.tickets.body: a value of public.customers.email",
    ),
    "a part of a URL": (
        "update tickets set body = 'https://erp.org/?to=' || replace('{mail}', '@', '%40') "
        "where id = {n}",
        "public.tickets.body: a value of public.customers.email",
    ),
    "bytes between which there is what is no sign": (
        "update tickets set attachment = E'\\\\xffa4'::bytea || convert_to('{mail}', 'UTF8') "
        "|| E'\\\\xc0ff'::bytea where id = {n}",
        "public.tickets.attachment: a value of public.customers.email",
    ),
    "a default of a function": (
        "create function g(a text default '{mail}') returns text language sql as $$ select a $$",
        "a function: a value of public.customers.email",
    ),
    "JSON within a text": (
        "update tickets set body = jsonb_build_object('a', '{mail}')::text where id = {n}",
        "public.tickets.body: a value of public.customers.email",
    ),
    "JSON with an escape": (
        "update tickets set tags = jsonb_build_array(E'tab\\t{name}\\nnext') where id = {n}",
        "public.tickets.tags: a value of public.customers.first_name",
    ),
    "bytes": (
        "update tickets set attachment = convert_to('xx {mail} yy', 'UTF8') where id = {n}",
        "public.tickets.attachment: a value of public.customers.email",
    ),
    "bytes that are no text": (
        "update tickets set attachment = '\\xff00'::bytea || convert_to(' {mail} ', 'UTF8') "
        "where id = {n}",
        "public.tickets.attachment: a value of public.customers.email",
    ),
    "a list": (
        "update api_keys set scopes = array['read', '{mail}'] where id = {n}",
        "public.api_keys.scopes: a value of public.customers.email",
    ),
    "a table that was emptied": (
        "insert into audit (what) values ('{mail} came')",
        "public.audit: has other rows than 0",
    ),
    "a table that nobody had looked at": (
        "create table copies as select '{mail}' as it",
        "public.copies: was not there before, or not looked at",
    ),
    "a value where it was": (
        "update customers set email = '{mail}' where id = {n}",
        "public.customers.email: a value that was there before",
    ),
    "a card": (
        "update orders set note = 'card 4539 1488 0343 6467' where id = {n}",
        "public.orders_2025.note: what looks like a card of somebody",
    ),
    "an account": (
        "update orders set note = 'to DE89 3704 0044 0532 0130 00' where id = {n}",
        "public.orders_2025.note: what looks like a iban of somebody",
    ),
    "a mail that nobody had known": (
        "update addresses set street = 'ask new.one@firm.co.uk' where customer_id = {n}",
        "public.addresses.street: what looks like a mail of somebody",
    ),
    "a token": (
        "update products set name = 'sk_live_51Habcdefgh' where id = {n}",
        "public.products.name: what looks like a token of somebody",
    ),
    "a comment": (
        "comment on column products.name is 'as {mail} wants it'",
        "a comment: a value of public.customers.email",
    ),
    "a default": (
        "alter table products alter name set default '{mail}'",
        "a default: a value of public.customers.email",
    ),
    "a constraint": (
        "alter table products add check (name <> '{mail}')",
        "a constraint: a value of public.customers.email",
    ),
    "a condition of an index": (
        "create index on products (id) where name = '{mail}'",
        "an index: a value of public.customers.email",
    ),
    "a view": (
        "create view mine as select * from products where name = '{mail}'",
        "a view: a value of public.customers.email",
    ),
    "a function": (
        "create function f() returns text language sql as $$ select '{mail}'::text $$",
        "a function: a value of public.customers.email",
    ),
    "a large object": (
        "select lo_from_bytea(0, convert_to('{mail}', 'UTF8'))",
        "a large object: a value of public.customers.email",
    ),
    "what the planner knows": (
        "update products set sku = '{mail}' where id = {n}; analyze products; "
        "update products set sku = 'SKU-' || id where id = {n}",
        "what the planner knows: a value of public.customers.email",
    ),
    "a canary": (
        f"update products set name = 'seen: {CANARY.upper()}' where id = {{n}}",
        "public.products.name: a value of a canary",
    ),
}
# These may not be in a transaction, or are the server's; what is to be done after them.
UNDO: dict[str, tuple[str, str, str]] = {
    "a word of an enumeration": (
        "alter type state add value 'person5@mail5.com'",
        "select",
        "a word of an enumeration: a value of public.customers.email",
    ),
    "a setting": (
        "alter role phoenix_owner set application.admin = 'person5@mail5.com'",
        "alter role phoenix_owner reset application.admin",
        "a setting: a value of public.customers.email",
    ),
}


def person(number: int) -> dict[str, str]:
    """As the shop's database has one."""
    first, last = shop.FIRST[number % 10], shop.LAST[number // 10 % 10]
    return {
        "n": str(number),
        "mail": f"person{number}@mail{number % 7}.com",
        "phone": f"+4930{number * 7919:07}",
        "name": f"{first} {last}",
    }


@pytest.fixture(scope="module")
def proved(server: Server) -> Iterator[Copy]:
    with Copy(server, "proved") as found:
        found.run(f"update orders set note = '{CANARY}' where id = 5")
        found.mask(CANARY)
        yield found


def test_nothing_is_found_in_a_copy_that_was_masked(proved: Copy) -> None:
    assert proved.findings() == []


@pytest.fixture(scope="module")
def leaked(proved: Copy) -> dict[str, int]:
    """What is found where all of it leaks, and in how many values."""
    proved.run("begin", statements.SILENT)
    for number, (statement, _expected) in enumerate(LEAKS.values(), 3):
        proved.run(statement.format(**person(number)))
    found = list(proof.after(proved.rules, proved.schema, proved.session))
    proved.run("rollback")
    return {f"{one.where}: {one.what}": one.rows for one in found}


@pytest.mark.parametrize("leak", LEAKS)
def test_a_value_that_was_copied_elsewhere_is_found(leaked: dict[str, int], leak: str) -> None:
    _statement, expected = LEAKS[leak]
    # None is found for another one that leaks into the same place.
    alike = [name for name, (_done, told) in LEAKS.items() if told == expected]
    assert leaked[expected] >= len(alike)


@pytest.mark.parametrize("leak", UNDO)
def test_one_that_no_transaction_undoes_is_found(server: Server, leak: str) -> None:
    statement, undone, expected = UNDO[leak]
    with Copy(server, "undone", 20) as copy, server.connect("postgres", "postgres") as admin:
        copy.mask()
        with server.connect("undone", "postgres") as there:
            there.run(statement)
        found = copy.findings()
        admin.run(undone)
    assert expected in found


def test_no_finding_tells_the_value(proved: Copy) -> None:
    proved.run("begin", LEAKS["a text"][0].format(**person(5)))
    found = list(proof.after(proved.rules, proved.schema, proved.session))
    proved.run("rollback")
    assert found
    assert "person" not in " ".join(map(str, found)).lower()


def test_what_is_allowed_is_not_told(proved: Copy) -> None:
    for mail in ("help@shop.com", "Ada@Mail.shop.com"):
        proved.run("begin", f"update products set name = 'write to {mail}' where id = 3")
        assert len(proved.findings()) == 1
        assert proved.findings("shop.com") == []
        assert len(proved.findings("op.com", "other.org")) == 1
        assert proved.findings(mail) == []
        proved.run("rollback")


def test_what_is_nobodys_is_not_found(proved: Copy) -> None:
    values = (
        "order 4539 1488 0343 6468",  # no card: its last digit is another one
        "at 2026-11-29 10:15:00+01",
        "0b7e3c1a-0045-4e1f-8d07-1234567890ab",
        "version 1.2.3.4567890",
        "$ 1,234,567,890.00",
        "+99930000000001",
        "4000000654736505",
        "someone@example.org",
        "a@b",
        "DE89 3704 0044 0532 0130 01",
        "Ada, Emil and Lovelace",
    )
    proved.run("begin")
    for number, value in enumerate(values, 1):
        proved.run(f"update products set name = '{value}' where id = {number}")
    found = proved.findings()
    proved.run("rollback")
    assert found == []


def test_what_is_looked_at_first_passes_over_nothing_that_is_somebodys(proved: Copy) -> None:
    """Of texts that are nearly something: what the patterns find, the quick look lets by."""
    dice = random.Random(29)
    parts = (
        *("4", "40000", "400000", "5500 0000 0000 0004", "4111-1111-1111-1111", "6011", "0", "00"),
        *("+", "00", "tel:", "999", "99", "9", "49", "30 123 456", "(0)", "-", " ", ".", "/", "x"),
        *("DE89", "DE89 3704 0044 0532 0130 00", "XK12 9999 0000 1234 5678", "XK", "9999", "GB29"),
        *("gb29nwbk60161331926819", "NWBK", "_", "a", "@", "u1@example.org", "@example.org", ".uk"),
        *("b@Example.org", "b@firm.co", "sk_live_0123456789", "AKIA", "ABCDEFGHIJKLMNOP", "eyJ"),
        *("ghp_", "0123456789abcdefghijABCDEFGHIJ", "xoxb-", "$argon2", "$2b$10$", "é", "4539"),
        *("-----BEGIN PRIVATE KEY", "1488 0343 6467", "148803436467", "+4930", "tel:4930123456"),
    )
    texts = {"".join(dice.choices(parts, k=dice.randint(1, 6))) for _number in range(30_000)}
    proved.run("begin", "create temporary table texts (v text) on commit drop")
    proved.session.load("texts", "\n".join(texts))
    looked = proved.rows(
        "select exists (select from phoenix_proof.patterns(v, array['example.org'])) as found, "
        "phoenix_proof.maybe(v) as let_by, v from texts"
    )
    proved.run("rollback")
    assert sum(found for found, _let_by, _text in looked) > 1000
    assert sum(not let_by for _found, let_by, _text in looked) > 1000
    assert [text for found, let_by, text in looked if found and not let_by] == []


@pytest.mark.parametrize(
    "around", ["{}", "nr{}", "{}x", "a{}é", "({})", "é {}", "fee{}", "CC{}", "{}abc", "cc{}ab"]
)
def test_a_number_is_found_whatever_is_around_it(server: Server, around: str) -> None:
    number, split = "4930123456789", "4930 123/456-789"
    made = (
        "create table people (id int primary key, phone text)",
        f"insert into people values (1, '{number}'), (2, 'call 17 or {split[:4]}555666777')",
        "create table notes (id int primary key, body text)",
    )
    found = "public.notes.body: a value of public.people.phone"
    with Copy(server, "numbers", made=made) as copy:
        copy.declared = {
            "people": {"id": "keep", "phone": "phone"},
            "notes": {"id": "keep", "body": "keep"},
        }
        copy.mask()
        for told in (number, split, "4930555666777"):
            copy.run("begin", f"insert into notes values (1, '{around.format(told)}')")
            assert found in copy.findings(), told
            copy.run("rollback")


def test_digits_within_a_hash_or_an_identifier_are_nobodys_number(server: Server) -> None:
    """Among a million hashes and as many identifiers some have nine digits in common."""
    digits, identifier = "012345467890", "abcdef01-2345-4678-90ab-cdefabcdef01"
    made = (
        "create table sessions (id int primary key, token text, phone text)",
        f"insert into sessions values (1, 'feed1fa{digits}c3e', '4930123456789')",
        "create table payments (id uuid primary key, seal text)",
        f"insert into payments values ('{identifier}', 'c1d{digits}d2ddddd')",
        "create table notes (id int primary key, body text)",
    )
    with Copy(server, "hashes", made=made) as copy:
        copy.declared = {
            "sessions": {"id": "keep", "token": "null", "phone": "phone"},
            "payments": {"id": "keep", "seal": "keep"},
            "notes": {"id": "keep", "body": "keep"},
        }
        copy.mask()
        assert [one for one in copy.findings() if one.startswith("public.")] == []
        # What is somebody's is found beside one, and where it is as long as one.
        for told in (f"{identifier} 4930123456789", f"feed1fa{digits}c3e"):
            copy.run("begin", f"insert into notes values (1, '{told}')")
            assert any("public.notes.body: a value of" in one for one in copy.findings()), told
            copy.run("rollback")


def test_rows_and_values_that_went_are_told(proved: Copy) -> None:
    proved.run("begin", "delete from addresses where customer_id = 7")
    assert f"public.addresses: has other rows than {2 * CUSTOMERS}" in proved.findings()
    proved.run("rollback", "begin", "update addresses set city = null where customer_id = 7")
    expected = f"public.addresses.city: is filled in other rows than {2 * CUSTOMERS}"
    assert proved.findings() == [expected]
    proved.run("rollback")


def test_without_all_that_was_written_down_there_is_no_proof(proved: Copy) -> None:
    proved.run("begin", "delete from phoenix_proof.prints where ctid = '(0,1)'")
    assert proved.findings() == [
        "phoenix_proof.prints: what was written down before is not all there"
    ]
    proved.run("rollback")


def test_another_database_of_the_server_is_told(server: Server, proved: Copy) -> None:
    server.database("besides")
    assert "database besides: is on the same server, and was not masked" in proved.findings()
    with server.connect("postgres", "postgres") as admin:
        admin.run("drop database besides")


def test_it_finds_what_was_never_masked(server: Server) -> None:
    with Copy(server, "open", 20) as copy:
        written.begin(copy.session, "as declared")
        written.before(copy.rules, copy.schema, copy.session)
        found = copy.findings()
    for column in ("customers.email", "payments.card", "tickets.body", "addresses.street"):
        assert any(one.startswith(f"public.{column}: ") for one in found), column


def test_nothing_that_was_written_down_stays(server: Server) -> None:
    with Copy(server, "forgotten", 20) as copy:
        copy.mask()
        written.forget(copy.session)
        assert copy.rows("select 1 from pg_namespace where nspname = 'phoenix_proof'") == []
