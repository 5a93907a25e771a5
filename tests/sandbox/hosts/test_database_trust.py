# SPDX-License-Identifier: GPL-3.0-or-later
"""A host trusts its database by the authority that the sandbox names, as by RDS's bundle."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from sandbox.ground.commands import CommandFailed

pytestmark = pytest.mark.real
PASSWORD = "correct-horse-9"
INSTALL = "DEBIAN_FRONTEND=noninteractive apt-get -qq --no-install-recommends"


def test_psql_in_a_host_verifies_the_database_in_full(site: Any, folder: Path) -> None:
    rds, ec2 = site.client("rds"), site.client("ec2")
    site.gateway()
    builder, database = site.group("builder"), site.group("database")
    pair = {"UserIdGroupPairs": [{"GroupId": builder}]}
    rule = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, **pair}
    ec2.authorize_security_group_ingress(GroupId=database, IpPermissions=[rule])
    rds.create_db_subnet_group(
        DBSubnetGroupName="s", DBSubnetGroupDescription="d", SubnetIds=site.subnets["us-east-1"]
    )
    rds.create_db_instance(
        DBInstanceIdentifier="a-name-so-long-that-its-endpoint-is-no-common-name",
        DBName="shop",
        Engine="postgres",
        EngineVersion="15",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=20,
        MasterUsername="owner",
        MasterUserPassword=PASSWORD,
        DBSubnetGroupName="s",
        VpcSecurityGroupIds=[database],
    )
    number = site.public(builder)
    site.up(number)
    site.shell(number, f"({INSTALL} update && {INSTALL} install --yes postgresql-client) 2>&1")
    site.until(lambda: one(rds)["DBInstanceStatus"] == "available")
    endpoint = one(rds)["Endpoint"]["Address"]

    authority = Path(site.cloud.facts()["database_ca"])
    for name, place in (("right", authority), ("wrong", folder / "acm-ca.pem")):
        text = base64.b64encode(place.read_bytes()).decode()
        site.shell(number, f"echo {text} | base64 -d > /root/{name}.pem")

    def ask(host: str, trusted: str = "right") -> str:
        trust = f"sslmode=verify-full sslrootcert=/root/{trusted}.pem"
        words = f"host={host} dbname=shop user=owner {trust}"
        question = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        return str(
            site.shell(number, f"PGPASSWORD={PASSWORD} psql -Atc '{question}' '{words}' 2>&1")
        )

    assert ask(endpoint) == "t"
    with pytest.raises(CommandFailed, match="certificate verify failed"):
        ask(endpoint, "wrong")
    # The same server by a name that is not its own.
    site.shell(number, f"echo $(getent hosts {endpoint} | cut -d' ' -f1) other >> /etc/hosts")
    with pytest.raises(CommandFailed, match='does not match host name "other"'):
        ask("other")


def one(rds: Any) -> dict[str, Any]:
    return dict(rds.describe_db_instances()["DBInstances"][0])
