# SPDX-License-Identifier: GPL-3.0-or-later
"""The load balancers of a sandbox whose nodes are real proxies."""

from __future__ import annotations

import itertools
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from ipaddress import ip_address
from typing import Any

from sandbox.balancers import delivery
from sandbox.balancers.door import Door, open_door
from sandbox.balancers.health import DRAINING, OUTSIDE, REGISTERING, State, worst
from sandbox.balancers.interface import Source
from sandbox.balancers.node import Nodes
from sandbox.balancers.places import Places
from sandbox.balancers.settings import interval, patience
from sandbox.balancers.wanted import Balancer, Check, Group, Listener, Target
from sandbox.ground import namespaces
from sandbox.ground.authority import Authority
from sandbox.ground.identity import Identity
from sandbox.ground.work import work
from sandbox.health.endpoint import loopback
from sandbox.world import World

# Real seconds: between two looks at the API where it does not change, and for what changes at once.
_LOOK, _GATHER = 0.5, 0.05
_OBSERVE = 0.5  # real seconds between two looks at the nodes
_LEAST_PERIOD = 5.0  # real seconds between two deliveries of logs
_PATIENCE = 60.0  # real seconds for a change to be in force
DOORSTEP = 2  # the number of the doors' address in the sandbox's internet
_REACH = 10.0  # seconds to reach a node from loopback


class Forgotten(RuntimeError):
    """The world was reset before a load balancer was there."""


