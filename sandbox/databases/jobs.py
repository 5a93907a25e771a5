# SPDX-License-Identifier: GPL-3.0-or-later
"""How each order is carried out. A job runs in a thread of its own and without the world's lock."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pg8000.native import Connection

from sandbox.databases import orders, roles
from sandbox.databases.backups import HEARTBEAT, Backups, NotRestorable, unpack
from sandbox.databases.connection import Trouble, value
from sandbox.databases.copies import Copies, Copy
from sandbox.databases.ground import Ground, copy, erase, own, write
from sandbox.databases.orders import Instance, Order
from sandbox.databases.server import INITDB, Server
from sandbox.databases.settings import ADMIN, Primary, Recovery, conninfo
from sandbox.ground.commands import CommandFailed

_PROMOTION = 120  # seconds
# Where no transaction has been applied since the start, what waits to be counts from there.
_LAG = """
select extract(epoch from now() - coalesce(
    pg_last_xact_replay_timestamp(),
    case when pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn()
        then pg_postmaster_start_time() end
))::float8
"""


class Unknown(RuntimeError):
    """An order about a server or a snapshot that is not there."""


class Jobs:
    """All servers of a sandbox, and what can be done to them."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.servers: dict[str, Server] = {}
        self.backups = Backups()
        self.copies = Copies(ground, self.backups)
        self.dark: frozenset[str] = frozenset()
        self.cut: frozenset[tuple[str, str]] = frozenset()
        self._unwanted: list[tuple[str, str]] = []  # slots to be dropped: (server, slot)
        self._lock = threading.Lock()

    def carry_out(self, order: Order) -> None:
        """Do what is ordered. Raises what it fails with."""
        _JOBS[type(order)](self, order)

    def server(self, resource_id: str) -> Server:
        """Raises Unknown."""
        found = self.servers.get(resource_id)
        if found is None:
            raise Unknown(f"there is no server {resource_id}")
        return found

    def create(self, order: orders.Create) -> None:
        server = self._new(order.instance)
        server.configure()
        server.create(INITDB)
        server.await_ready()
        with server.admin() as connection:
            roles.furnish(connection, order.instance.user, order.password, order.database)
        with server.admin(ADMIN) as connection:
            connection.run(HEARTBEAT)
        server.furnished = True

    def replicate(self, order: orders.Replicate) -> None:
        source = self.server(order.source)
        slot = f"rds_{order.instance.region}_{order.instance.resource_id}".lower().replace("-", "_")
        with source.admin() as connection:
            connection.run("select pg_create_physical_replication_slot(:slot, true)", slot=slot)
        server = self._new(order.instance)
        server.primary = Primary(
            self.ground.backbone.address(source.name), source.instance.port, slot
        )
        server.source = order.source
        server.configure()
        line = conninfo(server.primary.address, server.primary.port)
        server.create(
            f"pg_basebackup --pgdata=data --dbname={shlex.quote(line)} --wal-method=stream "
            f"--slot={slot} --checkpoint=fast --no-sync\n    touch data/standby.signal"
        )
        server.await_ready()
        server.furnished = True

    def restore(self, order: orders.Restore) -> None:
        folder = self.ground.snapshots(order.instance.region) / order.snapshot
        if not folder.exists():
            raise Unknown(f"there is no snapshot {order.snapshot}")
        server = self._new(order.instance)
        unpack(folder, server)
        server.configure()
        server.create("false")
        server.await_ready(recovered=True)
        server.furnished = True

    def restore_to_time(self, order: orders.RestoreToTime) -> None:
        reach = self.backups.range(order.source, order.instance.region)
        if reach is None:
            raise NotRestorable(f"there is no archive of {order.source} yet")
        moment = order.at or reach[1]
        backup = self.backups.before(order.source, order.instance.region, moment)
        server = self._new(order.instance)
        unpack(self.ground.snapshots(backup.region) / backup.name, server)
        write(server.folder / "data" / "recovery.signal", "")
        server.configure(Recovery(order.source, moment))
        server.create("false")
        server.await_ready(recovered=True)
        server.configure()
        server.reload()
        server.furnished = True

    def promote(self, order: orders.Promote) -> None:
        server = self.server(order.instance.resource_id)
        with server.admin() as connection:
            connection.run("select pg_promote(true, :seconds)", seconds=_PROMOTION)
        self._unfollow(server)
        # AWS reboots what it promotes: connections of the replica's readers end.
        self._restart(server, order.instance)

    def reboot(self, order: orders.Reboot) -> None:
        self._restart(self.server(order.instance.resource_id), order.instance)

    def stop(self, order: orders.Stop) -> None:
        self.server(order.resource_id).stop()

    def kill(self, order: orders.Kill) -> None:
        self.server(order.resource_id).kill()

    def lag_behind(self, order: orders.Lag) -> None:
        server = self.server(order.resource_id)
        server.apply_delay = order.seconds
        server.configure()
        server.reload()

    def change(self, order: orders.Change) -> None:
        server = self.server(order.instance.resource_id)
        if order.password is not None:
            with server.admin() as connection:
                roles.set_password(connection, order.instance.user, order.password)
        if order.instance.port != server.instance.port:
            self._restart(server, order.instance)
        else:
            server.move(replace(order.instance, place=server.instance.place))
            server.reload()

    def delete(self, order: orders.Delete) -> None:
        server = self.servers.pop(order.resource_id, None)
        if server:
            server.remove()
            self._unfollow(server)
        if not order.keep_backups:
            self.backups.forget(order.resource_id, order.region)
            erase(self.ground.archive(order.region, order.resource_id))

    def take_snapshot(self, order: orders.TakeSnapshot) -> None:
        self.backups.take(self.server(order.resource_id), order.snapshot)

    def copy_snapshot(self, order: orders.CopySnapshot) -> None:
        folder = own(self.ground.snapshots(order.region))
        copy(self.ground.snapshots(order.source_region) / order.source, folder / order.snapshot)

    def drop_snapshot(self, order: orders.DropSnapshot) -> None:
        self.backups.drop(self.ground.snapshots(order.region), order.snapshot)

    def keep_copies(self, order: orders.KeepCopies) -> None:
        wanted = Copy(order.resource_id, order.source_region, order.region)
        self.copies.keep(wanted, now=not self.severed(order.source_region, order.region))

    def stop_copies(self, order: orders.StopCopies) -> None:
        self.copies.stop(order.resource_id, order.region)

    def drop_copies(self, order: orders.DropCopies) -> None:
        self.copies.drop(order.resource_id, order.region)

    def carry_copies(self) -> None:
        """Bring every copy of backups up to date whose regions reach each other."""
        for wanted in self.copies.all():
            if not self.severed(wanted.source, wanted.region):
                try:
                    self.copies.carry(wanted)
                except (CommandFailed, NotRestorable, OSError):
                    continue  # Its source is being removed, or its disk is full: once more later.

    def severed(self, one: str, other: str) -> bool:
        """Whether nothing passes between two regions."""
        return bool({one, other} & self.dark) or (min(one, other), max(one, other)) in self.cut

    def forget(self) -> None:
        """Forget all servers and backups; they are removed by whoever calls this."""
        self.servers.clear()
        self.copies.forget()
        self.backups.forget_all()
        self._unwanted.clear()
        self.dark, self.cut = frozenset(), frozenset()

    def lag(self, server: Server) -> float:
        """Seconds by which a standby is behind. Raises what is in `connection.Trouble`."""
        with server.admin() as connection:
            return lag_of(connection)

    def drop_unwanted_slots(self) -> None:
        """Drop the slots of replicas that are gone, where their source can be reached."""
        with self._lock:
            waiting, self._unwanted = self._unwanted, []
        for source, slot in waiting:
            server = self.servers.get(source)
            if server is None:
                continue
            if server.instance.region in self.dark or not self._dropped(server, slot):
                with self._lock:
                    self._unwanted.append((source, slot))

    def _dropped(self, server: Server, slot: str) -> bool:
        question = (
            "select pg_drop_replication_slot(slot_name) from pg_replication_slots "
            "where slot_name = :slot"
        )
        try:
            with server.admin() as connection:
                connection.run(question, slot=slot)
        except Trouble:
            return False  # Its replica is still connected, or it does not run itself.
        return True

    def _new(self, instance: Instance) -> Server:
        server = self.servers[instance.resource_id] = Server(self.ground, instance)
        server.place()
        return server

    def _unfollow(self, server: Server) -> None:
        if server.primary:
            with self._lock:
                self._unwanted.append((server.source, server.primary.slot))
        server.primary, server.source = None, ""

    def _restart(self, server: Server, instance: Instance) -> None:
        moved = instance.port != server.instance.port
        server.stop()
        server.move(instance)
        server.start()
        server.await_ready()
        if moved:
            self._tell_replicas(server)

    def _tell_replicas(self, source: Server) -> None:
        for server in list(self.servers.values()):
            if server.primary and server.source == source.instance.resource_id:
                server.primary = replace(server.primary, port=source.instance.port)
                server.configure()
                try:
                    server.reload()
                except (*Trouble, CommandFailed):
                    continue  # It reads its configuration when it is started again.


def lag_of(connection: Connection) -> float:
    """Seconds by which the standby at the other end is behind, as RDS computes ReplicaLag."""
    return float(value(connection, _LAG) or 0.0)


_JOBS: dict[type, Callable[[Jobs, Any], None]] = {
    orders.Create: Jobs.create,
    orders.Replicate: Jobs.replicate,
    orders.Restore: Jobs.restore,
    orders.RestoreToTime: Jobs.restore_to_time,
    orders.Promote: Jobs.promote,
    orders.Reboot: Jobs.reboot,
    orders.Stop: Jobs.stop,
    orders.Change: Jobs.change,
    orders.Kill: Jobs.kill,
    orders.Lag: Jobs.lag_behind,
    orders.Delete: Jobs.delete,
    orders.TakeSnapshot: Jobs.take_snapshot,
    orders.CopySnapshot: Jobs.copy_snapshot,
    orders.DropSnapshot: Jobs.drop_snapshot,
    orders.KeepCopies: Jobs.keep_copies,
    orders.StopCopies: Jobs.stop_copies,
    orders.DropCopies: Jobs.drop_copies,
}
