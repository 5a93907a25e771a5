# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The options of the traffic tier, and the rules between them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..aws.scope import Scope
from ..declaration.fields import REQUIRED, Field, Problem
from ..declaration.regions import WITHOUT_SWITCH
from ..declaration.site import Site

HOST = re.compile(
    r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])"
)
PATH = re.compile(r"/[\x21-\x7e]{0,254}")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
# That of a certificate's common name.
LONGEST_DOMAIN = 64
SSL_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"


# What names of load balancers may not begin with.
RESERVED = ("internal-",)


def is_host(value: str) -> bool:
    return bool(HOST.fullmatch(value))


def is_path(value: str) -> bool:
    return bool(PATH.fullmatch(value))


FIELDS: tuple[Field, ...] = (
    Field(
        "domain",
        "str",
        "a lower-case domain name of at most 64 characters",
        "www.example.org",
        REQUIRED,
        lambda v: is_host(v) and len(v) <= LONGEST_DOMAIN,
    ),
    Field(
        "zone",
        "str",
        "the lower-case name of a hosted zone that holds the domain; by default the domain itself",
        "example.org",
        "",
        lambda v: not v or is_host(v),
    ),
    Field("zone_managed", "bool", "true or false", True, True),
    Field(
        "certificate_names",
        "list",
        "further lower-case domain names for the certificate",
        ["api.www.example.org"],
        (),
        lambda v: all(is_host(name.removeprefix("*.")) for name in v),
        elements="str",
    ),
    # A database that is away must not make all hosts unhealthy at once, which would be replaced.
    Field(
        "health_path",
        "str",
        "a path that begins with /",
        "/health/ready",
        "/health/ready",
        is_path,
    ),
    Field(
        "ssl_policy",
        "str",
        "a security policy of load balancers that knows TLS 1.3 and nothing before 1.2",
        SSL_POLICY,
        SSL_POLICY,
        lambda v: bool(re.fullmatch(r"ELBSecurityPolicy-TLS13-1-[23]-[\w-]+", v)),
    ),
    Field("access_logs", "bool", "true or false", True, True),
    Field("deletion_protection", "bool", "true or false", True, True),
    Field(
        "alarm_email",
        "str",
        "an e-mail address",
        "operations@example.org",
        "",
        lambda v: not v or bool(EMAIL.fullmatch(v)),
    ),
)


def zone_of(options: Mapping[str, Any]) -> str:
    return str(options["zone"] or options["domain"])


def check(site: Site, options: Mapping[str, Any]) -> Iterator[Problem]:
    """Names must lie in the zone, and all sites in one account."""
    zone = zone_of(options)
    if not _within(options["domain"], zone):
        yield Problem("domain", options["domain"], f"must lie in zone {zone}", f"www.{zone}")
    for name in options["certificate_names"]:
        if not _within(name.removeprefix("*."), zone):
            rule = f"must lie in zone {zone}, which proves the certificate"
            yield Problem("certificate_names", name, rule, [f"api.{zone}"])
    if site.scope.prefix.startswith(RESERVED):
        rule = "must not be internal, with which names of load balancers may not begin"
        yield Problem("environment", site.scope.environment, rule, "production")
    if site.peer:
        yield from _between(*sorted((site.scope, site.peer), key=lambda item: item.stands))


def _between(home: Scope, recovery: Scope) -> Iterator[Problem]:
    """What the switch between the sites asks of them."""
    if home.account != recovery.account:
        yield Problem(
            f"sites.{recovery.site}.account_id",
            recovery.account,
            "must be the account of the home site: both sites' records are in one zone, and the "
            "switch between them is a health check that sees alarms of its own account only",
            home.account,
        )
    if recovery.region in WITHOUT_SWITCH:
        yield Problem(
            f"sites.{recovery.site}.region",
            recovery.region,
            "must be a region where Route 53 sees alarms: the switch between the sites is one",
            "us-west-2" if home.region != "us-west-2" else "us-east-1",
        )


def _within(name: str, zone: str) -> bool:
    return f".{name}".endswith(f".{zone}")
