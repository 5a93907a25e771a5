# SPDX-License-Identifier: GPL-3.0-or-later
"""The nodes of load balancers: each a proxy in a namespace that is attached to a subnet."""

from __future__ import annotations

import hashlib
import time
import traceback
from collections.abc import Iterable, Iterator

from sandbox.balancers import health
from sandbox.balancers.delivery import Gatherer
from sandbox.balancers.places import Places
from sandbox.balancers.server import Proxy
from sandbox.balancers.settings import (
    Rendered,
    backend,
    interval,
    render,
    servers,
    unchecked,
)
from sandbox.balancers.wanted import Balancer, Group, Node, Target
from sandbox.ground import namespaces
from sandbox.ground.commands import CommandFailed
from sandbox.ground.identity import Identity

_AGAIN = 5.0  # real seconds until what failed is tried again


class NodeServer:
    """A node: its namespace, its proxy, and what that says of targets."""

    def __init__(self, namespace: str, node: Node, proxy: Proxy, gatherer: Gatherer) -> None:
        self.namespace = namespace
        self.node = node
        self._proxy = proxy
        self._gatherer = gatherer
        self._balancer: Balancer | None = None
        self._judged: dict[tuple[str, str], health.Judgement] = {}
        self.trouble: Exception | None = None
        self._failed: tuple[Rendered, float] | None = None

    @property
    def alive(self) -> bool:
        return self._proxy.alive

    def follow(self, balancer: Balancer, speed: float) -> None:
        """Have the proxy be what the load balancer is by now; what fails is tried again later."""
        rendered = render(balancer, self.node, speed)
        try:
            if self._failed and self._failed[0] == rendered and time.monotonic() < self._failed[1]:
                return
            self._close_left(balancer)
            if not self.alive:
                self._judged.clear()
                self._proxy.start(rendered, health.states("", self._checked(balancer)))
            elif rendered != self._proxy.rendered:
                self._drain(balancer)
                checked = self._checked(balancer)
                self._proxy.change(rendered, lambda table: health.states(table, checked))
        except (OSError, RuntimeError) as problem:
            traceback.print_exc()
            self.trouble, self._failed = problem, (rendered, time.monotonic() + _AGAIN)
            return
        self.trouble, self._failed, self._balancer = None, None, balancer

    def judgements(self, speed: float) -> Iterator[tuple[tuple[str, str], health.State]]:
        """Group and target, and what is to be told of it."""
        if self._balancer is None or not self.alive:
            return
        try:
            seen = health.observations(self._proxy.ask("@1 show stat"))
        except OSError:
            seen = {}  # It is being changed.
        now = time.monotonic()
        for group in self._balancer.groups:
            patience = (group.check.unhealthy - 1) * interval(group.check, speed)
            for target in servers(self._balancer, group, self.node):
                name = (backend(group), target.server)
                before = self._judged.get(name)
                if name in seen:
                    before = self._judged[name] = health.judge(before, seen[name], now, patience)
                yield (group.arn, target.id), before.state if before else health.REGISTERING

    def logged(self) -> list[str]:
        """What has been logged since the last time."""
        return self._gatherer.take(self.namespace)

    def die(self) -> None:
        """End as with its zone."""
        self._proxy.kill()
        self._judged.clear()

    def remove(self) -> None:
        self._gatherer.close(self.namespace)
        self._proxy.remove()

    def _checked(self, balancer: Balancer) -> dict[str, tuple[Group, tuple[Target, ...]]]:
        return {backend(g): (g, servers(balancer, g, self.node)) for g in balancer.groups}

    def _drain(self, balancer: Balancer) -> None:
        """Nothing new goes to targets that leave, also not over connections from before."""
        leaving = self._places(self._balancer) - self._places(balancer)
        for one in leaving:
            self._judged.pop(one, None)
        self._proxy.hold(_both(leaving))

    def _close_left(self, balancer: Balancer) -> None:
        """After the deregistration delay what is still open is closed."""
        if self._balancer is not None and self.alive:
            self._proxy.cut(set(_both(_known(self._balancer) - _known(balancer))))

    def _places(self, balancer: Balancer | None) -> set[tuple[str, str]]:
        if balancer is None:
            return set()
        return {
            (backend(group), target.server)
            for group in balancer.groups
            for target in servers(balancer, group, self.node)
        }


