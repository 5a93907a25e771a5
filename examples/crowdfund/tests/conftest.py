# SPDX-License-Identifier: GPL-3.0-or-later
"""A server for all tests, and a migrated database for each."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from flask import Flask
from flask.testing import FlaskClient

from crowdfund.app import create_app
from crowdfund.settings import read_settings
from tests.postgres import Server, running
from tests.processes import alembic

NUMBERS = count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server for databases that no test takes away."""
    with running() as started:
        yield started


def make_database(server: Server, template: str = "template1") -> str:
    """A database that belongs to the role crowdfund; its URL."""
    name = f"crowdfund_{next(NUMBERS)}"
    server.sql("postgres", f"create database {name} owner crowdfund template {template}")
    return server.url(name)


@pytest.fixture(scope="session")
def migrated(server: Server) -> str:
    """The name of a database that is migrated, to be copied."""
    url = make_database(server)
    done = alembic("upgrade", "head", url=url)
    assert done.returncode == 0, done.stderr
    return url.rpartition("/")[2]


@pytest.fixture
def empty(server: Server) -> str:
    """The URL of a database without a schema."""
    return make_database(server)


@pytest.fixture
def url(server: Server, migrated: str) -> str:
    """The URL of a database with version 1's schema and its first campaign."""
    return make_database(server, migrated)


@pytest.fixture(scope="session")
def app(server: Server, migrated: str) -> Iterator[Flask]:
    """The application on a database of its own, in this process."""
    made = create_app(read_settings({"DATABASE_URL": make_database(server, migrated)}))
    yield made
    made.extensions["database"].close()


@pytest.fixture
def client(server: Server, app: Flask) -> FlaskClient:
    """Sends requests to it; there is no pledge yet."""
    name = app.extensions["settings"].database_url.rpartition("/")[2]
    server.sql(name, "truncate pledges")
    return app.test_client()
