# SPDX-License-Identifier: GPL-3.0-or-later
"""Two checkouts have their sites side by side, and neither is seen by the other or from outside."""

from __future__ import annotations

import json
import re
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from ipaddress import ip_address, ip_network

import pytest

from sandbox.fabric.names import ENDPOINT
from sandbox.ground import cgroups, namespaces, processes
from sandbox.ground.commands import CommandFailed, run
from sandbox.ground.podman import Podman
from sandbox.ground.sweep import left
from tools.twin import Twin, twins

pytestmark = pytest.mark.real
ASK = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 3).close()"


@pytest.fixture(scope="module")
def both() -> Iterator[list[Twin]]:
    """Two checkouts, each with its sites."""
    with twins("one", "other") as made:
        for twin in made:
            twin.give_images()
            twin.make("site")
        yield made


def members(twin: Twin) -> set[str]:
    """The processes of a sandbox, also those in containers."""
    groups = (group for place in cgroups.listed(twin.identity.prefix) for group in place.rglob("*"))
    inside = [file.read_text().split() for file in groups if file.name == "cgroup.procs"]
    return set(map(str, processes.of(twin.identity.folder))).union(*inside)


def connection(twin: Twin) -> dict[str, str]:
    return dict(json.loads((twin.identity.folder / "connection.json").read_text()))


def hosts(twin: Twin) -> list[str]:
    """The containers that are instances."""
    found = (container["Names"][0] for container in Podman(twin.identity).containers())
    return [name for name in found if name.startswith(twin.identity.name("i-"))]


def listening(namespace: str = "") -> list[tuple[str, str]]:
    """Address at which something listens, and by which processes that is."""
    where = ("ip", "netns", "exec", namespace) if namespace else ()
    lines = [line.split() for line in run(*where, "ss", "-Hltunp").splitlines()]
    return [(words[4].rpartition(":")[0].partition("%")[0], words[-1]) for words in lines]


def test_a_second_run_of_each_changes_nothing(both: list[Twin]) -> None:
    for twin in both:
        assert set(re.findall(r"changed=(\d+)", twin.make("site"))) == {"0"}


def test_each_has_keys_ports_and_names_of_its_own(both: list[Twin]) -> None:
    one, other = map(connection, both)
    assert not set(one.values()) & set(other.values())
    assert not members(both[0]) & members(both[1])
    assert all(namespaces.listed(twin.identity.prefix) for twin in both)


def test_outside_of_its_namespaces_it_listens_on_loopback_only(both: list[Twin]) -> None:
    for twin in both:
        ours = {f"pid={number}," for number in processes.of(twin.identity.folder)}
        found = [place for place, who in listening() if any(sign in who for sign in ours)]
        # The API, names over both protocols, and a door for each listener of a balancer.
        assert len(found) >= 4
        assert all(ip_address(place).is_loopback for place in found), found


def test_its_namespaces_are_joined_with_one_another_and_with_nothing_else(
    both: list[Twin],
) -> None:
    for twin in both:
        for name in namespaces.listed(twin.identity.prefix):
            for card in run("ip", "-n", name, "-oneline", "link", "show").splitlines():
                other_end = f"link-netns {twin.identity.prefix}-"
                assert other_end in card or "LOOPBACK" in card, (name, card)
            own = [
                ip_network(f"{address['local']}/{address['prefixlen']}", strict=False)
                for card in json.loads(run("ip", "-n", name, "-json", "address", "show"))
                for address in card["addr_info"]
            ]
            for place, _ in listening(name):
                address = ip_address("0.0.0.0" if place == "*" else place.strip("[]"))
                assert address.is_unspecified or any(address in net for net in own), (name, place)


def test_a_host_reaches_what_is_in_its_vpc_and_nothing_of_the_machine(both: list[Twin]) -> None:
    cards = json.loads(run("ip", "-json", "-4", "address", "show", "scope", "global"))
    machine = [address["local"] for card in cards for address in card["addr_info"]]
    assert machine, "the machine has no address that a host could reach"
    with ExitStack() as stack:
        there = stack.enter_context(socket.create_server((machine[0], 0)))
        place = (machine[0], str(there.getsockname()[1]))
        run(sys.executable, "-c", ASK, *place)
        for twin in both:
            podman, api = Podman(twin.identity), connection(twin)["endpoint_url"]
            for host in hosts(twin):
                podman("exec", host, "python3", "-c", ASK, ENDPOINT, "80")
                for out in (place, ("127.0.0.1", api.rpartition(":")[2])):
                    with pytest.raises(CommandFailed, match=r"timed out|unreachable|refused"):
                        podman("exec", host, "python3", "-c", ASK, *out)
        assert hosts(both[0])


def test_when_one_is_taken_down_the_other_goes_on_as_it_was(both: list[Twin]) -> None:
    one, other = both
    names, containers = namespaces.listed(other.identity.prefix), hosts(other)
    keys, server = connection(other), (other.identity.folder / "pid").read_text()
    one.make("down")
    assert left(one.identity) == []
    assert not one.identity.folder.exists()
    assert namespaces.listed(other.identity.prefix) == names
    assert hosts(other) == containers
    assert (connection(other), (other.identity.folder / "pid").read_text()) == (keys, server)
    assert set(re.findall(r"changed=(\d+)", other.make("site"))) == {"0"}
