# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The database of a site: a primary where it serves; a replica of it at the other one, or copies of
its backups, as the strategy has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..aws.scope import COPY_OF, STORAGE, Scope
from ..declaration.fields import Field, Problem
from ..declaration.secrets import HIDDEN, NO_SECRET, SECRETIVE
from ..declaration.site import Site
from ..engine.model import Ref, Want
from ..kinds.base import Kind
from ..kinds.db_backup_replication import DbBackupReplication
from ..kinds.db_instance import DbInstance
from ..kinds.db_parameter_group import DbParameterGroup
from ..kinds.db_subnet_group import DbSubnetGroup
from ..kinds.log_group import LogGroup, path
from . import database_access, database_restore, windows
from .login import MASTER, home_of
from .standing import has_database

TIER = "database"
PARAMETER = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,254}")
RULES: Mapping[str, str] = {
    "rds.force_ssl": "1",
    "log_connections": "1",
    "log_disconnections": "1",
    "log_lock_waits": "1",
    "log_min_duration_statement": "1000",
}

FIELDS: tuple[Field, ...] = (
    Field(
        "engine_version",
        "str",
        "a PostgreSQL version from 14 to 18, quoted, major or major.minor",
        "16",
        "16",
        lambda v: bool(re.fullmatch(r"1[4-8](\.\d{1,2})?", v)),
    ),
    Field(
        "instance_class",
        "str",
        "a class of database instances",
        "db.t4g.medium",
        "db.t4g.medium",
        lambda v: bool(re.fullmatch(r"db\.[a-z0-9]+\.(micro|small|medium|large|\d*xlarge)", v)),
    ),
    Field(
        "storage_gb", "int", "a number of GiB from 20 to 65536", 50, 50, lambda v: 20 <= v <= 65536
    ),
    Field(
        "max_storage_gb",
        "int",
        "a number of GiB from 22 to 65536",
        200,
        200,
        lambda v: 22 <= v <= 65536,
    ),
    Field("backup_days", "int", "a number of days from 1 to 35", 7, 7, lambda v: 0 <= v <= 35),
    Field(
        "backup_window",
        "str",
        "a time of the day in UTC of at least 30 minutes",
        "02:00-03:00",
        "02:00-03:00",
        lambda v: windows.long_enough(windows.daily(v)),
    ),
    Field(
        "maintenance_window",
        "str",
        "a time of the week in UTC of at least 30 minutes",
        "sun:04:00-sun:05:00",
        "sun:04:00-sun:05:00",
        lambda v: windows.long_enough(windows.weekly(v)),
    ),
    Field("multi_az", "bool", "true or false", True, True),
    Field("replica_multi_az", "bool", "true or false", False, False),
    Field("deletion_protection", "bool", "true or false", True, True),
    Field("final_snapshot", "bool", "true or false", True, True),
    Field(
        "parameters",
        "dict",
        "PostgreSQL parameters by name, each a text, a number or a truth value",
        {"work_mem": "16384"},
        {},
        key=Field(
            "name",
            "str",
            "a text of letters, digits, dots and underscores",
            "work_mem",
            check=lambda v: bool(PARAMETER.fullmatch(v)),
        ),
        entry=Field("value", "scalar", "a text, a number or a truth value", "16384"),
    ),
    database_restore.FIELD,
    *database_access.FIELDS,
)
# What a copy that is masked writes into its log, which others may read: no row, and no statement.
OF_A_COPY: Mapping[str, str] = {
    "log_error_verbosity": "terse",
    "log_min_duration_statement": "-1",
    "log_min_error_statement": "panic",
}
LOGS = ("postgresql", "upgrade")
LOG_DAYS = 90
_FIRST = tuple(Ref(f"log_group/{log}") for log in LOGS)
KINDS: tuple[Kind, ...] = (
    DbSubnetGroup(),
    DbParameterGroup(),
    LogGroup(),
    DbInstance(),
    DbBackupReplication(),
)


