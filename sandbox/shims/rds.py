# SPDX-License-Identifier: GPL-3.0-or-later
"""Database instances: they take time to come and go, and bad ones are refused."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.rds.exceptions import DBSnapshotAlreadyExistsError
from moto.rds.exceptions import RDSClientError as Refusal
from moto.rds.models import DBInstance, RDSBackend, rds_backends
from moto.rds.responses import RDSResponse

from sandbox.shims import Hook, _rds_rules
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "CreateDBInstance: `creating` without Endpoint first, `available` after the time AWS takes.",
    "CreateDBInstance refuses a bad password, user name, version, key, security group, or family.",
    "DbiResourceId is unique; a key is given as its ARN; gp3 shows its IOPS and throughput.",
    "An instance is public unasked if its VPC has an internet gateway; Multi-AZ has a second zone.",
    "Performance Insights settings come back; the option group is named after the major version.",
    "The first automated backup comes with `available`, and none with a retention of 0.",
    "DeleteDBInstance wants a decision on the final snapshot, and shows `deleting`.",
    "RebootDBInstance: `rebooting`, and ForceFailover swaps the zones of a Multi-AZ instance.",
)
HOOKS: tuple[Hook, ...] = (
    (RDSBackend, "create_db_instance", ("db_kwargs",)),
    (
        RDSBackend,
        "delete_db_instance",
        (
            "db_instance_identifier",
            "final_db_snapshot_identifier",
            "skip_final_snapshot",
            "delete_automated_backups",
        ),
    ),
    (RDSBackend, "reboot_db_instance", ("db_instance_identifier",)),
    (RDSBackend, "create_db_snapshot", ("db_instance_identifier", "db_snapshot_identifier")),
    (RDSResponse, "reboot_db_instance", ()),
    (DBInstance, "save_automated_backup", ()),
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
    size = kw.get("allocated_storage")
    if size is not None and size < 20 and engine == "postgres":
        raise Refusal("InvalidParameterValue", f"Invalid storage size for engine postgres: {size}")
    name = kw.get("db_subnet_group_name")
    vpc_id = backend.describe_db_subnet_groups(name)[0].vpc_id if name else None
    _rds_rules.security_groups(backend, kw.get("vpc_security_group_ids") or (), vpc_id)
    if not kw.get("vpc_security_group_ids"):
        kw["vpc_security_group_ids"] = _rds_rules.default_security_group(backend, vpc_id)
    _rds_rules.parameter_group(
        backend, kw.get("db_parameter_group_name"), engine, kw["engine_version"] or ""
    )


def complete(db: Any, kw: Any) -> None:
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
        db.iops = kw.get("iops") or _rds_rules.GP3_IOPS
        db.storage_throughput = kw.get("storage_throughput") or _rds_rules.GP3_THROUGHPUT
    if db.publicly_accessible is None:
        db.publicly_accessible = _rds_rules.public_by_default(db.backend, _rds_rules.vpc_of(db))
    db.network_type, db.backup_target, db.activity_stream_status = "IPV4", "region", "stopped"
    db.customer_owned_ip_enabled = db.dedicated_log_volume = False
    db.parameter_apply_status = "in-sync"
    zones = _rds_rules.zones(db)
    if not kw.get("availability_zone") or db.availability_zone not in zones:
        db.availability_zone = zones[0]
    db.secondary_availability_zone = None
    db.pending_modified_values = {}


def performance_insights(db: Any, kw: Any, on: bool) -> None:
    db.performance_insights_enabled = on
    db.performance_insights_retention_period = (
        (kw.get("performance_insights_retention_period") or 7) if on else None
    )
    db.performance_insights_kms_key_id = (
        _rds_rules.key_arn(db.backend, kw.get("performance_insights_kms_key_id")) if on else None
    )


def begin(world: World, db: Any, step: str, then: Callable[[], None] | None = None) -> None:
    """Have a new instance be `creating` for the time of `step`, then `available`."""
    db.settled, db.status = False, "creating"

    def settle() -> None:
        if db.status == "creating":
            db.settled, db.status = True, "available"
            spread(db)
            if then:
                then()
            db.save_automated_backup()

    world.later(world.seconds(step), settle, f"{db.db_instance_identifier} becomes available")


def spread(db: Any) -> None:
    """A Multi-AZ instance has a second zone, another one has none."""
    others = [zone for zone in _rds_rules.zones(db) if zone != db.availability_zone]
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
        complete(db, db_kwargs)
        begin(world, db, "db_multi_az" if db.multi_az else "db_single_az")
        return db

    @wrap(DBInstance, "save_automated_backup")
    def save_automated_backup(original: Any, self: Any) -> None:
        ours = "settled" in self.__dict__
        if self.db_cluster_identifier is not None or (ours and self.backup_retention_period):
            try:
                original()
            except DBSnapshotAlreadyExistsError:
                return  # Names have minutes only: this minute has its backup already.


def check_delete(db: Any, final: str | None, skip: bool) -> None:
    """Refuse to delete an instance that is going already, or without a word on its last data."""
    if db.status == "deleting":
        raise Refusal(
            "InvalidDBInstanceState",
            f"Instance {db.db_instance_identifier} is already being deleted.",
        )
    if final and skip:
        raise Refusal(
            "InvalidParameterCombination",
            "FinalDBSnapshotIdentifier can not be specified when deleting with SkipFinalSnapshot",
        )
    if not final and not skip:
        raise Refusal(
            "InvalidParameterCombination",
            "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.",
        )
    if final and db.source_db_instance_identifier:
        raise Refusal(
            "InvalidParameterCombination",
            "FinalDBSnapshotIdentifier can not be specified when deleting a replica instance",
        )
    if final:
        _rds_rules.available(db)


def drop_automated_backups(db: Any) -> None:
    snapshots = db.backend.database_snapshots
    for snapshot in list(snapshots.values()):
        same = snapshot.dbi_resource_id == db.dbi_resource_id
        if same and snapshot.snapshot_type == "automated":
            del snapshots[snapshot.db_snapshot_identifier]


def delete(world: World) -> None:
    @wrap(RDSBackend, "delete_db_instance")
    def delete_db_instance(
        original: Any,
        self: RDSBackend,
        db_instance_identifier: str,
        final_db_snapshot_identifier: str | None = None,
        skip_final_snapshot: bool | None = False,
        delete_automated_backups: bool | None = True,
    ) -> Any:
        db: Any = self.describe_db_instances(db_instance_identifier)[0]
        if db.db_cluster_identifier is not None or db.deletion_protection:
            return original(
                db_instance_identifier,
                final_db_snapshot_identifier,
                skip_final_snapshot,
                delete_automated_backups,
            )
        check_delete(db, final_db_snapshot_identifier, bool(skip_final_snapshot))
        if final_db_snapshot_identifier:
            self.create_db_snapshot(db.db_instance_identifier, final_db_snapshot_identifier)
        db.status = "deleting"
        if delete_automated_backups is not False:
            drop_automated_backups(db)

        def gone() -> None:
            _rds_rules.cut(db)
            original(db.db_instance_identifier, None, True, False)

        world.later(world.seconds("db_delete"), gone, f"{db_instance_identifier} is gone")
        return db


def reboot(world: World) -> None:
    @wrap(RDSResponse, "reboot_db_instance")
    def reboot_db_instance(_original: Any, self: RDSResponse) -> ActionResult:
        name = self.params.get("DBInstanceIdentifier")
        db: Any = rds_backends[self.current_account][self.region].describe_db_instances(name)[0]
        _rds_rules.available(db)
        swap = bool(self.params.get("ForceFailover"))
        if swap and not db.multi_az:
            raise Refusal(
                "InvalidParameterCombination",
                "ForceFailover can be specified only for Multi-AZ instances.",
            )
        db.status = "rebooting"

        def up() -> None:
            db.status, db.parameter_apply_status = "available", "in-sync"
            if swap:
                other = db.secondary_availability_zone
                db.availability_zone, db.secondary_availability_zone = other, db.availability_zone

        world.later(world.seconds("db_reboot"), up, f"{name} has rebooted")
        return ActionResult({"DBInstance": db})


def address(self: Any) -> str:
    """The host name of an instance: its identifier, and one label per account and region."""
    digest = hashlib.sha256(f"{self.account_id}/{self.region}".encode()).hexdigest()[:11]
    return f"{self.db_instance_identifier}.c{digest}.{self.region}.rds.amazonaws.com"


def endpoint(self: Any) -> dict[str, Any] | None:
    return {"Address": self.address, "Port": self.port} if settled(self) else None


def latest_restorable_time(self: Any) -> Any:
    return utcnow() if settled(self) and self.backup_retention_period else None


def install(world: World) -> None:
    """Change how the emulator creates, deletes and reboots database instances."""
    create(world)
    delete(world)
    reboot(world)
    for getter in (address, endpoint, latest_restorable_time):
        setattr(DBInstance, getter.__name__, property(getter))
