# SPDX-License-Identifier: GPL-3.0-or-later
"""Modification of database instances: now, soon, or in the next maintenance window."""

from __future__ import annotations

import dataclasses
from typing import Any

from moto.rds.exceptions import DBInstanceAlreadyExists, DBParameterGroupNotFoundError
from moto.rds.exceptions import RDSClientError as Refusal
from moto.rds.models import DBInstance, RDSBackend

from sandbox.databases.modifying import order_for, restarts
from sandbox.databases.orders import Change, Order
from sandbox.shims import Hook, _rds_classes, _rds_limits, _rds_rules, _rds_servers
from sandbox.shims.rds import performance_insights, spread
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "ModifyDBInstance without ApplyImmediately leaves size, class, version… pending.",
    "ModifyDBInstance with it: `available` and pending, then `modifying`, then the new values.",
    "ModifyDBInstance refuses an instance that is not available, and a name in use.",
    "ModifyDBInstance refuses less storage, a bad password, version, or group, and a limit of "
    "growth that is less than a tenth above the storage.",
    "ModifyDBInstance refuses a class that there is not, an older version, a major one without "
    "AllowMajorVersionUpgrade or without a parameter group for it in place of a custom one, more "
    "than 35 days of backups, none for the source of a replica, and IOPS that gp3 does not take.",
    "Storage grows by a tenth at least, and gp3 has more IOPS and throughput from 400 GiB on.",
    "Another parameter group is `pending-reboot` until a reboot.",
)
HOOKS: tuple[Hook, ...] = (
    (RDSBackend, "modify_db_instance", ("db_instance_identifier", "db_kwargs")),
    (DBInstance, "db_parameter_group_status_list", ()),
)

# Attribute of the emulator's model -> name among PendingModifiedValues. What is not here is applied
# at once whatever ApplyImmediately says (API_ModifyDBInstance, "Settings" of the user guide).
DEFERRED = {
    "db_instance_class": "DBInstanceClass",
    "allocated_storage": "AllocatedStorage",
    "storage_type": "StorageType",
    "iops": "Iops",
    "storage_throughput": "StorageThroughput",
    "engine_version": "EngineVersion",
    "multi_az": "MultiAZ",
    "license_model": "LicenseModel",
    "db_subnet_group_name": "DBSubnetGroupName",
    "ca_certificate_identifier": "CACertificateIdentifier",
    "db_port_number": "Port",
    "new_db_instance_identifier": "DBInstanceIdentifier",
}
# The part of the modification's time during which `available` is still shown.
STILL_AVAILABLE = 0.1


def install(world: World) -> None:
    """Change how the emulator modifies database instances."""

    @wrap(RDSBackend, "modify_db_instance")
    def modify_db_instance(
        original: Any, self: RDSBackend, db_instance_identifier: str, db_kwargs: Any
    ) -> Any:
        db: Any = self.describe_db_instances(db_instance_identifier)[0]
        if db.db_cluster_identifier is not None:
            return original(db_instance_identifier, db_kwargs)
        _rds_rules.available(db)
        check(db, db_kwargs)
        at_once = bool(db_kwargs.pop("apply_immediately", False))
        later = defer(db, db_kwargs)
        password = bool(
            db_kwargs.get("master_user_password") or db_kwargs.get("manage_master_user_password")
        )
        archived = bool(db.backup_retention_period)
        apply_now(original, db, db_kwargs)
        _rds_servers.regroup(db)
        if password:
            reset_password(world, db)
        elif archived != bool(db.backup_retention_period):
            _rds_servers.follow(world, db)
            db.save_automated_backup()
        db.pending_modified_values = {
            **db.pending_modified_values,
            **{DEFERRED[name]: value for name, value in later.items()},
        }
        if at_once and db.pending_modified_values:
            start(world, db)
        return db

    def db_parameter_group_status_list(self: Any) -> list[dict[str, str]]:
        status = self.__dict__.get("parameter_apply_status", "in-sync")
        return [
            {"DBParameterGroupName": group.name, "ParameterApplyStatus": status}
            for group in self.db_parameter_groups()
        ]

    DBInstance.db_parameter_group_status_list = property(  # type: ignore[assignment]
        db_parameter_group_status_list
    )


