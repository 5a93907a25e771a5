# SPDX-License-Identifier: GPL-3.0-or-later
"""A PostgreSQL server of this machine in a folder of its own, with a master user as RDS has it."""

from __future__ import annotations

import io
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from ansible_collections.operatingdev.phoenix.plugins.module_utils.masking.session import Connected

DEBIAN = Path("/usr/lib/postgresql")
MASTER, OWNER = "phoenix_owner", "shop"
SETTINGS = (
    "listen_addresses=127.0.0.1 unix_socket_directories= fsync=off full_page_writes=off "
    "max_wal_size=4GB shared_buffers=256MB jit=off"
)


def installed() -> Path | None:
    """Where the programs of a server are, None where there are none."""
    return max((path.parent for path in DEBIAN.glob("*/bin/initdb")), default=None)


class Session(Connected):
    """One that also writes a whole table as text, and reads it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_what: object) -> None:
        self.close()

    def dump(self, query: str) -> str:
        text = io.StringIO()
        with self._connection.cursor() as cursor:
            cursor.copy_expert(f"copy ({query}) to stdout", text)
        return text.getvalue()

    def load(self, table: str, text: str) -> None:
        with self._connection.cursor() as cursor:
            cursor.copy_expert(f"copy {table} from stdin", io.StringIO(text))


class Server:
    """Whose databases are made by `database`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        programs = installed()
        if programs is None:
            raise FileNotFoundError(
                "PostgreSQL's server is not installed: apt-get install postgresql"
            )
        self.programs = programs
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def program(self, name: str, *words: str) -> None:
        """One of PostgreSQL's, which refuses to be root's. Raises CalledProcessError."""
        user = None if os.geteuid() else "postgres"
        subprocess.run(
            [self.programs / name, *words],
            check=True,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            user=user,
            group=user,
        )

    def connect(self, database: str, user: str = MASTER) -> Session:
        return Session(host="127.0.0.1", port=self.port, dbname=database, user=user)

    def database(self, name: str) -> str:
        """A new one, of the owner of the application, in which the master user has his rights."""
        admin = self.connect("postgres", "postgres")
        admin.run(f'drop database if exists "{name}"')
        admin.run(f'create database "{name}" owner {OWNER}')
        admin.close()
        return name


@contextmanager
def serving() -> Iterator[Server]:
    """A server, which is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="phoenix-masking-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    server = Server(folder)
    data = str(folder / "data")
    try:
        server.program("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N")
        options = " ".join(f"-c {one}" for one in SETTINGS.split(" "))
        started: Any = ("-l", str(folder / "log"), "-o", f"{options} -c port={server.port}")
        server.program("pg_ctl", "start", "-D", data, "-w", "-s", *started)
        try:
            admin = server.connect("postgres", "postgres")
            admin.run(f"create role {MASTER} login createdb createrole")
            admin.run(f"create role {OWNER}")
            admin.run(f"grant {OWNER} to {MASTER}")
            admin.run(f"grant set on parameter session_replication_role to {MASTER}")
            admin.close()
            yield server
        finally:
            server.program("pg_ctl", "stop", "-D", data, "-m", "immediate", "-s")
    finally:
        shutil.rmtree(folder)
