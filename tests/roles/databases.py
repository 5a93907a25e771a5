# SPDX-License-Identifier: GPL-3.0-or-later
"""A database as RDS gives it, with a host in its network from which it is set up."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.catalog import TIERS
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import declared
from ansible_collections.operatingdev.phoenix.plugins.module_utils.tiers.database_access import (
    NONE,
    PARAMETER,
    access,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.tiers.web_role import (
    builder_permissions,
)

from tests.roles.conftest import PATH, Remote
from tests.sandbox.hosts.conftest import HOME

MASTER = "phoenix_owner"
AUTHORITIES = "/etc/phoenix/database-authorities.pem"
SITES = {"home": {"region": HOME, "stands": "home", "cidr": "10.20.0.0/16"}}
# What a test asks the database from the host: {"login", "statements", "more"}; the rows of the last
# statement, or what PostgreSQL says.
ASK = """
import json, sys, psycopg2
given = json.loads(sys.argv[1])
try:
    session = psycopg2.connect(connect_timeout=10, **given["to"])
    session.autocommit = True
    with session.cursor() as cursor:
        for statement in given["statements"]:
            cursor.execute(statement)
        print(json.dumps(cursor.fetchall() if cursor.description else []))
except psycopg2.Error as error:
    print(json.dumps(str(error)))
