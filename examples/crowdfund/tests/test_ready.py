# SPDX-License-Identifier: GPL-3.0-or-later
"""Ready means that pledges can be taken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask.testing import FlaskClient

from crowdfund.app import create_app
from crowdfund.settings import read_settings
from tests.postgres import Server, free_port


@contextmanager
def application(url: str, **variables: str) -> Iterator[FlaskClient]:
    """The application with these variables, in this process."""
    app = create_app(read_settings({"DATABASE_URL": url, **variables}))
    yield app.test_client()
    app.extensions["database"].close()


def reason(client: FlaskClient) -> str:
    """Why it is not ready; it is live all the same."""
    assert client.get("/live").status_code == 200
    answer = client.get("/ready")
    assert answer.status_code == 503 and answer.json is not None
    return str(answer.json["reason"])


def name(url: str) -> str:
    """Of the database."""
    return url.rpartition("/")[2]


def test_a_migrated_database_is_ready(client: FlaskClient) -> None:
    answer = client.get("/ready")
    assert answer.status_code == 200
    assert answer.json == {"status": "ready", "version": "development", "schema": "0001"}


def test_a_database_without_schema_is_not_ready(empty: str) -> None:
    with application(empty) as client:
        assert reason(client) == "the database has no schema: run the migrations"


def test_a_schema_that_is_behind_is_not_ready(server: Server, url: str) -> None:
    server.sql(name(url), "update alembic_version set version_num = '0000'")
    with application(url) as client:
        assert reason(client) == "the schema is at 0000 and must be at 0001: run the migrations"


def test_a_schema_that_is_ahead_is_ready(server: Server, url: str) -> None:
    server.sql(name(url), "update alembic_version set version_num = '0002'")
    with application(url) as client:
        assert client.get("/ready").status_code == 200


def test_a_database_that_takes_no_writes_is_not_ready_until_it_does(
    server: Server, url: str
) -> None:
    key = {"Idempotency-Key": "key-number-1"}
    pledge = {"amount_cents": 2500, "email": "ada@example.com"}
    server.sql("postgres", f"alter database {name(url)} set default_transaction_read_only = on")
    with application(url) as client:
        assert reason(client) == "the database takes no writes"
        refused = client.post("/pledges", json=pledge, headers=key)
        assert refused.status_code == 503 and refused.headers["Retry-After"] == "1"
        assert client.get("/").status_code == 200
        # Connections that are open stay read-only: they have to be given up.
        server.sql("postgres", f"alter database {name(url)} reset default_transaction_read_only")
        assert client.post("/pledges", json=pledge, headers=key).status_code == 201
        assert client.get("/ready").status_code == 200


def test_where_reading_is_all_that_is_asked_for_a_database_that_takes_no_writes_is_ready(
    server: Server, url: str
) -> None:
    server.sql("postgres", f"alter database {name(url)} set default_transaction_read_only = on")
    pledge = {"amount_cents": 2500, "email": "ada@example.com"}
    with application(url, DATABASE_ACCESS="read") as client:
        assert client.get("/ready").status_code == 200
        assert client.get("/").status_code == 200
        refused = client.post("/pledges", json=pledge, headers={"Idempotency-Key": "key-number-1"})
        assert refused.status_code == 503 and refused.headers["Retry-After"] == "1"
    server.sql("postgres", f"alter database {name(url)} reset default_transaction_read_only")
    # What else is asked is asked all the same.
    server.sql(name(url), "update alembic_version set version_num = '0000'")
    with application(url, DATABASE_ACCESS="read") as client:
        assert reason(client) == "the schema is at 0000 and must be at 0001: run the migrations"


def test_a_user_who_may_not_insert_is_not_ready(server: Server, url: str) -> None:
    server.sql(name(url), "alter table pledges owner to postgres",
               "grant select on pledges to crowdfund")  # fmt: skip
    with application(url) as client:
        assert reason(client) == "the database's user may not insert into pledges"


def test_a_campaign_that_is_not_there_is_not_ready(url: str) -> None:
    with application(url, CAMPAIGN="castle") as client:
        assert reason(client) == "the database has no campaign 'castle'"
        assert client.get("/").status_code == 404


def test_without_a_database_it_is_live_and_says_that_it_is_not_ready() -> None:
    url = f"postgresql://crowdfund@127.0.0.1:{free_port()}/crowdfund"
    with application(url, DATABASE_POOL_WAIT_SECONDS="1") as client:
        assert "couldn't get a connection" in reason(client)
        answer = client.get("/")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        assert answer.headers["Cache-Control"] == "no-store"
