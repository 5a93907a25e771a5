# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks themselves: namespaces, cables, routes and rules, kept as a picture says."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Network

from sandbox.fabric import firewall, plugs, routing
from sandbox.fabric.names import (
    BEYOND,
    CARD,
    INTERNET,
    SERVED,
    WITHIN,
    bridge,
    cable,
    outlet,
)
from sandbox.fabric.picture import NatGateway, Picture, Vpc
from sandbox.ground import namespaces
from sandbox.ground.commands import CommandFailed
from sandbox.ground.identity import Identity

# Called with a VPC and its namespace.
Comes = Callable[[Vpc, str], object]
Goes = Callable[[str], object]  # with the id of a VPC
Opens = Callable[[str], object]  # with the namespace of the internet
Closes = Callable[[], object]
Broken = dict[str, Exception]  # what could not be shown, by the id of a VPC


@dataclass(slots=True)
class _Shown:
    """What is in force in a router; `vpc` is None until a picture has shown it."""

    vpc: Vpc | None = None
    lines: frozenset[str] = frozenset()
    rules: str = ""


@dataclass(slots=True)
class _State:
    """What is there of the last picture: routers by VPC, cables by name with both their ends."""

    routers: dict[str, _Shown] = field(default_factory=dict)
    outlets: set[str] = field(default_factory=set)  # ids of VPCs
    bridges: dict[str, tuple[str, str]] = field(default_factory=dict)  # ids of VPCs
    nat_gateways: dict[str, tuple[str, NatGateway]] = field(default_factory=dict)  # VPC's id first
    internet: _Shown = field(default_factory=_Shown)
    online: bool = False  # whether there is an internet


