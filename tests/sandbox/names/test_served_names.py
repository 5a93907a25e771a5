# SPDX-License-Identifier: GPL-3.0-or-later
"""A sandbox answers DNS queries on loopback for what was made by its API."""

from __future__ import annotations

import socket
import subprocess
import sys
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from sandbox.ground.identity import Identity
from sandbox.running import CHECKOUT, Handle


def zone(client: Any, name: str = "example.org", **more: Any) -> str:
    made = client("route53").create_hosted_zone(Name=name, CallerReference=name + str(more), **more)
    return str(made["HostedZone"]["Id"]).rpartition("/")[2]


def put(client: Any, zone_id: str, **record: Any) -> None:
    values = [{"Value": value} for value in record.pop("Values", ())]
    record |= {"ResourceRecords": values, "TTL": 60} if values else {}
    change = {"Action": "UPSERT", "ResourceRecordSet": {"Type": "A", **record}}
    client("route53").change_resource_record_sets(
        HostedZoneId=zone_id, ChangeBatch={"Changes": [change]}
    )


def ask(cloud: Handle, name: str, kind: str = "A", tcp: bool = False, **more: Any) -> Any:
    address, port = cloud.resolver()
    call = dns.query.tcp if tcp else dns.query.udp
    return call(dns.message.make_query(name, kind, **more), address, timeout=10, port=port)


def values(message: Any) -> list[str]:
    return sorted(str(value) for found in message.answer for value in found)


@pytest.mark.parametrize("tcp", [False, True])
def test_a_record_answers_over_udp_and_tcp_as_soon_as_it_is_there(
    cloud: Handle, client: Any, tcp: bool
) -> None:
    put(client, zone(client), Name="www.example.org", Values=["192.0.2.1", "192.0.2.2"])
    found = ask(cloud, "www.example.org", tcp=tcp)
    assert values(found) == ["192.0.2.1", "192.0.2.2"]
    assert found.answer[0].ttl == 60
    assert found.flags & dns.flags.AA
    absent = ask(cloud, "absent.example.org", tcp=tcp)
    assert absent.rcode() == dns.rcode.NXDOMAIN
    assert [str(one.name) for one in absent.authority] == ["example.org."]


def test_every_type_of_record_is_told_as_it_was_written(cloud: Handle, client: Any) -> None:
    home = zone(client)
    written = {
        "AAAA": "2001:db8::1",
        "CAA": '0 issue "amazon.com"',
        "MX": "10 mail.example.org.",
        "SRV": "1 2 443 a.example.org.",
        "TXT": '"v=spf1 -all" "more"',
    }
    for kind, value in written.items():
        put(client, home, Name="all.example.org", Type=kind, Values=[value])
        assert values(ask(cloud, "all.example.org", kind)) == [value]
    # Without its final dot a name is complete too.
    for kind, value in (("MX", "10 mail.example.org"), ("SRV", "1 2 443 a.example.org")):
        put(client, home, Name="all.example.org", Type=kind, Values=[value])
        assert values(ask(cloud, "all.example.org", kind)) == [f"{value}."]
    put(client, home, Name="*.example.org", Values=["192.0.2.3"])
    assert values(ask(cloud, "any.example.org")) == ["192.0.2.3"]


def test_an_answer_too_long_for_a_datagram_is_told_whole_over_tcp(
    cloud: Handle, client: Any
) -> None:
    many = sorted(f"192.0.2.{number}" for number in range(1, 101))
    put(client, zone(client), Name="many.example.org", Values=many)
    cut = ask(cloud, "many.example.org")
    assert cut.flags & dns.flags.TC
    assert values(ask(cloud, "many.example.org", tcp=True)) == many


def test_what_is_no_query_is_told_so_and_the_next_is_answered(cloud: Handle, client: Any) -> None:
    put(client, zone(client), Name="www.example.org", Values=["192.0.2.1"])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.settimeout(10)
        one.connect(cloud.resolver())
        one.send(b"x")
        one.send(b"\x12\x34" + b"\x00" * 2 + b"\xff" * 30)
        assert one.recv(100)[:2] == b"\x12\x34"
    assert ask(cloud, "example.org", "AXFR", tcp=True).rcode() == dns.rcode.REFUSED
    assert values(ask(cloud, "www.example.org")) == ["192.0.2.1"]


def network(client: Any, region: str) -> list[str]:
    ec2 = client("ec2", region)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    return [
        ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{region}{letter}"
        )["Subnet"]["SubnetId"]
        for n, letter in enumerate("ab")
    ]


