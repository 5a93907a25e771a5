# SPDX-License-Identifier: GPL-3.0-or-later
"""The application as its host runs it, when the database moves or the host tells it to end."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
import trustme

from tests.conftest import make_database
from tests.forwarder import forwarding
from tests.postgres import Server, folder, running
from tests.processes import PATIENCE, TREE, alembic, environment, serving, until

PLEDGE = {"amount_cents": 2500, "email": "ada@example.com", "name": "Ada"}
KEY = "0d9f3c52-7f0e"
WAITING = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server that a test may take away."""
    with running() as started:
        yield started


@pytest.fixture
def own_url(own_server: Server) -> str:
    """The URL of a migrated database on it."""
    url = make_database(own_server)
    assert alembic("upgrade", "head", url=url).returncode == 0
    return url


def test_twenty_at_once_with_the_same_key_make_one_pledge(server: Server, url: str) -> None:
    several = serving(url, WEB_CONCURRENCY="2")
    with several as application, ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda _: application.post(PLEDGE, KEY), range(20)))
        assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
        assert len({answer.json()["id"] for answer in answers}) == 1
    assert server.sql(url.rpartition("/")[2], "select count(*) from pledges") == [(1,)]


def test_told_to_end_it_finishes_what_it_began(url: str) -> None:
    patient = {"DATABASE_STATEMENT_TIMEOUT_MS": "60000", "GRACEFUL_TIMEOUT_SECONDS": "600"}
    with (
        psycopg.connect(url) as holder,
        serving(url, **patient) as application,
        ThreadPoolExecutor(1) as thread,
    ):
        holder.execute("lock table pledges in share mode")
        request = thread.submit(application.post, PLEDGE, KEY)
        until(lambda: holder.execute(WAITING).fetchone() == (1,), "the pledge waits for the lock")
        application.terminate()
        until(lambda: not application.answers("/live", patience=1), "no new request is taken")
        holder.commit()
        assert request.result().status_code == 201
        assert application.process.wait(PATIENCE) == 0


def test_a_statement_that_takes_too_long_is_given_up(url: str) -> None:
    with (
        psycopg.connect(url) as holder,
        serving(url, DATABASE_STATEMENT_TIMEOUT_MS="200") as application,
    ):
        holder.execute("lock table pledges in share mode")
        answer = application.post(PLEDGE, KEY)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        holder.rollback()
        assert application.post(PLEDGE, KEY).status_code == 201


def test_it_opens_no_more_connections_than_it_may(server: Server, url: str) -> None:
    few = {"DATABASE_POOL_SIZE": "2", "WEB_CONCURRENCY": "2", "WEB_THREADS": "8"}
    with serving(url, **few) as application, ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda _: application.get("/"), range(60)))
        assert {answer.status_code for answer in answers} == {200}
        count = "select count(*) from pg_stat_activity where application_name = 'crowdfund'"
        [(open_now,)] = server.sql("postgres", f"{count} and datname = '{url.rpartition('/')[2]}'")
        assert 1 <= open_now <= 4


def test_it_starts_without_the_database_and_uses_it_when_it_is_back(
    own_server: Server, own_url: str
) -> None:
    own_server.stop()
    with serving(own_url, DATABASE_POOL_WAIT_SECONDS="1") as application:
        application.await_answer("/ready", 503)
        own_server.start()
        application.await_answer("/ready")
        assert application.post(PLEDGE, KEY).status_code == 201
        own_server.stop()
        application.await_answer("/ready", 503)
        own_server.start()
        application.await_answer("/ready")
        assert application.post(PLEDGE, KEY).status_code == 200


def test_a_failover_loses_no_acknowledged_pledge_and_needs_no_restart(
    own_server: Server, own_url: str
) -> None:
    name = own_url.rpartition("/")[2]
    with folder() as parent, forwarding() as endpoint:
        standby = Server(parent / "data")
        own_server.copy_to(standby)
        standby.start()
        endpoint.move(own_server.port)
        url = own_server.url(name, port=endpoint.port)
        more = {"DATABASE_POOL_WAIT_SECONDS": "1", "WEB_CONCURRENCY": "2"}
        with serving(url, **more) as application:
            assert application.post(PLEDGE, KEY).status_code == 201
            until(
                lambda: standby.sql(name, "select count(*) from pledges") == [(1,)],
                "the standby has the pledge",
            )
            own_server.stop()
            endpoint.move(standby.port)
            application.await_answer("/")  # a standby can be read from
            assert application.answers("/ready", 503)
            assert application.write().status_code == 503
            assert application.post(PLEDGE, "another-key").status_code == 503
            with serving(url, DATABASE_ACCESS="read") as reading:
                reading.await_answer("/ready")  # as at a site that has but a standby
            standby.promote()
            until(lambda: application.post(PLEDGE, KEY).status_code == 200, "the first is known")
            until(lambda: application.post(PLEDGE, "another-key").ok, "another one is taken")
            application.await_answer("/ready")
            version = "select xmin::text, title from campaigns"
            [(before, title)] = standby.sql(name, version)
            assert application.write().json()["status"] == "written"
            [(after, same)] = standby.sql(name, version)
            assert after != before and same == title
        assert standby.sql(name, "select count(*) from pledges") == [(2,)]
        standby.stop()


def test_the_server_must_prove_its_name(own_server: Server, own_url: str, tmp_path: Path) -> None:
    authority, stranger = trustme.CA(), trustme.CA()
    certificate = authority.issue_cert("localhost")
    own_server.stop()
    own_server.put("server.key", certificate.private_key_pem.bytes())
    own_server.put("server.crt", b"".join(part.bytes() for part in certificate.cert_chain_pems))
    own_server.configure(ssl="on")
    own_server.start()
    for name, ca in (("right.pem", authority), ("wrong.pem", stranger)):
        ca.cert_pem.write_to_path(tmp_path / name)
    name = own_url.rpartition("/")[2]
    where = {"PGPORT": str(own_server.port), "PGDATABASE": name, "PGUSER": "crowdfund"}
    for host, root, status in (
        ("localhost", "right.pem", 200),
        ("localhost", "wrong.pem", 503),
        ("127.0.0.1", "right.pem", 503),  # another name than the certificate's
    ):
        more = {
            **where,
            "PGHOST": host,
            "PGSSLMODE": "verify-full",
            "PGSSLROOTCERT": str(tmp_path / root),
            "DATABASE_POOL_WAIT_SECONDS": "1",
        }
        with serving("", **more) as application:
            application.await_answer("/ready", status)
            if status == 200:
                tls = "select ssl from pg_stat_ssl join pg_stat_activity using (pid) where"
                rows = own_server.sql("postgres", f"{tls} application_name = 'crowdfund'")
                assert rows and set(rows) == {(True,)}


def test_wrong_variables_are_named_before_it_starts() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("gunicorn")],
        cwd=TREE,
        env=environment("", WEB_THREADS="many", PORT="0"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "WEB_THREADS='many' must be a whole number from 1 to 64" in done.stderr
    assert "PORT='0' must be" in done.stderr
