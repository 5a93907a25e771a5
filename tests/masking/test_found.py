# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the proof finds what was masked: in parts, in other words, and where nobody looked."""

from __future__ import annotations

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.masking.task import (
    masked,
    proved,
)

from tests.masking.frameworks import MADE
from tests.masking.masked import Copy
from tests.masking.refusing import MAILS, RULES, left, refused
from tests.masking.server import Server
from tests.masking.test_modules import given, marked

pytestmark = [pytest.mark.real, pytest.mark.sample]


def test_a_view_that_keeps_what_was_there_is_found(server: Server) -> None:
    made = (*MAILS, "create materialized view kept as select mail from people")
    with Copy(server, "keeping", made=made) as copy:
        marked(copy)
        copy.run("create table people_old as select * from people", "drop materialized view kept")
        copy.run("create materialized view kept as select mail from people_old")
        rules = {**RULES, "people_old": RULES["people"]}
        masked(given(copy, rules=rules), dry=False)
        copy.run("update people_old set mail = 'person7@mail.com' where id = 7")
        copy.run("refresh materialized view kept", "update people_old set mail = 'x' where id = 7")
        assert 'view "public"."kept": a value of' in refused(proved, given(copy, rules=rules))


def test_what_is_stopped_is_written_anew_and_looked_for(server: Server) -> None:
    statements, rules = MADE["Rails"]
    made = (
        statements,
        "insert into oauth_applications values (2, 'web', 'othersecret77', null)",
        "create table notes (id int primary key, body text)",
        "insert into notes values (1, 'the key is TOPSECRET99')",
        "analyze",
    )
    with Copy(server, "secrets", made=made) as copy:
        marked(copy)
        options = given(copy, rules={**rules, "notes": {"id": "keep", "body": "keep"}})
        masked(options, dry=False)
        asked = "select string_agg(histogram_bounds::text, ' ') from pg_stats where tablename = "
        assert "secret" not in (copy.value(f"{asked} 'oauth_applications'") or "")
        assert "public.notes.body: a value of public.oauth_applications.secret" in refused(
            proved, options
        )


def test_a_long_text_is_known_by_its_beginning(server: Server) -> None:
    made = (
        "create table tickets (id int primary key, body text)",
        "insert into tickets values (1, 'I was told by my doctor last May that it is bad')",
        "create table audit (id int primary key, details text)",
        "insert into audit select id, 'saved: ' || body || '.' from tickets",
    )
    rules = {
        "tickets": {"id": "keep", "body": "text"},
        "audit": {"id": "keep", "details": "keep"},
    }
    assert "public.audit.details: a value of public.tickets.body" in left(server, made, rules)


def test_a_name_is_found_in_either_order(server: Server) -> None:
    made = (
        "create table people (id int primary key, first text, middle text, last text)",
        "insert into people values (1, 'Ada', 'Augusta', 'Lovelace')",
        "create table notes (id int primary key, body text)",
        "insert into notes values (1, 'Lovelace, Ada')",
    )
    rules = {
        "people": {
            "id": "keep",
            "first": "first_name",
            "middle": "first_name",
            "last": "last_name",
        },
        "notes": {"id": "keep", "body": "keep"},
    }
    assert "public.notes.body: a value of public.people.last" in left(server, made, rules)


def test_words_that_are_everybodys_can_be_allowed(server: Server) -> None:
    made = (
        "create table people (id int primary key, city text, zone text)",
        "insert into people values (1, 'New York', 'America/New_York')",
    )
    rules = {"people": {"id": "keep", "city": "place", "zone": "keep"}}
    with Copy(server, "york", made=made) as copy:
        marked(copy)
        masked(given(copy, rules=rules), dry=False)
        assert "public.people.zone: a value of" in refused(proved, given(copy, rules=rules))
        assert proved(given(copy, rules=rules, allowed=["New York"]))["findings"] == []


def test_a_number_that_was_masked_is_found_as_a_text(server: Server) -> None:
    made = (
        "create table people (id int primary key, phone bigint, note text)",
        "insert into people values (1, 4930123456789, 'calls from 4930 123 456 789')",
    )
    rules = {
        "people": {
            "id": "keep",
            "phone": {"mask": "number", "from": 1, "to": 9},
            "note": "keep",
        }
    }
    assert "public.people.note: a value of public.people.phone" in left(server, made, rules)


def test_a_number_or_a_moment_that_did_not_change_is_found(server: Server) -> None:
    made = (
        "create table people (id int primary key, born date, salary int, seen timestamptz)",
        "insert into people select n, date '1960-01-01' + n, 1000 + n, now() - n * interval '1 day'"
        " from generate_series(1, 100) as n",
    )
    rules = {
        "people": {
            "id": "keep",
            "born": {"mask": "date", "by": "id"},
            "salary": {"mask": "number", "from": 1000, "to": 9000},
            "seen": "keep",
        }
    }
    with Copy(server, "unmoved", made=made) as copy:
        marked(copy)
        copy.run("create schema phoenix; create table phoenix.proof as select * from people")
        masked(given(copy, rules=rules), dry=False)
        copy.run(
            "update people set born = p.born from phoenix.proof as p where p.id = people.id",
        )
        assert "public.people.born: is as it was before (100)" in refused(
            proved, given(copy, rules=rules)
        )
        copy.run(
            "update people set born = people.born + 1, salary = p.salary from phoenix.proof as p "
            "where p.id = people.id"
        )
        assert "public.people.salary: is as it was before (100)" in refused(
            proved, given(copy, rules=rules)
        )


def test_a_word_that_stays_where_it_stood_in_json_is_found(server: Server) -> None:
    made = (
        "create table people (id int primary key, about jsonb)",
        """insert into people values (1, '{"name": "Anna", "city": {"at": "Bonn"}}'),
        (2, '{"name": "Emil"}')""",
    )
    rules = {"people": {"id": "keep", "about": {"mask": "json", "paths": {"name": "first_name"}}}}
    with Copy(server, "leaves", made=made) as copy:
        marked(copy)
        masked(given(copy, rules=rules), dry=False)
        copy.run("""update people set about = about || '{"city": {"at": "bonn"}}' where id = 1""")
        told = refused(proved, given(copy, rules=rules))
        assert "public.people.about: a value that was there before (1)" in told
        copy.run("""update people set about = about || '{"city": {"at": "lore"}}' where id = 1""")
        assert proved(given(copy, rules=rules))["findings"] == []


def test_an_address_of_a_host_is_found_as_a_text(server: Server) -> None:
    made = (
        "create table visits (id int primary key, ip inet, note text)",
        "insert into visits values (1, '93.184.216.34', 'came from 93.184.216.34 twice')",
    )
    rules = {"visits": {"id": "keep", "ip": "ip", "note": "keep"}}
    assert "public.visits.note: a value of public.visits.ip" in left(server, made, rules)
