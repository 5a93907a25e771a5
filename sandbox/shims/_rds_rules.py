# SPDX-License-Identifier: GPL-3.0-or-later
"""What RDS refuses, and what it fills in, for a database instance."""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any

from moto.ec2.models import ec2_backends
from moto.kms.models import kms_backends
from moto.rds.exceptions import KMSKeyNotAccessibleFault
from moto.rds.exceptions import RDSClientError as Refusal
from moto.rds.models import rds_backends

# First and last minor version that RDS offers of each major one, as of 2025-09.
POSTGRES_MINORS = {11: (22, 22), 12: (22, 22), 13: (11, 22), 14: (8, 19), 15: (3, 14)} | {
    16: (1, 10),
    17: (1, 6),
}
# Set while the emulator builds an instance out of a snapshot or a point in time, which it does
# through its CreateDBInstance with every attribute of the old instance.
RESTORING: ContextVar[bool] = ContextVar("restoring", default=False)
RESERVED_USERS = {"admin", "rdsadmin", "rdsrepladmin", "rdstopmgr", "rds_superuser"}


def engine_version(engine: str, wanted: str | None) -> str | None:
    """The full version for what was asked; a major version alone means its newest minor one."""
    if engine != "postgres":
        return wanted
    if not wanted:
        return f"16.{POSTGRES_MINORS[16][1]}"
    major, _, minor = wanted.partition(".")
    bounds = POSTGRES_MINORS.get(int(major)) if major.isdigit() else None
    if bounds and not minor:
        return f"{major}.{bounds[1]}"
    if bounds and minor.isdigit() and bounds[0] <= int(minor) <= bounds[1]:
        return wanted
    raise Refusal("InvalidParameterCombination", f"Cannot find version {wanted} for postgres")


def family(engine: str, version: str) -> str:
    """The parameter group family of an engine version, e.g. postgres16."""
    parts = version.split(".")
    return engine + (parts[0] if engine == "postgres" else ".".join(parts[:2]))


def password(value: str | None, managed: bool) -> None:
    """Refuse a master password that RDS would not take."""
    if managed:
        if value:
            raise Refusal(
                "InvalidParameterCombination",
                "You can't specify MasterUserPassword with ManageMasterUserPassword enabled.",
            )
        return
    if not value:
        raise Refusal(
            "InvalidParameterValue",
            "The parameter MasterUserPassword must be provided and must not be blank.",
        )
    short = "The parameter MasterUserPassword is not a valid password because "
    if len(value) < 8:
        raise Refusal("InvalidParameterValue", short + "it is shorter than 8 characters.")
    if len(value) > 128:
        raise Refusal("InvalidParameterValue", short + "it is longer than 128 characters.")
    if re.search(r'[/@" ]|[^\x21-\x7e]', value):
        raise Refusal(
            "InvalidParameterValue",
            short + "only printable ASCII characters besides '/', '@', '\"', ' ' may be used.",
        )


def user(engine: str, name: str | None) -> None:
    """Refuse a master user name that is missing or reserved."""
    if not name:
        raise Refusal(
            "InvalidParameterValue",
            "The parameter MasterUsername must be provided and must not be blank.",
        )
    if engine == "postgres" and (name.lower() in RESERVED_USERS or name.startswith("pg_")):
        raise Refusal(
            "InvalidParameterValue",
            f"MasterUsername {name} cannot be used as it is a reserved word used by the engine",
        )


def key_arn(backend: Any, wanted: str | None) -> str:
    """The ARN of a usable key of this region; of the AWS managed one where none is named."""
    name = wanted or "alias/aws/rds"
    if name.startswith("arn:") and name.split(":")[3] != backend.region_name:
        raise KMSKeyNotAccessibleFault(name)
    keys = kms_backends[backend.account_id][backend.region_name]
    try:
        key = keys.describe_key(name)
    except Exception as error:
        raise KMSKeyNotAccessibleFault(name) from error
    if key.key_state != "Enabled":
        raise KMSKeyNotAccessibleFault(name)
    return str(key.arn)


