# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration files of a server, from its settings in the API."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Network

from sandbox.databases.orders import Instance

# Names inside of the container.
HOME = "/instance"
ARCHIVE = "/archive"
SNAPSHOTS = "/snapshots"
ADMIN, REPLICATOR = "rdsadmin", "rdsrepladmin"

_GIB = 1024**3
# GiB of memory of a size with 4 GiB for each processor; the memory-optimised have twice as much.
_MEMORY = {"micro": 1, "small": 2, "medium": 4, "large": 8, "xlarge": 16}
_PAGE = 8192
# A laptop holds several servers: what they share among their processes is kept small.
MOST_SHARED_BUFFERS = 128 * 1024**2 // _PAGE
_SHARED_BUFFERS = 32 * 1024**2 // _PAGE
# From this major version on RDS forces TLS unless it is told not to.
_FORCES_TLS = 15


@dataclass(frozen=True, slots=True)
class Engine:
    """What the installed PostgreSQL knows: names of parameters, and of loadable libraries."""

    parameters: frozenset[str]
    libraries: frozenset[str]


@dataclass(frozen=True, slots=True)
class Primary:
    """Whom a standby follows: an address in the network of RDS, and the slot kept for it there."""

    address: str
    port: int
    slot: str


@dataclass(frozen=True, slots=True)
class Recovery:
    """To when a server is brought from an archive, in whose folder of that name its log is."""

    archive: str
    until: datetime


def memory(size: str) -> int:
    """Bytes that an instance class has, as RDS means them in formulas, e.g. of db.r6g.2xlarge."""
    parts = size.split(".")
    family, name = (parts[1], parts[2]) if len(parts) > 2 else ("t4g", "micro")
    times = re.fullmatch(r"(\d+)xlarge", name)
    gib = int(times.group(1)) * _MEMORY["xlarge"] if times else _MEMORY.get(name, 1)
    return gib * _GIB * (2 if family[:1] in "rxz" else 1)


def value_of(text: str, size: str) -> str:
    """A parameter's value with formulas such as `LEAST({DBInstanceClassMemory/32768},5000)` done.

    A text that is no formula comes back as it is.
    """
    have = str(memory(size))
    found = re.sub(
        r"\{DBInstanceClassMemory(?:([*/])(\d+))?\}",
        lambda m: str(
            int(have) // int(m[2]) if m[1] == "/" else int(have) * int(m[2]) if m[1] else int(have)
        ),
        text,
    )
    pattern = re.compile(r"(LEAST|GREATEST|SUM)\((\d+(?:,\d+)*)\)")
    picks: dict[str, Callable[[list[int]], int]] = {"LEAST": min, "GREATEST": max, "SUM": sum}
    while match := pattern.search(found):
        numbers = [int(number) for number in match[2].split(",")]
        found = found.replace(match[0], str(picks[match[1]](numbers)))
    return found


def forces_tls(instance: Instance) -> bool:
    """Whether clients without TLS are refused (`rds.force_ssl`)."""
    given = dict(instance.parameters).get("rds.force_ssl")
    if given is None:
        return int(instance.version.partition(".")[0]) >= _FORCES_TLS
    return given in {"1", "on", "true"}


def customer(instance: Instance, engine: Engine) -> dict[str, str]:
    """The parameters of the instance's group as PostgreSQL takes them.

    Those that only RDS knows are left out, but for those with a dot: PostgreSQL keeps and shows
    them (`show rds.force_ssl`).
    """
    taken = {
        name: value_of(value, instance.size)
        for name, value in instance.parameters
        if name in engine.parameters or "." in name
    }
    if "shared_preload_libraries" in taken:
        wanted = [name.strip() for name in taken["shared_preload_libraries"].split(",")]
        taken["shared_preload_libraries"] = ",".join(
            name for name in wanted if name in engine.libraries
        )
    buffers = taken.get("shared_buffers")
    if buffers and buffers.isdigit():
        taken["shared_buffers"] = str(min(int(buffers), MOST_SHARED_BUFFERS))
    return taken


def defaults(instance: Instance) -> dict[str, str]:
    """What RDS or the size of a laptop asks for, unless the parameter group says otherwise."""
    connections = value_of("LEAST({DBInstanceClassMemory/9531392},5000)", instance.size)
    return {
        "max_connections": connections,
        "shared_buffers": str(_SHARED_BUFFERS),
        "huge_pages": "off",
        "max_wal_senders": "20",
        "max_replication_slots": "20",
        "max_wal_size": "64MB",
        "min_wal_size": "16MB",
        "wal_sender_timeout": "30s",
        "wal_receiver_timeout": "30s",
        "shared_preload_libraries": "pg_stat_statements",
        "log_timezone": "UTC",
        "timezone": "UTC",
        "rds.force_ssl": "1" if forces_tls(instance) else "0",
    }


