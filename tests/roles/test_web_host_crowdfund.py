# SPDX-License-Identifier: GPL-3.0-or-later
"""The example application on a real host with a real database: from nothing to pledges."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sandbox.running import CHECKOUT
from tests.roles.conftest import Remote, changed
from tests.roles.databases import Database

pytestmark = pytest.mark.real
EXAMPLE = CHECKOUT / "examples/crowdfund"
MIGRATE = {"role": "database", "tasks": "migrate"}
CENTS = 123400
PLEDGE = {"amount_cents": CENTS, "email": "ada@example.com"}


@pytest.fixture(scope="module")
def artifacts() -> Path:
    """The folder with the artifacts of all versions."""
    for version in "1234":
        subprocess.run(["make", "-C", EXAMPLE, "artifact", f"VERSION={version}"], check=True)
    return EXAMPLE / "dist"


@pytest.fixture(scope="module")
def database(account: Remote) -> Database:
    """A new database, and a host on which there is nothing yet."""
    found = Database(account, "crowdfund")
    found.tell()
    account.launch()
    return found


@pytest.fixture(scope="module")
def bare(database: Database) -> Remote:
    """The host on which there is nothing yet."""
    return database.remote


def variables(bare: Remote, artifacts: Path, version: str = "1") -> dict[str, Any]:
    return {
        "web_host_application": "crowdfund",
        "web_host_release": version,
        "web_host_artifact": str(artifacts / f"crowdfund-{version}.tar.gz"),
        "web_host_packages": ["python3-venv"],
        "web_host_install": "python3 -m venv env && env/bin/pip install --no-index"
        " --find-links vendor --require-hashes --requirement requirements.txt",
        "web_host_start": "env/bin/gunicorn",
        "web_host_live": "/live",
        "web_host_ready": "/ready",
        "web_host_cache_seconds": 1,
        "web_host_database_authorities": bare.site.cloud.facts()["database_ca"],
    }


@pytest.fixture(scope="module")
def checked(bare: Remote, artifacts: Path) -> str:
    """What a check of the bare host printed."""
    return bare.play(variables(bare, artifacts), "--check", "--diff")


@pytest.fixture(scope="module")
def host(database: Database, bare: Remote, artifacts: Path, checked: str) -> Remote:
    """A host that serves version 1, with its schema in the database."""
    assert bare.shell("ls -d /opt/crowdfund /etc/phoenix /etc/nginx 2>/dev/null || :") == ""
    bare.play(variables(bare, artifacts))
    database.configure()
    bare.play(migration(database, "1"), **MIGRATE)
    return bare


def migration(database: Database, version: str) -> dict[str, Any]:
    """What the application's own README says, of a release on the host."""
    return database.migration(
        f"/opt/crowdfund/releases/{version}",
        "app-crowdfund",
        command="env/bin/alembic upgrade head",
        revision="env/bin/alembic current",
    )


def total(host: Remote) -> int:
    return int(json.loads(host.page("/total"))["total_cents"])


def test_a_check_of_a_bare_host_tells_what_would_be_made_and_writes_nothing(
    checked: str, host: Remote
) -> None:
    assert changed(checked) > 15
    assert "Tell what would be installed" in checked
    assert '"python3-venv"' in checked
    assert "upstream application" in checked, "the files that would be there are shown"


def test_the_campaigns_page_is_served_from_the_database(host: Remote) -> None:
    assert json.loads(host.page("/ready"))["status"] == "ready"
    page = host.page("/", "-H", "Accept: text/html")
    assert "<html" in page
    assert "lighthouse" in page


def test_a_pledge_is_kept_and_shown_within_the_time_of_the_cache(host: Remote) -> None:
    before = total(host)
    key = "00000000-0000-4000-8000-000000000001"
    told = ("-H", "Content-Type: application/json", "-H", f"Idempotency-Key: {key}")
    host.page("/pledges", *told, "-d", json.dumps(PLEDGE))
    host.page("/pledges", *told, "-d", json.dumps(PLEDGE))
    host.site.until(lambda: total(host) == before + CENTS)


def test_a_second_run_and_a_check_change_nothing(host: Remote, artifacts: Path) -> None:
    assert changed(host.play(variables(host, artifacts))) == 0
    assert changed(host.play(variables(host, artifacts), "--check", "--diff")) == 0


def test_version_2_and_version_1_again_keep_the_pledges(
    host: Remote, database: Database, artifacts: Path
) -> None:
    before = total(host)
    for version, changes in (("2", 1), ("1", 0)):
        host.play(variables(host, artifacts, version))
        assert changed(host.play(migration(database, version), **MIGRATE)) == changes
        assert json.loads(host.page("/ready"))["version"] == version
        assert total(host) == before


def test_a_release_that_never_becomes_ready_does_not_get_traffic(
    host: Remote, artifacts: Path
) -> None:
    host.play(variables(host, artifacts, "3"))
    assert json.loads(host.page("/live"))["version"] == "3"
    why = "not ready: /ready answers 503"
    host.site.until(lambda: why in host.shell("journalctl -o cat -n 1 -u phoenix-ready"))
    assert host.status("/health/ready") == "503"
    host.play(variables(host, artifacts))
    host.site.until(lambda: host.status("/health/ready") == "200")


def test_a_host_that_was_ready_stays_healthy_while_its_database_is_away(
    host: Remote, database: Database
) -> None:
    assert json.loads(host.page("/health/ready"))["status"] == "live"
    database.stop()
    host.site.until(lambda: host.status("/ready") == "503")
    assert json.loads(host.page("/health/ready"))["status"] == "live"
    database.start()
    host.site.until(lambda: host.status("/ready") == "200")


def test_a_migration_that_fails_half_way_leaves_what_was_there_and_that_serves(
    host: Remote, database: Database, artifacts: Path
) -> None:
    before = total(host)
    host.play(variables(host, artifacts, "4"))
    said = host.fails(migration(database, "4"), **MIGRATE)
    assert "the migration failed. The database is still at 0002." in said
    assert database.logins["migration"]["password"] not in said
    host.play(variables(host, artifacts))
    assert json.loads(host.page("/ready"))["status"] == "ready"
    assert total(host) == before
    left = "select count(*) from pg_tables where tablename = 'currencies'"
    assert database.ask("reader", left) == [[0]]
