# SPDX-License-Identifier: GPL-3.0-or-later
"""One PostgreSQL server: a container in a namespace of its own, with its files outside of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pg8000.native import Connection

from sandbox.databases.connection import Trouble, connected, value
from sandbox.databases.ground import Ground, erase, own, write
from sandbox.databases.interface import BadSettings
from sandbox.databases.network import BACKBONE
from sandbox.databases.orders import Instance
from sandbox.databases.settings import (
    ADMIN,
    ARCHIVE,
    HOME,
    SNAPSHOTS,
    Primary,
    Recovery,
    pg_hba,
    pg_ident,
    postgresql_conf,
)
from sandbox.ground import namespaces

_PATIENCE = 180.0  # real seconds until a server must answer
_STOP = 30  # seconds that a server has to end by itself
_SETTINGS_REFUSED = "contains errors"  # of a configuration file, as PostgreSQL puts it
INITDB = (
    f"initdb --pgdata=data --username={ADMIN} --auth=peer --encoding=UTF8 "
    "--locale=en_US.UTF-8 --wal-segsize=1 --no-sync --no-instructions"
)

# Names in pg_controldata, which has the primary's values, and in the configuration. A standby must
# not have less of these than its primary, or it serves nobody ("Administrator's Overview" of hot
# standby in PostgreSQL's manual), and may be of a smaller class. Looked up at each start: by then
# the primary may have more.
_AT_LEAST = {
    "max_connections": "max_connections",
    "max_worker_processes": "max_worker_processes",
    "max_wal_senders": "max_wal_senders",
    "max_prepared_xacts": "max_prepared_transactions",
    "max_locks_per_xact": "max_locks_per_transaction",
}
STANDBY = f"""least=
if [ -e data/standby.signal ]; then
    for pair in {" ".join(f"{told}:{name}" for told, name in _AT_LEAST.items())}; do
        needed=$(pg_controldata data | sed -n "s/^${{pair%:*}} setting: *//p")
        own=$(postgres -D data -c config_file={HOME}/conf/postgresql.conf -C ${{pair#*:}})
        if [ "$own" -lt "$needed" ]; then least="$least -c ${{pair#*:}}=$needed"; fi
    done
fi
"""


class ServerFailed(RuntimeError):
    """A server that does not run as it should; the last lines of its log are the message."""


class Server:
    """A server, from its first start to its removal. Used by one thread at a time."""

    def __init__(self, ground: Ground, instance: Instance) -> None:
        self.ground = ground
        self.instance = instance
        self.folder = ground.instance(instance.region, instance.resource_id)
        short = instance.resource_id.removeprefix("db-")[:12].lower()
        self.name = ground.identity.name("db", short)
        self.primary: Primary | None = None
        self.source = ""  # the server that it follows
        self.apply_delay = 0.0
        self.furnished = False  # whether its roles and databases are there
        self._process = 0

    @property
    def alive(self) -> bool:
        """Whether its first process is there."""
        return bool(self._process) and Path(f"/proc/{self._process}").exists()

    def place(self) -> None:
        """Make its namespace and folders, and join it to its two networks."""
        for part in ("", "conf", "socket"):
            own(self.folder / part)
        region = self.instance.region
        own(self.ground.archive(region, self.instance.resource_id))
        own(self.ground.snapshots(region))
        namespaces.create(self.name)
        self.ground.backbone.attach(self.name, region)
        self.join()

    def join(self) -> None:
        """Give it its address in its VPC, and certificates with its names."""
        where = self.instance.place
        self.ground.network.detach(self.name)
        self.ground.network.attach(self.name, where.vpc_id, where.address)
        self.identify()

    def identify(self) -> None:
        """Give it certificates with the names and addresses that it has now."""
        names = (
            self.instance.endpoint,
            self.instance.place.address,
            self.ground.backbone.address(self.name),
        )
        conf = self.folder / "conf"
        owner = conf.stat().st_uid
        self.ground.certificates.equip(conf, self.instance.region, names, owner)

    def configure(self, recovery: Recovery | None = None) -> None:
        """Write its configuration; it is in force after `reload` or a restart."""
        conf = self.folder / "conf"
        text = postgresql_conf(
            self.instance, self.ground.engine, self.primary, recovery, self.apply_delay
        )
        write(conf / "postgresql.conf", text)
        write(conf / "pg_hba.conf", pg_hba(self.instance, BACKBONE))
        write(conf / "pg_ident.conf", pg_ident())

    def create(self, making: str) -> None:
        """Start it for the first time; `making` is the shell command that makes its data."""
        # All into one stream: `podman logs` keeps two apart.
        script = f"""set -e
exec 2>&1
cd {HOME}
if [ ! -e made ]; then
    rm -rf data
    {making}
    touch made
fi
{STANDBY}exec postgres -D data -c config_file={HOME}/conf/postgresql.conf $least
"""
        write(self.folder / "start", script)
        region = self.instance.region
        mounts = {
            self.folder: HOME,
            self.ground.archive(region, "x").parent: ARCHIVE,
            self.ground.snapshots(region): SNAPSHOTS,
        }
        binds = [
            f"--mount=type=bind,source={outside},target={inside}"
            for outside, inside in mounts.items()
        ]
        self.ground.podman.start(
            self.name,
            self.ground.image,
            self.name,
            *binds,
            "--no-hosts",
            f"--hostname={self.instance.resource_id.lower()}",
            "--cap-drop=all",
            "--shm-size=128m",
            f"--stop-timeout={_STOP}",
        )
        self._started()

    def await_ready(self, *, recovered: bool = False) -> None:
        """Return when it accepts connections, if `recovered` also writes.

        Raises BadSettings or ServerFailed.
        """
        until = time.monotonic() + _PATIENCE
        trouble: Exception | None = None
        while time.monotonic() < until:
            try:
                with self.admin() as connection:
                    if not (recovered and value(connection, "select pg_is_in_recovery()")):
                        return
            except Trouble as problem:
                trouble = problem
            if not self.alive:
                log = self.log()
                kind = BadSettings if _SETTINGS_REFUSED in log else ServerFailed
                raise kind(f"{self.instance.name} ended:\n{log}")
            time.sleep(0.05)
        raise ServerFailed(f"{self.instance.name} does not answer: {trouble}\n{self.log()}")

    @contextmanager
    def admin(self, database: str = "postgres") -> Iterator[Connection]:
        """A connection as the superuser. Raises what is in `connection.Trouble`."""
        port = self._port()
        with connected(self.folder / "socket", port, database) as connection:
            yield connection

    def reload(self) -> None:
        """Have it read its configuration again."""
        with self.admin() as connection:
            connection.run("select pg_reload_conf()")

    def stop(self) -> None:
        """End it as a reboot does: clients are cut off, everything is written."""
        self.ground.podman("stop", self.name)
        self._process = 0

    def start(self) -> None:
        """Start it again. Raises CommandFailed."""
        for left in (self.folder / "socket").iterdir():
            left.unlink()
        self.ground.podman("start", self.name)
        self._started()

    def kill(self) -> None:
        """End it as if its host had died."""
        self.ground.podman("kill", "--signal", "KILL", self.name)
        self._process = 0

    def command(self, *words: str) -> str:
        """Run a program beside the server. Raises CommandFailed."""
        return self.ground.podman("exec", self.name, *words)

    def log(self) -> str:
        """The last lines that it wrote."""
        return self.ground.podman("logs", "--tail", "12", self.name)

    def remove(self) -> None:
        """Remove it with its data, its namespace and its addresses."""
        self.ground.podman.remove([self.name])
        self._process = 0
        self.ground.network.detach(self.name)
        self.ground.backbone.detach(self.name)
        namespaces.delete(self.name)
        erase(self.folder)

    def move(self, instance: Instance) -> None:
        """Let it be what `instance` says, also in another place; for a server that is stopped."""
        elsewhere = instance.place != self.instance.place
        renamed = instance.endpoint != self.instance.endpoint
        self.instance = instance
        if elsewhere:
            self.join()
        elif renamed:
            self.identify()
        self.configure()

    def _port(self) -> int:
        """The port that it listens on, which is not the wanted one until it is restarted."""
        found = sorted((self.folder / "socket").glob(".s.PGSQL.*[0-9]"))
        return int(found[0].name.rpartition(".")[2]) if found else self.instance.port

    def _started(self) -> None:
        text = self.ground.podman("inspect", "--format", "{{.State.Pid}}", self.name)
        self._process = int(text)
