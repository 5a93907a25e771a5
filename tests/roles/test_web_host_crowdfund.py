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

pytestmark = pytest.mark.real
EXAMPLE = CHECKOUT / "examples/crowdfund"
OWNER, PASSWORD = "owner", "correct-horse-9"
# What the application's own README says; the variables are what its unit has.
MIGRATE = """
set -aeu
. /etc/phoenix/environment
. /run/phoenix/environment
cd /opt/crowdfund/current
runuser -u app-crowdfund -- env/bin/alembic upgrade head 2>&1
"""
CENTS = 123400
PLEDGE = {"amount_cents": CENTS, "email": "ada@example.com"}


@pytest.fixture(scope="module")
def artifacts() -> Path:
    """The folder with the artifacts of version 1 and 2."""
    for version in "12":
        subprocess.run(["make", "-C", EXAMPLE, "artifact", f"VERSION={version}"], check=True)
    return EXAMPLE / "dist"


@pytest.fixture(scope="module")
def bare(account: Remote) -> Remote:
    """A host on which there is nothing yet, and a database."""
    site = account.site
    rds, database = site.client("rds"), site.group("database")
    pair = {"UserIdGroupPairs": [{"GroupId": account.group}]}
    rule = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, **pair}
    site.client("ec2").authorize_security_group_ingress(GroupId=database, IpPermissions=[rule])
    rds.create_db_subnet_group(
        DBSubnetGroupName="s", DBSubnetGroupDescription="d", SubnetIds=site.subnets["us-east-1"]
    )
    rds.create_db_instance(
        DBInstanceIdentifier="crowdfund",
        DBName="crowdfund",
        Engine="postgres",
        EngineVersion="15",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=20,
        MasterUsername=OWNER,
        MasterUserPassword=PASSWORD,
        DBSubnetGroupName="s",
        VpcSecurityGroupIds=[database],
    )

    def instance() -> dict[str, Any]:
        return dict(rds.describe_db_instances()["DBInstances"][0])

    site.until(lambda: instance()["DBInstanceStatus"] == "available")
    endpoint = instance()["Endpoint"]
    parameters = {"database_endpoint": endpoint["Address"], "database_name": "crowdfund"}
    account.configure({**parameters, "database_port": str(endpoint["Port"])}, OWNER, PASSWORD)
    account.launch()
    return account


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
def host(bare: Remote, artifacts: Path, checked: str) -> Remote:
    """A host that serves version 1, with its schema in the database."""
    assert bare.shell("ls -d /opt/crowdfund /etc/phoenix /etc/nginx 2>/dev/null || :") == ""
    bare.play(variables(bare, artifacts))
    bare.shell(MIGRATE)
    return bare


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


def test_version_2_and_version_1_again_keep_the_pledges(host: Remote, artifacts: Path) -> None:
    before = total(host)
    for version in "21":
        host.play(variables(host, artifacts, version))
        host.shell(MIGRATE)
        assert json.loads(host.page("/ready"))["version"] == version
        assert total(host) == before