class Fabric:
    """All VPCs of one sandbox. May be used by several threads."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._state = _State()
        self._lock = threading.RLock()
        self._comes: list[Comes] = []
        self._goes: list[Goes] = []
        self._opens: list[Opens] = []
        self._closes: list[Closes] = []

    def router(self, vpc_id: str) -> str:
        """The name of a VPC's namespace."""
        return self._identity.name(vpc_id)

    @property
    def internet(self) -> str:
        """The name of the namespace that is outside of all VPCs."""
        return self._identity.name("internet")

    def watch(self, comes: Comes, goes: Goes) -> None:
        """Have `comes` called when a VPC has its router, and `goes` before that is removed."""
        with self._lock:
            self._comes.append(comes)
            self._goes.append(goes)
            for vpc_id, shown in self._state.routers.items():
                if shown.vpc:
                    comes(shown.vpc, self.router(vpc_id))

    def watch_internet(self, opens: Opens, closes: Closes) -> None:
        """Have `opens` called when there is an internet, and `closes` before it is removed."""
        with self._lock:
            self._opens.append(opens)
            self._closes.append(closes)
            if self._state.online:
                opens(self.internet)

    def attach(self, namespace: str, vpc_id: str, address: str) -> None:
        """Give a namespace the card `eth0` with an address of a VPC, and its default route.

        What it may send and receive follows the network interface that has this address in the
        account. A card that it had is replaced. Raises CommandFailed.
        """
        with self._lock:
            router = self._router(vpc_id)
            plugs.plug(router, cable(address), namespace, CARD, address)
            plugs.default_route(namespace, CARD)

    def detach(self, namespace: str) -> None:
        """Take its card away; one that is not there is no error."""
        plugs.unplug(namespace, CARD)

    def join_internet(self, namespace: str, address: str) -> None:
        """Give a namespace the card `eth0` with an address outside of all VPCs."""
        with self._lock:
            self._internet()
            plugs.plug(self.internet, cable(address), namespace, CARD, address)
            plugs.default_route(namespace, CARD)

    def show(self, picture: Picture) -> Broken:
        """Let the networks be what a picture says; what could not be is returned.

        Each VPC is shown by itself. One that cannot be is closed, whatever was in force in it, and
        shown again by the next call. Raises CommandFailed for what is not of one VPC.
        """
        with self._lock:
            broken: Broken = {}
            try:
                self._show(picture, broken)
            finally:
                for vpc_id in list(broken):
                    with _alone(broken, vpc_id):
                        self._close(vpc_id)
            return broken

    def _show(self, picture: Picture, broken: Broken) -> None:
        for vpc_id in set(self._state.routers) - {vpc.id for vpc in picture.vpcs}:
            with _alone(broken, vpc_id):
                self._remove(vpc_id)
        for vpc in picture.vpcs:
            if vpc.cards:
                with _alone(broken, vpc.id):
                    self._router(vpc.id)
        shown = [vpc for vpc in picture.vpcs if vpc.id in self._state.routers]
        for vpc in shown:
            with _alone(broken, vpc.id):
                self._introduce(vpc)
                self._unroute(vpc.id, routing.lines(picture, vpc))
        self._lay_outlets({vpc.id for vpc in shown if vpc.gateway}, broken)
        self._lay_bridges(picture, {vpc.id for vpc in shown}, broken)
        self._place_nat_gateways(shown, broken)
        for vpc in shown:
            with _alone(broken, vpc.id):
                self._route(vpc.id, routing.lines(picture, vpc))
                # What has been broken is not open for a moment at each further attempt.
                if vpc.id not in broken:
                    self._load(self.router(vpc.id), self._state.routers[vpc.id], picture, vpc)
        if self._state.outlets:
            self._show_internet(picture)

    def _close(self, vpc_id: str) -> None:
        shown = self._state.routers.get(vpc_id)
        if shown and shown.rules != firewall.CLOSED:
            plugs.load(self.router(vpc_id), firewall.CLOSED)
            shown.rules = firewall.CLOSED

    def forget(self) -> None:
        """Remove everything."""
        with self._lock:
            for vpc_id in list(self._state.routers):
                self._remove(vpc_id)
            if self._state.online:
                for closes in self._closes:
                    closes()
            namespaces.delete(self.internet)
            self._state = _State()

    def _router(self, vpc_id: str) -> str:
        """The namespace of a VPC, closed until a picture has been shown."""
        name = self.router(vpc_id)
        if vpc_id not in self._state.routers:
            _anew(name)
            plugs.load(name, firewall.CLOSED)
            namespaces.batch(name, [f"address add {address}/32 dev lo" for address in SERVED])
            self._state.routers[vpc_id] = _Shown()
        return name

    def _introduce(self, vpc: Vpc) -> None:
        """A router is seen in a picture: it gets the address where its VPC asks for names."""
        shown, name = self._state.routers[vpc.id], self.router(vpc.id)
        if shown.vpc is None:
            namespaces.batch(name, [f"address replace {second(vpc)}/32 dev lo"])
            shown.vpc = vpc
            for comes in self._comes:
                comes(vpc, name)

    def _internet(self) -> None:
        if self._state.online:
            return
        _anew(self.internet)
        plugs.load(self.internet, firewall.internet(Picture()))
        residents = (self._identity.controller, self._identity.packages)
        lines = [f"address replace {address}/32 dev lo" for address in residents]
        namespaces.batch(self.internet, lines)
        for opens in self._opens:
            opens(self.internet)
        self._state.online = True

    def _remove(self, vpc_id: str) -> None:
        if self._state.routers[vpc_id].vpc:
            for goes in self._goes:
                goes(vpc_id)
            self._state.routers[vpc_id].vpc = None
        for number, (where, _) in list(self._state.nat_gateways.items()):
            if where == vpc_id:
                self._remove_nat_gateway(number)
        # Cables go with either of their ends, and routes with their cables.
        namespaces.delete(self.router(vpc_id))
        self._state.outlets.discard(vpc_id)
        self._state.bridges = {
            number: ends for number, ends in self._state.bridges.items() if vpc_id not in ends
        }
        del self._state.routers[vpc_id]

    def _unroute(self, vpc_id: str, wanted: frozenset[str]) -> None:
        self._change(self.router(vpc_id), self._state.routers[vpc_id], wanted, adding=False)

    def _route(self, vpc_id: str, wanted: frozenset[str]) -> None:
        self._change(self.router(vpc_id), self._state.routers[vpc_id], wanted, adding=True)

    @staticmethod
    def _change(name: str, shown: _Shown, wanted: frozenset[str], *, adding: bool) -> None:
        todo = sorted(wanted - shown.lines if adding else shown.lines - wanted)
        try:
            namespaces.batch(name, [_order(line, "add" if adding else "del") for line in todo])
        except CommandFailed:
            # Those before the one that failed were carried out.
            for line in todo:
                with suppress(CommandFailed):
                    namespaces.batch(name, [_order(line, "del")])
                if adding:
                    namespaces.batch(name, [_order(line, "add")])
        shown.lines = shown.lines.union(todo) if adding else shown.lines.difference(todo)

    @staticmethod
    def _load(name: str, shown: _Shown, picture: Picture, vpc: Vpc) -> None:
        rules = firewall.ruleset(picture, vpc)
        if rules != shown.rules:
            plugs.load(name, rules)
            shown.rules = rules

    def _lay_outlets(self, wanted: set[str], broken: Broken) -> None:
        laid = self._state.outlets
        for vpc_id in laid - wanted:
            plugs.unplug(self.router(vpc_id), INTERNET)
            laid.discard(vpc_id)
            # The kernel took the routes over this cable with it.
            gone = f" dev {outlet(vpc_id)} "
            lines = self._state.internet.lines
            self._state.internet.lines = frozenset(x for x in lines if gone not in x)
        for vpc_id in wanted - laid:
            with _alone(broken, vpc_id):
                self._internet()
                ends = (self.router(vpc_id), INTERNET, WITHIN)
                plugs.join(self.internet, outlet(vpc_id), BEYOND, *ends)
                laid.add(vpc_id)

    def _lay_bridges(self, picture: Picture, shown: set[str], broken: Broken) -> None:
        laid = self._state.bridges
        wanted = {
            number: (vpc.id, peer.id)
            for vpc in picture.vpcs
            for number, peer in picture.peers(vpc).items()
            if {vpc.id, peer.id} <= shown
        }
        for number in set(laid) - set(wanted):
            plugs.unplug(self.router(laid.pop(number)[0]), bridge(number))
        for number in set(wanted) - set(laid):
            one, other = wanted[number]
            with _alone(broken, one, other):
                vpc = picture.vpc(one)
                assert vpc
                here, there = routing.peer_ends(picture, number, vpc)
                name = bridge(number)
                plugs.join(self.router(one), name, here, self.router(other), name, there)
                laid[number] = (one, other)

    def _place_nat_gateways(self, vpcs: Iterable[Vpc], broken: Broken) -> None:
        placed = self._state.nat_gateways
        wanted = {gateway.id: (vpc.id, gateway) for vpc in vpcs for gateway in vpc.nat_gateways}
        for number in set(placed) - set(wanted):
            with _alone(broken, placed[number][0]):
                self._remove_nat_gateway(number)
        for number in set(wanted) - set(placed):
            vpc_id, gateway = wanted[number]
            with _alone(broken, vpc_id):
                name = self._identity.name(number)
                _anew(name)
                plugs.load(name, firewall.NAT)
                self.attach(name, vpc_id, gateway.card.address)
                placed[number] = wanted[number]

    def _remove_nat_gateway(self, number: str) -> None:
        namespaces.delete(self._identity.name(number))
        del self._state.nat_gateways[number]

    def _show_internet(self, picture: Picture) -> None:
        shown, wanted = self._state.internet, routing.internet(picture)
        self._change(self.internet, shown, wanted, adding=False)
        self._change(self.internet, shown, wanted, adding=True)
        rules = firewall.internet(picture)
        if rules != shown.rules:
            plugs.load(self.internet, rules)
            shown.rules = rules


def _anew(name: str) -> None:
    """A router without what was left under its name. Raises CommandFailed."""
    namespaces.delete(name)
    plugs.router(name)


@contextmanager
def _alone(broken: Broken, *vpc_ids: str) -> Iterator[None]:
    """Have what fails with these VPCs be noted, and stop nothing with the others."""
    try:
        yield
    except Exception as problem:
        # Also what cannot be foreseen must not leave all networks as they were.
        for vpc_id in vpc_ids:
            broken.setdefault(vpc_id, problem)


def second(vpc: Vpc) -> str:
    """The address of a VPC at which names are asked for: the second after its network's."""
    return str(IPv4Network(vpc.networks[0]).network_address + 2)


def _order(line: str, verb: str) -> str:
    """A line of `routing` as an order: `rule pref 1 ...` becomes `rule add pref 1 ...`."""
    thing, _, rest = line.partition(" ")
    return f"{thing} {verb} {rest}"
