# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks of an account at one moment, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Network


@dataclass(frozen=True, slots=True)
class Rule:
    """What one rule of a security group lets pass.

    `protocol` is tcp, udp, icmp, a number, or "-1" for all. `low` and `high` are ports, for ICMP
    its type and code (-1: all). The other side is in one of `networks`, or a member of `group`.
    """

    protocol: str
    low: int
    high: int
    networks: tuple[str, ...] = ()
    group: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """A security group: what may come in, and what may go out."""

    id: str
    ingress: tuple[Rule, ...] = ()
    egress: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """A network interface: its address, groups, and public address ("" if it has none)."""

    address: str
    groups: tuple[str, ...] = ()
    public: str = ""


class Way(Enum):
    """What a route leads to."""

    INTERNET = "internet gateway"
    NAT = "NAT gateway"
    PEERING = "peering connection"
    NOWHERE = "something that is not there, or not emulated"


@dataclass(frozen=True, slots=True)
class Route:
    """A route of a subnet; `to` is the id of a NAT gateway or a peering connection."""

    destination: str
    way: Way
    to: str = ""


@dataclass(frozen=True, slots=True)
class Subnet:
    """`cut_off` says that its zone is down."""

    id: str
    network: str
    routes: tuple[Route, ...] = ()
    cut_off: bool = False


@dataclass(frozen=True, slots=True)
class NatGateway:
    """One that is available; `card` has its address in its subnet and its public one."""

    id: str
    card: Card


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A way to a service of AWS, as "ssm", that is available.

    `cards` are its network interfaces, to which the service's own name leads in the VPC; `subnets`
    are the ids of those whose routes lead to it.
    """

    service: str
    cards: tuple[Card, ...] = ()
    subnets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Vpc:
    """`gateway` says whether an internet gateway is attached, `dark` that nothing passes at all."""

    id: str
    region: str
    networks: tuple[str, ...]
    subnets: tuple[Subnet, ...] = ()
    cards: tuple[Card, ...] = ()
    groups: tuple[Group, ...] = ()
    nat_gateways: tuple[NatGateway, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    gateway: bool = False
    dark: bool = False

    def members(self, group: str) -> tuple[str, ...]:
        """The addresses of a group's members."""
        return tuple(card.address for card in self.cards if group in card.groups)


@dataclass(frozen=True, slots=True)
class Peering:
    """An active peering connection between two VPCs."""

    id: str
    one: str
    other: str


@dataclass(frozen=True, slots=True)
class Picture:
    """All that is known. `cut` are the pairs of regions between which nothing passes."""

    vpcs: tuple[Vpc, ...] = ()
    peerings: tuple[Peering, ...] = ()
    cut: frozenset[tuple[str, str]] = frozenset()

    def vpc(self, vpc_id: str) -> Vpc | None:
        return next((vpc for vpc in self.vpcs if vpc.id == vpc_id), None)

    def peers(self, vpc: Vpc) -> dict[str, Vpc]:
        """The VPCs on the other side of this one's peering connections that work, by their ids."""
        found = {}
        for peering in self.peerings:
            ends = {peering.one, peering.other}
            if vpc.id in ends and len(ends) == 2:
                other = self.vpc((ends - {vpc.id}).pop())
                if other and not self.severed(vpc.region, other.region):
                    found[peering.id] = other
        return found

    def severed(self, one: str, other: str) -> bool:
        """Whether the line between two regions is cut."""
        return (min(one, other), max(one, other)) in self.cut


def all_open(rules: tuple[Rule, ...], protocol: str) -> bool:
    """Whether rules let a protocol pass to and from everywhere, on all ports."""
    return any(
        rule.protocol in ("-1", protocol)
        and (rule.protocol == "-1" or (rule.low <= 0 and rule.high >= 65535))
        and anywhere(rule)
        for rule in rules
    )


def anywhere(rule: Rule) -> bool:
    return any(IPv4Network(network, strict=False).prefixlen == 0 for network in rule.networks)
