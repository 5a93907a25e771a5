# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways in which a value of production could stay, or a run come to no end: each was one."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.masking.task import (
    done_mark,
    masked,
    proved,
)

from tests.masking.masked import Copy
from tests.masking.refusing import MAILS, RULES, refused
from tests.masking.server import Server
from tests.masking.test_modules import NAME, given, marked

pytestmark = [pytest.mark.real, pytest.mark.sample]


def test_with_other_rules_a_copy_that_was_begun_is_not_gone_on_with(server: Server) -> None:
    with Copy(server, "changed", made=MAILS) as copy:
        marked(copy)
        masked(given(copy, rules=RULES), dry=False)
        other = given(copy, rules={"people": {**RULES["people"], "nick": "username"}})
        for do in (lambda options: masked(options, dry=False), proved):
            assert "the rules are others than those by which this copy" in refused(do, other)
        assert proved(given(copy, rules=RULES))["findings"] == []


def test_what_was_not_masked_to_the_end_is_not_proved(server: Server) -> None:
    with Copy(server, "half", made=MAILS) as copy:
        marked(copy)
        masked(given(copy, rules=RULES), dry=False)
        copy.run("delete from phoenix_mask.done where name = ''")
        assert "it has not been masked to the end" in refused(proved, given(copy, rules=RULES))


def test_one_that_is_proved_says_so_and_nothing_is_done_to_it_again(server: Server) -> None:
    with Copy(server, "twice", made=MAILS) as copy:
        marked(copy)
        options = given(copy, rules=RULES)
        masked(options, dry=False)
        assert proved(options)["changed"]
        copy.run("update people set mail = 'tester@mail.com' where id = 1")
        assert not masked(options, dry=False)["changed"]
        assert not proved(options)["changed"]
        assert copy.value("select mail from people where id = 1") == "tester@mail.com"
        asked = (
            "select shobj_description(oid, 'pg_database') from pg_database where datname = 'twice'"
        )
        assert copy.value(asked) == done_mark(NAME)


def test_rows_that_a_policy_hides_are_not_overlooked(server: Server) -> None:
    made = (
        *MAILS,
        "alter table people enable row level security",
        "alter table people force row level security",
        "create policy mine on people using (id = 0)",
    )
    with Copy(server, "hidden", made=made) as copy:
        marked(copy)
        told = refused(masked, given(copy, rules=RULES), dry=False)
        assert 'query would be affected by row-level security policy for table "people"' in told


def test_a_view_of_a_view_of_a_view_that_keeps_rows_is_filled_anew_after_that(
    server: Server,
) -> None:
    made = (
        *MAILS,
        "create materialized view z_base as select mail from people",
        "create view between as select * from z_base",
        "create materialized view a_top as select * from between",
        "create materialized view never as select * from people with no data",
    )
    with Copy(server, "views", made=made) as copy:
        marked(copy)
        masked(given(copy, rules=RULES), dry=False)
        assert copy.value("select count(*) from a_top where mail like '%@example.org'") == 30
        assert proved(given(copy, rules=RULES))["findings"] == []


def test_of_two_paths_of_json_none_is_above_the_other(server: Server) -> None:
    made = ("create table people (id int primary key, profile jsonb)",)
    for paths in ({"a.b": "email", "a": "keep"}, {"a": "keep", "a[].b": "text"}):
        rules = {"people": {"id": "keep", "profile": {"mask": "json", "paths": paths}}}
        with Copy(server, "paths", made=made) as copy:
            marked(copy)
            told = refused(masked, given(copy, rules=rules), dry=False)
            assert "rules.people.profile.paths.a: 'keep' - is above a" in told


def test_what_a_path_names_comes_before_what_any_other_key_is(server: Server) -> None:
    made = (
        "create table people (id int primary key, profile jsonb)",
        """insert into people values (1, '{"note": "fine", "mail": {"work": "ada@mail.com"}}')""",
        "create table notes (id int primary key, body text)",
        "insert into notes values (1, 'of ada@mail.com')",
    )
    rules = {
        "people": {
            "id": "keep",
            "profile": {"mask": "json", "paths": {"*": "keep", "mail.home": "email"}},
        },
        "notes": {"id": "keep", "body": "keep"},
    }
    with Copy(server, "any", made=made) as copy:
        marked(copy)
        masked(given(copy, rules=rules), dry=False)
        assert copy.value("select profile ->> 'note' from people") == "fine"
        assert "ada" not in copy.value("select profile::text from people")
        told = refused(proved, given(copy, rules=rules))
        assert "public.notes.body: a value of public.people.profile" in told


