# SPDX-License-Identifier: GPL-3.0-or-later
"""Quotas are in force: what would exceed one is refused, in its region only."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from moto.autoscaling.exceptions import AutoscalingClientError
from moto.autoscaling.models import AutoScalingBackend
from moto.core.exceptions import ServiceException
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.elastic_ip_addresses import ElasticAddressBackend
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.ec2.models.instances import InstanceBackend
from moto.ec2.models.internet_gateways import InternetGatewayBackend
from moto.ec2.models.nat_gateways import NatGatewayBackend
from moto.ec2.models.security_groups import SecurityGroupBackend
from moto.ec2.models.subnets import SubnetBackend
from moto.ec2.models.vpcs import VPCBackend
from moto.elbv2.exceptions import ELBClientError
from moto.elbv2.models import ELBv2Backend
from moto.rds.exceptions import RDSClientError
from moto.rds.models import RDSBackend
from moto.servicequotas.models import servicequotas_backends

from sandbox.shims import Hook
from sandbox.shims.servicequotas import applied
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "RunInstances and Auto Scaling exceed no quota of running vCPUs: VcpuLimitExceeded.",
    "No more VPCs, gateways, addresses, subnets and security groups than the quotas allow.",
    "No more databases, their snapshots and groups, balancers, target groups and Auto Scaling "
    "groups than the quotas allow.",
    "A quota of the sandbox's account can be set, for each region.",
)
# Families whose vCPUs count together (the page of the quota L-1216C47A).
STANDARD = tuple("acdhimrtz")
Given = Mapping[str, Any]
# The emulator finds the form of an error by the service whose class it is.
ERRORS: dict[str, type[ServiceException]] = {
    "ec2": EC2ClientError,
    "rds": RDSClientError,
    "elbv2": ELBClientError,
    "autoscaling": AutoscalingClientError,
}


@dataclass(frozen=True, slots=True)
class Limit:
    """One quota where it is in force.

    `used` says how many there would be with what a call asks for; `refusal` is code and message.
    """

    backend: type
    method: str
    service: str
    code: str
    used: Callable[[Any, Given], int]
    refusal: tuple[str, str]


def vcpus(name: str | None) -> int:
    """vCPUs of an instance type that count against the standard quota."""
    found: dict[str, Any] = INSTANCE_TYPES.get(name or "", {})
    return int(found["VCpuInfo"]["DefaultVCpus"]) if found and name and _standard(name) else 0


def _standard(name: str) -> bool:
    family = name.partition(".")[0]
    return family.startswith(STANDARD) and not family.startswith(("inf", "trn", "dl", "hpc"))


def type_of(ec2: Any, given: Given) -> str | None:
    """The instance type that a launch means: its own, or that of its template."""
    template = given.get("launch_template")
    if template and given.get("is_instance_type_default"):
        data = ec2._get_template_from_args({"Version": "$Default", **template}).data
        return data.get("InstanceType") or given.get("instance_type")
    return given.get("instance_type")


def _running(ec2: Any, given: Given) -> int:
    instances = [i for r in ec2.reservations.values() for i in r.instances]
    states = ("pending", "running")
    used = sum(vcpus(i.instance_type) for i in instances if i._state.name in states)
    return used + vcpus(type_of(ec2, given)) * int(given["count"])


def _gateways(ec2: Any, given: Given) -> int:
    zone = ec2.get_subnet(given["subnet_id"]).availability_zone
    live = ("pending", "available", "deleting")
    there = [g.subnet_id for g in ec2.nat_gateways.values() if g.state in live]
    return 1 + [ec2.get_subnet(subnet).availability_zone for subnet in there].count(zone)


def _vpcs(ec2: Any, given: Given) -> int:
    # The default VPC of a region and what is in it come with the region.
    return 0 if given["is_default"] else 1 + len(ec2.vpcs)


def _subnets(ec2: Any, given: Given) -> int:
    if given["vpc_id"] in ec2.vpcs and ec2.vpcs[given["vpc_id"]].is_default:
        return 0
    found = [subnet for zone in ec2.subnets.values() for subnet in zone.values()]
    return 1 + [subnet.vpc_id for subnet in found].count(given["vpc_id"])


def _groups(ec2: Any, given: Given) -> int:
    return 0 if given["is_default"] else 1 + sum(len(groups) for groups in ec2.groups.values())


def _named(items: str, name: str = "name") -> Callable[[Any, Given], int]:
    """Of things with names; one more of a name that is taken is for the emulator to judge."""

    def used(backend: Any, given: Given) -> int:
        have = getattr(backend, items)
        return 0 if _find(given, name) in have else 1 + len(have)

    return used


def _find(given: Given, name: str) -> Any:
    for value in (given, *(v for v in given.values() if isinstance(v, Mapping))):
        if name in value:
            return value[name]
    return None


def _count(items: str) -> Callable[[Any, Given], int]:
    return lambda backend, _given: 1 + len(getattr(backend, items))


def _balancers(elb: Any, given: Given) -> int:
    names = {balancer.name for balancer in elb.load_balancers.values()}
    return 0 if given["name"] in names else 1 + len(names)


def _target_groups(elb: Any, given: Given) -> int:
    names = {group.name for group in elb.target_groups.values()}
    return 0 if given["name"] in names else 1 + len(names)


def _snapshots(rds: Any, given: Given) -> int:
    if given.get("snapshot_type") == "automated":
        return 0
    return 1 + [s.snapshot_type for s in rds.database_snapshots.values()].count("manual")


_DATABASES = ("InstanceQuotaExceeded", "Cannot create more than the quota of DB instances.")
_SNAPSHOTS = ("SnapshotQuotaExceeded", "Cannot create more than the quota of manual snapshots.")
LIMITS = (
    Limit(
        *(InstanceBackend, "run_instances", "ec2", "L-1216C47A", _running),
        (
            "VcpuLimitExceeded",
            "You have requested more vCPU capacity than your current vCPU limit allows for the "
            "instance bucket that the specified instance type belongs to. Please visit "
            "http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.",
        ),
    ),
    Limit(
        *(ElasticAddressBackend, "allocate_address", "ec2", "L-0263D0A3", _count("addresses")),
        ("AddressLimitExceeded", "The maximum number of addresses has been reached."),
    ),
    Limit(
        *(VPCBackend, "create_vpc", "vpc", "L-F678F1CE", _vpcs),
        ("VpcLimitExceeded", "The maximum number of VPCs has been reached."),
    ),
    Limit(
        *(InternetGatewayBackend, "create_internet_gateway", "vpc", "L-A4707A72"),
        _count("internet_gateways"),
        (
            "InternetGatewayLimitExceeded",
            "The maximum number of internet gateways has been reached.",
        ),
    ),
    Limit(
        *(NatGatewayBackend, "create_nat_gateway", "vpc", "L-FE5A380F", _gateways),
        ("NatGatewayLimitExceeded", "The maximum number of NAT gateways has been reached."),
    ),
    Limit(
        *(SubnetBackend, "create_subnet", "vpc", "L-407747CB", _subnets),
        ("SubnetLimitExceeded", "The maximum number of subnets has been reached."),
    ),
    Limit(
        *(SecurityGroupBackend, "create_security_group", "vpc", "L-E79EC296", _groups),
        (
            "SecurityGroupLimitExceeded",
            "The maximum number of security groups has been reached.",
        ),
    ),
    *(
        Limit(RDSBackend, method, "rds", "L-7B6409FD", used, _DATABASES)
        for method, used in (
            ("create_db_instance", _named("databases", "db_instance_identifier")),
            ("create_db_instance_read_replica", _named("databases", "db_instance_identifier")),
        )
    ),
    *(
        Limit(RDSBackend, method, "rds", "L-272F1212", _snapshots, _SNAPSHOTS)
        for method in ("create_db_snapshot", "copy_db_snapshot")
    ),
    Limit(
        *(RDSBackend, "create_db_parameter_group", "rds", "L-DE55804A"),
        _named("db_parameter_groups", "db_parameter_group_name"),
        (
            "DBParameterGroupQuotaExceeded",
            "Cannot create more than the quota of DB parameter groups.",
        ),
    ),
    Limit(
        *(RDSBackend, "create_subnet_group", "rds", "L-48C6BF61"),
        _named("subnet_groups", "subnet_name"),
        ("DBSubnetGroupQuotaExceeded", "Cannot create more than the quota of DB subnet groups."),
    ),
    Limit(
        *(ELBv2Backend, "create_load_balancer", "elasticloadbalancing", "L-53DA6B97", _balancers),
        ("TooManyLoadBalancers", "You have reached the maximum number of load balancers."),
    ),
    Limit(
        *(ELBv2Backend, "create_target_group", "elasticloadbalancing", "L-B22855CB"),
        _target_groups,
        ("TooManyTargetGroups", "You have reached the maximum number of target groups."),
    ),
    Limit(
        *(AutoScalingBackend, "create_auto_scaling_group", "autoscaling", "L-CDE20ADC"),
        _named("autoscaling_groups"),
        ("LimitExceeded", "You have reached the maximum number of Auto Scaling groups."),
    ),
)
HOOKS: tuple[Hook, ...] = tuple((limit.backend, limit.method, ()) for limit in LIMITS)


def install(world: World) -> None:
    """Have every limit checked before the emulator does what a call asks for."""
    for limit in LIMITS:
        _enforce(limit)


def _enforce(limit: Limit) -> None:
    signature = inspect.signature(getattr(limit.backend, limit.method))

    @wrap(limit.backend, limit.method)
    def checked(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        given = {**bound.arguments, **bound.arguments.get("kwargs", {})}
        quotas = servicequotas_backends[self.account_id][self.region_name]
        if limit.used(self, given) > applied(quotas, limit.service, limit.code):
            raise ERRORS[limit.backend.__module__.split(".")[1]](*limit.refusal)
        return original(*args, **kwargs)
