# SPDX-License-Identifier: GPL-3.0-or-later
"""Read replicas, also in another region, and their promotion."""

from __future__ import annotations

import copy
from typing import Any

from moto.core.utils import utcnow
from moto.rds.exceptions import DBInstanceAlreadyExists, DBParameterGroupNotFoundError
from moto.rds.exceptions import RDSClientError as Refusal
from moto.rds.models import DBInstance, RDSBackend

from sandbox.databases.orders import Replicate
from sandbox.shims import Hook, _rds_classes, _rds_limits, _rds_promotion, _rds_rules, _rds_servers
from sandbox.shims.rds import begin, complete
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "A replica abroad takes subnets, parameters, security groups and key of its own region.",
    "A new replica takes a parameter group of Oracle, Db2, or MySQL abroad only: not PostgreSQL.",
    "A replica has AWS's defaults, not its source's: no protection, no backups, one zone.",
    "A replica is refused without backups of its source, or of a source that is not available.",
    "A replica is refused without a key of its region, or of a source with a managed password.",
    "A replica is refused of a class that there is not, and a promotion with more than 35 days of "
    "backups.",
    "A replica tells its replication status.",
    "PromoteReadReplica takes time, cuts both links, and is refused for what is no replica.",
    "Deleting a replica, or the source of one, works across regions and cuts the links.",
    "A replica in the region of a deleted source is promoted, one elsewhere is `terminated`.",
    "A replica abroad is `creating` for as long as the region of its source cannot be reached.",
)
HOOKS: tuple[Hook, ...] = (
    (RDSBackend, "create_db_instance_read_replica", ("db_kwargs",)),
    (RDSBackend, "promote_read_replica", ("db_kwargs",)),
    (RDSBackend, "find_db_from_id", ("db_id",)),
    (DBInstance, "add_replica", ("replica",)),
    (DBInstance, "set_as_replica", ()),
)
REPLICATING = [{"StatusType": "read replication", "Normal": True, "Status": "replicating"}]


def check(backend: RDSBackend, source: Any, kw: Any) -> None:
    """Refuse what AWS refuses about a replica."""
    if kw["db_instance_identifier"] in backend.databases:
        raise DBInstanceAlreadyExists
    if source.status != "available":
        raise Refusal(
            "InvalidDBInstanceState",
            f"DB Instance {source.db_instance_identifier} is not in available state, but in state "
            f"{source.status}.",
        )
    if not source.backup_retention_period:
        raise Refusal(
            "InvalidDBInstanceState",
            "Automated backups are not enabled for this database instance. To enable automated "
            "backups, use ModifyDBInstance to set the backup retention period to a non-zero value.",
        )
    if getattr(source, "manage_master_user_password", False):
        raise Refusal(
            "InvalidParameterCombination",
            "You can't create a read replica of a DB instance whose master user password is "
            "managed in AWS Secrets Manager.",
        )
    _rds_classes.check(source.engine, source.engine_version, kw.get("db_instance_class"))
    check_parameter_group(backend, source, kw)
    check_key(backend, source, kw)


def check_key(backend: RDSBackend, source: Any, kw: Any) -> None:
    if source.region == backend.region_name:
        wanted = kw.get("kms_key_id") if source.storage_encrypted else None
        kw["kms_key_id"] = _rds_rules.key_arn(backend, wanted) if wanted else source.kms_key_id
    elif not source.storage_encrypted:
        if kw.get("kms_key_id"):
            raise Refusal(
                "InvalidParameterCombination",
                "A replica of an unencrypted DB instance can't be encrypted.",
            )
    elif not kw.get("kms_key_id"):
        raise Refusal(
            "InvalidParameterCombination",
            "Cannot create a cross region unencrypted read replica from encrypted source; specify "
            "KmsKeyId with a key of the destination region.",
        )
    else:
        kw["kms_key_id"] = _rds_rules.key_arn(backend, kw["kms_key_id"])


def check_parameter_group(backend: RDSBackend, source: Any, kw: Any) -> None:
    engine = str(source.engine)
    abroad = source.region != backend.region_name
    taken = engine.startswith(("oracle", "db2")) or (engine == "mysql" and abroad)
    if kw.get("db_parameter_group_name") and not taken:
        raise Refusal(
            "InvalidParameterCombination",
            "A parameter group can't be specified during Read Replica creation for the following "
            f"DB engine: {engine}",
        )