def test_many_columns_keys_of_partitions_and_of_what_is_computed_are_no_trouble(
    server: Server,
) -> None:
    columns = ", ".join(f"c{n} int" for n in range(120))
    made = (
        f"create table wide (id int primary key, {columns})",
        "create table people (mail text not null, year int, low text not null generated always as "
        "(lower(mail)) stored, unique (mail, year)) partition by list (year)",
        "create table people_1 partition of people for values in (1)",
        "alter table people_1 add unique (mail)",
        "create table likes (id int primary key, mail text references people_1 (mail))",
        "create table parent (mail text unique)",
        "create table child () inherits (parent)",
        "create table names_parent (mail text references parent (mail))",
        "create table names_child () inherits (names_parent)",
        "insert into people values ('ada@mail.com', 1)",
        "insert into likes values (1, 'ada@mail.com')",
        "insert into parent values ('bob@mail.com')",
        "insert into names_parent values ('bob@mail.com')",
        "insert into names_child values ('eve@mail.com')",
    )
    rules: dict[str, Any] = {
        "wide": {"id": "keep", **{f"c{n}": "keep" for n in range(120)}},
        "people": {"mail": "email", "year": "keep"},
        "likes": {"id": "keep", "mail": "email"},
        "parent": {"mail": "email"},
        "child": {"mail": "email"},
        "names_parent": {"mail": "email"},
        "names_child": {"mail": "email"},
    }
    with Copy(server, "odd", made=made) as copy:
        marked(copy)
        wrong = {**rules, "likes": {"id": "keep", "mail": "token"}}
        told = refused(masked, given(copy, rules=wrong), dry=False)
        assert "rules.public.likes.mail: 'token' - must be as public.people.mail" in told
        masked(given(copy, rules=rules), dry=False)
        assert proved(given(copy, rules=rules))["findings"] == []
        assert copy.value("select count(*) from likes join people_1 using (mail)") == 1
        assert copy.value("select low = mail from people")


def test_a_partition_that_is_cut_by_another_column_keeps_it(server: Server) -> None:
    made = (
        "create table t (id int, at date, country text) partition by range (at)",
        "create table t_1 partition of t for values from ('2026-01-01') to ('2027-01-01') "
        "partition by list (country)",
        "create table t_1_de partition of t_1 for values in ('Germany')",
    )
    rules = {"t": {"id": "keep", "at": "keep", "country": "place"}}
    with Copy(server, "cut", made=made) as copy:
        marked(copy)
        told = refused(masked, given(copy, rules=rules), dry=False)
        assert "rules.public.t.country: 'place' - cuts the table into partitions" in told


def test_a_date_of_nobody_is_moved_as_well_and_lists_of_lists_are_refused(server: Server) -> None:
    made = (
        "create table o (id int primary key, who int, at date not null, tags text[])",
        "insert into o values (1, null, '2026-05-01', '{}'), (2, 7, '2026-05-01', null)",
    )
    rules = {
        "o": {
            "id": "keep",
            "who": "keep",
            "at": {"mask": "date", "by": "who"},
            "tags": "text",
        }
    }
    with Copy(server, "dates", made=made) as copy:
        marked(copy)
        copy.run("update o set tags = '{{a,b},{c,d}}' where id = 2")
        told = refused(masked, given(copy, rules=rules), dry=False)
        assert "a list of lists cannot be masked" in told
        copy.run("update o set tags = '{a,b}' where id = 2")
        masked(given(copy, rules=rules), dry=False)
        assert copy.value("select count(*) from o where at <> '2026-05-01'") == 2
        assert copy.value("select cardinality(tags) from o where id = 2") == 2


def test_settings_of_production_end_no_statement(server: Server) -> None:
    with Copy(server, "frozen", made=MAILS) as copy:
        marked(copy)
        with server.connect("postgres", "postgres") as admin:
            admin.run("alter database frozen set default_transaction_read_only = on")
            admin.run("alter database frozen set statement_timeout = '1ms'")
        masked(given(copy, rules=RULES), dry=False)
        assert proved(given(copy, rules=RULES))["findings"] == []


