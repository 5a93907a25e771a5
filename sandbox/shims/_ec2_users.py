# SPDX-License-Identifier: GPL-3.0-or-later
"""Who uses a security group or a subnet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.elbv2.models import elbv2_backends
from moto.rds.models import rds_backends


def _balancers(ec2: Any) -> list[Any]:
    regions: Any = dict.get(elbv2_backends, ec2.account_id) or {}
    backend: Any = dict.get(regions, ec2.region_name)
    return list(backend.load_balancers.values()) if backend else []


def _databases(ec2: Any) -> list[Any]:
    regions: Any = dict.get(rds_backends, ec2.account_id) or {}
    backend: Any = dict.get(regions, ec2.region_name)
    return list(backend.databases.values()) if backend else []


def interfaces(ec2: Any) -> list[Any]:
    """Network interfaces; the emulator keeps those of instances that were terminated."""
    return [
        interface
        for interface in ec2.enis.values()
        if not (interface.instance and interface.instance.state == "terminated")
    ]


def users_of_group(ec2: Any, group: Any) -> list[str]:
    """What keeps a security group from being deleted: ids or names."""
    return list(_users_of_group(ec2, group))


def _naming(ec2: Any, group: Any) -> Iterator[str]:
    others = [other for groups in ec2.groups.values() for other in groups.values()]
    for other in others:
        named = {
            rule.source_group.get("GroupId") for rule in (*other.ingress_rules, *other.egress_rules)
        }
        if other.id != group.id and group.id in named:
            yield other.id


def _users_of_group(ec2: Any, group: Any) -> Iterator[str]:
    yield from _naming(ec2, group)
    for interface in interfaces(ec2):
        if group.id in {getattr(used, "id", used) for used in interface.group_set}:
            yield interface.id
    for endpoint in ec2.vpc_end_points.values():
        if endpoint.state != "deleted" and group.id in endpoint.security_group_ids:
            yield endpoint.id
    for balancer in _balancers(ec2):
        if group.id in (balancer.security_groups or []):
            yield balancer.name
    for database in _databases(ec2):
        if group.id in database.vpc_security_group_ids:
            yield database.db_instance_identifier


def users_of_subnet(ec2: Any, subnet_id: str) -> list[str]:
    """What keeps a subnet from being deleted: ids or names."""
    return list(_users_of_subnet(ec2, subnet_id))


def _users_of_subnet(ec2: Any, subnet_id: str) -> Iterator[str]:
    for gateway in ec2.nat_gateways.values():
        if gateway.subnet_id == subnet_id and gateway.state not in {"deleted", "failed"}:
            yield gateway.id
    for interface in interfaces(ec2):
        if interface.subnet.id == subnet_id:
            yield interface.id
    for balancer in _balancers(ec2):
        if subnet_id in {getattr(used, "id", used) for used in balancer.subnets}:
            yield balancer.name
    for database in _databases(ec2):
        placed = getattr(database, "db_subnet_group", None)
        if placed and subnet_id in {subnet["SubnetIdentifier"] for subnet in placed.subnets}:
            yield database.db_instance_identifier
