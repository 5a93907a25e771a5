# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in the database that each server has, beside the one that is masked."""

from __future__ import annotations

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.masking.task import (
    masked,
    proved,
)

from tests.masking.masked import Copy
from tests.masking.refusing import MAILS, RULES, refused
from tests.masking.server import MASTER, Server
from tests.masking.test_modules import given, marked

pytestmark = [pytest.mark.real, pytest.mark.sample]


def test_tables_of_the_database_that_each_server_has_are_found(server: Server) -> None:
    with Copy(server, "besides", made=MAILS) as copy:
        marked(copy)
        masked(given(copy, rules=RULES), dry=False)
        with server.connect("postgres", "postgres") as admin:
            admin.run("create table jobs (command text)")
            told = refused(proved, given(copy, rules=RULES))
            admin.run("drop table jobs")
        assert "postgres: public.jobs: is in a database that was not masked" in told


def test_a_table_there_that_has_no_row_is_nobodys(server: Server) -> None:
    with Copy(server, "empty", made=MAILS) as copy:
        marked(copy)
        with server.connect("postgres", "postgres") as admin:
            admin.run(f"create table jobs (command text); grant select on jobs to {MASTER}")
            try:
                masked(given(copy, rules=RULES), dry=False)
                admin.run("insert into jobs values ('a')")
                told = refused(proved, given(copy, rules=RULES))
                assert "postgres: public.jobs: is in a database that was not masked" in told
                admin.run("delete from jobs")
                assert proved(given(copy, rules=RULES))["findings"] == []
            finally:
                admin.run("drop table jobs")


def test_what_is_there_is_told_before_anything_is_masked(server: Server) -> None:
    with Copy(server, "early", made=MAILS) as copy:
        marked(copy)
        with server.connect("postgres", "postgres") as admin:
            admin.run("create table jobs (command text)")
            try:
                told = refused(masked, given(copy, rules=RULES), dry=False)
            finally:
                admin.run("drop table jobs")
        assert "postgres: public.jobs: is in a database that was not masked" in told
        assert copy.value("select count(*) from people where mail like 'person%'") == 30


def test_jobs_that_are_kept_in_the_database_of_all_are_ended_there(server: Server) -> None:
    """By what pg_cron has: its tables, and the function that ends a job."""
    cron = (
        "create schema cron",
        "create table cron.job (jobid bigint primary key, command text)",
        "create table cron.job_run_details (jobid bigint, return_message text)",
        "create function cron.unschedule(it bigint) returns bool language sql as "
        "$$ delete from cron.job where jobid = it returning true $$",
        "insert into cron.job values (1, 'call send_mails()'), (2, 'vacuum')",
        "insert into cron.job_run_details values (1, 'sent to person1@mail.com')",
        f"grant usage on schema cron to {MASTER}",
        f"grant all on all tables in schema cron to {MASTER}",
    )
    with Copy(server, "jobs", made=MAILS) as copy:
        marked(copy)
        with server.connect("postgres", "postgres") as admin:
            try:
                for statement in cron:
                    admin.run(statement)
                told = masked(given(copy, rules=RULES), dry=False)
                assert told["stopped"] == {"job of pg_cron": 2}
                assert proved(given(copy, rules=RULES))["findings"] == []
            finally:
                admin.run("drop schema cron cascade")
