# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The network of a site: public, application and database subnets over its zones, and the ways
between them and out of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..aws.scope import Scope
from ..declaration.fields import Field, Problem
from ..declaration.site import Site
from ..engine import canon
from ..engine.model import Ref, Want
from ..kinds.base import Kind
from ..kinds.default_security_group import DefaultSecurityGroup
from ..kinds.elastic_ip import ElasticIp
from ..kinds.flow_log import FlowLog
from ..kinds.interface_endpoint import InterfaceEndpoint
from ..kinds.internet_gateway import InternetGateway
from ..kinds.nat_gateway import NatGateway
from ..kinds.route import Route
from ..kinds.route_table import RouteTable
from ..kinds.security_group import SecurityGroup
from ..kinds.security_group_rule import SecurityGroupRule
from ..kinds.subnet import Subnet
from ..kinds.vpc import Vpc
from ..kinds.vpc_endpoint import VpcEndpoint
from . import builder, endpoints, security, sink
from .standing import has_way_out
from .subnets import subnets

TIER = "network"

FIELDS: tuple[Field, ...] = (
    Field("s3_endpoint", "bool", "true or false", True, True),
    Field("flow_logs", "bool", "true or false", True, True),
    Field("flow_log_interval", "int", "60 or 600 seconds", 600, 600, choices=(60, 600)),
)
KINDS: tuple[Kind, ...] = (
    Vpc(),
    Subnet(),
    InternetGateway(),
    ElasticIp(),
    NatGateway(),
    RouteTable(),
    Route(),
    VpcEndpoint(),
    InterfaceEndpoint(),
    FlowLog(),
    DefaultSecurityGroup(),
    SecurityGroup(others=(builder.GROUP,)),
    SecurityGroupRule(others=builder.RULES),
)


def check(site: Site, options: Mapping[str, Any]) -> Iterator[Problem]:
    """AWS keeps names of security groups that begin with "sg-" for itself."""
    if site.scope.prefix.startswith("sg-"):
        yield Problem(
            "environment",
            site.scope.environment,
            'must not begin with "sg-", which AWS refuses in names of security groups',
            "production",
        )


def wants(site: Site, options: Mapping[str, Any]) -> tuple[Want, ...]:
    """Everything the network tier declares for this site."""
    scope = site.scope
    ways = _ways_out(site)
    found = [_vpc(site), _internet_gateway(scope), *_subnets(site), *gateways(site)]
    tables = list(_route_tables(site, ways))
    found += tables
    found += _routes(ways)
    if options["s3_endpoint"]:
        # Open to all buckets where the site is: those of updates belong to many accounts.
        found.append(endpoints.gateway(site, [table.id for table in tables]))
    found += endpoints.interfaces(site)
    if options["flow_logs"]:
        found.append(_flow_log(scope, options["flow_log_interval"]))
    return (*found, *security.groups(site), *security.rules(site), *sink.ways(site))


def gateways(site: Site) -> Iterator[Want]:
    """The NAT gateways, each with its address."""
    for letter in dict.fromkeys(_ways_out(site).values()):
        yield from _nat(site.scope, letter)


def _ways_out(site: Site) -> dict[str, str]:
    """Zone -> the zone of the NAT gateway that its hosts use."""
    if not has_way_out(site):
        return {}
    each = site.nat == "per_zone"
    return {letter: letter if each else min(site.zones) for letter in site.zones}


def _want(scope: Scope, kind: str, id: str, spec: Mapping[str, Any], *after: Ref) -> Want:
    return Want(kind, id, {**spec, "tags": scope.marks(kind, id)}, after=after, tier=TIER)


def _vpc(site: Site) -> Want:
    spec = {"cidr": site.cidr, "dns_support": True, "dns_hostnames": True}
    return _want(site.scope, "vpc", "main", spec)


def _internet_gateway(scope: Scope) -> Want:
    return _want(scope, "internet_gateway", "main", {"vpc": Ref("vpc/main")})


def _subnets(site: Site) -> Iterator[Want]:
    """No host gets a public address by itself, not even in the public subnets."""
    for layer, letter, cidr in subnets(site.cidr, site.zones):
        spec = {
            "vpc": Ref("vpc/main"),
            "cidr": cidr,
            "zone": f"{site.scope.region}{letter}",
            "public_ip": False,
        }
        yield _want(site.scope, "subnet", f"{layer}-{letter}", spec)


def _nat(scope: Scope, letter: str) -> Iterator[Want]:
    """A gateway fails for good where the VPC has no internet gateway yet."""
    yield _want(scope, "elastic_ip", f"nat-{letter}", {})
    spec = {
        "subnet": Ref(f"subnet/public-{letter}"),
        "allocation": Ref(f"elastic_ip/nat-{letter}"),
        "state": "usable",
    }
    yield _want(scope, "nat_gateway", letter, spec, Ref("internet_gateway/main", ready=True))


def _route_tables(site: Site, ways: Mapping[str, str]) -> Iterator[Want]:
    """One for all public subnets, one for those of the database, and one for each zone's hosts."""
    layouts = [
        ("public", [f"public-{letter}" for letter in site.zones], True),
        *((f"app-{letter}", [f"app-{letter}"], letter in ways) for letter in site.zones),
        ("database", [f"database-{letter}" for letter in site.zones], False),
    ]
    for id, members, open_to_all in layouts:
        spec = {
            "vpc": Ref("vpc/main"),
            "subnets": {member: Ref(f"subnet/{member}") for member in members},
            "routes": (canon.ANYWHERE,) if open_to_all else (),
        }
        yield _want(site.scope, "route_table", id, spec)


def _routes(ways: Mapping[str, str]) -> Iterator[Want]:
    """The database's subnets have no way out."""
    door = Ref("internet_gateway/main")
    yield _route("public", door)
    for letter, gateway in ways.items():
        yield _route(f"app-{letter}", Ref(f"nat_gateway/{gateway}", ready=True))


def _route(id: str, target: Ref) -> Want:
    table = Ref(f"route_table/{id}")
    return Want(
        "route", id, {"table": table, "destination": canon.ANYWHERE, "target": target}, tier=TIER
    )


def _flow_log(scope: Scope, interval: int) -> Want:
    spec = {
        "vpc": Ref("vpc/main"),
        "destination": Ref("bucket/logs", "arn"),
        "traffic": "ALL",
        "interval": interval,
    }
    return _want(scope, "flow_log", "main", spec)
