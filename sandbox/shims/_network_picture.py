# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks of the emulator, as the fabric wants to see them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.ec2.models import ec2_backends

from sandbox.fabric import reach
from sandbox.fabric.picture import (
    Card,
    Endpoint,
    Group,
    NatGateway,
    Peering,
    Picture,
    Route,
    Rule,
    Subnet,
    Vpc,
    Way,
)
from sandbox.shims._ec2_users import interfaces
from sandbox.world import World


def backends() -> Iterator[Any]:
    """EC2 of every account and region that was used."""
    for account in list(ec2_backends.values()):
        yield from list(account.values())


def look(world: World) -> Picture:
    """All networks as they are now. Whoever calls holds the world's lock."""
    found = list(backends())
    return Picture(
        vpcs=tuple(_vpc(world, ec2, vpc) for ec2 in found for vpc in ec2.vpcs.values()),
        peerings=tuple({one.id: one for ec2 in found for one in _peerings(ec2)}.values()),
        cut=world.cut,
    )


def reaches(world: World, vpc_id: str, address: str, service: str, region: str) -> bool:
    """Whether who has an address in a VPC reaches a service. Whoever calls holds the lock."""
    return any(
        reach.reaches(_vpc(world, ec2, ec2.vpcs[vpc_id]), address, service, region)
        for ec2 in backends()
        if vpc_id in ec2.vpcs and not world.severed(ec2.region_name, region)
    )


def _vpc(world: World, ec2: Any, vpc: Any) -> Vpc:
    gateways = [
        gateway
        for gateway in ec2.nat_gateways.values()
        if gateway.vpc_id == vpc.id and gateway.state == "available"
    ]
    return Vpc(
        id=vpc.id,
        region=ec2.region_name,
        networks=tuple(sorted(_networks(vpc))),
        subnets=tuple(_subnets(world, ec2, vpc.id)),
        cards=tuple(_card(one) for one in interfaces(ec2) if one.subnet.vpc_id == vpc.id),
        groups=tuple(_group(ec2, group) for group in ec2.groups.get(vpc.id, {}).values()),
        nat_gateways=tuple(NatGateway(one.id, _card(one._eni)) for one in gateways),
        endpoints=tuple(_endpoints(ec2, vpc.id)),
        gateway=any(one.vpc and one.vpc.id == vpc.id for one in ec2.internet_gateways.values()),
        dark=ec2.region_name in world.dark,
    )


def _networks(vpc: Any) -> Iterator[str]:
    for association in vpc.get_cidr_block_association_set():
        if association["cidr_block_state"]["state"] == "associated":
            yield association["cidr_block"]


def _card(interface: Any) -> Card:
    groups = {str(getattr(group, "id", group)) for group in interface.group_set}
    return Card(interface.private_ip_address, tuple(sorted(groups)), interface.public_ip or "")


def _endpoints(ec2: Any, vpc_id: str) -> Iterator[Endpoint]:
    for one in ec2.vpc_end_points.values():
        if one.vpc_id != vpc_id or one.state != "available":
            continue
        service = str(one.service_name).rpartition(".")[2]
        if one.vpc_endpoint_type == "Gateway":
            tables = (ec2.route_tables.get(number) for number in one.route_table_ids)
            subnets = (s for table in tables if table for s in table._associations.values())
            yield Endpoint(service, subnets=tuple(sorted(map(str, subnets))))
        elif one.private_dns_enabled:
            cards = (_card(ec2.enis[number]) for number in one.network_interface_ids)
            yield Endpoint(service, cards=tuple(cards))


def _subnets(world: World, ec2: Any, vpc_id: str) -> Iterator[Subnet]:
    tables = [table for table in ec2.route_tables.values() if table.vpc_id == vpc_id]
    main = next((table for table in tables if table.main_association_id), None)
    for zone in ec2.subnets.values():
        for subnet in zone.values():
            if subnet.vpc_id != vpc_id:
                continue
            own = (t for t in tables if subnet.id in t._associations.values())
            table = next(own, main)
            yield Subnet(
                id=subnet.id,
                network=str(subnet.cidr_block),
                routes=tuple(_routes(table)) if table else (),
                cut_off=subnet.availability_zone in world.dead_zones,
            )


def _routes(table: Any) -> Iterator[Route]:
    for route in table.routes:
        if route.local or not route.destination_cidr_block:
            continue
        to = route.destination_cidr_block
        if route.nat_gateway:
            yield Route(to, Way.NAT, route.nat_gateway.id)
        elif route.vpc_pcx:
            yield Route(to, Way.PEERING, route.vpc_pcx.id)
        elif route.gateway and route.gateway.id.startswith("igw-"):
            yield Route(to, Way.INTERNET, route.gateway.id)
        else:
            yield Route(to, Way.NOWHERE)


def _peerings(ec2: Any) -> Iterator[Peering]:
    for number, one in ec2.vpc_pcxs.items():
        if one._status.code == "active":
            yield Peering(number, one.vpc.id, one.peer_vpc.id)


def _group(ec2: Any, group: Any) -> Group:
    return Group(
        group.id,
        tuple(_rule(ec2, rule) for rule in group.ingress_rules),
        tuple(_rule(ec2, rule) for rule in group.egress_rules),
    )


def _rule(ec2: Any, rule: Any) -> Rule:
    everything = rule.ip_protocol == "-1"
    networks: tuple[str, ...] = (rule.cidr_ipv4,) if rule.cidr_ipv4 else ()
    if rule.prefix_list_id:
        listed = ec2.managed_prefix_lists.get(rule.prefix_list_id)
        networks = tuple(entry["Cidr"] for entry in _entries(listed) if ":" not in entry["Cidr"])
    return Rule(
        protocol={"icmpv6": "58"}.get(rule.ip_protocol, rule.ip_protocol),
        low=-1 if everything else rule.from_port,
        high=-1 if everything else rule.to_port,
        networks=networks,
        group=rule.source_group.get("GroupId", ""),
    )


def _entries(prefix_list: Any) -> list[dict[str, str]]:
    if prefix_list is None:
        return []
    found: list[dict[str, str]] = prefix_list.entries.get(prefix_list.version) or []
    return found