class RealBalancers:
    """Each load balancer of the API is an HAProxy in each of its subnets.

    A thread looks at the API again and again, and makes the nodes what they are to be: however the
    API changed, and whatever became of the nodes, they are as it says a moment later.
    """

    def __init__(
        self, world: World, identity: Identity, places: Places, source: Source, authority: Authority
    ) -> None:
        self.authority: Authority | None = authority
        self._world = world
        self._identity = identity
        self._source = source
        self._places = places
        self._outside = identity.name("outside")
        self._nodes = Nodes(identity, places)
        self._wanted: dict[str, Balancer] = {}
        self._doors: dict[tuple[str, int], Door] = {}
        self._turn = itertools.count()
        self._states: dict[tuple[str, str], State] = {}
        # Guards all of the above. Whoever waits for the world's lock must not hold it.
        self._lock = threading.RLock()
        self._news = threading.Condition(self._lock)
        self._generation = 0
        self._delivered: dict[str, float] = {}
        self._named: dict[str, tuple[str, ...]] = {}  # touched under the world's lock only
        self._wake = threading.Event()
        self._looks = 0  # how often the nodes were made what they are to be
        self._ended = False
        world.on_reset(self.forget)
        world.on_change(self._wake.set)
        self._thread = threading.Thread(target=self._run, name="balancers", daemon=True)
        self._thread.start()

    def provision(
        self,
        arn: str,
        seconds: float,
        label: str,
        ready: Callable[[], object],
        failed: Callable[[Exception], object],
    ) -> None:
        generation = self._generation

        def made() -> None:
            with self._news:
                while generation == self._generation and not self._stands(arn):
                    self._news.wait()
                if trouble := self._nodes.trouble(arn):
                    raise trouble
            if generation != self._generation:
                raise Forgotten(arn)

        work(self._world, label, made, ready, failed, seconds)

    def health(self, group_arn: str, target: str) -> State | None:
        return self._states.get((group_arn, target), REGISTERING)

    def proof(self, check: Check) -> float:
        # One that has just failed, those that must pass, and the looks at what they found.
        speed = self._world.speed
        checks = patience(check, speed) + (check.healthy + 1) * interval(check, speed)
        return checks + 2 * (_LOOK + _OBSERVE)

    def drain(self, seconds: float, label: str, drained: Callable[[], None]) -> None:
        def held(_: object = None) -> None:
            self._world.later(seconds, drained, label)

        if seconds:
            # A target whose proxies could not be told in time must not stay for ever.
            work(self._world, label, self.settle, held, held)
        else:
            held()

    def reach(self, address: str, port: int, timeout: float) -> socket.socket:
        """A connection as of somebody in the internet; `timeout` in seconds.

        Raises OSError if there is none, NotReal if nothing could be there.
        """
        if ip_address(address) not in self._world.public or not self._world.machines.real:
            return loopback(address, port, timeout)
        with self._lock:
            self._step_outside()
        return namespaces.connect(self._outside, address, port, timeout)

    def status(self) -> list[dict[str, Any]]:
        with self._lock:
            return [self._described(balancer) for balancer in self._wanted.values()]

    def settle(self) -> bool:
        """Return when all that changed until now is in force, or is not for long; whether it is.

        Not to be called under the lock.
        """
        with self._news:
            # The look that is under way may have begun before the change.
            wanted = self._looks + 2
            self._wake.set()
            return self._news.wait_for(lambda: self._ended or self._looks >= wanted, _PATIENCE)

    def end(self) -> None:
        """Follow no more; returns when nothing is being made."""
        with self._news:
            self._ended = True
            self._news.notify_all()
        self._wake.set()
        self._thread.join()

    def forget(self) -> None:
        """Remove all nodes; called under the world's lock."""
        with self._news:
            self._generation += 1
            for door in self._doors.values():
                door.close()
            self._doors.clear()
            self._nodes.forget()
            namespaces.delete(self._outside)
            self._wanted, self._states, self._delivered, self._named = {}, {}, {}, {}
            self._news.notify_all()

    def _run(self) -> None:
        observed = 0.0
        while not self._ended:
            self._wake.wait(_LOOK)
            time.sleep(_GATHER)
            self._wake.clear()
            try:
                self._follow()
                if time.monotonic() - observed >= _OBSERVE:
                    observed = time.monotonic()
                    self._observe()
                self._deliver()
            except Exception:
                # What cannot be foreseen must not leave the nodes as they were for ever.
                traceback.print_exc()

    def _follow(self) -> None:
        with self._world.lock:
            generation = self._generation
            found = {balancer.arn: balancer for balancer in self._source.wanted()}
            speed, dead = self._world.speed, self._world.dead_zones
        with self._news:
            self._looks += 1
            if generation != self._generation:
                return
            gone = [self._wanted[arn] for arn in self._wanted.keys() - found.keys()]
            last = [(balancer, self._nodes.logged(balancer.arn)) for balancer in gone]
            for balancer in gone:
                self._nodes.remove(balancer.arn)
            self._wanted = found
            self._open_doors()
            for balancer in found.values():
                self._nodes.follow(balancer, speed, dead)
            named = {one.dns_name: self._addresses(one) for one in found.values()}
            self._news.notify_all()
        self._name(named, generation)
        for balancer, logs in last:
            self._delivered.pop(balancer.arn, None)
            self._store_logs(balancer, logs, generation)

    def _addresses(self, balancer: Balancer) -> tuple[str, ...]:
        """What its name stands for: nodes that are down are left out, unless all are."""
        alive = {server.node for server in self._nodes.of(balancer.arn) if server.alive}
        nodes = [node for node in balancer.nodes if node in alive] or balancer.nodes
        return tuple(node.public or node.address for node in nodes)

    def _name(self, named: dict[str, tuple[str, ...]], generation: int) -> None:
        with self._world.lock:
            if generation != self._generation:
                return
            for name in self._named.keys() - named.keys():
                self._world.names.drop(name)
            for name, addresses in named.items():
                if self._named.get(name) != addresses:
                    self._world.names.adopt(name, *addresses)
            self._named = named

    def _stands(self, arn: str) -> bool:
        return self._nodes.trouble(arn) is not None or self._nodes.complete(arn)

    def _observe(self) -> None:
        with self._lock:
            states: dict[tuple[str, str], list[State]] = {}
            for balancer in self._wanted.values():
                zones = {node.zone for node in balancer.nodes}
                for group in balancer.groups:
                    for target in group.targets:
                        unused = [] if target.zone in zones else [OUTSIDE]
                        states[group.arn, target.id] = unused
                for server in self._nodes.of(balancer.arn):
                    for key, state in server.judgements(self._world.speed):
                        states.setdefault(key, []).append(state)
            self._states = {key: worst(found) or REGISTERING for key, found in states.items()}

    def _deliver(self) -> None:
        """Put what was logged into buckets, when it is time."""
        period = max(_LEAST_PERIOD, self._world.scaled(delivery.PERIOD))
        with self._lock:
            generation, now = self._generation, time.monotonic()
            logging = [one for one in self._wanted.values() if one.on("access_logs.s3.enabled")]
            arns = {balancer.arn for balancer in logging}
            self._delivered = {arn: at for arn, at in self._delivered.items() if arn in arns}
            begun = [one for one in logging if one.arn not in self._delivered]
            due = [one for one in logging if now - self._delivered.get(one.arn, now) >= period]
            self._delivered |= {balancer.arn: now for balancer in (*begun, *due)}
            logs = [(balancer, self._nodes.logged(balancer.arn)) for balancer in due]
        for balancer in begun:
            test = delivery.test_key(balancer)
            self._store(balancer, {test: delivery.TEST_TEXT}, generation)
        for balancer, lines in logs:
            self._store_logs(balancer, lines, generation)

    def _store_logs(
        self, balancer: Balancer, logs: list[tuple[str, list[str]]], generation: int
    ) -> None:
        at = self._world.now()
        files = {
            delivery.key_of(balancer, address, at): delivery.content(balancer, lines)
            for address, lines in logs
            if lines
        }
        self._store(balancer, files, generation)

    def _store(self, balancer: Balancer, files: dict[str, bytes], generation: int) -> None:
        with self._world.lock:
            for key, content in files.items() if generation == self._generation else ():
                try:
                    self._source.store(balancer, key, content)
                except Exception as problem:
                    # AWS does not tell anybody either that it could not write.
                    print(f"sandbox: log of {balancer.name}: {problem!r}", file=sys.stderr)

    def _open_doors(self) -> None:
        wanted = {
            (balancer.arn, listener.port): balancer
            for balancer in self._wanted.values()
            if balancer.scheme == "internet-facing"
            for listener in balancer.listeners
        }
        for key in self._doors.keys() - wanted.keys():
            self._doors.pop(key).close()
        for (arn, port), balancer in wanted.items():
            if (arn, port) not in self._doors:
                connect = partial(self._enter, arn, port)
                self._doors[arn, port] = open_door(self._identity, balancer.name, port, connect)

    def _enter(self, arn: str, port: int) -> socket.socket:
        """A connection to a node that lives, each in its turn. Raises OSError."""
        with self._lock:
            balancer = self._wanted.get(arn)
            servers = [server for server in self._nodes.of(arn) if server.alive]
            if balancer is None or not servers:
                raise OSError("nobody is there")
            self._step_outside()
        server = servers[next(self._turn) % len(servers)]
        return namespaces.connect(self._outside, server.node.public, port, _REACH)

    def _step_outside(self) -> None:
        """Guests come from the internet, so that security groups and routes hold for them too."""
        if not namespaces.exists(self._outside):
            namespaces.create(self._outside)
            address = str(self._world.public.network_address + DOORSTEP)
            self._places.join_internet(self._outside, address)

    def _described(self, balancer: Balancer) -> dict[str, Any]:
        alive = {server.node.address for server in self._nodes.of(balancer.arn) if server.alive}
        return {
            "name": balancer.name,
            "region": balancer.region,
            "arn": balancer.arn,
            "dns_name": balancer.dns_name,
            "scheme": balancer.scheme,
            "vpc": balancer.vpc_id,
            "nodes": [
                {
                    "zone": node.zone,
                    "address": node.address,
                    "public": node.public,
                    "namespace": self._nodes.namespace(balancer.arn, node.subnet_id),
                    "health": "running" if node.address in alive else "down",
                }
                for node in balancer.nodes
            ],
            "listeners": [
                {"port": listener.port, "protocol": listener.protocol, "url": url}
                for listener, url in self._urls(balancer)
            ],
            "targets": [
                {
                    "group": group.name,
                    "id": target.id,
                    "port": target.port,
                    "health": state[0],
                    "reason": "".join(state[2:]),
                }
                for group in balancer.groups
                for target, state in self._targets(group)
            ],
        }

    def _urls(self, balancer: Balancer) -> Iterator[tuple[Listener, str]]:
        for listener in balancer.listeners:
            door = self._doors.get((balancer.arn, listener.port))
            yield listener, f"{listener.protocol.lower()}://127.0.0.1:{door.port}" if door else ""

    def _targets(self, group: Group) -> Iterator[tuple[Target, State]]:
        for target in group.targets:
            yield target, self._states.get((group.arn, target.id), REGISTERING)
        for target in group.leaving:
            yield target, DRAINING


def real_balancers(
    world: World, identity: Identity, places: Places, source: Source
) -> RealBalancers:
    """Make ready for load balancers, and the authority that signs their certificates.

    Clients trust it by the file `acm-ca.pem` in the sandbox's folder.
    """
    authority = Authority("Sandbox ACM Root CA ECC256 G1")
    identity.folder.mkdir(parents=True, exist_ok=True)
    (identity.folder / "acm-ca.pem").write_bytes(authority.certificate)
    return RealBalancers(world, identity, places, source, authority)
