# SPDX-License-Identifier: GPL-3.0-or-later
"""What Route 53 refuses about a health check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network, ip_address
from typing import Any

from moto.route53.exceptions import InvalidInput

# The sandbox's own internet, where an address may be checked though AWS would not.
_INTERNET = IPv4Network("100.64.0.0/10")
# Documentation's networks (RFC 5737) are taken: their addresses stand in AWS's own examples.
_EXAMPLES = tuple(
    IPv4Network(f"{network}/24") for network in ("192.0.2.0", "198.51.100.0", "203.0.113.0")
)
_OF_NOBODY = ("CALCULATED", "CLOUDWATCH_METRIC", "RECOVERY_CONTROL")


def check(backend: Any, config: Mapping[str, Any]) -> None:
    """Refuse a new health check that cannot be meant so."""
    kind = config["Type"]
    check_address(config.get("IPAddress"))
    check_children(backend, config.get("ChildHealthChecks"))
    if kind in _OF_NOBODY:
        if config.get("Port"):
            raise InvalidInput(f"Invalid parameter : Port is not valid for {kind}")
        return
    if not config.get("IPAddress") and not config.get("FullyQualifiedDomainName"):
        raise InvalidInput("Invalid parameter : Neither IPAddress nor domain name is specified")
    if kind == "TCP" and not config.get("Port"):
        raise InvalidInput("Invalid parameter : Port is required for TCP")
    if kind.endswith("STR_MATCH") != bool(config.get("SearchString")):
        raise InvalidInput(
            f"Invalid parameter : SearchString is for string matching only, not for {kind}"
            if config.get("SearchString")
            else f"Invalid parameter : SearchString is required for {kind}"
        )


def check_address(address: str | None) -> None:
    """Refuse an address that no health checker reaches (RFC 5735, RFC 5156)."""
    if not address:
        return
    try:
        found = ip_address(address)
    except ValueError as problem:
        raise InvalidInput(f"Invalid parameter : {problem}") from None
    if found.is_global or (found.version == 4 and any(found in n for n in (_INTERNET, *_EXAMPLES))):
        return
    raise InvalidInput(f"Invalid parameter : IPAddress {address} is not a public address")


def check_alarm(alarm: Any) -> None:
    """Refuse an alarm whose data Route 53 does not follow, as its API says of AlarmIdentifier."""
    if alarm.rule is not None or alarm.metric_data_queries:
        raise InvalidInput(f"The CloudWatch alarm {alarm.name} does not watch a single metric.")
    if not alarm.statistic:
        raise InvalidInput(f"The CloudWatch alarm {alarm.name} has an extended statistic.")
    if int(alarm.period) < 60:
        raise InvalidInput(f"The CloudWatch alarm {alarm.name} is of high resolution.")


def check_children(backend: Any, children: Iterable[str] | None) -> None:
    """Refuse children that do not exist, and such as have children themselves."""
    for name in children or ():
        child = backend.health_checks.get(name)
        if child is None:
            raise InvalidInput(f"Invalid parameter : Health check {name} does not exist")
        if child.type_ == "CALCULATED":
            raise InvalidInput(f"Invalid parameter : Child {name} is a calculated health check")
