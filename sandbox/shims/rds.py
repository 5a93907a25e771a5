# SPDX-License-Identifier: GPL-3.0-or-later
"""Database instances: they take time to come, and bad ones are refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from moto.core.utils import utcnow
from moto.rds.exceptions import DBSnapshotAlreadyExistsError
from moto.rds.exceptions import RDSClientError as Refusal
from moto.rds.models import DBInstance, MasterUserSecret, RDSBackend

from sandbox.databases.orders import Create, Order
from sandbox.shims import Hook, _rds_classes, _rds_limits, _rds_rules, _rds_servers
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "CreateDBInstance: `creating` without Endpoint first, `available` after the time AWS takes.",
    "CreateDBInstance refuses a bad password, user name, version, key, security group, or family.",
    "CreateDBInstance refuses a class that there is not, or not for the version, a storage size, "
    "more than 35 days of backups, and IOPS or throughput that gp3 of the size does not take.",
    "DbiResourceId is unique; a key is given as its ARN; gp3 shows its IOPS and throughput, which "
    "are more from 400 GiB on.",
    "An instance is public unasked if its VPC has an internet gateway; Multi-AZ has a second zone.",
    "Performance Insights settings come back; the option group is named after the major version.",
    "The first automated backup comes with `available`, and none with a retention of 0.",
    "The secret of a managed password holds the master's name and a password of its own.",
)
HOOKS: tuple[Hook, ...] = (
    (RDSBackend, "create_db_instance", ("db_kwargs",)),
    (DBInstance, "save_automated_backup", ()),
    (MasterUserSecret, "_generate_secret_string", ()),
    (DBInstance, "endpoint", ()),
    (DBInstance, "address", ()),
    (DBInstance, "latest_restorable_time", ()),
)


def check(backend: RDSBackend, kw: Any) -> None:
    """Refuse what AWS refuses about a new instance; fill in the full engine version."""
    engine = kw.get("engine")
    _rds_rules.user(engine, kw.get("master_username"))
    _rds_rules.password(kw.get("master_user_password"), bool(kw.get("manage_master_user_password")))
    kw["engine_version"] = _rds_rules.engine_version(engine, kw.get("engine_version"))
    if kw.get("multi_az") and kw.get("availability_zone"):
        raise Refusal(
            "InvalidParameterCombination",
            "Requesting a specific availability zone is not valid for Multi-AZ instances.",
        )
    if kw.get("kms_key_id") and not kw.get("storage_encrypted"):
        raise Refusal(
            "InvalidParameterCombination", "KmsKeyId needs an instance with StorageEncrypted."
        )
    if kw.get("storage_encrypted"):
        kw["kms_key_id"] = _rds_rules.key_arn(backend, kw.get("kms_key_id"))
    _rds_classes.check(engine, kw["engine_version"] or "", kw.get("db_instance_class"))
    _rds_limits.retention(kw.get("backup_retention_period"))
    _rds_limits.storage(engine, kw.get("allocated_storage"))
    _rds_limits.growth(engine, kw.get("allocated_storage") or 0, kw.get("max_allocated_storage"))
    _rds_limits.performance(engine, kw.get("storage_type"), kw.get("allocated_storage"), kw)
    name = kw.get("db_subnet_group_name")
    vpc_id = backend.describe_db_subnet_groups(name)[0].vpc_id if name else None
    _rds_rules.security_groups(backend, kw.get("vpc_security_group_ids") or (), vpc_id)
    if not kw.get("vpc_security_group_ids"):
        kw["vpc_security_group_ids"] = _rds_rules.default_security_group(backend, vpc_id)
    _rds_rules.parameter_group(
        backend, kw.get("db_parameter_group_name"), engine, kw["engine_version"] or ""
    )


def complete(world: World, db: Any, kw: Any) -> None:
    """Give a new instance what the emulator leaves out of its description."""
    major = db.engine_version.split(".")[0]
    db.dbi_resource_id = _rds_rules.resource_id()
    if db.engine == "postgres":
        db.license_model = "postgresql-license"
        if not kw.get("option_group_name"):
            db.option_group_name = f"default:postgres-{major}"
    db.ca_certificate_identifier = kw.get("ca_certificate_identifier") or "rds-ca-rsa2048-g1"
    db.certificate_details = {
        "CAIdentifier": db.ca_certificate_identifier,
        "ValidTill": utcnow() + timedelta(days=365),
    }
    performance_insights(db, kw, bool(kw.get("enable_performance_insights")))
    if db.storage_type == "gp3":
        iops, throughput = _rds_limits.gp3(db.allocated_storage)
        db.iops = kw.get("iops") or iops
        db.storage_throughput = kw.get("storage_throughput") or throughput
    if db.publicly_accessible is None:
        db.publicly_accessible = _rds_rules.public_by_default(db.backend, _rds_rules.vpc_of(db))
    db.network_type, db.backup_target, db.activity_stream_status = "IPV4", "region", "stopped"
    db.customer_owned_ip_enabled = db.dedicated_log_volume = False
    db.parameter_apply_status = "in-sync"
    zones = _rds_rules.zones(db)
    if not kw.get("availability_zone") or db.availability_zone not in zones:
        db.availability_zone = min(zones, key=lambda zone: lacking(world, db, zone))
    db.secondary_availability_zone = None
    db.pending_modified_values = {}
    db.place = db.card = db.in_force = db.outage = db.automatic_restart_time = None


def lacking(world: World, db: Any, zone: str) -> bool:
    """Whether a zone has no capacity for an instance."""
    return world.short_of(db.region, zone, db.db_instance_class)


def performance_insights(db: Any, kw: Any, on: bool) -> None:
    db.performance_insights_enabled = on
    db.performance_insights_retention_period = (
        (kw.get("performance_insights_retention_period") or 7) if on else None
    )
    db.performance_insights_kms_key_id = (
        _rds_rules.key_arn(db.backend, kw.get("performance_insights_kms_key_id")) if on else None
    )


def begin(
    world: World,
    db: Any,
    step: str,
    order: Callable[[], Order],
    then: Callable[[], None] | None = None,
    broken: str = "failed",
    fed: Callable[[], bool] = lambda: True,
) -> None:
    """Have a new instance be `creating` for the time of `step`, then `available`.

    Where its server can't be made, its status is `broken`. It is neither begun nor finished while
    the region that it has its data from is not reached (`fed`), nor finished during an outage.
    """
    db.settled, db.status = False, "creating"
    label = f"{db.db_instance_identifier} becomes available"

    def settle() -> None:
        if db.status == "creating":
            db.settled, db.status = True, "available"
            spread(world, db)
            if then:
                then()
            db.save_automated_backup()

    def arrived() -> None:
        world.once(lambda: fed() and _rds_servers.serves(db), settle, label)

    def make() -> None:
        if db.status == "creating":
            failed = _rds_servers.failing(db, broken, "The DB instance could not be created.")
            world.databases.carry_out(order, world.seconds(step), label, arrived, failed)

    world.once(fed, make, label)


def spread(world: World, db: Any) -> None:
    """A Multi-AZ instance has a second zone, another one has none."""
    others = [zone for zone in _rds_rules.zones(db) if zone != db.availability_zone]
    others.sort(key=lambda zone: lacking(world, db, zone))
    db.secondary_availability_zone = others[0] if db.multi_az and others else None


def settled(db: Any) -> bool:
    """Whether an instance has ever been available; those of clusters are not ours."""
    return bool(db.__dict__.get("settled", True))


def create(world: World) -> None:
    @wrap(RDSBackend, "create_db_instance")
    def create_db_instance(original: Any, self: RDSBackend, db_kwargs: Any) -> Any:
        if db_kwargs.get("db_cluster_identifier") is not None or _rds_rules.RESTORING.get():
            return original(db_kwargs)
        if db_kwargs["db_instance_identifier"] in self.databases:
            return original(db_kwargs)
        check(self, db_kwargs)
        db = original(db_kwargs)
        complete(world, db, db_kwargs)
        step = "db_multi_az" if db.multi_az else "db_single_az"
        begin(
            world,
            db,
            step,
            lambda: Create(_rds_servers.instance(db), _rds_servers.password_of(db), db.db_name),
        )
        return db

    @wrap(DBInstance, "save_automated_backup")
    def save_automated_backup(original: Any, self: Any) -> None:
        ours = "settled" in self.__dict__
        if self.db_cluster_identifier is not None or (ours and self.backup_retention_period):
            try:
                original()
            except DBSnapshotAlreadyExistsError:
                return  # Names have minutes only: this minute has its backup already.


def address(self: Any) -> str:
    return _rds_servers.endpoint_of(self.account_id, self.region, self.db_instance_identifier)


def endpoint(self: Any) -> dict[str, Any] | None:
    return {"Address": self.address, "Port": self.port} if settled(self) else None


def restorable(world: World) -> None:
    def latest_restorable_time(self: Any) -> Any:
        # "Point-in-time recovery (PITR) isn't supported for read replicas" of PostgreSQL, says the
        # user guide.
        if (
            not settled(self)
            or not self.backup_retention_period
            or self.source_db_instance_identifier
        ):
            return None
        reach = world.databases.restorable(self.dbi_resource_id, self.region)
        return reach[1].replace(tzinfo=None) if reach else None

    DBInstance.latest_restorable_time = property(  # type: ignore[assignment]
        latest_restorable_time
    )


def managed(world: World) -> None:
    @wrap(MasterUserSecret, "_generate_secret_string")
    def _generate_secret_string(_original: Any, self: Any) -> str:
        return _rds_servers.managed_secret(self.resource.master_username)


def install(world: World) -> None:
    """Change how the emulator creates and describes database instances."""
    create(world)
    restorable(world)
    managed(world)
    for getter in (address, endpoint):
        setattr(DBInstance, getter.__name__, property(getter))
