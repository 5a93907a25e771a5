# SPDX-License-Identifier: GPL-3.0-or-later
"""Security groups decide who reaches whom. Each test fails where nothing enforces them."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from sandbox.ground import namespaces

pytestmark = pytest.mark.real
NEAR = "10.20.0.0/16"
ANYONE = "0.0.0.0/0"


def pair(country: Any) -> tuple[Any, Any, str]:
    """A client and a server in two groups, and the server's group."""
    vpc = country.vpc(NEAR)
    subnet = country.subnet(vpc, "10.20.1.0/24")
    web = country.group(vpc)
    client = country.host(subnet, country.group(vpc, "client"))
    return client, country.host(subnet, web), web


@pytest.mark.sample
def test_a_host_is_reached_as_soon_as_a_rule_lets_it_and_no_longer(country: Any) -> None:
    client, server, web = pair(country)
    with server.listen(8080):
        assert not client.reaches(server.address, 8080)
        country.allow(web, port=8080, to=NEAR)
        country.cloud.settle()
        assert client.reaches(server.address, 8080)
        assert not client.reaches(server.address, 8081)
        country.revoke(web, port=8080, to=NEAR)
        country.cloud.settle()
        assert not client.reaches(server.address, 8080)


@pytest.mark.sample
def test_a_removed_rule_is_closed_without_anybody_waiting_for_it(country: Any) -> None:
    client, server, web = pair(country)
    country.allow(web, port=8080, to=NEAR)
    with server.listen(8080):
        country.until(lambda: client.reaches(server.address, 8080))
        country.revoke(web, port=8080, to=NEAR)
        country.until(lambda: not client.reaches(server.address, 8080))
        # One packet that came late on a busy machine is no closed door.
        assert not any(client.reaches(server.address, 8080) for _ in range(3))


def test_a_rule_that_names_a_group_lets_its_members_in_and_nobody_else(country: Any) -> None:
    vpc = country.vpc(NEAR)
    subnet = country.subnet(vpc, "10.20.1.0/24")
    balancer, web = country.group(vpc, "balancer"), country.group(vpc, "web")
    country.allow(web, port=8080, group=balancer)
    server, other = country.host(subnet, web), country.host(subnet, web)
    member = country.host(subnet, balancer)
    with server.listen(8080):
        assert member.reaches(server.address, 8080)
        assert not other.reaches(server.address, 8080)
        ec2 = country.client("ec2")
        ec2.modify_network_interface_attribute(NetworkInterfaceId=other.card, Groups=[balancer])
        country.cloud.settle()
        assert other.reaches(server.address, 8080)


def test_a_group_that_names_itself_opens_its_members_to_one_another(country: Any) -> None:
    vpc = country.vpc(NEAR)
    subnet = country.subnet(vpc, "10.20.1.0/24")
    web = country.group(vpc)
    country.allow(web, protocol="-1", group=web)
    one, other = country.host(subnet, web), country.host(subnet, web)
    stranger = country.host(subnet, country.group(vpc, "stranger"))
    with other.listen(8080):
        assert one.reaches(other.address, 8080)
        assert not stranger.reaches(other.address, 8080)


def test_nothing_leaves_a_host_that_its_group_does_not_let_out(country: Any) -> None:
    client, server, web = pair(country)
    country.allow(web, port=8080, to=NEAR)
    closed = country.group(
        country.client("ec2").describe_vpcs(Filters=[{"Name": "cidr", "Values": [NEAR]}])["Vpcs"][
            0
        ]["VpcId"],
        "closed",
    )
    country.revoke(closed, side="egress", protocol="-1", to=ANYONE)
    ec2 = country.client("ec2")
    with server.listen(8080):
        assert client.reaches(server.address, 8080)
        ec2.modify_network_interface_attribute(NetworkInterfaceId=client.card, Groups=[closed])
        country.cloud.settle()
        assert not client.reaches(server.address, 8080)
        country.allow(closed, side="egress", port=8080, to=f"{server.address}/32")
        country.cloud.settle()
        assert client.reaches(server.address, 8080)


