# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes decide where anything goes, and disasters stop it. All against real namespaces."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.client import Refused
from sandbox.ground import namespaces
from sandbox.ground.commands import run

pytestmark = pytest.mark.real
ANYONE = "0.0.0.0/0"
HOME, AWAY = "us-east-1", "us-west-2"


def site(country: Any, net: str, region: str = HOME) -> tuple[str, str, str]:
    """A VPC with a subnet, and a group that lets everybody in."""
    vpc = country.vpc(f"{net}.0.0/16", region)
    group = country.group(vpc, region=region)
    country.allow(group, region=region, protocol="-1", to=ANYONE)
    return vpc, country.subnet(vpc, f"{net}.1.0/24", region=region), group


@pytest.mark.sample
def test_one_vpc_does_not_reach_another_without_peering(country: Any) -> None:
    vpc, subnet, group = site(country, "10.20")
    other, far, its_group = site(country, "10.30")
    here, there = country.host(subnet, group), country.host(far, its_group)
    with there.listen(8080):
        assert not here.reaches(there.address, 8080)
        ec2 = country.client("ec2")
        peering = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=other)
        number = peering["VpcPeeringConnection"]["VpcPeeringConnectionId"]
        ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=number)
        country.route(
            vpc, subnet, DestinationCidrBlock="10.30.0.0/16", VpcPeeringConnectionId=number
        )
        country.cloud.settle()
        # The way back is a route of its own.
        assert not here.reaches(there.address, 8080)
        country.route(
            other, far, DestinationCidrBlock="10.20.0.0/16", VpcPeeringConnectionId=number
        )
        country.cloud.settle()
        assert here.reaches(there.address, 8080)
        country.client("ec2").delete_vpc_peering_connection(VpcPeeringConnectionId=number)
        country.cloud.settle()
        assert not here.reaches(there.address, 8080)


def test_an_address_in_the_internet_needs_a_gateway_a_route_and_a_public_address(
    country: Any,
) -> None:
    vpc, subnet, group = site(country, "10.20")
    country.gateway(vpc)
    host, hidden = country.host(subnet, group, public=True), country.host(subnet, group)
    customer = country.customer()
    public = country.public_address(host)
    with host.listen(8080), customer.listen(443):
        assert not customer.reaches(public, 8080)
        country.route(
            vpc,
            subnet,
            GatewayId=country.client("ec2").describe_internet_gateways(
                Filters=[{"Name": "attachment.vpc-id", "Values": [vpc]}]
            )["InternetGateways"][0]["InternetGatewayId"],
        )
        country.cloud.settle()
        assert customer.reaches(public, 8080)
        assert host.reaches(customer.address, 443)
        assert not hidden.reaches(customer.address, 443)


def test_a_private_subnet_gets_out_by_its_nat_gateway_and_is_not_reached(country: Any) -> None:
    vpc, outer, group = site(country, "10.20")
    inner = country.subnet(vpc, "10.20.2.0/24")
    country.route(vpc, outer, GatewayId=country.gateway(vpc))
    ec2 = country.client("ec2")
    address = ec2.allocate_address(Domain="vpc")
    nat = ec2.create_nat_gateway(SubnetId=outer, AllocationId=address["AllocationId"])
    number = nat["NatGateway"]["NatGatewayId"]
    country.route(vpc, inner, NatGatewayId=number)
    host = country.host(inner, group)
    customer = country.customer()
    with customer.listen(443) as door:
        with host.dial(customer.address, 443):
            line, (seen, _) = door.accept()
            line.close()
        assert seen == address["PublicIp"]
        with host.listen(8080):
            assert not customer.reaches(seen, 8080)
        ec2.delete_nat_gateway(NatGatewayId=number)
        country.cloud.settle()
        assert not host.reaches(customer.address, 443)


def test_nothing_in_a_vpc_reaches_the_machine_or_what_is_outside_of_it(country: Any) -> None:
    vpc, subnet, group = site(country, "10.20")
    country.route(vpc, subnet, GatewayId=country.gateway(vpc))
    host = country.host(subnet, group, public=True)
    api = int(country.cloud.endpoint.rpartition(":")[2])
    own = run("hostname", "-I").split() or ["127.0.0.1"]
    for address in ("127.0.0.1", own[0]):
        assert not host.reaches(address, api)
    for name in namespaces.listed(country.identity.prefix):
        cards = run("ip", "-n", name, "-o", "link", "show").splitlines()
        # The other end of each cable is in another namespace of the sandbox.
        assert all("link-netns " in card or "LOOPBACK" in card for card in cards), cards


@pytest.mark.sample
def test_a_dark_region_is_reached_by_nobody_and_the_other_goes_on(country: Any) -> None:
    _, subnet, group = site(country, "10.20")
    _, far, its_group = site(country, "10.30", AWAY)
    one, two = country.host(subnet, group), country.host(subnet, group)
    three = country.host(far, its_group, region=AWAY)
    four = country.host(far, its_group, region=AWAY)
    with two.listen(8080), four.listen(8080):
        with one.dial(two.address, 8080):
            country.cloud.faults([{"effect": "dark", "region": HOME}])
            assert not one.reaches(two.address, 8080)
            assert three.reaches(four.address, 8080)
        country.cloud.faults([])
        assert one.reaches(two.address, 8080)


def test_a_dead_zone_is_reached_by_nobody_and_the_others_go_on(country: Any) -> None:
    vpc, subnet, group = site(country, "10.20")
    second = country.subnet(vpc, "10.20.2.0/24", zone="b")
    one, two = country.host(subnet, group), country.host(second, group)
    three = country.host(second, group)
    with one.listen(8080), two.listen(8080):
        country.cloud.strike("zone-dies", zone=f"{HOME}a")
        assert not two.reaches(one.address, 8080)
        assert not one.reaches(two.address, 8080)
        assert three.reaches(two.address, 8080)
        country.cloud.strike("zone-returns", zone=f"{HOME}a")
        assert two.reaches(one.address, 8080)


def test_a_cut_between_regions_stops_what_goes_through_the_internet(country: Any) -> None:
    hosts = []
    for net, region in (("10.20", HOME), ("10.30", AWAY)):
        vpc, subnet, group = site(country, net, region)
        country.route(vpc, subnet, region, GatewayId=country.gateway(vpc, region))
        hosts.append(country.host(subnet, group, region=region, public=True))
    here, there = hosts
    public = country.public_address(there, AWAY)
    customer = country.customer()
    with there.listen(8080):
        assert here.reaches(public, 8080)
        country.cloud.strike("regions-cut", one=HOME, other=AWAY)
        assert not here.reaches(public, 8080)
        assert customer.reaches(public, 8080)
        country.cloud.strike("regions-cut", one=HOME, other=AWAY, cut=False)
        assert here.reaches(public, 8080)


def test_a_deleted_vpc_leaves_no_namespace(country: Any) -> None:
    vpc, subnet, group = site(country, "10.20")
    host = country.host(subnet, group)
    assert namespaces.exists(country.identity.name(vpc))
    namespaces.delete(host.namespace)
    ec2 = country.client("ec2")
    ec2.delete_network_interface(NetworkInterfaceId=host.card)
    ec2.delete_security_group(GroupId=group)
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)
    country.cloud.settle()
    assert not namespaces.exists(country.identity.name(vpc))


def test_a_wrong_zone_is_refused_with_an_example(country: Any) -> None:

    with pytest.raises(Refused, match="one is us-east-1a"):
        country.cloud.strike("zone-dies", zone="nowhere")
