# SPDX-License-Identifier: GPL-3.0-or-later
"""What Route 53 refuses about the records of a zone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import dns.exception
import dns.name
import dns.rdata
from moto.elbv2.models import elbv2_backends
from moto.route53.exceptions import NoSuchHealthCheck
from moto.route53.exceptions import Route53ClientError as Refusal
from moto.route53.models import RecordSet

from sandbox.names.records import canonical
from sandbox.shims import elbv2

Key = tuple[str, str, str | None]
POLICIES = {
    "Failover": "failover",
    "Weight": "weight",
    "Region": "region",
    "GeoLocation": "geo_location",
    "MultiValueAnswer": "multi_value_answer",
}
LIMITS = {"Weight": 255, "TTL": 2147483647}
# In the words of Route 53, where they are known.
PROBLEMS = {
    "A": "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)",
    "TXT": "InvalidCharacterString (Value should be enclosed in quotation marks)",
}


def wrong_batch(text: str) -> Refusal:
    return Refusal("InvalidChangeBatch", f"[{text}]")


def normal(record: dict[str, Any]) -> dict[str, Any]:
    """A record of a request as the emulator stores it."""
    found = dict(record)
    found["Name"] = canonical(record["Name"])
    if "ResourceRecords" in record:
        found["ResourceRecords"] = [one["Value"] for one in record["ResourceRecords"]]
    if "AliasTarget" in record:
        alias = dict(record["AliasTarget"])
        alias["DNSName"] = canonical(alias["DNSName"])
        found["AliasTarget"] = alias
    return found


def key_of(record: dict[str, Any]) -> Key:
    return record["Name"], record["Type"], record.get("SetIdentifier")


def key_of_set(found: RecordSet) -> Key:
    return canonical(found.name), str(found.type), found.set_identifier


def values(found: Any) -> tuple[Any, ...]:
    """What a DELETE must name exactly."""
    alias = found.alias_target
    return (
        str(found.ttl or ""),
        sorted(found.records or []),
        (alias["HostedZoneId"], canonical(alias["DNSName"])) if alias else None,
        found.failover,
        str(found.weight or ""),
        found.health_check_id,
    )


def check(backend: Any, zone: Any, record: dict[str, Any], present: set[tuple[str, str]]) -> None:
    """Refuse one record that could not stand in the zone.

    present: names and types of the records that are in it by then.
    """
    name, kind = record["Name"], record["Type"]
    apex = canonical(zone.name)
    if name != apex and not name.endswith("." + apex):
        raise wrong_batch(f"RRSet with DNS name {name} is not permitted in zone {apex}")
    plain = bool(record.get("ResourceRecords")) and "TTL" in record
    if plain == bool(record.get("AliasTarget")):
        raise Refusal(
            "InvalidInput",
            "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and "
            f"ResourceRecords], or TrafficPolicyInstanceId] in Change with [Name={name}]",
        )
    if kind == "CNAME" and name == apex:
        raise wrong_batch(f"RRSet of type CNAME with DNS name {name} is not permitted at apex")
    check_values(kind, record.get("ResourceRecords", ()))
    check_numbers(record)
    check_policy(backend, record)
    if record.get("AliasTarget"):
        check_alias(backend, zone, record["AliasTarget"])
        check_inner_alias(zone, kind, record["AliasTarget"], present)


def check_values(kind: str, values: Iterable[str]) -> None:
    """Refuse values that are none of their type."""
    for value in values:
        try:
            dns.rdata.from_text("IN", kind, value, origin=dns.name.root)
            right = kind != "TXT" or value.startswith('"')
        except (dns.exception.DNSException, ValueError):
            right = False
        if not right:
            problem = PROBLEMS.get(kind, f"{kind}RRDATAIllegal (Value is not of this type)")
            raise wrong_batch(
                f"Invalid Resource Record: 'FATAL problem: {problem} encountered with '{value}''"
            )


def check_numbers(record: dict[str, Any]) -> None:
    """Refuse what is beyond the limits of the service's model. The text is not AWS's."""
    for name, most in LIMITS.items():
        if name in record and not 0 <= int(record[name]) <= most:
            raise Refusal("InvalidInput", f"{name} must be from 0 to {most}, not {record[name]}")


def check_inner_alias(
    zone: Any, kind: str, alias: dict[str, Any], present: set[tuple[str, str]]
) -> None:
    """Refuse an alias to a record of its own zone that is not there; changes are made in order."""
    target, own = alias["DNSName"], zone.id.rpartition("/")[2]
    if alias["HostedZoneId"] == own and (target, kind) not in present:
        raise wrong_batch(
            f"Tried to create an alias that targets {target}, type {kind} in zone {own}, but "
            "that target was not found"
        )


def check_policy(backend: Any, record: dict[str, Any]) -> None:
    routed = [policy for policy in POLICIES if policy in record]
    if len(routed) > 1 or bool(routed) != bool(record.get("SetIdentifier")):
        raise Refusal(
            "InvalidInput",
            "Invalid request: a record with a SetIdentifier has exactly one routing policy, and "
            "one without has none.",
        )
    health_check = record.get("HealthCheckId")
    if health_check and health_check not in backend.health_checks:
        raise NoSuchHealthCheck(health_check)
    if record.get("Failover") == "PRIMARY" and not health_check and not record.get("AliasTarget"):
        raise wrong_batch(
            f"A failover record set with type PRIMARY must have a health check: {record['Name']}"
        )


def check_alias(backend: Any, zone: Any, alias: dict[str, Any]) -> None:
    """Refuse an alias to a load balancer that does not exist, or in another zone than its own."""
    target = alias["DNSName"].removeprefix("dualstack.").rstrip(".")
    regions = {zone_id: region for region, zone_id in elbv2.ZONES.items()}
    region = regions.get(alias["HostedZoneId"])
    if region is None and not target.endswith(".elb.amazonaws.com"):
        return
    if region is None or not target.endswith(f".{region}.elb.amazonaws.com"):
        raise wrong_batch(
            f"Tried to create an alias that targets {target}., type A in zone "
            f"{alias['HostedZoneId']}, but the alias target name does not lie within the target "
            "zone"
        )
    balancers = elbv2_backends[backend.account_id][region].load_balancers.values()
    if target not in {balancer.dns_name.lower() for balancer in balancers}:
        raise wrong_batch(
            f"Tried to create an alias that targets {target}., type A in zone "
            f"{alias['HostedZoneId']}, but that target was not found"
        )


def check_together(sets: list[RecordSet]) -> None:
    """Refuse records that cannot stand beside one another."""
    groups: dict[tuple[str, str], list[RecordSet]] = {}
    kinds: dict[str, set[str]] = {}
    for found in sets:
        name, kind, _ = key_of_set(found)
        groups.setdefault((name, kind), []).append(found)
        kinds.setdefault(name, set()).add(kind)
    for name, present in kinds.items():
        if "CNAME" in present and len(present) > 1:
            raise wrong_batch(
                f"RRSet of type CNAME with DNS name {name} conflicts with other records of it"
            )
    for (name, kind), members in groups.items():
        policies = {
            next((p for p, a in POLICIES.items() if getattr(one, a) is not None), "simple")
            for one in members
        }
        if len(policies) > 1:
            raise wrong_batch(f"RRSet {name} type {kind} mixes routing policies")
        failovers = [one.failover for one in members if one.failover]
        if len(failovers) != len(set(failovers)):
            raise wrong_batch(f"RRSet {name} type {kind} has two failover records of one kind")
