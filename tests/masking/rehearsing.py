# SPDX-License-Identifier: GPL-3.0-or-later
"""A masked copy, and the program that rehearses migrations on it, as it runs on a host.

The login of migrations has the rights and settings that role database gives it, the server speaks
TLS, and where it is and what its secret holds the program reads from an emulated account.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import boto3
from ansible_collections.operatingdev.phoenix.plugins.module_utils.masking.task import (
    done_mark,
    marking,
)

from sandbox.ground.authority import Authority
from sandbox.running import CHECKOUT, running
from tests.masking.server import OWNER, Server

COPY = "staging-20261129-101500"
REGION, PATH, SECRET = "us-east-1", "/staging/home", "staging/home/migration"
NAME = "rehearsed"
LOGIN = f"{OWNER}_migration_a"
PASSWORD = "p'a\\w$\"d%migration"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "not-a-secret"}
SCHEMA = """
create table customers (id int primary key, email text not null);
insert into customers select n, 'ada' || n || '@example.com' from generate_series(1, 20) as n;
create table orders (
    id int primary key, customer int not null references customers, total int not null
);
insert into orders select n, 1 + n % 20, n from generate_series(1, 1000) as n;
create function slowly(int) returns int immutable language plpgsql
    as 'begin perform pg_sleep(0.02); return $1; end';
create table migrations (name text primary key);
insert into migrations values ('0.sql')
"""
# The programs, where the authorities of the server are a file of the test's.
PROGRAM = """
import json, sys
sys.path[:0] = sys.argv[2:]
import migrate, rehearse
migrate.AUTHORITIES = sys.argv[1]
migrate.main(json.load(sys.stdin)"""
REHEARSE, MIGRATE = f"{PROGRAM}, rehearse.rehearse)", f"{PROGRAM})"
FILES = ("roles/database/files", "roles/web_host/files")


class Ended(NamedTuple):
    """How a rehearsal ended. told: what it printed, {} for nothing."""

    code: int
    told: dict[str, Any]
    said: str


class Rehearsed:
    """A copy, of one server for all of them."""

    def __init__(self, server: Server, endpoint: str, authorities: Path, folder: Path) -> None:
        self.server, self._endpoint = server, endpoint
        self._authorities, self._folder = authorities, folder
        self.name = server.database(NAME)
        with server.connect(self.name) as session:
            session.run(f"set role {OWNER}")
            session.run(SCHEMA)
            session.run("analyze customers, orders")
        self.mark(done_mark(COPY))

    def remove(self) -> None:
        """A server with a database that is no copy fails the proof of any other."""
        with self.server.connect("postgres", "postgres") as admin:
            admin.run(f'drop database "{self.name}" with (force)')

    def mark(self, text: str) -> None:
        """What the database says of itself."""
        with self.server.connect(self.name, "postgres") as admin:
            admin.run(marking(self.name, text))

    def value(self, query: str) -> Any:
        with self.server.connect(self.name, "postgres") as admin:
            return next(iter(admin.rows(query)[0].values()))

    def rehearse(self, sql: str, program: str = REHEARSE, **more: str) -> Ended:
        """A migration that is this file for psql, which writes its name into a table."""
        (self._folder / "1.sql").write_text(
            f"{sql};\ninsert into migrations values ('1.sql');\n", encoding="utf-8"
        )
        given = {
            "path": PATH,
            "region": REGION,
            "secret": SECRET,
            "folder": str(self._folder),
            "user": "root",
            "command": "psql -qXv ON_ERROR_STOP=1 -f 1.sql",
            "revision": "psql -qXAtc 'select max(name) from migrations'",
            "release": "",
            "wait_seconds": 5,
            "who": "tests",
            "copy": COPY,
            **more,
        }
        done = subprocess.run(
            [sys.executable, "-I", "-c", program, str(self._authorities)]
            + [str(CHECKOUT / folder) for folder in FILES],
            input=json.dumps(given),
            env={"PATH": os.defpath, "AWS_ENDPOINT_URL": self._endpoint, **KEYS},
            capture_output=True,
            text=True,
            check=False,
        )
        assert PASSWORD not in done.stdout + done.stderr
        told: dict[str, Any] = json.loads(done.stdout) if done.stdout else {}
        return Ended(done.returncode, told, done.stderr)


@contextmanager
def login(server: Server) -> Iterator[None]:
    """That of migrations, as role database makes it."""
    with server.connect("postgres", "postgres") as admin:
        admin.run(f"create role {LOGIN} login connection limit 5 in role {OWNER}")
        for name, value in {"role": OWNER, "statement_timeout": "1h", "lock_timeout": "5s"}.items():
            admin.run(f"alter role {LOGIN} set {name} = '{value}'")
    yield
    with server.connect("postgres", "postgres") as admin:
        admin.run(f"drop role {LOGIN}")


@contextmanager
def over_tls(server: Server, folder: Path) -> Iterator[Path]:
    """The file of the authority of its certificate, while the server has one."""
    authority = Authority("a shop's databases")
    certificate, key = authority.issue("localhost", ["localhost"])
    (folder / "authority.pem").write_bytes(authority.certificate)
    for name, content in (("server.crt", certificate), ("server.key", key)):
        place = server.folder / name
        place.touch(mode=0o600)
        place.write_bytes(content)
        shutil.chown(place, "postgres", "postgres")
    files = {"ssl_cert_file": "server.crt", "ssl_key_file": "server.key"}
    with server.connect("postgres", "postgres") as admin:
        for setting, name in files.items():
            admin.run(f"alter system set {setting} = '{server.folder / name}'")
    _switch(server, "on")
    yield folder / "authority.pem"
    _switch(server, "off")


def _switch(server: Server, ssl: str) -> None:
    with server.connect("postgres", "postgres") as admin:
        admin.run(f"alter system set ssl = {ssl}")
        admin.run("select pg_reload_conf()")
    while True:
        with server.connect("postgres", "postgres") as admin:
            if admin.rows("show ssl")[0]["ssl"] == ssl:
                return
        time.sleep(0.05)


@contextmanager
def account(server: Server) -> Iterator[str]:
    """Where an emulated account answers that has of this database what an environment has."""
    values = {"endpoint": "localhost", "port": str(server.port), "name": NAME}
    with running() as cloud:
        tell(cloud.endpoint, {f"database_{what}": value for what, value in values.items()})
        yield cloud.endpoint


def tell(endpoint: str, parameters: Mapping[str, str]) -> None:
    """What an environment has of its database."""
    keys = {name.lower(): value for name, value in KEYS.items()}
    how: Any = {"region_name": REGION, "endpoint_url": endpoint, **keys}
    secret = json.dumps({"username": LOGIN, "password": PASSWORD})
    boto3.client("secretsmanager", **how).create_secret(Name=SECRET, SecretString=secret)
    ssm = boto3.client("ssm", **how)
    for name, value in parameters.items():
        ssm.put_parameter(Name=f"{PATH}/{name}", Value=value, Type="String")