def test_a_host_that_lends_itself_another_address_is_not_heard(country: Any) -> None:
    client, server, web = pair(country)
    country.allow(web, port=8080, to="10.20.1.200/32")

    namespaces.batch(client.namespace, ["address add 10.20.1.200/32 dev eth0"])
    with server.listen(8080):

        def spoof() -> None:
            with socket.socket() as made:
                made.settimeout(1.0)
                made.bind(("10.20.1.200", 0))
                made.connect((server.address, 8080))

        with pytest.raises(OSError, match="timed out"):
            namespaces.within(client.namespace, spoof)


def goes_on(line: socket.socket, listening: socket.socket) -> bool:
    """Whether a byte still comes through a connection that was made before."""
    there, _ = listening.accept()
    with there:
        return _passes(line, there)


def _passes(line: socket.socket, there: socket.socket) -> bool:
    there.settimeout(2.0)
    line.sendall(b"x")
    try:
        return there.recv(1) == b"x"
    except TimeoutError:
        return False


def test_a_tracked_connection_outlives_its_rule_as_on_aws(country: Any) -> None:
    client, server, web = pair(country)
    country.allow(web, port=8080, to=NEAR)
    country.cloud.settle()
    with server.listen(8080) as listening, client.dial(server.address, 8080) as line:
        country.revoke(web, port=8080, to=NEAR)
        country.cloud.settle()
        assert not client.reaches(server.address, 8080)
        assert goes_on(line, listening)


def test_an_untracked_connection_ends_with_its_rule_as_on_aws(country: Any) -> None:
    # Everybody may come in, and everything may go out: such a connection is not tracked.
    client, server, web = pair(country)
    country.allow(web, port=8080, to=ANYONE)
    country.cloud.settle()
    with server.listen(8080) as listening, client.dial(server.address, 8080) as line:
        there, _ = listening.accept()
        with there:
            assert _passes(line, there)
            country.revoke(web, port=8080, to=ANYONE)
            country.cloud.settle()
            assert not _passes(line, there)


def test_what_is_open_to_all_is_tracked_where_answers_need_it(country: Any) -> None:
    # Its group lets nothing out, so answers pass only because the connection is known.
    client, server, web = pair(country)
    country.allow(web, port=8080, to=ANYONE)
    country.revoke(web, side="egress", protocol="-1", to=ANYONE)
    country.cloud.settle()
    with server.listen(8080) as listening, client.dial(server.address, 8080) as line:
        assert goes_on(line, listening)


def test_ping_needs_a_rule_of_its_own(country: Any) -> None:
    client, server, web = pair(country)
    country.allow(web, port=0, last=65535, to=NEAR)
    country.cloud.settle()
    assert not echoes(client, server)
    country.allow(web, protocol="icmp", port=8, last=-1, to=NEAR)
    country.cloud.settle()
    assert echoes(client, server)


def echoes(client: Any, server: Any) -> bool:
    """Whether an ICMP echo request is answered."""
    request = bytes.fromhex("0800f7fe00010000")  # type 8, its checksum, identifier 1

    def ask() -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
            raw.settimeout(1.0)
            raw.sendto(request, (server.address, 0))
            try:
                return raw.recv(128)[20:22] == b"\x00\x00"
            except TimeoutError:
                return False

    return bool(namespaces.within(client.namespace, ask))


def test_udp_is_let_in_by_its_own_port_only(country: Any) -> None:
    client, server, web = pair(country)
    country.allow(web, protocol="udp", port=5353, last=5355, to=NEAR)
    country.cloud.settle()

    def sends(port: int) -> bool:
        there = namespaces.listener(server.namespace, server.address, port, socket.SOCK_DGRAM)
        kind = (socket.AF_INET, socket.SOCK_DGRAM)
        with there, namespaces.within(client.namespace, lambda: socket.socket(*kind)) as here:
            here.sendto(b"x", (server.address, port))
            there.settimeout(1.0)
            try:
                return there.recv(1) == b"x"
            except TimeoutError:
                return False

    assert sends(5354)
    assert not sends(5356)
