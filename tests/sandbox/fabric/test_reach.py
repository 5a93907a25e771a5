# SPDX-License-Identifier: GPL-3.0-or-later
"""Which services of AWS a host reaches: by pictures, and by requests from real namespaces."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sandbox.fabric.names import ENDPOINT
from sandbox.fabric.picture import (
    Card,
    Endpoint,
    Group,
    NatGateway,
    Route,
    Rule,
    Subnet,
    Vpc,
    Way,
)
from sandbox.fabric.reach import reaches

HOME, AWAY = "us-east-1", "us-west-2"
ANYONE, OWN = "0.0.0.0/0", "10.0.0.0/16"
HOST, OTHER = "10.0.1.4", "10.0.1.5"
TO_ALL, TO_OWN = (Rule("tcp", 443, 443, (network,)) for network in (ANYONE, OWN))
SSM = Endpoint("ssm", cards=(Card("10.0.1.9", ("sg-endpoints",)),))
S3 = Endpoint("s3", subnets=("subnet-app",))


def vpc(
    *endpoints: Endpoint,
    out: Rule = TO_OWN,
    let_in: Rule = TO_OWN,
    way: Route | None = None,
    gateway: bool = True,
    public: str = "",
) -> Vpc:
    """A host in a subnet, with a rule that lets it out, and one that lets in to endpoints."""
    nat = NatGateway("nat-1", Card("10.0.9.4", (), "100.64.0.9"))
    return Vpc(
        "vpc-1",
        HOME,
        (OWN,),
        subnets=(Subnet("subnet-app", "10.0.1.0/24", (way,) if way else ()),),
        cards=(Card(HOST, ("sg-web",), public), *(c for e in endpoints for c in e.cards)),
        groups=(
            Group("sg-web", egress=(out,)),
            Group("sg-endpoints", ingress=(let_in,)),
        ),
        nat_gateways=(nat,),
        endpoints=endpoints,
        gateway=gateway,
    )


NAT, DOOR = (Route(ANYONE, way, to) for way, to in ((Way.NAT, "nat-1"), (Way.INTERNET, "igw-1")))


@pytest.mark.parametrize(
    ("place", "found"),
    [
        (vpc(), False),
        (vpc(SSM), True),
        (vpc(replace(SSM, service="logs")), False),
        (vpc(SSM, let_in=Rule("tcp", 80, 80, (OWN,))), False),
        (vpc(SSM, let_in=Rule("tcp", 443, 443, ("10.0.2.0/24",))), False),
        (vpc(SSM, let_in=Rule("-1", -1, -1, group="sg-web")), True),
        (vpc(SSM, out=Rule("udp", 443, 443, (OWN,))), False),
        (vpc(SSM, out=Rule("tcp", 0, 65535, group="sg-endpoints")), True),
        (vpc(way=NAT), False),
        (vpc(way=NAT, out=TO_ALL), True),
        (vpc(way=NAT, out=TO_ALL, gateway=False), False),
        (vpc(way=replace(NAT, to="nat-2"), out=TO_ALL), False),
        (vpc(way=DOOR, out=TO_ALL), False),
        (vpc(way=DOOR, out=TO_ALL, public="100.64.0.8"), True),
        # The private name leads to the endpoint, also where there were another way.
        (vpc(SSM, way=NAT, out=TO_ALL, let_in=Rule("tcp", 80, 80, (OWN,))), False),
    ],
)
def test_a_host_reaches_a_service_by_an_endpoint_that_lets_it_in_or_by_a_way_out(
    place: Vpc, found: bool
) -> None:
    assert reaches(place, HOST, "ssm", HOME) is found


def test_an_endpoint_is_for_its_own_region() -> None:
    assert not reaches(vpc(SSM), HOST, "ssm", AWAY)


def test_a_gateway_is_for_the_subnets_whose_routes_lead_to_it_and_those_that_may_leave() -> None:
    assert reaches(vpc(S3, out=TO_ALL), HOST, "s3", HOME)
    assert not reaches(vpc(S3, out=TO_ALL), HOST, "ssm", HOME)
    assert not reaches(vpc(S3), HOST, "s3", HOME)
    assert not reaches(vpc(replace(S3, subnets=("subnet-b",)), out=TO_ALL), HOST, "s3", HOME)


def test_who_has_no_address_of_the_vpc_reaches_nothing() -> None:
    assert not reaches(vpc(SSM), OTHER, "ssm", HOME)
    assert not reaches(vpc(SSM), "10.1.1.4", "ssm", HOME)


REQUEST = (
    "POST / HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-amz-json-1.1\r\n"
    "X-Amz-Target: {target}\r\nAuthorization: AWS4-HMAC-SHA256 "
    "Credential=test/20300101/{region}/{service}/aws4_request, SignedHeaders=host, Signature=0\r\n"
    "Content-Length: 2\r\nConnection: close\r\n\r\n{{}}"
)
TARGETS = {"ssm": "AmazonSSM.DescribeParameters", "logs": "Logs_20140328.DescribeLogGroups"}


def heard(host: Any, service: str, region: str = HOME) -> bool:
    """Whether a host has an answer of a service."""
    told = {"host": ENDPOINT, "service": service, "region": region}
    text = REQUEST.format(target=TARGETS[service], **told)
    try:
        with host.dial(ENDPOINT, 80) as line:
            line.settimeout(60)
            line.sendall(text.encode())
            answer: bytes = line.recv(65536)
    except ConnectionError:
        return False
    return answer.startswith(b"HTTP/1.1 200")


@pytest.mark.real
@pytest.mark.sample
def test_a_host_without_a_way_out_is_heard_by_what_its_vpc_has_an_endpoint_for(
    country: Any,
) -> None:
    vpc = country.vpc(OWN)
    ec2 = country.client("ec2")
    for name in ("EnableDnsSupport", "EnableDnsHostnames"):
        ec2.modify_vpc_attribute(VpcId=vpc, **{name: {"Value": True}})
    subnet, group = country.subnet(vpc, "10.0.1.0/24"), country.group(vpc)
    endpoints = country.group(vpc, "endpoints")
    host = country.host(subnet, group)
    assert not heard(host, "ssm")
    made = ec2.create_vpc_endpoint(
        VpcEndpointType="Interface",
        VpcId=vpc,
        ServiceName="com.amazonaws.us-east-1.ssm",
        SubnetIds=[subnet],
        SecurityGroupIds=[endpoints],
        PrivateDnsEnabled=True,
    )["VpcEndpoint"]["VpcEndpointId"]
    assert not heard(host, "ssm")
    country.allow(endpoints, port=443, to=OWN)
    assert heard(host, "ssm")
    assert not heard(host, "logs")
    ec2.delete_vpc_endpoints(VpcEndpointIds=[made])
    assert not heard(host, "ssm")


@pytest.mark.real
def test_a_host_with_a_way_out_is_heard_by_all(country: Any) -> None:
    vpc = country.vpc(OWN)
    subnet, group = country.subnet(vpc, "10.0.1.0/24"), country.group(vpc)
    country.route(vpc, subnet, GatewayId=country.gateway(vpc))
    host, hidden = country.host(subnet, group, public=True), country.host(subnet, group)
    inner = country.subnet(vpc, "10.0.2.0/24")
    ec2 = country.client("ec2")
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]
    country.route(vpc, inner, NatGatewayId=nat["NatGatewayId"])
    behind = country.host(inner, group)
    for service in TARGETS:
        assert heard(host, service)
        assert heard(behind, service)
        assert not heard(hidden, service)


@pytest.mark.real
@pytest.mark.sample
def test_a_region_that_is_cut_off_hears_its_own_hosts_and_no_others(country: Any) -> None:
    here, there = (
        abroad(country, net, region) for net, region in (("10.20", HOME), ("10.30", AWAY))
    )
    country.cloud.strike("regions-cut", one=HOME, other=AWAY)
    assert heard(here, "ssm", HOME) and not heard(here, "ssm", AWAY)
    assert heard(there, "ssm", AWAY) and not heard(there, "ssm", HOME)
    country.cloud.strike("regions-cut", one=HOME, other=AWAY, cut=False)
    country.cloud.strike("api-dark", region=HOME)
    assert heard(here, "ssm", HOME) and heard(here, "ssm", AWAY)
    assert heard(there, "ssm", AWAY) and not heard(there, "ssm", HOME)


def abroad(country: Any, net: str, region: str) -> Any:
    """A host with a way out, in a region."""
    vpc = country.vpc(f"{net}.0.0/16", region)
    subnet = country.subnet(vpc, f"{net}.1.0/24", region=region)
    group = country.group(vpc, region=region)
    country.route(vpc, subnet, region, GatewayId=country.gateway(vpc, region))
    return country.host(subnet, group, region=region, public=True)
