# SPDX-License-Identifier: GPL-3.0-or-later
"""A database with a replica, and a host that runs the programs of an operation against either."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import yaml

from sandbox.ground.commands import CommandFailed
from sandbox.running import CHECKOUT
from tests.roles.conftest import PATH, Remote
from tests.roles.databases import Database, prepared
from tests.sandbox.hosts.conftest import HOME

ROLE = CHECKOUT / "roles/dr_site"
PROGRAMS = "/usr/local/lib/phoenix"
COPY = "near"
# What a container's own user may do in its server: all.
ADMIN = ("psql", "--host=/instance/socket", "--username=rdsadmin")
# A session that stays until the test says stop: it logs in, tells so, and then writes down whether
# each statement that it is given by a file goes well.
SESSION = """
import json, os, pathlib, psycopg2, sys, time
target, name = json.loads(sys.argv[1]), sys.argv[2]
session = psycopg2.connect(connect_timeout=10, **target)
session.autocommit = True
place = pathlib.Path("/var/tmp/session") / name
place.mkdir(parents=True, exist_ok=True)
(place / "ready").touch()
while not (place / "stop").exists():
    for asked in place.glob("*.sql"):
        try:
            with session.cursor() as cursor:
                cursor.execute(asked.read_text())
            said = "done"
        except psycopg2.Error as error:
            said = str(error)
        asked.unlink()
        asked.with_suffix(".new").write_text(said)
        asked.with_suffix(".new").rename(asked.with_suffix(".said"))
    time.sleep(0.02)
