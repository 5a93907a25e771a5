# SPDX-License-Identifier: GPL-3.0-or-later
"""A real PostgreSQL server in a temporary folder, on loopback, without root."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

# Where Debian and Ubuntu keep the programs of a server, which are not on anybody's PATH.
DEBIAN = Path("/usr/lib/postgresql")
SUPERUSER = "postgres"


class NoServer(RuntimeError):
    """What is missing, and how to get it."""


def programs() -> Path:
    """The folder with the programs of a server. Raises NoServer."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    for folder in sorted(DEBIAN.glob("*/bin"), key=lambda path: float(path.parent.name)):
        if (folder / "initdb").exists():
            return folder
    raise NoServer("PostgreSQL's server is not installed; on Debian: apt-get install postgresql")


def free_port() -> int:
    """A port of loopback that nobody has now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def user() -> dict[str, Any]:
    """As whom the server runs: PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise NoServer("root can't run PostgreSQL, and there is no user nobody")


class Server:
    """A server from its first start to its removal."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()

    def command(self, name: str, *arguments: str | Path) -> None:
        """Run one of PostgreSQL's programs. Raises CalledProcessError, with its output above."""
        # What a server leaves open is not waited for: its output goes to a file.
        log = self.folder.with_suffix(".log")
        with log.open("ab") as output:
            done = subprocess.run(
                [programs() / name, *arguments],
                cwd="/",
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=False,
                **user(),
            )
        if done.returncode:
            print(log.read_text(encoding="utf-8"))
        done.check_returncode()

    def create(self) -> None:
        """Make its data."""
        self.command(
            "initdb", f"--pgdata={self.folder}", f"--username={SUPERUSER}", "--auth=trust",
            "--encoding=UTF8", "--no-sync", "--no-instructions",
        )  # fmt: skip
        # Nothing here outlives the tests, so nothing has to reach the disk.
        self.configure(listen_addresses="127.0.0.1", unix_socket_directories="", fsync="off")

    def configure(self, **settings: str) -> None:
        """Settings that hold from the next start."""
        with (self.folder / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())

    def put(self, name: str, content: bytes) -> None:
        """A file of its own among its data, which nobody else may read."""
        path = self.folder / name
        path.touch(0o600)
        path.write_bytes(content)
        if as_user := user():
            os.chown(path, as_user["user"], as_user["group"])

    def start(self) -> None:
        """Start it; it accepts connections when this returns."""
        self.configure(port=str(self.port))
        self.command("pg_ctl", "start", f"--pgdata={self.folder}", "--wait", "--silent")

    def stop(self) -> None:
        """Stop it at once, as if it had died."""
        self.command("pg_ctl", "stop", f"--pgdata={self.folder}", "--mode=immediate", "--silent")

    def promote(self) -> None:
        """Make a standby a primary."""
        self.command("pg_ctl", "promote", f"--pgdata={self.folder}", "--wait", "--silent")

    def copy_to(self, standby: Server) -> None:
        """Make another server's data: a copy of this one, which follows it."""
        self.command(
            "pg_basebackup", f"--dbname={self.url('postgres', SUPERUSER)}",
            f"--pgdata={standby.folder}", "--write-recovery-conf", "--checkpoint=fast", "--no-sync",
        )  # fmt: skip

    def url(self, database: str, user: str = "crowdfund", port: int | None = None) -> str:
        """Where a database of it is, over loopback."""
        return f"postgresql://{user}@127.0.0.1:{port or self.port}/{database}"

    def sql(self, database: str, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements as the superuser; the rows of the last one."""
        rows: list[tuple[Any, ...]] = []
        with psycopg.connect(self.url(database, SUPERUSER), autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement.encode())
                rows = cursor.fetchall() if cursor.description else []
        return rows


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that the server's user may enter, gone afterwards."""
    made = Path(tempfile.mkdtemp(prefix="crowdfund-"))
    try:
        if as_user := user():
            os.chown(made, as_user["user"], as_user["group"])
        yield made
    finally:
        shutil.rmtree(made)


@contextmanager
def running() -> Iterator[Server]:
    """A server with the role crowdfund, which may make databases and is no superuser."""
    with folder() as parent:
        server = Server(parent / "data")
        server.create()
        server.start()
        try:
            server.sql("postgres", "create role crowdfund login createdb")
            yield server
        finally:
            if (server.folder / "postmaster.pid").exists():
                server.stop()
