# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a host reaches a service of AWS, out of a picture.

All services answer at one address of each VPC, so packets do not tell them apart. Each request is
judged by itself instead: by the way that it would take on AWS, and by the groups at its ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network

from sandbox.fabric.picture import Card, Rule, Subnet, Vpc, Way, anywhere

_PORT = 443


def reaches(vpc: Vpc, address: str, service: str, region: str) -> bool:
    """Whether who has an address in a VPC reaches a service, as "ssm", of a region.

    Where an endpoint has the service's private name, that leads there and nowhere else.
    """
    card = next((card for card in vpc.cards if card.address == address), None)
    subnet = next((one for one in vpc.subnets if _within(address, one.network)), None)
    if card is None or subnet is None:
        return False
    ways = [way for way in vpc.endpoints if way.service == service and vpc.region == region]
    interfaces = [interface for way in ways for interface in way.cards]
    if interfaces:
        return any(_meet(vpc, card, interface) for interface in interfaces)
    if not any(_covers(rule) and anywhere(rule) for rule in _rules(vpc, card, "egress")):
        return False
    return any(subnet.id in way.subnets for way in ways) or _leads_out(vpc, card, subnet)


def _meet(vpc: Vpc, card: Card, interface: Card) -> bool:
    """Whether the groups of a host let it out to an interface, and those of that let it in."""
    outwards = _rules(vpc, card, "egress")
    inwards = _rules(vpc, interface, "ingress")
    return _names(outwards, interface) and _names(inwards, card)


def _rules(vpc: Vpc, card: Card, side: str) -> list[Rule]:
    own = (group for group in vpc.groups if group.id in card.groups)
    return [rule for group in own for rule in getattr(group, side)]


def _names(rules: Iterable[Rule], other: Card) -> bool:
    return any(
        _covers(rule)
        and (
            rule.group in other.groups
            or any(_within(other.address, network) for network in rule.networks)
        )
        for rule in rules
    )


def _covers(rule: Rule) -> bool:
    ports = (rule.low <= 0 and rule.high >= 65535) or rule.low <= _PORT <= rule.high
    return rule.protocol == "-1" or (rule.protocol == "tcp" and ports)


def _leads_out(vpc: Vpc, card: Card, subnet: Subnet) -> bool:
    """Whether its route for all the world leads into the internet."""
    gateways = {gateway.id for gateway in vpc.nat_gateways}
    for route in subnet.routes:
        if IPv4Network(route.destination).prefixlen == 0 and vpc.gateway:
            by_address = route.way is Way.INTERNET and bool(card.public)
            return by_address or (route.way is Way.NAT and route.to in gateways)
    return False


def _within(address: str, network: str) -> bool:
    return IPv4Address(address) in IPv4Network(network, strict=False)
