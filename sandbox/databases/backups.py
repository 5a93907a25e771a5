# SPDX-License-Identifier: GPL-3.0-or-later
"""Base backups of servers, and to which moments a server can be restored."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from sandbox.databases.connection import value
from sandbox.databases.ground import copy, erase
from sandbox.databases.server import Server
from sandbox.databases.settings import ADMIN, HOME, SNAPSHOTS

# What a backup carries over that its new server must find out for itself.
_SIGNALS = ("standby.signal", "recovery.signal", "postmaster.opts")
HEARTBEAT = """
create table if not exists rds_heartbeat2 (id int primary key, value bigint);
insert into rds_heartbeat2 values (1, extract(epoch from clock_timestamp()) * 1000)
on conflict (id) do update set value = excluded.value
"""


class NotRestorable(RuntimeError):
    """There is no backup from which that moment can be reached."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A base backup in the folder `name` of a region's snapshots."""

    name: str
    region: str
    resource_id: str
    finished: datetime


class Backups:
    """Which backups there are, and how far the archive of each server goes."""

    def __init__(self) -> None:
        # By region and name, and by region and server.
        self._backups: dict[tuple[str, str], Backup] = {}
        self._archived: dict[tuple[str, str], datetime] = {}
        self._lock = threading.Lock()

    def take(self, server: Server, name: str) -> None:
        """Make a base backup of a server that runs. Raises CommandFailed."""
        instance = server.instance
        begun = f"{name}.new"
        server.command(
            *("pg_basebackup", f"--host={HOME}/socket", f"--port={instance.port}"),
            *(f"--username={ADMIN}", f"--pgdata={SNAPSHOTS}/{begun}", "--wal-method=stream"),
            *("--checkpoint=fast", "--no-sync"),
        )
        folder = server.ground.snapshots(instance.region)
        (folder / begun).rename(folder / name)
        made = Backup(name, instance.region, instance.resource_id, datetime.now(UTC))
        self.add(made, instance.region)

    def add(self, backup: Backup, region: str) -> None:
        """There is a backup in a region by now."""
        with self._lock:
            self._backups[region, backup.name] = replace(backup, region=region)

    def reached(self, resource_id: str, region: str, moment: datetime) -> None:
        """The archive of a server in a region goes up to a moment."""
        with self._lock:
            self._archived[region, resource_id] = moment

    def drop(self, folder: Path, name: str) -> None:
        """Remove a backup from a region's folder of snapshots."""
        with self._lock:
            self._backups.pop((folder.parent.name, name), None)
        erase(folder / name)

    def of(self, resource_id: str, region: str) -> list[Backup]:
        """The backups of a server in a region."""
        with self._lock:
            return [
                backup
                for backup in self._backups.values()
                if (backup.resource_id, backup.region) == (resource_id, region)
            ]

    def before(self, resource_id: str, region: str, moment: datetime) -> Backup:
        """The newest backup of a server that was finished at a moment. Raises NotRestorable."""
        found = [b for b in self.of(resource_id, region) if b.finished <= moment]
        if not found:
            raise NotRestorable(f"no backup is older than {moment.isoformat()}")
        return max(found, key=lambda backup: backup.finished)

    def range(self, resource_id: str, region: str) -> tuple[datetime, datetime] | None:
        """The first and the last moment to which a server can be restored in a region."""
        finished = [backup.finished for backup in self.of(resource_id, region)]
        with self._lock:
            last = self._archived.get((region, resource_id))
        return (min(finished), last) if finished and last and min(finished) <= last else None

    def beat(self, server: Server) -> None:
        """Have all that is committed by now archived soon. Raises what a connection raises."""
        with server.admin(ADMIN) as connection:
            moment = value(connection, "select clock_timestamp()")
            connection.run(HEARTBEAT)
            segment = value(connection, "select pg_walfile_name(pg_switch_wal())")
            for _ in range(100):
                archived = value(connection, "select last_archived_wal from pg_stat_archiver")
                # Names of segments compare as their positions do, within a timeline and beyond.
                if archived and archived[:24] >= segment:
                    break
                connection.run("select pg_sleep(0.05)")
            else:
                return
        self.reached(server.instance.resource_id, server.instance.region, moment)

    def forget(self, resource_id: str, region: str) -> None:
        """Forget how far the archive of a server goes."""
        with self._lock:
            self._archived.pop((region, resource_id), None)

    def forget_all(self) -> None:
        with self._lock:
            self._backups.clear()
            self._archived.clear()


def unpack(source: Path, server: Server) -> None:
    """Give a server that is not started yet the data of a backup. Raises CommandFailed."""
    data = server.folder / "data"
    copy(source, data)
    for name in _SIGNALS:
        (data / name).unlink(missing_ok=True)
    (server.folder / "made").touch()
