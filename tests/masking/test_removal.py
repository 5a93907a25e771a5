# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows that are removed from a copy: the planner forgets them, and none names them any more."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.masking.session import Error
from ansible_collections.operatingdev.phoenix.plugins.module_utils.masking.task import (
    Refused,
    masked,
    proved,
)

from tests.masking.masked import Copy
from tests.masking.server import Server, Session
from tests.masking.test_modules import given, marked

pytestmark = [pytest.mark.real, pytest.mark.sample]
VISITS = (
    "create table visits (id int not null, at date not null, who text, tags text[] not null) "
    "partition by range (at)",
    "create table visits_old partition of visits for values from ('2000-01-01') to ('2020-01-01')",
    "create table visits_new partition of visits for values from ('2020-01-01') to ('2030-01-01') "
    "partition by list (id)",
    "create table visits_few partition of visits_new for values in (7, 8, 9)",
    "create table visits_many partition of visits_new default",
    "insert into visits select n, date '2019-12-01' + n, 'person' || n % 5 || '@mail.com', "
    "array['tag of person' || n % 5 || '@mail.com'] from generate_series(1, 300) as n",
    "analyze",
)
KNOWN = "select string_agg(concat_ws(' ', most_common_vals, histogram_bounds, most_common_elems), "
KNOWN += "' ') from pg_stats where schemaname = 'public'"


def known(copy: Copy) -> str:
    """What the planner knows of values."""
    return str(copy.value(KNOWN) or "")


def test_of_what_is_emptied_the_planner_knows_nothing_whatever_partitions_there_are(
    server: Server,
) -> None:
    with Copy(server, "emptied", made=VISITS) as copy:
        marked(copy)
        assert "mail.com" in known(copy)
        options = given(copy, rules={"visits": "truncate"})
        told = masked(options, dry=False)
        assert told["tables"]["public.visits"]["rows"] == 300
        assert proved(options)["findings"] == []
        assert copy.value("select count(*) from visits") == 0
        assert "mail.com" not in known(copy)


@pytest.mark.parametrize("where", ["true", "at >= '2020-01-01'"])
def test_of_what_is_stopped_neither_where_it_was_all_there_was(server: Server, where: str) -> None:
    rules = {"visits": {"id": "keep", "at": "keep", "who": "email", "tags": "text"}}
    with Copy(server, "stopped", made=VISITS) as copy:
        marked(copy)
        options = given(copy, rules=rules)
        gone = copy.value(f"select count(*) from visits where {where}")
        stop = [{"table": "visits", "where": where}]
        told = masked({**options, "stop": stop}, dry=False)
        assert told["stopped"] == {"rows of public.visits": gone}
        assert proved(options)["findings"] == []
        assert copy.value("select count(*) from visits") == 300 - gone
        assert "mail.com" not in known(copy)


def test_rows_that_name_what_was_stopped_are_told_before_anybody_is_let_in(server: Server) -> None:
    made = (
        "create table hooks (id int primary key, active bool)",
        "create table deliveries (id int primary key, hook int references hooks)",
        "insert into hooks values (1, true), (2, false)",
        "insert into deliveries values (1, 1), (2, 2)",
    )
    rules: dict[str, Any] = {
        "hooks": {"id": "keep", "active": "keep"},
        "deliveries": {"id": "keep", "hook": "keep"},
    }
    with Copy(server, "orphaned", made=made) as copy:
        marked(copy)
        stop = [{"table": "hooks", "where": "active"}]
        with pytest.raises(Refused, match=r"1 rows of public\.deliveries name rows of"):
            masked(given(copy, rules=rules, stop=stop), dry=False)
    with Copy(server, "together", made=made) as copy:
        marked(copy)
        stop.append({"table": "deliveries", "where": "hook = 1"})
        masked(given(copy, rules=rules, stop=stop), dry=False)
        assert copy.value("select count(*) from deliveries") == 1


def test_who_vacuums_another_table_is_not_waited_for(server: Server) -> None:
    made = (
        "create table people (id int primary key, mail text)",
        "insert into people values (1, 'ada@mail.com')",
        "create table steps (id int primary key)",
        "insert into steps select generate_series(1, 20000)",
        "delete from steps where id % 2 = 0",
    )
    with Copy(server, "vacuumed", made=made) as copy, copy.connect() as slow:
        copy.declared = {"people": {"id": "keep", "mail": "email"}, "steps": {"id": "keep"}}
        # It sleeps for a tenth of a second before each page.
        slow.run("set vacuum_cost_delay = 100; set vacuum_cost_limit = 1")
        process = slow.rows("select pg_backend_pid() as it")[0]["it"]
        vacuuming = threading.Thread(target=_vacuum, args=(slow, "steps"))
        vacuuming.start()
        seen = "select count(*) from pg_stat_progress_vacuum"
        while not copy.value(seen):
            time.sleep(0.01)
        copy.mask(patience=1)
        assert copy.value(seen) == 1
        copy.run(f"select pg_cancel_backend({process})")
        vacuuming.join()
        assert copy.value("select mail like '%@example.org' from people")


def _vacuum(session: Session, table: str) -> None:
    with contextlib.suppress(Error):
        session.run(f"vacuum {table}")