"""


class Database:
    """A server, its secrets, and what is declared of it."""

    def __init__(self, remote: Remote, name: str, **options: Any) -> None:
        self.remote, self.name = remote, name
        self.access = declare(name, **options)
        users = {
            "application": f"{name}_application_a",
            "database": MASTER,
            "migration": f"{name}_migration_a",
            "reader": f"{name}_reader_a",
        }
        # Signs that mean something to a shell, to libpq and to SQL.
        self.logins = {
            login: {"username": user, "password": f"{login} 'p:a\\w$\"d%{login}"}
            for login, user in users.items()
        }
        self.logins["database"]["password"] = "correct-horse-9"
        self.server = self._server()

    def _server(self) -> dict[str, str]:
        site = self.remote.site
        rds, group = site.client("rds"), site.group("database")
        pair = {"UserIdGroupPairs": [{"GroupId": self.remote.group}]}
        rule = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, **pair}
        site.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
        rds.create_db_subnet_group(
            DBSubnetGroupName="s", DBSubnetGroupDescription="d", SubnetIds=site.subnets[HOME]
        )
        rds.create_db_parameter_group(
            DBParameterGroupName="p", DBParameterGroupFamily="postgres15", Description="d"
        )
        forced = {"ParameterName": "rds.force_ssl", "ParameterValue": "1"}
        rds.modify_db_parameter_group(
            DBParameterGroupName="p", Parameters=[{**forced, "ApplyMethod": "immediate"}]
        )
        rds.create_db_instance(
            DBInstanceIdentifier=self.name,
            DBName=self.name,
            Engine="postgres",
            EngineVersion="15",
            DBInstanceClass="db.t4g.micro",
            AllocatedStorage=20,
            MasterUsername=MASTER,
            MasterUserPassword=self.logins["database"]["password"],
            DBSubnetGroupName="s",
            DBParameterGroupName="p",
            VpcSecurityGroupIds=[group],
        )

        endpoint = self._until("available")["Endpoint"]
        return {"host": endpoint["Address"], "port": str(endpoint["Port"])}

    def _until(self, status: str) -> dict[str, Any]:
        rds = self.remote.site.client("rds")

        def instance() -> dict[str, Any]:
            return dict(rds.describe_db_instances()["DBInstances"][0])

        self.remote.site.until(lambda: instance()["DBInstanceStatus"] == status)
        return instance()

    def stop(self) -> None:
        """Nobody answers any more."""
        rds = self.remote.site.client("rds")
        rds.stop_db_instance(DBInstanceIdentifier=self.name)
        self._until("stopped")

    def start(self) -> None:
        """It answers again."""
        rds = self.remote.site.client("rds")
        rds.start_db_instance(DBInstanceIdentifier=self.name)
        self._until("available")

    def tell(self) -> None:
        """What an environment has of it: parameters and secrets."""
        secrets, ssm = (self.remote.site.client(name) for name in ("secretsmanager", "ssm"))
        for login, value in self.logins.items():
            name = self.access["secrets"][login]
            secrets.create_secret(Name=name, SecretString=json.dumps(value))
        parameters = {
            "application_secret": self.access["secrets"]["application"],
            "database_endpoint": self.server["host"],
            "database_port": self.server["port"],
            "database_name": self.name,
            PARAMETER: NONE,
        }
        for name, value in parameters.items():
            ssm.put_parameter(Name=f"{PATH}/{name}", Value=value, Type="String")

    def recorded(self) -> str:
        """What is written down of what it was set up with."""
        ssm = self.remote.site.client("ssm")
        return str(ssm.get_parameter(Name=f"{PATH}/{PARAMETER}")["Parameter"]["Value"])

    def variables(self, **more: Any) -> dict[str, Any]:
        """Those of role database."""
        return {
            "database_access": self.access,
            "database_path": PATH,
            "database_region": HOME,
            **more,
        }

    def configure(self, *words: str) -> str:
        """What the play that sets it up printed."""
        return self.remote.play(self.variables(), *words, role="database", tasks="configure")

    def migration(self, folder: str, user: str, **more: Any) -> dict[str, Any]:
        """The variables for a migration."""
        told = {"folder": folder, "user": user, "secret": self.access["secrets"]["migration"]}
        return self.variables(database_migration={"who": "tests", **told, **more})

    def target(self, who: Mapping[str, str]) -> dict[str, str]:
        """By what psycopg2 connects as somebody."""
        return {
            **self.server,
            "dbname": self.name,
            "user": who["username"],
            "password": who["password"],
            "sslmode": "verify-full",
            "sslrootcert": AUTHORITIES,
        }

    def ask(self, login: str | Mapping[str, str], *statements: str, **more: str) -> Any:
        """Rows of the last statement, or what the server says of what it refuses."""
        who = self.logins[login] if isinstance(login, str) else login
        told = json.dumps({"to": {**self.target(who), **more}, "statements": statements})
        site = self.remote.site
        return json.loads(site.inside(self.remote.number, "python3", "-c", ASK, told))


@contextmanager
def prepared(account: Remote, name: str, **options: Any) -> Iterator[Database]:
    """A new database, and a host on which there is nothing but the authorities.

    It may do in the account what the role of a site's builder may, and nothing else.
    """
    found = Database(account, name, **options)
    found.tell()
    cloud, scope = account.site.cloud, Scope("production", "home", HOME, "123456789012")
    key = scope.arn("kms", "key/*")
    policy = json.dumps(builder_permissions(scope, scope), default=lambda _ref: key)
    account.site.client("iam").put_role_policy(
        RoleName="web", PolicyName="builder", PolicyDocument=policy
    )
    cloud.enforce_permissions()
    account.launch()
    authorities = Path(cloud.facts()["database_ca"]).read_text(encoding="ascii")
    account.shell(f"mkdir -p /etc/phoenix && cat > {AUTHORITIES} <<'EOF'\n{authorities}EOF")
    yield found
    cloud.enforce_permissions(False)


def declare(name: str, **options: Any) -> dict[str, Any]:
    """What is declared to be within a database of this name."""
    task = declared(
        {
            "environment": "production",
            "account_id": "123456789012",
            "sites": SITES,
            "site": "home",
            "database_name": name,
            "database_user": MASTER,
            "traffic": {"domain": "shop.example.com"},
            "database": options,
            "web_tier": {"max_size": 2},
        },
        TIERS,
    )
    return access(task.site, task.options["database"], task.options["web_tier"])