def test_what_large_objects_hold_goes(server: Server) -> None:
    made = (
        *MAILS,
        "create table documents (id int primary key, body oid)",
        "insert into documents values (1, lo_from_bytea(0, 'of person7@mail.com'))",
    )
    with Copy(server, "objects", made=made) as copy:
        marked(copy)
        rules = {**RULES, "documents": "truncate"}
        assert masked(given(copy, rules=rules), dry=False)["stopped"] == {"large object": 1}
        assert copy.value("select count(*) from pg_largeobject_metadata") == 0
        assert proved(given(copy, rules=rules))["findings"] == []


def test_of_data_that_does_not_fit_no_value_is_told(server: Server) -> None:
    with Copy(server, "errors", made=MAILS) as copy:
        marked(copy)
        stop = [{"table": "people", "where": "mail::int > 5"}]
        told = refused(masked, given(copy, rules=RULES, stop=stop), dry=False)
        assert "InvalidTextRepresentation (22P02)" in told
        assert "person" not in told


def test_a_canary_that_would_not_be_looked_for_is_refused(server: Server) -> None:
    with Copy(server, "canary", made=MAILS) as copy:
        marked(copy)
        told = refused(masked, given(copy, rules=RULES, canaries=["Tweety"]), dry=False)
        assert "canaries.0: " in told
        assert "is a word as others are" in told
        assert "Tweety" not in told


def test_a_table_of_somebody_else_is_refused(server: Server) -> None:
    with Copy(server, "theirs", made=MAILS) as copy:
        marked(copy)
        with server.connect("theirs", "postgres") as admin:
            admin.run("alter table people owner to postgres")
            admin.run("grant all on people to phoenix_owner")
        told = refused(masked, given(copy, rules=RULES), dry=False)
        assert "rules.public.people: 'postgres' - belongs to somebody whose rights" in told


def test_words_of_a_text_in_an_order_of_their_own_are_not_kept(server: Server) -> None:
    made = (
        "create table people (id int primary key, name text, search tsvector, also tsvector not "
        "null, made tsvector generated always as (to_tsvector('simple', name)) stored)",
        "insert into people values (1, 'Ada Lovelace', to_tsvector('simple', 'Ada Lovelace'), "
        "to_tsvector('simple', 'Ada Lovelace'))",
        "analyze",
    )
    rules: dict[str, Any] = {"people": {"id": "keep", "name": "name", "search": None}}
    rules["people"]["also"] = "keep"
    with Copy(server, "search", made=made) as copy:
        marked(copy)
        told = refused(masked, given(copy, rules=rules), dry=False)
        assert "rules.public.people.also: 'keep' - has words of texts in an order" in told
        rules["people"]["also"] = {"mask": "constant", "value": ""}
        masked(given(copy, rules=rules), dry=False)
        assert proved(given(copy, rules=rules))["findings"] == []
        [(search, also, made_of)] = copy.rows("select search, also, made from people")
        assert (search, also) == (None, "") and "lovelace" not in made_of


def test_masks_of_two_sizes_do_not_belong_together(server: Server) -> None:
    made = (
        "create table people (mail varchar(30) primary key)",
        "create table likes (mail text references people)",
    )
    rules = {"people": {"mail": "email"}, "likes": {"mail": "email"}}
    with Copy(server, "sizes", made=made) as copy:
        marked(copy)
        told = refused(masked, given(copy, rules=rules), dry=False)
        assert "rules.public.likes.mail: 'email' - is of another type or size than" in told


def test_a_list_of_php_whose_numbers_are_wrong_has_its_hosts_replaced(server: Server) -> None:
    made = (
        "create table options (id int primary key, value text)",
        """insert into options values (1, 'a:1:{s:23:"https://shop.example/hö";}'),
        (2, 'a:1:{s:99999999999:"https://shop.example/";}')""",
    )
    rules = {"options": {"id": "keep", "value": "host"}}
    with Copy(server, "php", made=made) as copy:
        marked(copy)
        options = given(copy, rules=rules, hosts={"shop.example": "stage.example"})
        masked(options, dry=False)
        assert proved(options)["findings"] == []
        assert copy.value("select count(*) from options where value like '%/stage.example%'") == 2