def balancer(client: Any, region: str) -> dict[str, Any]:
    found = client("elbv2", region).create_load_balancer(
        Name="web", Subnets=network(client, region)
    )["LoadBalancers"]
    return dict(found[0])


def test_a_failover_of_balancers_follows_their_targets(cloud: Handle, client: Any) -> None:
    """With no target registered the home balancer is unhealthy, and traffic goes to the other."""
    home = zone(client)
    made = {}
    for region, role in (("us-east-1", "PRIMARY"), ("us-west-2", "SECONDARY")):
        made[region] = found = balancer(client, region)
        target = {
            "HostedZoneId": found["CanonicalHostedZoneId"],
            "DNSName": found["DNSName"],
            "EvaluateTargetHealth": True,
        }
        put(
            client, home, Name="www.example.org", SetIdentifier=role, Failover=role,
            AliasTarget=target,
        )  # fmt: skip
    east, west = (values(ask(cloud, made[region]["DNSName"])) for region in made)
    assert len(east) == len(west) == 1 and east != west
    assert values(ask(cloud, "www.example.org")) == east
    elbv2 = client("elbv2")
    group = elbv2.create_target_group(
        Name="web", Protocol="HTTP", Port=80, VpcId=made["us-east-1"]["VpcId"]
    )["TargetGroups"][0]["TargetGroupArn"]
    elbv2.create_listener(
        LoadBalancerArn=made["us-east-1"]["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    assert values(ask(cloud, "www.example.org")) == west
    told = client("route53").test_dns_answer(
        HostedZoneId=home, RecordName="www.example.org", RecordType="A"
    )
    assert (told["RecordData"], told["ResponseCode"], told["Protocol"]) == (west, "NOERROR", "UDP")


def test_a_balancer_of_a_dark_region_is_unhealthy(cloud: Handle, client: Any) -> None:
    home, found = zone(client), balancer(client, "us-east-1")
    put(
        client, home, Name="www.example.org", SetIdentifier="1", Failover="PRIMARY",
        AliasTarget={
            "HostedZoneId": found["CanonicalHostedZoneId"],
            "DNSName": found["DNSName"],
            "EvaluateTargetHealth": True,
        },
    )  # fmt: skip
    put(
        client, home, Name="www.example.org", SetIdentifier="2", Failover="SECONDARY",
        Values=["198.51.100.1"],
    )  # fmt: skip
    assert values(ask(cloud, "www.example.org")) != ["198.51.100.1"]
    cloud.faults([{"effect": "dark", "region": "us-east-1"}])
    assert values(ask(cloud, "www.example.org")) == ["198.51.100.1"]
    cloud.faults([])
    assert values(ask(cloud, "www.example.org")) != ["198.51.100.1"]


def test_a_private_zone_is_not_told_to_the_internet_but_listed(cloud: Handle, client: Any) -> None:
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    inside = zone(
        client,
        "inside.example",
        HostedZoneConfig={"PrivateZone": True},
        VPC={"VPCRegion": "us-east-1", "VPCId": vpc},
    )
    put(client, inside, Name="db.inside.example", Values=["10.0.0.9"])
    assert ask(cloud, "db.inside.example").rcode() == dns.rcode.NXDOMAIN
    [row] = cloud.names()
    assert row == {
        "name": "db.inside.example",
        "type": "A",
        "answers": ["10.0.0.9"],
        "ttl": 60,
        "vpc": vpc,
    }
    with pytest.raises(client("route53").exceptions.InvalidInput):
        client("route53").test_dns_answer(
            HostedZoneId=inside, RecordName="db.inside.example", RecordType="A"
        )


def test_a_reset_forgets_all_names(cloud: Handle, client: Any) -> None:
    put(client, zone(client), Name="www.example.org", Values=["192.0.2.1"])
    assert len(cloud.names()) == 1
    cloud.reset()
    assert cloud.names() == []
    assert ask(cloud, "www.example.org").rcode() == dns.rcode.NXDOMAIN


def test_the_port_follows_the_folder_and_status_tells_it(tmp_path: Any) -> None:
    folder = tmp_path / "one"

    def run(*words: str) -> str:
        command = [sys.executable, "-m", "sandbox", "--dir", str(folder), *words]
        return subprocess.run(
            command, cwd=CHECKOUT, capture_output=True, text=True, check=True
        ).stdout

    run("up")
    try:
        assert f"127.0.0.1 -p {Identity(folder).names_port}" in run("status")
    finally:
        run("down")