def fixed(instance: Instance) -> dict[str, str]:
    """What is so whatever the parameter group says."""
    archive = f"{ARCHIVE}/{instance.resource_id}"
    logical = dict(instance.parameters).get("rds.logical_replication") == "1"
    # Under another name first: a file of the archive is whole, or not there.
    copy = f"cp --sparse=always %p {archive}/%f.new && mv {archive}/%f.new {archive}/%f"
    return {
        "listen_addresses": "*",
        "port": str(instance.port),
        "unix_socket_directories": f"{HOME}/socket",
        "hba_file": f"{HOME}/conf/pg_hba.conf",
        "ident_file": f"{HOME}/conf/pg_ident.conf",
        "ssl": "on",
        "ssl_cert_file": f"{HOME}/conf/server.pem",
        "ssl_key_file": f"{HOME}/conf/server.key",
        "ssl_ca_file": f"{HOME}/conf/ca.pem",
        "wal_level": "logical" if logical else "replica",
        "hot_standby": "on",
        "archive_mode": "on",
        "archive_command": copy if instance.backups else "true",
        "jit": "off",
        "logging_collector": "off",
        "log_destination": "stderr",
        # A server may be killed at any time, the machine under it is not: nothing is lost.
        "fsync": "off",
    }


def following(primary: Primary) -> dict[str, str]:
    """What makes a standby follow its primary."""
    return {
        "primary_conninfo": conninfo(primary.address, primary.port),
        "primary_slot_name": primary.slot,
        "recovery_target_timeline": "latest",
    }


def conninfo(address: str, port: int) -> str:
    """How servers of RDS reach one another: by certificate, with both sides checked."""
    conf = f"{HOME}/conf"
    return (
        f"host={address} port={port} user={REPLICATOR} sslmode=verify-full connect_timeout=5 "
        f"sslrootcert={conf}/ca.pem sslcert={conf}/replicator.pem sslkey={conf}/replicator.key"
    )


def recovering(recovery: Recovery) -> dict[str, str]:
    """What makes a server replay an archive up to a moment."""
    return {
        "restore_command": f"cp {ARCHIVE}/{recovery.archive}/%f %p",
        "recovery_target_time": recovery.until.isoformat(),
        "recovery_target_inclusive": "on",
        "recovery_target_action": "promote",
        "recovery_target_timeline": "latest",
        # Whoever reads meanwhile would want as many connections as the source had, and the new
        # server may be of a smaller class.
        "hot_standby": "off",
    }


def postgresql_conf(
    instance: Instance,
    engine: Engine,
    primary: Primary | None = None,
    recovery: Recovery | None = None,
    apply_delay: float = 0.0,
) -> str:
    """The text of postgresql.conf; `apply_delay` (seconds) is how late a standby applies."""
    values = defaults(instance) | customer(instance, engine) | fixed(instance)
    if primary:
        values |= following(primary)
        values["recovery_min_apply_delay"] = f"{int(apply_delay * 1000)}ms"
    if recovery:
        values |= recovering(recovery)
    return "".join(f"{name} = {quoted(value)}\n" for name, value in sorted(values.items()))


def quoted(value: str) -> str:
    """A value as postgresql.conf takes it."""
    return "'" + value.replace("\\", "\\\\").replace("'", "''").replace("\n", " ") + "'"


def pg_hba(instance: Instance, backbone: IPv4Network) -> str:
    """Who may connect: RDS from within, its servers among themselves, and clients by password."""
    kind = "hostssl" if forces_tls(instance) else "host"
    rows: Mapping[str, str] = {
        f"local all {ADMIN}": "peer map=inside",
        f"local replication {ADMIN}": "peer map=inside",
        f"hostssl replication {REPLICATOR} {backbone}": "cert",
        f"host all {ADMIN},{REPLICATOR} all": "reject",
        "host rdsadmin all all": "reject",
        f"{kind} all all all": "md5",
    }
    return "".join(f"{who} {how}\n" for who, how in rows.items())


def pg_ident() -> str:
    """Which users of the machine are RDS itself: the sandbox, and the server's own."""
    return f"inside root {ADMIN}\ninside postgres {ADMIN}\n"
