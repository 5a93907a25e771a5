# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator's zones, health checks, balancers and instances, as `sandbox.names` asks of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends
from moto.rds.models import rds_backends
from moto.route53.models import route53_backends

from sandbox.names.records import Alias, Record, View, Zone, canonical, region_of
from sandbox.shims import _check_health
from sandbox.world import World

_HOST = re.compile(r"ip-(\d+)-(\d+)-(\d+)-(\d+)\.(?:ec2|([a-z0-9-]+)\.compute)\.internal\.$")


class AccountNames:
    """All accounts of the emulator as one, as the DNS of the internet sees them."""

    def __init__(self, world: World) -> None:
        self._world = world

    def zones(self) -> Sequence[Zone]:
        return [
            zone_of(backend, zone)
            for backend in _every(route53_backends)
            for zone in backend.zones.values()
        ]

    def passes(self, health_check: str) -> bool:
        for backend in _every(route53_backends):
            check = backend.health_checks.get(health_check)
            if check is not None:
                return _check_health.healthy(self._world, backend, check)
        return True  # It was deleted; what AWS makes of it can't be predicted, says its API.

    def checks(self) -> Sequence[dict[str, Any]]:
        return [
            {
                "id": check.id,
                "what": _check_health.subject(check),
                "healthy": _check_health.healthy(self._world, backend, check),
                "told": _check_health.report(self._world, backend, check).text,
            }
            for backend in _every(route53_backends)
            for check in backend.health_checks.values()
        ]

    def serves(self, name: str) -> bool:
        found = _balancer(name)
        if found is None:
            return not name.endswith(".elb.amazonaws.com.")
        backend, balancer = found
        if backend.region_name in self._world.dark:
            return False
        groups = [
            group
            for group in backend.target_groups.values()
            if balancer.arn in group.load_balancer_arns
        ]
        return all(_has_healthy(backend, group) for group in groups)

    def given(self, name: str, view: View) -> tuple[str, ...] | None:
        host = _HOST.match(name)
        if host:
            return _host_in(view, ".".join(host.group(1, 2, 3, 4)), host.group(5) or "us-east-1")
        if _balancer(name) is not None:
            return ()
        instance = _instance(name)
        if instance is None:
            return None
        place = instance.__dict__.get("place")
        return (place.address,) if place else ()

    def listed(self) -> Sequence[str]:
        balancers = [
            lb.dns_name
            for backend in _every(elbv2_backends)
            for lb in backend.load_balancers.values()
        ]
        instances = [
            db.address for backend in _every(rds_backends) for db in backend.databases.values()
        ]
        return [canonical(name) for name in (*balancers, *filter(None, instances))]


def zone_of(backend: Any, zone: Any) -> Zone:
    """A hosted zone of the emulator as plain data."""
    vpcs = frozenset(
        vpc["vpc_id"]
        for vpc in zone.vpcs
        if "vpc_id" in vpc and _has_dns(backend.account_id, vpc["vpc_region"], vpc["vpc_id"])
    )
    records = tuple(record_of(found) for found in zone.rrsets)
    return Zone(zone.resource_id, canonical(zone.name), records, bool(zone.private_zone), vpcs)


def record_of(found: Any) -> Record:
    """A resource record set of the emulator as plain data."""
    alias = found.alias_target
    return Record(
        name=canonical(found.name),
        kind=str(found.type),
        ttl=int(found.ttl or 0),
        values=tuple(found.records or ()),
        alias=alias
        and Alias(
            canonical(alias["DNSName"]),
            str(alias["HostedZoneId"]),
            str(alias.get("EvaluateTargetHealth")).lower() == "true",
        ),
        health_check=found.health_check_id or "",
        identifier=found.set_identifier or "",
        failover=found.failover or "",
        weight=None if found.weight is None else int(found.weight),
        region=found.region or "",
        country=_country(found.geo_location),
        multivalue=bool(found.multi_value_answer),
    )


def _country(place: Any) -> str:
    if not place:
        return ""
    return str(place.get("CountryCode") or place.get("ContinentCode") or "")


def _has_dns(account: str, region: str, vpc_id: str) -> bool:
    """Whether a VPC answers names of private zones, which takes both of its attributes."""
    vpc: Any = ec2_backends[account][region].vpcs.get(vpc_id)
    return vpc is not None and all(
        str(getattr(vpc, name)).lower() == "true"
        for name in ("enable_dns_support", "enable_dns_hostnames")
    )


def _has_healthy(backend: Any, group: Any) -> bool:
    told = backend.describe_target_health(group.arn, None)
    return any(health.status == "healthy" for health in told)


def _balancer(name: str) -> tuple[Any, Any] | None:
    region = region_of(name)
    for backend in _every(elbv2_backends, region) if region else ():
        for balancer in backend.load_balancers.values():
            if canonical(balancer.dns_name) == name:
                return backend, balancer
    return None


def _instance(name: str) -> Any:
    region = region_of(name)
    for backend in _every(rds_backends, region) if region else ():
        for db in backend.databases.values():
            if db.address and canonical(db.address) == name:
                return db
    return None


def _host_in(view: View, address: str, region: str) -> tuple[str, ...] | None:
    """The address in a host's own name, for those in its VPC who ask."""
    for backend in _every(ec2_backends, region):
        for card in backend.enis.values():
            if card.private_ip_address == address and card.subnet.vpc_id == view.vpc:
                return (address,)
    return None


def _every(backends: Any, region: str = "") -> Iterator[Any]:
    """The backends of all accounts that were ever asked for, in one region or in all."""
    for account in list(backends.values()):
        for name, backend in list(account.items()):
            if region in ("", name):
                yield backend