def parameter_group(backend: RDSBackend, source: Any, kw: Any) -> str | None:
    """The group asked for; else the source's in its own region, the default one elsewhere."""
    name = kw.get("db_parameter_group_name")
    if name is None:
        own = source.region == backend.region_name
        inherited: str | None = source.db_parameter_group_name
        return inherited if own else None
    default = "default." + _rds_rules.family(source.engine, source.engine_version)
    if name not in backend.db_parameter_groups and name != default:
        raise DBParameterGroupNotFoundError(name)
    _rds_rules.parameter_group(backend, name, source.engine, source.engine_version)
    return str(name)


def replica_of(source: Any, backend: RDSBackend, kw: Any) -> Any:
    """A new instance with the data of its source and the settings of the call."""
    group = parameter_group(backend, source, kw)
    subnets = kw.get("db_subnet_group_name")
    here = source.region == backend.region_name
    vpc_id: str | None
    if subnets:
        vpc_id = backend.describe_db_subnet_groups(subnets)[0].vpc_id
    else:
        vpc_id = _rds_rules.vpc_of(source) if here else None
    groups = kw.get("vpc_security_group_ids") or _rds_rules.default_security_group(backend, vpc_id)
    _rds_rules.security_groups(backend, groups, vpc_id)
    replica = copy.copy(source)
    replica.backend = backend
    replica.db_instance_identifier = kw["db_instance_identifier"]
    replica.created = replica.instance_create_time = utcnow()
    replica.source_db_instance_identifier = (
        source.db_instance_identifier if here else source.db_instance_arn
    )
    replica.set_as_replica()
    replica.db_parameter_group_name = group
    if subnets or not here:
        replica.db_subnet_group = None
        replica.db_subnet_group_name = subnets
    replica.vpc_security_group_ids = list(groups)
    replica.deletion_protection = bool(kw.get("deletion_protection"))
    replica.backup_retention_period = kw.get("backup_retention_period") or 0
    replica.multi_az = bool(kw.get("multi_az"))
    replica.copy_tags_to_snapshot = bool(kw.get("copy_tags_to_snapshot"))
    replica.publicly_accessible = kw.get("publicly_accessible")
    replica.enable_iam_database_authentication = bool(kw.get("enable_iam_database_authentication"))
    replica.enabled_cloudwatch_logs_exports = list(kw.get("enable_cloudwatch_logs_exports") or ())
    replica.monitoring_interval = kw.get("monitoring_interval") or 0
    replica.monitoring_role_arn = kw.get("monitoring_role_arn")
    replica.tags = kw.get("tags") or []
    replica.kms_key_id = kw.get("kms_key_id") if source.storage_encrypted else None
    for name in ("db_instance_class", "port", "storage_type", "iops", "auto_minor_version_upgrade"):
        if kw.get(name) is not None:
            setattr(replica, name, kw[name])
    replica.allocated_storage = kw.get("allocated_storage") or source.allocated_storage
    replica.max_allocated_storage = kw.get("max_allocated_storage") or replica.allocated_storage
    replica.availability_zone = kw.get("availability_zone") or f"{backend.region_name}a"
    return replica


def create(world: World) -> None:
    @wrap(RDSBackend, "create_db_instance_read_replica")
    def create_db_instance_read_replica(_original: Any, self: RDSBackend, db_kwargs: Any) -> Any:
        source: Any = self.find_db_from_id(db_kwargs["source_db_instance_identifier"])
        check(self, source, db_kwargs)
        self._validate_db_identifier(db_kwargs["db_instance_identifier"])
        replica = replica_of(source, self, db_kwargs)
        complete(world, replica, db_kwargs)
        replica.status_infos = None
        self.databases[replica.db_instance_identifier] = replica
        source.add_replica(replica)
        near = source.region == self.region_name
        step = "db_replica_same_region" if near else "db_replica_cross_region"

        def replicating() -> None:
            replica.status_infos = REPLICATING

        def order() -> Replicate:
            return Replicate(_rds_servers.instance(replica), source.dbi_resource_id)

        def fed() -> bool:
            return near or not world.severed(source.region, self.region_name)

        begin(world, replica, step, order, replicating, fed=fed)
        return replica


def promote(world: World) -> None:
    @wrap(RDSBackend, "promote_read_replica")
    def promote_read_replica(_original: Any, self: RDSBackend, db_kwargs: Any) -> Any:
        db: Any = self.describe_db_instances(db_kwargs["db_instance_identifier"])[0]
        if not db.source_db_instance_identifier:
            raise Refusal("InvalidDBInstanceState", "DB Instance is not a read replica.")
        _rds_rules.available(db)
        retention = db_kwargs.get("backup_retention_period")
        _rds_limits.retention(retention)
        window = db_kwargs.get("preferred_backup_window")
        _rds_promotion.promote(world, db, 1 if retention is None else retention, window)
        return db


def install(world: World) -> None:
    """Change how the emulator makes, promotes and deletes replicas."""
    create(world)
    promote(world)
