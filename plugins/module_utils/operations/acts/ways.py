# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The ways into and out of the network of a closed site, as the account has them.

By route, by peering and what is like it, by group and by name: each that is not meant to be there
is told, whoever made it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Network
from typing import Any

from ...aws.scope import ID
from ...aws.view import View
from ...engine import canon
from ..errors import OutOfOrder

# A peering connection in one of these states leads nowhere, and will not.
NO_PEERING = ("deleted", "rejected", "failed", "expired")
NO_ATTACHMENT = ("deleted", "rejected", "failed")
NO_ENDPOINT = ("deleted", "rejected", "failed", "expired")
# GuardDuty puts one into each network of an account that has it.
WATCHING = ".guardduty-data"
DETACHED = "detached"
PUBLIC = "route_table/public"
# What EC2 keeps in an account of its own for the private names of interface endpoints.
OF_ENDPOINTS = "vpce.amazonaws.com"
Item = Mapping[str, Any]


def network(view: View) -> dict[str, Any]:
    """vpc, addresses (a frozenset of all its private ones), open (ways, in words) and looked_at
    (how many of what).

    Raises OutOfOrder where the site has no network.
    """
    own = [item for _id, item, _tags in view.owned("vpc", "ec2", "describe_vpcs", "Vpcs")]
    if not own:
        raise OutOfOrder(f"{view.scope.environment} has no network", "run the whole playbook")
    id, cidr = str(own[0]["VpcId"]), str(own[0]["CidrBlock"])
    of = {"Name": "vpc-id", "Values": [id]}
    tables = view.pages("ec2", "describe_route_tables", "RouteTables", Filters=[of])
    groups = view.pages("ec2", "describe_security_groups", "SecurityGroups", Filters=[of])
    rules = _rules(view, [str(group["GroupId"]) for group in groups])
    cards = view.pages("ec2", "describe_network_interfaces", "NetworkInterfaces", Filters=[of])
    zones = list(_zones(view, id))
    ends = view.pages("ec2", "describe_vpc_endpoints", "VpcEndpoints", Filters=[of])
    return {
        "vpc": id,
        "addresses": frozenset(str(card["PrivateIpAddress"]) for card in cards),
        "open": [
            *_peerings(view, id),
            *_attachments(view, id),
            *_endpoints(view, ends),
            *_routes(tables),
            *_out(rules, groups, cidr),
            *_named(zones),
        ],
        "looked_at": {
            "route_tables": len(tables),
            "security_groups": len(groups),
            "rules": len(rules),
            "zones": len(zones),
            "endpoints": len(ends),
        },
    }


def _peerings(view: View, vpc: str) -> Iterator[str]:
    """Whichever end has asked for it."""
    for item in view.pages("ec2", "describe_vpc_peering_connections", "VpcPeeringConnections"):
        ends = [item[name].get("VpcId", "") for name in ("RequesterVpcInfo", "AccepterVpcInfo")]
        if vpc in ends and item["Status"]["Code"] not in NO_PEERING:
            [other] = [end for end in ends if end != vpc]
            yield f"peering {item['VpcPeeringConnectionId']} leads to {other}"


def _attachments(view: View, vpc: str) -> Iterator[str]:
    """By a transit gateway, or by a VPN or a direct line."""
    filters = [{"Name": "vpc-id", "Values": [vpc]}]
    for item in view.pages(
        "ec2",
        "describe_transit_gateway_vpc_attachments",
        "TransitGatewayVpcAttachments",
        Filters=filters,
    ):
        if item["State"] not in NO_ATTACHMENT:
            yield f"transit gateway {item['TransitGatewayId']} is attached"
    filters = [{"Name": "attachment.vpc-id", "Values": [vpc]}]
    for item in view.pages("ec2", "describe_vpn_gateways", "VpnGateways", Filters=filters):
        states = [one["State"] for one in item["VpcAttachments"] if one["VpcId"] == vpc]
        if any(state != DETACHED for state in states):
            yield f"VPN gateway {item['VpnGatewayId']} is attached"


def _endpoints(view: View, ends: Iterable[Item]) -> Iterator[str]:
    """By one that somebody else has made a service is reached that is anybody's, as by an address
    of the network itself.
    """
    for item in ends:
        service = str(item.get("ServiceName") or item.get("ServiceNetworkArn") or "nobody")
        own = view.scope.owns(canon.tags(item.get("Tags") or ())) or service.endswith(WATCHING)
        if not own and item["State"].lower() not in NO_ENDPOINT:
            yield f"endpoint {item['VpcEndpointId']} leads to {service}"


def _routes(tables: Iterable[Item]) -> Iterator[str]:
    """Within the network, to endpoints of gateways, and of public subnets to the internet: by that
    a builder is reached, and the balancer is visited.
    """
    for table in tables:
        public = canon.tags(table.get("Tags") or ()).get(ID) == PUBLIC
        for route in table["Routes"]:
            target = str(route.get("GatewayId") or "")
            if target == "local" or target.startswith("vpce-"):
                continue
            if public and target.startswith("igw-"):
                continue
            where = route.get("DestinationCidrBlock") or route.get("DestinationIpv6CidrBlock")
            where = where or route.get("DestinationPrefixListId", "")
            yield f"{table['RouteTableId']} has a route to {where} by {_target(route)}"


def _target(route: Item) -> str:
    """Whatever it is called: AWS has a dozen kinds of them."""
    targets = {key: value for key, value in route.items() if not key.startswith("Destination")}
    found = [str(value) for key, value in targets.items() if key not in ("Origin", "State")]
    return ", ".join(found) or "nothing"


def _rules(view: View, groups: list[str]) -> list[Item]:
    filters = [{"Name": "group-id", "Values": groups}]
    return view.pages("ec2", "describe_security_group_rules", "SecurityGroupRules", Filters=filters)


def _out(rules: Iterable[Item], groups: Iterable[Item], cidr: str) -> Iterator[str]:
    """Out to what is not the network itself, and either way with a group of another network."""
    names = {str(group["GroupId"]): str(group["GroupName"]) for group in groups}
    for rule in rules:
        name = names[rule["GroupId"]]
        peer = rule.get("ReferencedGroupInfo", {}).get("GroupId", "")
        if peer:
            if peer not in names:
                yield f"group {name} names {peer}, which is of another network"
        elif rule["IsEgress"] and not _within(str(rule.get("CidrIpv4") or ""), cidr):
            to = rule.get("CidrIpv4") or rule.get("CidrIpv6") or rule.get("PrefixListId")
            yield f"group {name} lets out to {to}"


def _within(inner: str, cidr: str) -> bool:
    return bool(inner) and IPv4Network(inner).subnet_of(IPv4Network(cidr))


def _zones(view: View, vpc: str) -> Iterator[Item]:
    """The private zones by which names are answered in the network, which AWS tells by pages of a
    hundred that the SDK does not turn.
    """
    asked: dict[str, Any] = {"VPCId": vpc, "VPCRegion": view.scope.region}
    while True:
        answer = view.call("route53", "list_hosted_zones_by_vpc", **asked) or {}
        yield from answer.get("HostedZoneSummaries", ())
        if not answer.get("NextToken"):
            return
        asked["NextToken"] = answer["NextToken"]


def _named(zones: Iterable[Item]) -> Iterator[str]:
    for zone in zones:
        if zone["Owner"].get("OwningService") != OF_ENDPOINTS:
            yield f"private zone {zone['Name']} ({zone['HostedZoneId']}) answers names in it"