def _known(balancer: Balancer) -> set[tuple[str, str]]:
    """Backends and servers that may have connections."""
    return {
        (backend(group), target.server)
        for group in balancer.groups
        for target in (*group.targets, *group.leaving)
    }


def _both(places: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Servers are in two backends: where they are checked, and where all get requests."""
    for name, server in sorted(places):
        yield name, server
        yield unchecked(name), server


class Nodes:
    """All nodes of a sandbox."""

    def __init__(self, identity: Identity, places: Places) -> None:
        self._identity = identity
        self._places = places
        self._gatherer = Gatherer()
        self._folder = identity.folder / "balancers"
        self._servers: dict[str, dict[str, NodeServer]] = {}
        self._whole: dict[str, bool] = {}

    def namespace(self, arn: str, subnet_id: str) -> str:
        """The name of a node's namespace."""
        code = hashlib.sha256(f"{arn} {subnet_id}".encode()).hexdigest()[:10]
        return self._identity.name("lb", code)

    def of(self, arn: str) -> list[NodeServer]:
        return list(self._servers.get(arn, {}).values())

    def complete(self, arn: str) -> bool:
        """Whether every node of a load balancer that can live does."""
        return self._whole.get(arn, False)

    def trouble(self, arn: str) -> Exception | None:
        """What is wrong with a load balancer's nodes."""
        return next((server.trouble for server in self.of(arn) if server.trouble), None)

    def follow(self, balancer: Balancer, speed: float, dead: frozenset[str]) -> None:
        """Make, change and remove nodes; there is none in a `dead` zone."""
        servers = self._servers.setdefault(balancer.arn, {})
        wanted = {node.subnet_id: node for node in balancer.nodes}
        for subnet_id, old in list(servers.items()):
            if wanted.get(subnet_id) != old.node:
                self._remove(servers.pop(subnet_id))
        for subnet_id, node in wanted.items():
            server = servers.get(subnet_id)
            if node.zone in dead:
                if server and server.alive:
                    server.die()
                continue
            made = server or self._make(balancer, node)
            if made is not None:
                servers[subnet_id] = made
                made.follow(balancer, speed)
        living = [node for node in balancer.nodes if node.zone not in dead]
        self._whole[balancer.arn] = all(
            node.subnet_id in servers and servers[node.subnet_id].alive for node in living
        )

    def logged(self, arn: str) -> list[tuple[str, list[str]]]:
        """What the nodes have logged since the last time, by their addresses."""
        return [(server.node.address, server.logged()) for server in self.of(arn)]

    def remove(self, arn: str) -> None:
        """Remove the nodes of a load balancer with their connections."""
        self._whole.pop(arn, None)
        for server in self._servers.pop(arn, {}).values():
            self._remove(server)

    def forget(self) -> None:
        """Remove all nodes."""
        for arn in list(self._servers):
            self.remove(arn)

    def _make(self, balancer: Balancer, node: Node) -> NodeServer | None:
        namespace = self.namespace(balancer.arn, node.subnet_id)
        try:
            namespaces.create(namespace)
            self._places.attach(namespace, balancer.vpc_id, node.address)
            self._gatherer.listen(namespace)
        except (CommandFailed, OSError):
            traceback.print_exc()
            self._places.detach(namespace)
            namespaces.delete(namespace)
            return None
        proxy = Proxy(namespace, self._folder / namespace.rpartition("-")[2])
        return NodeServer(namespace, node, proxy, self._gatherer)

    def _remove(self, server: NodeServer) -> None:
        server.remove()
        self._places.detach(server.namespace)
        namespaces.delete(server.namespace)
