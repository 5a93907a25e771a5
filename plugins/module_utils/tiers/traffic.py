# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How requests reach a site: names, certificate, balancer, and the switch between the sites."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..aws.scope import Scope
from ..declaration.fields import Problem
from ..declaration.site import Site
from ..engine.model import Ref, Want
from ..kinds.alarm import Alarm
from ..kinds.base import Kind
from ..kinds.certificate import Certificate
from ..kinds.certificate_validation import CertificateValidation
from ..kinds.dns_record import DnsRecord
from ..kinds.health_check import HealthCheck
from ..kinds.hosted_zone import HostedZone
from ..kinds.listener import Listener
from ..kinds.load_balancer import LoadBalancer
from ..kinds.sns_subscription import SnsSubscription
from ..kinds.sns_topic import SnsTopic
from ..kinds.target_group import TargetGroup, name_of
from . import traffic_fields
from .alarms import alarms
from .dns import MOST_TAGS, names
from .standing import has_hosts

TIER = "traffic"
FIELDS = traffic_fields.FIELDS
KINDS: tuple[Kind, ...] = (
    HostedZone(),
    Certificate(),
    CertificateValidation(),
    DnsRecord(),
    LoadBalancer(),
    TargetGroup(),
    Listener(),
    HealthCheck(),
    SnsTopic(),
    SnsSubscription(),
    Alarm(),
)
LOG_FOLDER = "balancer"


def check(site: Site, options: Mapping[str, Any]) -> Iterator[Problem]:
    """Rules between the fields."""
    yield from traffic_fields.check(site, options)


def wants(site: Site, options: Mapping[str, Any]) -> tuple[Want, ...]:
    """Everything the traffic tier declares for this site."""
    scope = site.scope
    return (
        *names(site, options),
        _balancer(site, options),
        _targets(site, options),
        *_listeners(site, options),
        *((_endpoint(scope, options),) if has_hosts(site) and not site.closed else ()),
        *alarms(site, options),
    )


def _balancer(site: Site, options: Mapping[str, Any]) -> Want:
    scope = site.scope
    scheme, layer = ("internet-facing", "public") if site.is_visited else ("internal", "app")
    return Want(
        "load_balancer",
        "main",
        {
            "scheme": scheme,
            "subnets": {
                f"{scope.region}{letter}": Ref(f"subnet/{layer}-{letter}") for letter in site.zones
            },
            "security_groups": (Ref("security_group/balancer"),),
            "attributes": {
                **_logs(options["access_logs"]),
                "deletion_protection.enabled": _text(options["deletion_protection"]),
                "idle_timeout.timeout_seconds": "60",
                "routing.http.desync_mitigation_mode": "defensive",
                "routing.http.drop_invalid_header_fields.enabled": "true",
            },
            "tags": scope.marks("load_balancer", "main"),
        },
        # AWS refuses a balancer that faces the internet in a network without a way to it.
        after=(Ref("internet_gateway/main", ready=True),) if site.is_visited else (),
        tier=TIER,
    )


def _logs(wanted: bool) -> dict[str, Any]:
    if not wanted:
        return {"access_logs.s3.enabled": "false"}
    return {
        "access_logs.s3.enabled": "true",
        "access_logs.s3.bucket": Ref("bucket/logs", "name", ready=True),
        "access_logs.s3.prefix": LOG_FOLDER,
    }


def _targets(site: Site, options: Mapping[str, Any]) -> Want:
    return Want(
        "target_group",
        "web",
        {
            "port": site.application_port,
            "protocol": site.application_protocol,
            "vpc": Ref("vpc/main"),
            "check": {
                "path": options["health_path"],
                "interval": 10,
                "timeout": 5,
                "healthy": 2,
                "unhealthy": 3,
                "codes": "200",
            },
            "attributes": {
                "deregistration_delay.timeout_seconds": "30",
                "load_balancing.algorithm.type": "round_robin",
                "slow_start.duration_seconds": "30",
                "stickiness.enabled": "false",
            },
            "tags": site.scope.marks("target_group", "web"),
        },
        tier=TIER,
    )


def _listeners(site: Site, options: Mapping[str, Any]) -> Iterator[Want]:
    redirect = {"type": "redirect", "protocol": "HTTPS", "port": "443", "code": "HTTP_301"}
    forward = {"type": "forward", "target_group": Ref("target_group/web", "arn")}
    scope = site.scope
    targets = name_of(scope, "web", site.application_port, site.application_protocol)
    issued = Ref("certificate_validation/main", "arn", ready=True)
    for id, port, policy, certificate, action in (
        ("http", 80, "", "", redirect),
        ("https", 443, options["ssl_policy"], issued, forward),
    ):
        yield Want(
            "listener",
            id,
            {
                "balancer": Ref("load_balancer/main", "arn"),
                "port": port,
                "protocol": id.upper(),
                "ssl_policy": policy,
                "certificate": certificate,
                "action": action,
                "targets": targets if action is forward else "",
                "tags": scope.marks("listener", id),
            },
            tier=TIER,
        )


def _endpoint(scope: Scope, options: Mapping[str, Any]) -> Want:
    """Asks the balancer by its own name: the site is seen whether or not traffic goes there."""
    return Want(
        "health_check",
        "endpoint",
        {
            "type": "HTTPS",
            "host": Ref("load_balancer/main", "dns_name"),
            "port": 443,
            "path": options["health_path"],
            "request_interval": 30,
            "failure_threshold": 3,
            "server_name": True,
            "measure_latency": False,
            "inverted": False,
            "disabled": False,
            "tags": scope.marks("health_check", "endpoint", most=MOST_TAGS),
        },
        tier=TIER,
    )


def _text(value: bool) -> str:
    """A truth value as load balancers spell it."""
    return "true" if value else "false"