def check(site: Site, options: Mapping[str, Any]) -> Iterator[Problem]:
    """Rules between the fields."""
    yield from database_access.check(site)
    yield from database_restore.check(site, options["restore"])
    if not options["backup_days"] and not site.scope.copy_of:
        rule = "must be from 1 to 35: only a copy of another environment goes without backups"
        yield Problem("backup_days", 0, rule, 7)
    yield from _kept_nowhere(site, options)
    size, limit = options["storage_gb"], options["max_storage_gb"]
    # Storage grows by itself only to a limit that is a tenth above what is there.
    if limit * 10 < size * 11:
        least = -(-size * 11 // 10)
        yield Problem(
            "max_storage_gb", limit, f"must be at least a tenth more than storage_gb, {size}", least
        )
    if windows.overlap(options["backup_window"], options["maintenance_window"]):
        yield Problem(
            "backup_window",
            options["backup_window"],
            f"must not overlap maintenance_window, {options['maintenance_window']}",
            windows.apart_from(options["maintenance_window"]),
        )
    for name, value in options["parameters"].items():
        if SECRETIVE.search(str(name)):
            yield Problem(f"parameters.{name}", HIDDEN, NO_SECRET, f"leave out {name}")
        elif name == "rds.force_ssl" and _text(value) != "1":
            rule = "must stay on: connections are encrypted"
            yield Problem(f"parameters.{name}", value, rule, "1")


def _kept_nowhere(site: Site, options: Mapping[str, Any]) -> Iterator[Problem]:
    """Of a staging copy nothing may be kept that has what was not masked yet, whoever says so."""
    for name, right in (("backup_days", 0), ("final_snapshot", False)):
        if site.visitors and options[name] != right:
            rule = f"must be {right} in a staging copy, of which nothing is to be kept"
            yield Problem(name, options[name], rule, right)


def wants(site: Site, options: Mapping[str, Any]) -> tuple[Want, ...]:
    """Everything the database tier declares for this site."""
    scope = site.scope
    groups = (_subnet_group(site), _parameter_group(site, options))
    if site.is_active:
        return (*groups, *_log_groups(scope), _primary(site, options))
    if site.peer and site.protected:
        copy = _replica if has_database(site) else _backups
        return (*groups, *_log_groups(scope), *copy(site, site.peer, options))
    return groups


def _log_groups(scope: Scope) -> Iterator[Want]:
    for log in LOGS:
        yield Want(
            "log_group",
            log,
            {
                "name": path(scope, log),
                "key": Ref("kms_key/main", "arn"),
                "retention": LOG_DAYS,
                "tags": scope.marks("log_group", log, path(scope, log)),
            },
            tier=TIER,
        )


def _subnet_group(site: Site) -> Want:
    scope = site.scope
    return Want(
        "db_subnet_group",
        "main",
        {
            "name": scope.database,
            "description": f"Database subnets of {scope.prefix}",
            "subnets": {
                f"{scope.region}{letter}": Ref(f"subnet/database-{letter}") for letter in site.zones
            },
            "tags": scope.marks("db_subnet_group", "main", scope.database),
        },
        tier=TIER,
    )


def _parameter_group(site: Site, options: Mapping[str, Any]) -> Want:
    scope, ours = site.scope, {**RULES, **(OF_A_COPY if site.visitors else {})}
    given = {str(name): _text(value) for name, value in options["parameters"].items()}
    return Want(
        "db_parameter_group",
        "main",
        {
            "name": scope.database,
            "family": f"postgres{_major(options)}",
            "parameters": dict(sorted(_chosen(site, ours, given).items())),
            "tags": scope.marks("db_parameter_group", "main", scope.database),
        },
        tier=TIER,
    )


def _primary(site: Site, options: Mapping[str, Any]) -> Want:
    return Want(
        "db_instance",
        "main",
        {
            **_instance(site, options),
            "multi_az": options["multi_az"],
            "source": "",
            "username": site.database_user,
            "database": site.database_name,
            "secret": home_of(site).secret(MASTER),
            **database_restore.declared(options["restore"]),
        },
        after=(Ref(f"secret/{MASTER}"), *_FIRST),
        tier=TIER,
    )


def _replica(site: Site, peer: Scope, options: Mapping[str, Any]) -> Iterator[Want]:
    yield _original(peer)
    yield Want(
        "db_instance",
        "main",
        {
            **_instance(site, options),
            "multi_az": options["replica_multi_az"],
            "source": peer.arn("rds", f"db:{peer.database}"),
            "restarted": True,
        },
        after=(Ref(f"{peer.site}:db_instance/main", ready=True), *_FIRST),
        tier=TIER,
    )


def _backups(site: Site, peer: Scope, options: Mapping[str, Any]) -> Iterator[Want]:
    """What a database is made of here, where the other region is lost, and none stands."""
    scope = site.scope
    yield _original(peer)
    yield Want(
        "db_backup_replication",
        "main",
        {
            "source": peer.arn("rds", f"db:{peer.database}"),
            "key": Ref("kms_key/main", "arn"),
            "retention": options["backup_days"],
            "tags": scope.marks("db_backup_replication", "main", scope.database),
        },
        after=(Ref(f"{peer.site}:db_instance/main", ready=True),),
        tier=TIER,
    )


def _original(peer: Scope) -> Want:
    spec = {"identifier": peer.database}
    return Want("db_instance", "main", spec, tier=TIER, given=True, site=peer.site)


def _instance(site: Site, options: Mapping[str, Any]) -> dict[str, Any]:
    """What primary and replica have in common, so that the one can take the other's place."""
    scope = site.scope
    return {
        "identifier": scope.database,
        "engine": "postgres",
        "major": _major(options),
        "version": options["engine_version"],
        "instance_class": options["instance_class"],
        "allocated_storage": options["storage_gb"],
        "max_allocated_storage": options["max_storage_gb"],
        "storage_type": "gp3",
        "encrypted": True,
        "key": Ref("kms_key/main", "arn"),
        "subnet_group": Ref("db_subnet_group/main", "name"),
        "parameter_group": Ref("db_parameter_group/main", "name"),
        "security_groups": (Ref("security_group/database"),),
        "port": site.database_port,
        "backup_retention": options["backup_days"],
        "backup_window": options["backup_window"],
        "maintenance_window": options["maintenance_window"],
        "deletion_protection": options["deletion_protection"],
        "final_snapshot": options["final_snapshot"],
        "copy_tags": True,
        "minor_upgrades": True,
        "insights_key": Ref("kms_key/main", "arn"),
        "logs": LOGS,
        "authority": "rds-ca-rsa2048-g1",
        "iam_login": True,
        "public": False,
        "tags": {
            **scope.marks("db_instance", "main", scope.database),
            STORAGE: str(options["storage_gb"]),
            **_copied(scope),
        },
    }


def _chosen(site: Site, ours: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """What is declared goes before what is ours, but in a copy that is masked."""
    return {**given, **ours} if site.visitors else {**ours, **given}


def _copied(scope: Scope) -> dict[str, str]:
    """What the database says of itself where it is made of another environment's."""
    return {COPY_OF: "/".join(scope.copy_of.values())} if scope.copy_of else {}


def _major(options: Mapping[str, Any]) -> str:
    return str(options["engine_version"]).partition(".")[0]


def _text(value: Any) -> str:
    """A parameter as RDS spells it: truth values are 1 and 0."""
    return str(int(value)) if isinstance(value, bool) else str(value)
