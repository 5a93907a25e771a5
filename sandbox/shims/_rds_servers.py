# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances of the emulator as servers that are to be made, and their places in a VPC."""

from __future__ import annotations

import hashlib
import json
import secrets
import string
from collections.abc import Callable
from typing import Any

from moto.ec2.models import ec2_backends
from moto.rds.models import Event

from sandbox.databases.interface import BadSettings
from sandbox.databases.orders import Change, Instance, Order, Place
from sandbox.world import World

_DESCRIPTION = "RDSNetworkInterface"


def endpoint_of(account_id: str, region: str, name: str) -> str:
    """The host name of an instance: its identifier, and one label per account and region."""
    digest = hashlib.sha256(f"{account_id}/{region}".encode()).hexdigest()[:11]
    return f"{name}.c{digest}.{region}.rds.amazonaws.com"


def instance(db: Any) -> Instance:
    """The server of an instance as it is to be by now; gives it a place if it has none."""
    if db.__dict__.get("place") is None:
        db.place = occupy(db)
    return Instance(
        resource_id=db.dbi_resource_id,
        region=db.region,
        name=db.db_instance_identifier,
        endpoint=db.address,
        port=int(db.port),
        version=db.engine_version,
        size=db.db_instance_class,
        user=db.master_username,
        place=db.place,
        parameters=tuple(sorted(parameters_in_force(db).items())),
        backups=bool(db.backup_retention_period),
    )


def parameters_in_force(db: Any) -> dict[str, str]:
    """The parameters that the server has, which are those of its group since its last start."""
    if db.__dict__.get("in_force") is None:
        db.in_force = parameters_of_group(db)
    found: dict[str, str] = db.in_force
    return found


def parameters_of_group(db: Any) -> dict[str, str]:
    """The parameters that were set in the group of an instance."""
    group = db.db_parameter_groups()[0]
    return {
        parameter["ParameterName"]: str(parameter["ParameterValue"])
        for parameter in group.parameters.values()
        if parameter.get("ParameterValue") is not None
    }


def occupy(db: Any) -> Place:
    """Take a free address in a subnet of the instance's zone, shown as a network interface."""
    ec2 = ec2_backends[db.account_id][db.region]
    group = getattr(db, "db_subnet_group", None)
    if group is not None:
        subnets = [ec2.get_subnet(subnet["SubnetIdentifier"]) for subnet in group.subnets]
    else:
        subnets = [s for zone in ec2.subnets.values() for s in zone.values() if s.default_for_az]
    subnet: Any = next((s for s in subnets if s.availability_zone == db.availability_zone), None)
    subnet = subnet or subnets[0]
    card: Any = ec2.create_network_interface(
        subnet,
        subnet.get_available_subnet_ip(db),
        group_ids=list(db.vpc_security_group_ids),
        description=_DESCRIPTION,
    )
    card.requester_managed, card.requester_id, card.status = True, "amazon-rds", "in-use"
    db.card = card.id
    return Place(
        subnet.vpc_id,
        subnet.id,
        card.private_ip_address,
        str(subnet.cidr_block),
        subnet.availability_zone,
    )


def leave(db: Any) -> None:
    """Give back the address of an instance; one that has none is no error."""
    card = db.__dict__.get("card")
    ec2 = ec2_backends[db.account_id][db.region]
    found: Any = ec2.enis.pop(card, None) if card else None
    if found is not None:
        found.subnet.del_subnet_ip(found.private_ip_address)
    db.place = db.card = None


def serves(db: Any) -> bool:
    """Whether the server of an instance is not down because its host or its zone died."""
    return db.__dict__.get("outage") is None


def swap_zones(db: Any) -> None:
    """Let the second zone of a Multi-AZ instance be its first."""
    here = db.availability_zone
    db.availability_zone, db.secondary_availability_zone = db.secondary_availability_zone, here


def move(db: Any) -> None:
    """Let an instance whose server is down be in its second zone."""
    swap_zones(db)
    leave(db)


def regroup(db: Any) -> None:
    """Have the network interface of an instance follow its security groups."""
    ec2 = ec2_backends[db.account_id][db.region]
    card: Any = ec2.enis.get(db.__dict__.get("card"))
    if card is not None:
        groups = [ec2.get_security_group_from_id(group) for group in db.vpc_security_group_ids]
        card._group_set = [group for group in groups if group is not None]


def password_of(db: Any) -> str:
    """The password of the master user, out of its secret where RDS manages it."""
    if getattr(db, "manage_master_user_password", False):
        secret = db.master_user_secret.secret
        text = secret.versions[secret.default_version_id]["secret_string"]
        return str(json.loads(text)["password"])
    return str(db._master_user_password)


def managed_secret(user: str) -> str:
    """What RDS puts into the secret of a password that it manages."""
    alphabet = string.ascii_letters + string.digits + "!#$%&*+-:;<=>?^_~"
    password = "".join(secrets.choice(alphabet) for _ in range(28))
    return json.dumps({"username": user, "password": password})


def note(db: Any, message: str, *categories: str) -> None:
    """Record an event of an instance."""
    event = Event("DB_INSTANCE_CREATE", db)
    event.message, event.event_categories = message, list(categories)
    db.backend.events.append(event)


def failing(db: Any, status: str, message: str) -> Callable[[Exception], None]:
    """What is to happen where an instance's server could not be made what it should be."""

    def failed(problem: Exception) -> None:
        db.status = "incompatible-parameters" if isinstance(problem, BadSettings) else status
        note(db, message, "failure")

    return failed


def ignore(_problem: Exception | None = None) -> None:
    """What is nobody's business."""


def change(world: World, db: Any, make: Callable[[], Order], label: str) -> None:
    """Have the server of an instance follow its settings, while it shows what it shows."""
    failed = failing(db, "incompatible-parameters", "The settings could not be applied.")
    world.databases.carry_out(make, 0.0, label, ignore, failed)


def follow(world: World, db: Any) -> None:
    """Have the server take the parameters that are in force by now."""
    if not serves(db) or db.status in ("stopping", "stopped"):
        return  # It takes those of its group when it starts.
    name = db.db_instance_identifier
    change(world, db, lambda: Change(instance(db)), f"{name} takes its parameters")