"""


class Recovering:
    """The programs of the role, installed as its tasks have it, and two servers."""

    def __init__(self, database: Database) -> None:
        self.database, self.remote = database, database.remote
        self.site = database.remote.site
        self._install()
        self.copy = self._copy()
        ssm = self.site.client("ssm")
        values = {"endpoint": self.copy, "port": database.server["port"]}
        for name, value in values.items():
            ssm.put_parameter(Name=f"{PATH}/{COPY}/database_{name}", Value=value, Type="String")

    def _install(self) -> None:
        variables = yaml.safe_load((ROLE / "vars/main.yml").read_text("utf-8"))
        for name in variables["dr_site_sources"]:
            self.put(f"{PROGRAMS}/{name}", (ROLE / "files" / name).read_text("utf-8"))
        self.put("/var/tmp/session.py", SESSION)

    def _copy(self) -> str:
        rds = self.site.client("rds")
        [source] = rds.describe_db_instances()["DBInstances"]
        groups = [it["VpcSecurityGroupId"] for it in source["VpcSecurityGroups"]]
        rds.create_db_instance_read_replica(
            DBInstanceIdentifier=COPY,
            SourceDBInstanceIdentifier=self.database.name,
            VpcSecurityGroupIds=groups,
        )
        self.until_available()
        return str(self.instance()["Endpoint"]["Address"])

    def instance(self) -> dict[str, Any]:
        """The copy, as the API tells it."""
        found = self.site.client("rds").describe_db_instances(DBInstanceIdentifier=COPY)
        return dict(found["DBInstances"][0])

    def until_available(self) -> None:
        self.site.until(lambda: self.instance()["DBInstanceStatus"] == "available")

    def put(self, path: str, content: str) -> None:
        """A file on the host."""
        name = self.site.identity.name(self.remote.number)
        self.site.podman("exec", "-i", name, "sh", "-c", f"cat > '{path}'", given=content)

    def told(self, copy: bool = False, **more: Any) -> dict[str, Any]:
        """What the role tells a program."""
        access = self.database.access
        return {
            "path": f"{PATH}/{COPY}" if copy else PATH,
            "region": HOME,
            "database": self.database.name,
            "secrets": access["secrets"],
            "operation": "op1",
            "accept_unfenced": False,
            "owner": access["owner"],
            "gap": 1000,
            "users": access["users"],
            "roles": access["roles"],
            "rotate": ["application", "migration", "reader"],
            "folder": "/var/tmp/orphans",
            **more,
        }

    def run(self, what: str, **more: Any) -> dict[str, Any]:
        """What a program found. Raises CommandFailed."""
        self.put("/var/tmp/told", json.dumps(self.told(**more)))
        command = f"python3 -I {PROGRAMS}/recovery.py {what} < /var/tmp/told"
        found: dict[str, Any] = json.loads(
            self.remote.shell(f"set -a; . /etc/environment; {command}")
        )
        return found

    def refused(self, what: str, **more: Any) -> str:
        """Why a program would not go on."""
        try:
            found = self.run(what, **more)
        except CommandFailed as failed:
            return " ".join(failed.output.split())
        raise AssertionError(f"{what} did it: {found}")

    def ask(self, login: Any, *statements: str, copy: bool = False) -> Any:
        """Rows of the last statement, or what the server says of what it refuses."""
        where = {"host": self.copy} if copy else {}
        return self.database.ask(login, *statements, **where)

    def user(self, name: str) -> dict[str, str]:
        """The login of the first user, e.g. `application`."""
        return self.database.logins[name]

    def order(self, statement: str, *, copy: bool) -> None:
        """Something that only the superuser of a server may do."""
        name = COPY if copy else self.database.name
        [place] = [it["container"] for it in self.site.cloud.databases() if it["name"] == name]
        database = f"--dbname={self.database.name}"
        self.site.podman("exec", place, *ADMIN, database, f"--command={statement}")

    def cut(self) -> None:
        """The copy gets no more of what the other server writes."""
        self.order("alter system set primary_conninfo = 'host=127.0.0.1 port=1'", copy=True)
        self.order("select pg_reload_conf()", copy=True)
        streaming = "select count(*) from pg_stat_wal_receiver where status = 'streaming'"
        self.site.until(lambda: self.ask("database", streaming, copy=True) == [[0]])

    def reboot(self) -> None:
        """Restart the copy."""
        self.site.client("rds").reboot_db_instance(DBInstanceIdentifier=COPY)
        self.until_available()

    def promote(self) -> None:
        """The copy is a server of its own from here on."""
        self.site.client("rds").promote_read_replica(DBInstanceIdentifier=COPY)
        self.site.until(lambda: "ReadReplicaSourceDBInstanceIdentifier" not in self.instance())
        self.until_available()

    @contextmanager
    def session(self, name: str, login: str, *, copy: bool = False) -> Iterator[Session]:
        """Somebody who is logged in."""
        target = self.database.target(self.user(login))
        found = Session(self, name, {**target, "host": self.copy} if copy else target)
        yield found
        found.stop()


class Session:
    """One that stays open on the host."""

    def __init__(self, recovering: Recovering, name: str, target: dict[str, str]) -> None:
        self._shell, self._until = recovering.remote.shell, recovering.site.until
        self.name, self.place = name, f"/var/tmp/session/{name}"
        self.start("session", json.dumps(target), name)
        self._until(lambda: self.exists("ready"))

    def start(self, program: str, *words: str) -> None:
        told = " ".join("'" + word.replace("'", "'\\''") + "'" for word in words)
        unit = f"--unit={program}-{self.name}"
        self._shell(f"systemd-run --collect {unit} python3 /var/tmp/{program}.py {told}")

    def exists(self, name: str) -> bool:
        return self._shell(f"ls {self.place}/{name} 2>/dev/null || :") != ""

    def asks(self, statement: str) -> str:
        """Begin with a statement; its number."""
        number = str(time.monotonic_ns())
        self._shell(
            f"cat > {self.place}/{number}.new <<'EOF'\n{statement}\nEOF\n"
            f"mv {self.place}/{number}.new {self.place}/{number}.sql"
        )
        return number

    def says(self, statement: str) -> str:
        """ "done", or what went wrong."""
        number = self.asks(statement)
        self._until(lambda: self.exists(f"{number}.said"))
        return self._shell(f"cat {self.place}/{number}.said")

    def stop(self) -> None:
        self._shell(
            f"touch {self.place}/stop; while systemctl -q is-active session-{self.name}; "
            f"do sleep 0.1; done; rm -rf {self.place}"
        )


@contextmanager
def recovering(account: Remote) -> Iterator[Recovering]:
    """A database that is set up, and its copy."""
    with prepared(account, "shop") as database:
        database.configure()
        yield Recovering(database)
