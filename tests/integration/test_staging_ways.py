# SPDX-License-Identifier: GPL-3.0-or-later
"""What a staging copy can reach is tried before the name of staging leads to it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.view import View
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.acts import (
    ways,
)
from environment import Environment
from mirroring import Mirror


def test_a_host_is_asked_to_try_the_sink_and_each_way_to_production(
    production: Environment,
) -> None:
    mirror = Mirror(production)
    mirror.open()
    mirror.go_on("smoke")
    ask = mirror.step("probes")["ask"]
    [sink] = [
        host
        for one in mirror.aws().client("ec2").describe_instances()["Reservations"]
        for host in one["Instances"]
        if {"Key": "phoenix:id", "Value": "instance/sink"} in host["Tags"]
    ]
    assert "IamInstanceProfile" not in sink and "PublicIpAddress" not in sink
    assert ask["sink"] == {"host": sink["PrivateIpAddress"], "mail": 25, "letters": 8025}
    database, balancer = ask["production"][:2]
    assert database.startswith("production-home-database.") and database.endswith(":5432")
    assert balancer.startswith("production-home-main-") and balancer.endswith(":443")
    with pytest.raises(Refusal, match="did not arrive in the sink: it is not among"):
        mirror.tell("probes", mail={"arrived": False, "said": "it is not among the 0 that did"})
    met = [{"to": database, "address": "10.99.0.7", "how": "connected"}]
    with pytest.raises(Refusal, match=r"10\.99\.0\.7, which is production's"):
        mirror.tell("probes", production=met)
    with pytest.raises(Refusal, match="has not done probes"):
        mirror.step("swap")
    # A host of the copy may have the same address as one of production.
    met[0]["address"] = sink["PrivateIpAddress"]
    evidence = mirror.tell("probes", production=met)["evidence"]
    assert evidence["network"]["looked_at"]["zones"] == 0
    assert evidence["network"]["looked_at"]["route_tables"] > 3


def test_a_way_that_somebody_opens_keeps_a_copy_from_being_staging(
    production: Environment,
) -> None:
    mirror = Mirror(production)
    mirror.open()
    mirror.go_on("smoke")
    ec2, view = mirror.aws().client("ec2"), View(mirror.aws())
    [vpc] = [item["VpcId"] for item in mine(view, "vpc", "vpcs", "Vpcs")]
    assert ways.network(view)["open"] == []
    [web] = mine(view, "security_group/web", "security_groups", "SecurityGroups")
    [table] = mine(view, "route_table/app-a", "route_tables", "RouteTables")
    [subnet] = mine(view, "subnet/app-a", "subnets", "Subnets")
    other = ec2.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
    peering = ec2.create_vpc_peering_connection(VpcId=other, PeerVpcId=vpc)
    number = peering["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=number)
    ec2.create_route(
        RouteTableId=table["RouteTableId"],
        DestinationCidrBlock="10.77.0.0/16",
        VpcPeeringConnectionId=number,
    )
    transit = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    ec2.create_transit_gateway_vpc_attachment(
        TransitGatewayId=transit, VpcId=vpc, SubnetIds=[subnet["SubnetId"]]
    )
    queue = ec2.create_vpc_endpoint(
        VpcId=vpc,
        VpcEndpointType="Interface",
        ServiceName="com.amazonaws.us-east-1.email-smtp",
        SubnetIds=[subnet["SubnetId"]],
    )["VpcEndpoint"]["VpcEndpointId"]
    ec2.create_vpc_endpoint(
        VpcId=vpc,
        VpcEndpointType="Interface",
        ServiceName="com.amazonaws.us-east-1.guardduty-data",
        SubnetIds=[subnet["SubnetId"]],
    )
    line = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    ec2.attach_vpn_gateway(VpcId=vpc, VpnGatewayId=line)
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    ec2.authorize_security_group_egress(
        GroupId=web["GroupId"], IpPermissions=[{**https, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    )
    mirror.aws().client("route53").create_hosted_zone(
        Name="shop.example.com",
        CallerReference="private",
        VPC={"VPCRegion": "us-east-1", "VPCId": vpc},
        HostedZoneConfig={"PrivateZone": True},
    )
    found = ways.network(View(mirror.aws()))["open"]
    assert {one.split(" (")[0] for one in found} == {
        f"peering {number} leads to {other}",
        f"transit gateway {transit} is attached",
        f"endpoint {queue} leads to com.amazonaws.us-east-1.email-smtp",
        f"VPN gateway {line} is attached",
        f"{table['RouteTableId']} has a route to 10.77.0.0/16 by {number}",
        "group staging-a-staging-web lets out to 0.0.0.0/0",
        "private zone shop.example.com.",
    }
    with pytest.raises(Refusal, match="staging-a is not closed: peering"):
        mirror.tell("probes")


def mine(view: View, id: str, many: str, key: str) -> list[dict[str, Any]]:
    """What a copy has of a kind in EC2, or the one of that id."""
    kind, _slash, one = id.partition("/")
    found = view.owned(kind, "ec2", f"describe_{many}", key)
    return [item for name, item, _tags in found if name == one or not one]
