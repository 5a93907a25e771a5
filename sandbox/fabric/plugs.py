# SPDX-License-Identifier: GPL-3.0-or-later
"""Routers, and the cables between them and what is attached to them."""

from __future__ import annotations

from sandbox.fabric.names import ROUTER
from sandbox.ground import namespaces
from sandbox.ground.commands import CommandFailed, run

_SETTINGS = (
    "net.ipv4.ip_forward=1",
    # A VPC has one way in and another way out; who may send from where, the firewall says.
    "net.ipv4.conf.all.rp_filter=0",
    "net.ipv4.conf.default.rp_filter=0",
    "net.ipv4.conf.all.send_redirects=0",
    "net.ipv4.conf.default.send_redirects=0",
    "net.ipv6.conf.all.disable_ipv6=1",
    "net.ipv6.conf.default.disable_ipv6=1",
)


def router(name: str) -> bool:
    """A namespace that forwards; whether it had to be made. Raises CommandFailed."""
    if namespaces.exists(name):
        return False
    namespaces.create(name)
    run("ip", "netns", "exec", name, "sysctl", "-qw", *_SETTINGS)
    return True


def load(name: str, ruleset: str) -> None:
    """Put rules of nftables in force in a namespace, all at once. Raises CommandFailed."""
    run("ip", "netns", "exec", name, "nft", "-f", "-", given=ruleset)


def plug(router_name: str, outer: str, namespace: str, card: str, address: str) -> None:
    """Join a namespace to a router by a pair of cards; what was there of it is replaced."""
    unplug(namespace, card)
    unplug(router_name, outer)
    lines = [
        f"link add {outer} type veth peer name {card} netns {namespace}",
        f"address add {ROUTER}/32 dev {outer}",
        f"link set {outer} up",
    ]
    namespaces.batch(router_name, lines)
    lines = [f"address add {address}/32 dev {card}", f"link set {card} up"]
    namespaces.batch(namespace, lines)
    namespaces.batch(router_name, [f"route replace {address}/32 dev {outer}"])


def default_route(namespace: str, card: str) -> None:
    """Let all that a namespace sends go to the router behind a card."""
    namespaces.batch(namespace, [f"route replace default via {ROUTER} dev {card} onlink"])


def join(one: str, card: str, address: str, other: str, its_card: str, its_address: str) -> None:
    """Lay a cable between two routers. Raises CommandFailed."""
    lines = [
        f"link add {card} type veth peer name {its_card} netns {other}",
        f"address add {address}/32 dev {card}",
        f"link set {card} up",
    ]
    namespaces.batch(one, lines)
    lines = [f"address add {its_address}/32 dev {its_card}", f"link set {its_card} up"]
    namespaces.batch(other, lines)


def unplug(namespace: str, card: str) -> None:
    """Take a card away with its other end; one that is not there is no error."""
    try:
        run("ip", "-n", namespace, "link", "delete", card)
    except CommandFailed:
        return  # There is no such card, or no such namespace.
