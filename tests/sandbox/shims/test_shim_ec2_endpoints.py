# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones in which AWS does not offer an endpoint."""

from __future__ import annotations

from typing import Any

EAST = "us-east-1"
NAME = f"com.amazonaws.{EAST}.ssm"


def zones(cloud: Any) -> set[str]:
    asked = {"ServiceNames": [NAME]}
    [one] = cloud.client("ec2").describe_vpc_endpoint_services(**asked)["ServiceDetails"]
    return set(one["AvailabilityZones"])


def test_where_it_is_not_offered_none_is_made_and_none_is_moved_to(cloud: Any) -> None:
    net, before = cloud.network(), zones(cloud)
    cloud.strike("not-offered", service="ssm", zone=f"{EAST}b")
    assert zones(cloud) == before - {f"{EAST}b"}
    asked = {
        "VpcEndpointType": "Interface",
        "VpcId": net["vpc"],
        "ServiceName": NAME,
        "PrivateDnsEnabled": False,
    }
    one, other = net["subnets"][:2]
    refused = cloud.refused("ec2", "create_vpc_endpoint", **asked, SubnetIds=[one, other])
    assert refused == "InvalidParameter"
    made = cloud.client("ec2").create_vpc_endpoint(**asked, SubnetIds=[one])["VpcEndpoint"]
    moved = {"VpcEndpointId": made["VpcEndpointId"], "AddSubnetIds": [other]}
    assert cloud.refused("ec2", "modify_vpc_endpoint", **moved) == "InvalidParameter"