def security_groups(backend: Any, ids: Iterable[str], vpc_id: str | None) -> None:
    """Refuse security groups that do not exist, or not in the VPC of the subnet group."""
    ec2 = ec2_backends[backend.account_id][backend.region_name]
    for group_id in ids:
        group = ec2.get_security_group_from_id(group_id)
        if group is None:
            raise Refusal(
                "InvalidParameterValue",
                f"Invalid security group , groupId= {group_id}, groupName=.",
            )
        if vpc_id and group.vpc_id != vpc_id:
            raise Refusal(
                "InvalidParameterCombination",
                "The DB instance and EC2 security group are in different VPCs. The DB instance is "
                f"in {vpc_id} and the EC2 security group is in {group.vpc_id}",
            )


def default_security_group(backend: Any, vpc_id: str | None) -> list[str]:
    """The default group of a VPC (of the default VPC where there is none)."""
    ec2 = ec2_backends[backend.account_id][backend.region_name]
    vpc = vpc_id or getattr(ec2.default_vpc, "id", None)
    group = ec2.get_security_group_from_name("default", vpc) if vpc else None
    if group is None:
        raise Refusal("InvalidVPCNetworkStateFault", "No default VPC in this region.")
    return [group.id]


def parameter_group(backend: Any, name: str | None, engine: str, version: str) -> None:
    """Refuse a parameter group of another engine or major version."""
    group = backend.db_parameter_groups.get(name) if name else None
    wanted = family(engine, version)
    if group is not None and group.family != wanted:
        raise Refusal(
            "InvalidParameterCombination",
            f"The parameter group {name} with DBParameterGroupFamily {group.family} can't be used "
            f"for this instance. Please use a parameter group with DBParameterGroupFamily {wanted}",
        )


def public_by_default(backend: Any, vpc_id: str | None) -> bool:
    """Whether an instance gets a public address unasked: if its VPC has an internet gateway."""
    gateways = ec2_backends[backend.account_id][backend.region_name].internet_gateways
    return any(g.vpc and g.vpc.id == vpc_id for g in gateways.values()) if vpc_id else True


def zones(db: Any) -> list[str]:
    """The zones an instance can be in."""
    return zones_of(db.region, getattr(db, "db_subnet_group", None))


def zones_of(region: str, group: Any) -> list[str]:
    """The zones of a subnet group; of the default VPC if it is None."""
    if group is None:
        return [f"{region}{letter}" for letter in "abc"]
    return sorted({s["SubnetAvailabilityZone"]["Name"] for s in group.subnets})


def vpc_of(db: Any) -> str | None:
    group = getattr(db, "db_subnet_group", None)
    return group.vpc_id if group is not None else None


def resource_id() -> str:
    """A name RDS gives an instance for ever, unlike its identifier."""
    alphabet = string.ascii_uppercase + string.digits
    return "db-" + "".join(secrets.choice(alphabet) for _ in range(26))


def available(db: Any) -> None:
    """Refuse what only an available instance can do."""
    if db.status != "available":
        raise Refusal(
            "InvalidDBInstanceState",
            f"Database instance {db.db_instance_identifier} is not in available state, but in "
            f"state {db.status}.",
        )


def instances(account_id: str) -> list[Any]:
    """All instances of an account, in every region."""
    regions = rds_backends[account_id].values()
    return [db for backend in regions for db in backend.databases.values()]


def cut(db: Any) -> None:
    """Forget, on both sides, that an instance is a replica. Its source may be gone already."""
    for other in instances(db.account_id):
        names = {db.db_instance_arn}
        if other.region == db.region:
            names.add(db.db_instance_identifier)
        other.replicas = [replica for replica in other.replicas if replica not in names]
    db.source_db_instance_identifier = db.status_infos = None
    db.is_replica = False
