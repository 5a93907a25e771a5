# SPDX-License-Identifier: GPL-3.0-or-later
"""What is masked of a database, and what of it stays as it was."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.masking import work, written

from tests.masking import shop
from tests.masking.masked import CUSTOMERS, Copy
from tests.masking.server import Server

pytestmark = [pytest.mark.real, pytest.mark.sample]
KEPT = (
    "select * from countries order by 1",
    "select * from products order by 1",
    "select * from order_lines order by 1, 2, 3",
    "select id, country, referred_by from customers order by 1",
    "select id, placed, customer_id, state from orders order by 1",
    "select id, order_id, placed, amount from payments order by 1",
    "select profile -> 'plan', profile -> 'visits' from customers order by id",
    "select tags from tickets order by id",
    "select scopes from api_keys order by id",
)


@pytest.fixture(scope="module")
def real(server: Server) -> Iterator[Copy]:
    """As it is in production."""
    with Copy(server, "real") as found:
        yield found


@pytest.fixture(scope="module")
def masked(server: Server, real: Copy) -> Iterator[Copy]:
    with Copy(server, "masked") as found:
        # A key of a row is made by the server, so both have the same ones.
        found.run("truncate payments")
        with server.connect("real") as source, server.connect("masked") as target:
            target.load("payments", source.dump("select * from payments"))
        found.mask()
        yield found


def test_the_rules_do_for_the_schema(masked: Copy) -> None:
    assert masked.gate() == []


def test_no_value_that_was_somebodys_is_anywhere(real: Copy, masked: Copy) -> None:
    """By what PostgreSQL writes of each table, and not by what the collection knows of it."""
    gone = {value for query in shop.REAL for (value,) in real.rows(query) if len(value) > 5}
    assert len(gone) > 5 * CUSTOMERS
    text = "\n".join(
        masked.session.dump(f'select * from "{name}"')
        for (name,) in masked.rows(
            "select relname from pg_class where relkind in ('r', 'm') "
            "and relnamespace = 'public'::regnamespace"
        )
    ).lower()
    assert len(text) > 10_000
    assert [value for value in gone if value.lower() in text] == []


@pytest.mark.parametrize("query", KEPT)
def test_what_is_kept_is_as_it_was(real: Copy, masked: Copy, query: str) -> None:
    found = masked.rows(query)
    assert found
    assert found == real.rows(query)


def test_rows_stay_and_those_of_what_is_truncated_go(real: Copy, masked: Copy) -> None:
    for table in shop.RULES:
        gone = shop.RULES[table] == "truncate"
        many = real.value(f"select count(*) from {table}")
        assert many
        assert masked.value(f"select count(*) from {table}") == (0 if gone else many), table


def test_equal_values_are_equal_still_in_whichever_table(masked: Copy) -> None:
    assert masked.value("select count(*) from newsletters join customers using (email)") == (
        CUSTOMERS // 2
    )


def test_a_value_that_is_computed_follows(masked: Copy) -> None:
    asked = "select count(*) from customers where display = first_name || ' ' || last_name"
    assert masked.value(asked) == CUSTOMERS


def test_a_view_that_keeps_rows_has_those_that_are_masked(masked: Copy) -> None:
    asked = "select count(*) from spenders left join customers using (email) where id is null"
    assert masked.value(asked) == 0
    assert masked.value("select count(*) from spenders") == CUSTOMERS


def test_the_applications_triggers_do_not_work_on_what_is_masked(masked: Copy) -> None:
    assert masked.value("select count(*) from audit") == 0
    masked.run("begin", "update customers set phone = phone where id = 1")
    assert masked.value("select count(*) from audit") == 1
    masked.run("rollback")


def test_dates_are_moved_for_each_person_by_as_many_days(real: Copy, masked: Copy) -> None:
    asked = "select born, signed_up from customers order by id"
    moved = [
        (born - was, signed - before)
        for (born, signed), (was, before) in zip(masked.rows(asked), real.rows(asked), strict=True)
    ]
    assert all(one == other for one, other in moved)
    days = [one.days for one, _other in moved]
    assert set(map(abs, days)) <= set(range(1, 61))
    assert len(set(days)) > 20


def test_numbers_are_within_their_range(masked: Copy) -> None:
    low, high, many = masked.rows(
        "select min(total), max(total), count(distinct total) from orders"
    )[0]
    assert 1 <= low < 50
    assert 450 < high <= 500
    assert many > CUSTOMERS / 2


def test_nothing_is_made_where_nothing_was(real: Copy, masked: Copy) -> None:
    for asked in (
        "select count(note) from orders",
        "select count(other_mails) from customers",
        "select count(*) from customers, unnest(other_mails) as m where m is null",
    ):
        assert masked.value(asked) == real.value(asked) > 0


def test_cards_and_accounts_are_valid_and_nobodys(masked: Copy) -> None:
    for card, iban in masked.rows("select card, iban from payments"):
        digits = [int(one) for one in reversed(card)]
        doubled = (2 * one - 9 * (one > 4) for one in digits[1::2])
        assert (sum(digits[::2]) + sum(doubled)) % 10 == 0
        assert card.startswith("400000")
        turned = "".join(str(int(one, 36)) for one in iban[4:] + iban[:4])
        assert int(turned) % 97 == 1
        assert re.fullmatch(r"XK\d\d9999\d{12}", iban)


def test_what_the_planner_knows_has_no_value_of_before(real: Copy, masked: Copy) -> None:
    asked = (
        "select coalesce(most_common_vals::text, '') || coalesce(histogram_bounds::text, '') "
        "from pg_stats where schemaname = 'public'"
    )
    text = "\n".join(one for (one,) in masked.rows(asked)).lower()
    assert "example.org" in text
    mails = [mail.lower() for (mail,) in real.rows("select email::text from customers")]
    assert [mail for mail in mails if mail in text] == []


def test_no_row_of_before_is_in_the_files_of_the_tables(server: Server, masked: Copy) -> None:
    """A row that is written anew leaves what it was, until its table is written anew."""
    with server.connect("masked", "postgres") as admin:
        admin.run("checkpoint")
    paths = masked.rows(
        "select pg_relation_filepath(oid), relname from pg_class "
        "where relkind in ('r', 't', 'i', 'm') and relfilenode <> 0 "
        "and relnamespace <> 'pg_catalog'::regnamespace"
    )
    content = [(server.folder / "data" / path).read_bytes() for path, _name in paths]
    assert len(content) > 30
    assert any(b"example.org" in one for one in content)
    for value in (b"Karl Marx", b"mail.com", b"Lovelace", b"sk_live", b"45390000"):
        assert not [path for path, one in zip(paths, content, strict=True) if value in one]


def test_another_refresh_gives_other_values(server: Server, masked: Copy) -> None:
    asked = "select email::text, phone, host(last_ip) from customers order by id"
    with Copy(server, "again") as again:
        again.mask()
        both = list(zip(masked.rows(asked), again.rows(asked), strict=True))
    assert all(
        one != other for first, second in both for one, other in zip(first, second, strict=True)
    )


def test_the_key_is_nowhere_afterwards(server: Server) -> None:
    with Copy(server, "keyless", 20) as copy:
        copy.mask()
        key = bytes(copy.value("select key from phoenix_mask.key")).hex()
        assert len(key) == 64
        written.forget(copy.session)
        assert copy.rows("select 1 from pg_namespace where nspname = 'phoenix_mask'") == []
        with server.connect("keyless", "postgres") as admin:
            admin.run("checkpoint")
        [(number,)] = copy.rows("select oid from pg_database where datname = current_database()")
        files = [one for one in (server.folder / f"data/base/{number}").iterdir() if one.is_file()]
        assert len(files) > 100
        assert not [one for one in files if bytes.fromhex(key) in one.read_bytes()]


class Killed(Exception):
    """The run ends here."""


class Mortal:
    """A session of a run that ends at the first statement at which none has ended yet."""

    def __init__(self, copy: Copy, ends: set[tuple[str, str]]) -> None:
        self._session, self._ends = copy.connect(), ends

    def rows(self, statement: str) -> Any:
        return self._session.rows(statement)

    def run(self, statement: str) -> int:
        self._end("before", statement)
        done = self._session.run(statement)
        self._end("after", statement)
        return done

    def _end(self, moment: str, statement: str) -> None:
        # In which time it was done is another one each time.
        place = (moment, statement[:60])
        if place not in self._ends:
            self._ends.add(place)
            raise Killed(statement)

    def close(self) -> None:
        self._session.close()


def test_a_run_that_is_killed_anywhere_is_gone_on_with_and_masks_each_row_once(
    server: Server,
) -> None:
    asked = "select count(*) from newsletters join customers using (email)"
    ends: set[tuple[str, str]] = set()
    with Copy(server, "killed", 20) as copy:
        while True:
            try:
                done = work.mask(copy.rules, copy.schema, lambda: Mortal(copy, ends), at_once=1)
            except Killed:
                continue
            break
        assert len(ends) > 60
        assert all(one["anew"] for one in done.values())
        # A row that were masked twice belonged to nobody any more.
        assert copy.value(asked) == 10
        assert copy.value("select count(*) from customers where email like '%@example.org'") == 20


def test_where_somebody_sees_rows_as_they_were_it_waits_and_says_who(server: Server) -> None:
    with Copy(server, "watched", 20) as copy:
        with server.connect("watched") as other:
            other.run("begin isolation level repeatable read")
            other.rows("select 1")
            with pytest.raises(work.Seen, match="by phoenix mask of phoenix_owner since"):
                copy.mask(patience=0.3)
            other.run("commit")
        copy.mask()


def test_rows_that_name_none_are_told(server: Server) -> None:
    with Copy(server, "dangling", 20) as copy:
        copy.run(
            "alter table newsletters drop constraint newsletters_email_fkey",
            "insert into newsletters values ('nobody@mail.com')",
            "alter table newsletters add foreign key (email) references customers (email) "
            "not valid",
        )
        told = r"^1 rows of public\.newsletters name rows of public\.customers that are not there"
        with pytest.raises(work.Dangling, match=told):
            copy.mask()
