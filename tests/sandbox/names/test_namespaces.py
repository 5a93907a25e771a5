# SPDX-License-Identifier: GPL-3.0-or-later
"""A network namespace has the answers of its VPC, on sockets of its own."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import dns.message
import dns.rcode
import pytest

from sandbox.ground import namespaces
from sandbox.ground.identity import Identity
from sandbox.names.names import Names
from sandbox.names.records import View

pytestmark = pytest.mark.real
RESOLVERS = ("10.0.0.2", "169.254.169.253")


@pytest.fixture
def namespace(tmp_path: Path) -> Iterator[str]:
    name = Identity(tmp_path).name("names")
    namespaces.create(name)
    namespaces.batch(name, [f"address add {address}/32 dev lo" for address in RESOLVERS])
    yield name
    namespaces.delete(name)


def asked(namespace: str, address: str, name: str, timeout: float = 10.0) -> dns.message.Message:
    one = namespaces.within(namespace, lambda: socket.socket(type=socket.SOCK_DGRAM))
    with one:
        one.settimeout(timeout)
        one.connect((address, 53))
        one.send(dns.message.make_query(name, "A").to_wire())
        return dns.message.from_wire(one.recv(4096))


def await_silence(namespace: str) -> None:
    """Wait until nothing listens any more."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            asked(namespace, RESOLVERS[0], "db.example.org", timeout=1.0)
        except ConnectionRefusedError:
            return
        except TimeoutError:
            continue  # It came to a socket that was closed before it was read.
        time.sleep(0.05)
    raise AssertionError("it still answers")


def test_a_vpcs_resolver_answers_in_its_namespace_with_the_vpcs_view(namespace: str) -> None:
    names = Names(threading.RLock())
    names.adopt("db.example.org", "10.0.0.9", vpc="vpc-1")
    names.adopt("db.example.org", "100.64.0.9")
    port = names.listen("127.0.0.1", 0)
    desks = names.serve_in(namespace, RESOLVERS, View("vpc-1", "us-west-2"))
    for address in RESOLVERS:
        [found] = asked(namespace, address, "db.example.org").answer
        assert [str(value) for value in found] == ["10.0.0.9"]
    with socket.socket(type=socket.SOCK_DGRAM) as outside:
        outside.settimeout(10)
        outside.connect(("127.0.0.1", port))
        outside.send(dns.message.make_query("db.example.org", "A").to_wire())
        [found] = dns.message.from_wire(outside.recv(4096)).answer
    assert [str(value) for value in found] == ["100.64.0.9"]
    names.stop(desks)
    await_silence(namespace)


def test_when_all_is_forgotten_nobody_answers_in_namespaces(namespace: str) -> None:
    names = Names(threading.RLock())
    names.serve_in(namespace, RESOLVERS, View("vpc-1"))
    asked(namespace, RESOLVERS[0], "db.example.org")
    names.forget()
    await_silence(namespace)


def test_where_an_address_is_missing_nothing_listens(namespace: str) -> None:
    names = Names(threading.RLock())
    with pytest.raises(OSError, match="assign"):
        names.serve_in(namespace, [RESOLVERS[0], "10.9.9.9"], View("vpc-1"))
    await_silence(namespace)
