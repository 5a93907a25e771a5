# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ways to services of AWS that do not leave the network of a site."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..aws.scope import Scope
from ..declaration.site import Site
from ..engine.model import Ref, Want
from . import security
from .policies import PURPOSES, Statement, bucket_arn, policy

TIER = "network"
# What hosts of an application call: metrics, configuration, logins, and logs of their own.
SERVICES = ("logs", "monitoring", "secretsmanager", "ssm")


def gateway(site: Site, tables: Iterable[str]) -> Want:
    """S3 for these route tables."""
    scope = site.scope
    spec = {
        "vpc": Ref("vpc/main"),
        "service": f"com.amazonaws.{scope.region}.s3",
        "route_tables": {id: Ref(f"route_table/{id}") for id in tables},
        "policy": policy(_own_buckets(scope) if site.closed else _all("*")),
        "tags": scope.marks("vpc_endpoint", "s3"),
    }
    return Want("vpc_endpoint", "s3", spec, tier=TIER)


def interfaces(site: Site) -> Iterator[Want]:
    """Where a closed site finds what its hosts call; an open one has its NAT gateways for that."""
    for service in SERVICES if site.closed else ():
        spec = {
            # Private names need what is set on a VPC once it is there.
            "vpc": Ref("vpc/main", ready=True),
            "service": f"com.amazonaws.{site.scope.region}.{service}",
            "subnets": {f"app-{zone}": Ref(f"subnet/app-{zone}") for zone in site.zones},
            "security_groups": (Ref(f"security_group/{security.ENDPOINTS}"),),
            "private_dns": True,
            "policy": policy(_own_credentials(site.scope)),
            "tags": site.scope.marks("interface_endpoint", service),
        }
        yield Want("interface_endpoint", service, spec, tier=TIER)


def ready(site: Site) -> tuple[Ref, ...]:
    """What a host waits for that finds AWS by them."""
    return tuple(Ref(want.address, ready=True) for want in interfaces(site))


def _all(resources: str | list[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": resources}


def _own_buckets(scope: Scope) -> Statement:
    """Else what a host reads could be written to anybody's bucket."""
    arns = [bucket_arn(scope, purpose) for purpose in PURPOSES]
    return _all([*arns, *(f"{arn}/*" for arn in arns)])


def _own_credentials(scope: Scope) -> Mapping[str, Any]:
    """Else with keys of another account what a host reads could be written into that."""
    return {
        **_all("*"),
        "Condition": {"StringEquals": {"aws:PrincipalAccount": scope.account}},
    }
