# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done to database servers, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a VPC a server is: `address` is a free one of the subnet, `network` its CIDR."""

    vpc_id: str
    subnet_id: str
    address: str
    network: str
    zone: str


@dataclass(frozen=True, slots=True)
class Instance:
    """A server as it is to be.

    `resource_id` is what never changes about it, `name` and `endpoint` follow a rename.
    `parameters` are those in force: names and values as in its parameter group. `backups` says
    whether its log is archived.
    """

    resource_id: str
    region: str
    name: str
    endpoint: str
    port: int
    version: str
    size: str
    user: str
    place: Place
    parameters: tuple[tuple[str, str], ...] = ()
    backups: bool = True


@dataclass(frozen=True, slots=True)
class Create:
    """An empty server; `database` is made in it where it is not None."""

    instance: Instance
    password: str
    database: str | None


@dataclass(frozen=True, slots=True)
class Replicate:
    """A hot standby that streams from the server `source`."""

    instance: Instance
    source: str


@dataclass(frozen=True, slots=True)
class Restore:
    """A server with the data of a snapshot of the same region."""

    instance: Instance
    snapshot: str


@dataclass(frozen=True, slots=True)
class RestoreToTime:
    """A server with the data that `source` had at a time, the latest one possible if None.

    It is made of the backups that are in its own region.
    """

    instance: Instance
    source: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Promote:
    """Have a standby become a server of its own."""

    instance: Instance


@dataclass(frozen=True, slots=True)
class Reboot:
    """Restart, in another place if `instance` says so."""

    instance: Instance


@dataclass(frozen=True, slots=True)
class Stop:
    """End a server in good order; it stays so until a `Reboot`."""

    resource_id: str


@dataclass(frozen=True, slots=True)
class Kill:
    """Have the server's host die: it ends at once, and stays so until a `Reboot`."""

    resource_id: str


@dataclass(frozen=True, slots=True)
class Lag:
    """Have a standby apply what it receives so many seconds late."""

    resource_id: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Change:
    """Other settings; the server is restarted only if its port changes."""

    instance: Instance
    password: str | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove a server with its data, and what is archived of it unless `keep_backups`."""

    resource_id: str
    region: str
    keep_backups: bool = False


@dataclass(frozen=True, slots=True)
class TakeSnapshot:
    snapshot: str
    region: str
    resource_id: str


@dataclass(frozen=True, slots=True)
class CopySnapshot:
    snapshot: str
    region: str
    source: str
    source_region: str


@dataclass(frozen=True, slots=True)
class DropSnapshot:
    """Remove a snapshot of the server `resource_id`."""

    snapshot: str
    region: str
    resource_id: str


@dataclass(frozen=True, slots=True)
class KeepCopies:
    """Copy the automated backups of a server to another region, now and from now on."""

    resource_id: str
    source_region: str
    region: str


@dataclass(frozen=True, slots=True)
class StopCopies:
    """Copy them no more; what is there stays."""

    resource_id: str
    region: str


@dataclass(frozen=True, slots=True)
class DropCopies:
    """Remove what was copied."""

    resource_id: str
    region: str


Order = (
    Create
    | Replicate
    | Restore
    | RestoreToTime
    | Promote
    | Reboot
    | Stop
    | Change
    | Kill
    | Lag
    | Delete
    | TakeSnapshot
    | CopySnapshot
    | DropSnapshot
    | KeepCopies
    | StopCopies
    | DropCopies
)


def whose(order: Order) -> str:
    """The server that an order is about; orders about one server are carried out one by one."""
    match order:
        case TakeSnapshot() | Delete() | Stop() | Kill() | Lag():
            return order.resource_id
        case KeepCopies() | StopCopies() | DropCopies():
            return f"{order.resource_id} in {order.region}"
        case CopySnapshot() | DropSnapshot():
            return order.snapshot
    return order.instance.resource_id


def reads(order: Order) -> tuple[str, ...]:
    """The data that must be there until an order is carried out."""
    match order:
        case Restore():
            return (f"{order.snapshot} in {order.instance.region}",)
        case RestoreToTime():
            # Which of its backups is the base is found out later.
            return (f"backups of {order.source} in {order.instance.region}",)
    return ()


def removes(order: Order) -> tuple[str, ...]:
    """The data that is gone when an order is carried out."""
    match order:
        case DropSnapshot():
            backups = f"backups of {order.resource_id} in {order.region}"
            return (f"{order.snapshot} in {order.region}", backups)
        case Delete(keep_backups=False) | DropCopies():
            return (f"backups of {order.resource_id} in {order.region}",)
    return ()
