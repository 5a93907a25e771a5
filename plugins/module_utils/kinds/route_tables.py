# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Our route tables with their routes, which several kinds read from one list call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..aws.view import View
from . import nat_gateways

KIND = "route_table"
DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
TARGETS = (
    "NatGatewayId",
    "GatewayId",
    "TransitGatewayId",
    "VpcPeeringConnectionId",
    "InstanceId",
    "NetworkInterfaceId",
    "EgressOnlyInternetGatewayId",
    "LocalGatewayId",
    "CarrierGatewayId",
    "CoreNetworkArn",
    "OdbNetworkArn",
)


def listed(view: View) -> Iterator[tuple[str, dict[str, Any], dict[str, str]]]:
    """(id, table, tags) of our route tables."""
    return view.owned(KIND, "ec2", "describe_route_tables", "RouteTables")


def names(view: View) -> dict[str, str]:
    """AWS's id -> our id of our route tables."""
    return {item["RouteTableId"]: id for id, item, _tags in listed(view)}


def destination(route: Mapping[str, Any]) -> str:
    return next((str(route[key]) for key in DESTINATIONS if route.get(key)), "")


def target(route: Mapping[str, Any]) -> str:
    return next((str(route[key]) for key in TARGETS if route.get(key)), "")


def gateways(view: View) -> frozenset[str]:
    """Ids of our gateways, dead ones too: a route to one of them was made by us."""
    doors = view.owned("internet_gateway", "ec2", "describe_internet_gateways", "InternetGateways")
    return frozenset(
        {item["InternetGatewayId"] for _id, item, _tags in doors}
        | {item["NatGatewayId"] for item in nat_gateways.listed(view)}
    )


def kept_by_aws(route: Mapping[str, Any]) -> bool:
    """The local routes of the VPC, and those that a gateway endpoint puts in."""
    way = str(route.get("GatewayId", ""))
    return way == "local" or (way.startswith("vpce-") and bool(route.get(DESTINATIONS[2])))