def check(db: Any, kw: Any) -> None:
    """Refuse what AWS refuses about a modification; fill in the full engine version."""
    if kw.get("master_user_password"):
        _rds_rules.password(kw["master_user_password"], managed=False)
    if kw.get("engine_version"):
        kw["engine_version"] = _rds_rules.engine_version(db.engine, kw["engine_version"])
        _rds_limits.upgrade(db, kw["engine_version"], kw)
    # "The currently running engine version must be supported on the specified DB instance class".
    _rds_classes.check(db.engine, db.engine_version, kw.get("db_instance_class"))
    check_retention(db, kw.get("backup_retention_period"))
    check_storage(db, kw)
    _rds_rules.security_groups(
        db.backend, kw.get("vpc_security_group_ids") or (), _rds_rules.vpc_of(db)
    )
    check_parameter_group(db, kw)
    new = kw.get("new_db_instance_identifier")
    if new and new.lower() != db.db_instance_identifier and new in db.backend.databases:
        raise DBInstanceAlreadyExists


def check_retention(db: Any, days: int | None) -> None:
    _rds_limits.retention(days)
    if days == 0 and db.replicas:
        # The rule is in the model of the operation; the code is nowhere, and this one a guess.
        raise Refusal(
            "InvalidParameterCombination",
            "The backup retention period can't be set to 0 for a DB instance that is a source of "
            "read replicas.",
        )


def check_storage(db: Any, kw: Any) -> None:
    """Refuse a size, or IOPS for it; the size becomes a tenth more than what there is."""
    size = kw.get("allocated_storage")
    if size is not None:
        if size < db.allocated_storage:
            raise Refusal(
                "InvalidParameterCombination",
                f"Invalid storage size for engine name {db.engine}: {size} is less than "
                f"{db.allocated_storage}",
            )
        kw["allocated_storage"] = size = _rds_limits.grown(db.allocated_storage, size)
        _rds_limits.storage(db.engine, size)
    kind = kw.get("storage_type") or db.storage_type
    _rds_limits.growth(db.engine, size or db.allocated_storage, kw.get("max_allocated_storage"))
    _rds_limits.performance(db.engine, kind, size or db.allocated_storage, kw)


def check_parameter_group(db: Any, kw: Any) -> None:
    name = kw.get("db_parameter_group_name")
    if not name:
        return
    version = kw.get("engine_version") or db.engine_version
    default = "default." + _rds_rules.family(db.engine, version)
    if name not in db.backend.db_parameter_groups and name != default:
        raise DBParameterGroupNotFoundError(name)
    _rds_rules.parameter_group(db.backend, name, db.engine, version)


def defer(db: Any, kw: Any) -> dict[str, Any]:
    """Take out of the call what differs from the instance and is not applied at once."""
    later = {}
    for name, shown in DEFERRED.items():
        if name not in kw:
            continue
        value = kw.pop(name)
        if value is not None and value != current(db, name):
            later[name] = value
        else:
            # Asking for what is there already takes back a change that was pending.
            db.pending_modified_values.pop(shown, None)
    return later


def current(db: Any, name: str) -> Any:
    if name == "db_port_number":
        return db.port
    if name == "new_db_instance_identifier":
        return db.db_instance_identifier
    if name == "db_subnet_group_name":
        group = getattr(db, "db_subnet_group", None)
        return group.name if group is not None else None
    return getattr(db, name)


def apply_now(original: Any, db: Any, kw: Any) -> None:
    """Apply what AWS applies as soon as it can, whether asked to do so or not."""
    logs = kw.pop("cloudwatch_logs_export_configuration", None) or {}
    on = [*db.enabled_cloudwatch_logs_exports, *(logs.get("EnableLogTypes") or ())]
    off = logs.get("DisableLogTypes") or ()
    group = kw.pop("db_parameter_group_name", None)
    insights = kw.pop("enable_performance_insights", None)
    original(db.db_instance_identifier, kw)
    db.enabled_cloudwatch_logs_exports = sorted(set(on) - set(off))
    if group and group != db.db_parameter_groups()[0].name:
        db.db_parameter_group_name, db.parameter_apply_status = group, "pending-reboot"
    if insights is not None or kw.get("performance_insights_retention_period"):
        on_now = db.performance_insights_enabled if insights is None else insights
        performance_insights(db, kw, bool(on_now))


