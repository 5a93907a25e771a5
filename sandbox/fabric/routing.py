# SPDX-License-Identifier: GPL-3.0-or-later
"""What the routers' tables say: lines of `ip`, out of a picture."""

from __future__ import annotations

from ipaddress import IPv4Network

from sandbox.fabric.names import BEYOND, INTERNET, PEERS, WITHIN, bridge, cable, outlet
from sandbox.fabric.picture import Picture, Route, Vpc, Way

# Rules of a subnet come after what is in the VPC, which AWS always reaches by its local route.
_LOCAL, _SUBNET = 100, 200


def lines(picture: Picture, vpc: Vpc) -> frozenset[str]:
    """What stands behind `add` in a VPC's router: `rule ...` and `route ...`."""
    found = {f"rule pref {_LOCAL} lookup main"}
    found |= {f"route blackhole {network}" for network in vpc.networks}
    for subnet in vpc.subnets:
        table = int(IPv4Network(subnet.network).network_address)
        found.add(f"rule pref {_SUBNET} from {subnet.network} lookup {table}")
        # What no route leads to is dropped without a word, as on AWS.
        found.add(f"rule pref {_SUBNET + 1} from {subnet.network} blackhole")
        for route in subnet.routes:
            hop = next_hop(picture, vpc, route)
            words = f"{route.destination} {hop} table" if hop else f"{route.destination} table"
            kind = "route" if hop else "route blackhole"
            found.add(f"{kind} {words} {table}")
    return frozenset(found)


def next_hop(picture: Picture, vpc: Vpc, route: Route) -> str:
    """Where a route leads, in the words of `ip`; "" for nowhere."""
    if route.way is Way.INTERNET and vpc.gateway:
        return f"via {BEYOND} dev {INTERNET} onlink"
    if route.way is Way.NAT:
        for gateway in vpc.nat_gateways:
            if gateway.id == route.to:
                address = gateway.card.address
                return f"via {address} dev {cable(address)} onlink"
    if route.way is Way.PEERING and route.to in picture.peers(vpc):
        return f"via {peer_ends(picture, route.to, vpc)[1]} dev {bridge(route.to)} onlink"
    return ""


def peer_ends(picture: Picture, peering_id: str, vpc: Vpc) -> tuple[str, str]:
    """The addresses of a VPC's own end of a peering connection, and of the other one."""
    peering = next(peering for peering in picture.peerings if peering.id == peering_id)
    return PEERS if peering.one == vpc.id else (PEERS[1], PEERS[0])


def internet(picture: Picture) -> frozenset[str]:
    """The routes of the internet: each public address is behind the gateway of its VPC."""
    return frozenset(
        f"route {card.public} via {WITHIN} dev {outlet(vpc.id)} onlink"
        for vpc in picture.vpcs
        if vpc.gateway
        for card in vpc.cards
        if card.public
    )
