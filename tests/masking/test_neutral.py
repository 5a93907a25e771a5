# SPDX-License-Identifier: GPL-3.0-or-later
"""What would act in staging as it does in production, let somebody in or call back, is stopped."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.masking.task import (
    Refused,
    masked,
    proved,
)

from tests.masking.frameworks import HOST, MADE, STAGING
from tests.masking.masked import Copy
from tests.masking.server import Server
from tests.masking.test_modules import given, marked

pytestmark = [pytest.mark.real, pytest.mark.sample]
HOSTS = {HOST: STAGING}
# What must be nowhere in the end, of any of them.
REAL = ("ada@", "Lovelace", "93.184", "$2", "pbkdf2", "secret", "token81", "remember77", "hidden")
EMPTY: dict[str, tuple[str, ...]] = {
    "Django": ("django_session", "authtoken_token"),
    "Rails": ("delayed_jobs", "good_jobs", "oauth_access_tokens"),
    "Laravel": (
        "sessions",
        "jobs",
        "failed_jobs",
        "password_reset_tokens",
        "personal_access_tokens",
    ),
    "WordPress": ("wp_actionscheduler_actions", "wp_wc_webhooks"),
}
LEFT: dict[str, list[tuple[str, Any]]] = {
    "Django": [
        ("select domain from django_site", STAGING),
        ("select enabled from django_celery_beat_periodictask", False),
        (
            "select redirect_uris from oauth2_provider_application",
            f"https://{STAGING}/callback http://other.example.org/cb",
        ),
        ("select password from auth_user", "!"),
        ("select is_superuser from auth_user", True),
    ],
    "Rails": [
        ("select value from ar_internal_metadata where key = 'environment'", "staging"),
        ("select value from ar_internal_metadata where key = 'schema_sha1'", "f0a1"),
        ("select redirect_uri from oauth_applications", f"https://{STAGING}/cb"),
        ("select reset_password_token from users", None),
        ("select encrypted_password from users", "!"),
        ("select sign_in_count from users", 3),
    ],
    "Laravel": [
        ("select remember_token from users", None),
        ("select password from users", "!"),
        ("select secret from oauth_clients", "!"),
        ("select migration from migrations", "0001_01_01_000000_create_users_table"),
    ],
    "WordPress": [
        ("select option_value from wp_options where option_name = 'home'", f"https://{STAGING}/"),
        (
            "select option_value from wp_options where option_name = 'widgets'",
            f'a:2:{{s:4:"home";s:37:"https://{STAGING}/höm";s:1:"n";i:7;}}',
        ),
        ("select option_value from wp_options where option_name = 'cron'", "a:0:{}"),
        ("select option_value from wp_options where option_name = 'blogname'", "Lamps"),
        ("select count(*) from wp_options", 5),
        ("select string_agg(meta_key, ' ') from wp_usermeta", "rich"),
        ("select user_pass from wp_users", "!"),
    ],
}


@pytest.mark.parametrize("framework", MADE)
def test_of_a_framework_it_is_known_what_has_to_go(server: Server, framework: str) -> None:
    statements, rules = MADE[framework]
    with Copy(server, "framed", made=[statements]) as copy:
        marked(copy)
        options = given(copy, rules=rules, hosts=HOSTS)
        masked(options, dry=False)
        assert proved(options)["findings"] == []
        for table in EMPTY[framework]:
            assert copy.value(f"select count(*) from {table}") == 0, table
        for query, expected in LEFT[framework]:
            assert copy.value(query) == expected, query
        text = "\n".join(
            copy.session.dump(f'select * from "{table.name}"') for table in copy.schema.tables
        )
        assert [value for value in REAL if value in text] == []


def test_a_column_that_the_application_added_has_to_be_declared(server: Server) -> None:
    statements, rules = MADE["Rails"]
    with Copy(server, "added", made=[statements]) as copy:
        marked(copy)
        copy.run("alter table users add column nickname text")
        with pytest.raises(Refused, match=r"rules\.public\.users\.nickname: nothing - is missing"):
            masked(given(copy, rules=rules), dry=False)
        rules = {**rules, "users": {"nickname": "username"}}
        masked(given(copy, rules=rules, hosts=HOSTS), dry=False)
        assert copy.value("select nickname is null and email like '%@example.org' from users")


def test_what_is_declared_comes_before_what_is_known(server: Server) -> None:
    statements, rules = MADE["Laravel"]
    with Copy(server, "other", made=[statements]) as copy:
        marked(copy)
        rules = {**rules, "users": {"name": "keep"}, "jobs": "truncate"}
        masked(given(copy, rules=rules), dry=False)
        assert copy.rows("select name, email like '%@example.org' from users") == [
            ("Ada Lovelace", True)
        ]


def test_what_is_declared_to_be_stopped_is(server: Server) -> None:
    made = (
        "create table hooks (id int primary key, url text, active bool)",
        "create table outbox (id int primary key, due date)",
        "insert into hooks values (1, 'https://erp.firm.com/in', true)",
        "insert into hooks values (2, 'https://x.org', false)",
        "insert into outbox values (1, '2026-12-01'), (2, '2026-01-01')",
    )
    stop: list[dict[str, Any]] = [
        {"table": "hooks", "where": "active", "set": {"active": "false", "url": "'none'"}},
        {"table": "public.outbox", "where": "due > date '2026-06-01'"},
    ]
    rules = {
        "hooks": {"id": "keep", "url": "keep", "active": "keep"},
        "outbox": {"id": "keep", "due": "keep"},
    }
    with Copy(server, "hooked", made=made) as copy:
        marked(copy)
        told = masked(given(copy, rules=rules, stop=stop), dry=False)["stopped"]
        assert told == {"rows of public.hooks": 1, "rows of public.outbox": 1}
        assert copy.rows("select * from hooks order by id") == [
            (1, "none", False),
            (2, "https://x.org", False),
        ]
        assert copy.rows("select id from outbox") == [(2,)]
        wrong = [{"table": "hook", "where": "true"}, {**stop[0], "set": {"activ": "false"}}]
        with pytest.raises(Refused) as refused:
            masked(given(copy, rules=rules, stop=wrong), dry=False)
        assert "stop.0.table: 'hook' - is no table of the database" in str(refused.value)
        assert "stop.1.set.activ: 'activ' - is no column of public.hooks" in str(refused.value)


def test_what_would_fetch_from_elsewhere_is_gone(server: Server) -> None:
    made = (
        "create table t (id int primary key)",
        "reset role",
        "create extension postgres_fdw",
        "create server production foreign data wrapper postgres_fdw options (host '10.20.0.5')",
        "create user mapping for public server production options (user 'a', password 'b')",
        "create foreign table far (id int) server production",
        "create subscription s connection 'host=127.0.0.1 dbname=nowhere' publication p "
        "with (connect = false, slot_name = none, enabled = false)",
        "alter server production owner to shop",
        "alter foreign table far owner to shop",
        # PostgreSQL lets superusers only have one, RDS its own.
        "alter role phoenix_owner superuser",
    )
    with Copy(server, "fetching", made=made) as copy:
        marked(copy)
        try:
            told = masked(given(copy, rules={"t": {"id": "keep"}}), dry=False)["stopped"]
        finally:
            copy.run("alter role phoenix_owner nosuperuser")
        assert told == {"subscription": 1, "server of foreign tables": 1}
        for catalog in ("pg_subscription", "pg_foreign_server", "pg_foreign_table"):
            assert copy.value(f"select count(*) from {catalog}") == 0


def test_a_host_of_production_that_is_named_anywhere_is_found(server: Server) -> None:
    made = (
        "create table pages (id int primary key, body text)",
        f"insert into pages values (1, 'see https://www.{HOST}/a'), (2, 'mail help@{HOST}'), "
        f"(3, 'see https://{STAGING}/'), (4, 'my{HOST}'), (5, 'see {HOST.upper()}')",
    )
    rules: dict[str, Any] = {"pages": {"id": "keep", "body": "keep"}}
    with Copy(server, "named", made=made) as copy:
        marked(copy)
        options = given(copy, rules=rules, hosts=HOSTS, allowed=[HOST])
        masked(options, dry=False)
        with pytest.raises(Refused) as refused:
            proved(options)
        assert refused.value.result["findings"] == [
            {"where": "public.pages.body", "what": "a host of production", "rows": 2}
        ]


def test_nothing_of_staging_is_called_as_a_host_of_production(server: Server) -> None:
    with Copy(server, "same", made=["create table t (id int)"]) as copy:
        marked(copy)
        for hosts in ({HOST: HOST}, {f"www.{HOST}": HOST, HOST: STAGING}):
            with pytest.raises(Refused, match="must be a host of staging, and this is one of prod"):
                masked(given(copy, rules={"t": {"id": "keep"}}, hosts=hosts), dry=False)


@pytest.mark.parametrize(
    "hosts",
    [
        {"Shop.example.com": STAGING},
        {HOST: "staging"},
        {HOST: "a..b"},
        {f"https://{HOST}": STAGING},
    ],
)
def test_a_host_that_is_none_is_refused(server: Server, hosts: dict[str, str]) -> None:
    with Copy(server, "hostless", made=["create table t (id int)"]) as copy:
        marked(copy)
        with pytest.raises(
            Refused, match=r"hosts\..* - must be .*the name of a host, in small let"
        ):
            masked(given(copy, rules={"t": {"id": "keep"}}, hosts=hosts), dry=False)