def provide(db: Any, changed: dict[str, Any]) -> None:
    """Give gp3 the IOPS and throughput of its size, where others were not asked for."""
    if db.storage_type != "gp3":
        return
    for name, least in zip(
        ("iops", "storage_throughput"), _rds_limits.gp3(db.allocated_storage), strict=True
    ):
        have = 0 if "StorageType" in changed else getattr(db, name) or 0
        if DEFERRED[name] not in changed:
            setattr(db, name, max(least, have))


def start(world: World, db: Any) -> None:
    """Have the pending values applied: seen as `available` first, as `modifying` then."""
    converts = db.pending_modified_values.get("MultiAZ") is True
    seconds = world.seconds("convert_multi_az" if converts else "db_modify")
    name = db.db_instance_identifier

    def begin() -> None:
        if db.status == "available":
            db.status = "modifying"

    def end() -> None:
        values, db.pending_modified_values = db.pending_modified_values, {}
        attributes = {shown: attribute for attribute, shown in DEFERRED.items()}
        for shown, value in values.items():
            if attributes[shown] == "new_db_instance_identifier":
                rename(db, value)
            else:
                attribute = "port" if shown == "Port" else attributes[shown]
                setattr(db, attribute, value)
        provide(db, values)
        spread(world, db)
        if db.status == "modifying":
            db.status = "available"

    failed = _rds_servers.failing(db, "failed", "The DB instance could not be modified.")
    label = f"{name} is modified"

    def change() -> None:
        world.databases.carry_out(lambda: modified(db), seconds, label, end, failed)

    world.later(seconds * STILL_AVAILABLE, begin, f"{name} begins to be modified")
    world.once(lambda: _rds_servers.serves(db), change, label)


def reset_password(world: World, db: Any) -> None:
    """Give the master user the password that the instance has by now."""
    db.status = "resetting-master-credentials"

    def done() -> None:
        if db.status == "resetting-master-credentials":
            db.status = "available"
        db.add_event("DB_INSTANCE_RESET_MASTER_CREDENTIALS")

    world.databases.carry_out(
        lambda: Change(_rds_servers.instance(db), _rds_servers.password_of(db)),
        0.0,
        f"{db.db_instance_identifier} has its password",
        done,
        _rds_servers.failing(db, "available", "The master password could not be reset."),
    )


def modified(db: Any) -> Order:
    """What the pending values of an instance mean for its server."""
    values = db.pending_modified_values
    before = _rds_servers.instance(db)
    name = str(values.get("DBInstanceIdentifier", before.name)).lower()
    after = dataclasses.replace(
        before,
        name=name,
        endpoint=_rds_servers.endpoint_of(db.account_id, db.region, name),
        port=int(values.get("Port", before.port)),
        size=values.get("DBInstanceClass", before.size),
        version=values.get("EngineVersion", before.version),
    )
    if restarts(before, after):
        db.in_force = None
        after = dataclasses.replace(
            after, parameters=tuple(sorted(_rds_servers.parameters_in_force(db).items()))
        )
    return order_for(before, after)


def rename(db: Any, new: str) -> None:
    """Give an instance another identifier; the links between it and its replicas follow."""
    databases = db.backend.databases
    old_name, old_arn = db.db_instance_identifier, db.db_instance_arn
    del databases[old_name]
    db.db_instance_identifier = new
    databases[db.db_instance_identifier] = db
    names = {old_name: db.db_instance_identifier, old_arn: db.db_instance_arn}
    for other in _rds_rules.instances(db.account_id):
        here = other.region == db.region
        if other.source_db_instance_identifier in names and (
            here or other.source_db_instance_identifier == old_arn
        ):
            other.source_db_instance_identifier = names[other.source_db_instance_identifier]
        other.replicas = [names.get(r, r) if here or r == old_arn else r for r in other.replicas]
