# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Records as Route 53 takes and tells them, and which of a zone's records are a site's.

Records bear no tags. Ours are known by what we put into them: the set identifier, the target.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..aws.scope import Scope
from ..aws.session import Aws
from . import elbv2
from .route53 import bare

ADDRESSES = ("A", "AAAA", "CNAME")
OWN = ("NS", "SOA")


def identifier(name: str, scope: Scope) -> str:
    """A set identifier that says the record, the environment and the site, so no two are alike."""
    return f"{name}-{scope.prefix}"


def key_of(raw: Mapping[str, Any]) -> tuple[str, str, str]:
    """What tells a record from the others of its zone: name, type, set identifier."""
    return bare(raw["Name"]), raw["Type"], raw.get("SetIdentifier", "")


def is_ours(scope: Scope, raw: Mapping[str, Any]) -> bool:
    """True for what leads to this site: by its identifier or, having none, to its balancer."""
    if "SetIdentifier" in raw:
        return bool(raw["SetIdentifier"] == identifier(bare(raw["Name"]), scope))
    return is_balancer(scope, bare(raw.get("AliasTarget", {}).get("DNSName", "")))


def is_balancer(scope: Scope, target: str) -> bool:
    """Whether a name that AWS has given is that of the site's balancer, by what that is called."""
    host, _dot, domain = target.removeprefix("dualstack.").partition(".")
    balancer = elbv2.name(scope, "main").lower()
    return ".elb." in f".{domain}" and host.rpartition("-")[0] == balancer


def clashes(scope: Scope, raws: Iterable[Mapping[str, Any]], name: str) -> tuple[str, ...]:
    """Records of others that answer for the same name; those of our other site are none of them."""
    return tuple(
        f"{raw['Type']} record {name} {raw.get('SetIdentifier', '')}".strip()
        for raw in raws
        if bare(raw["Name"]) == name
        and raw["Type"] in ADDRESSES
        and not is_ours(scope, raw)
        and not _of_environment(scope, raw)
    )


def strangers(scope: Scope, raws: Iterable[Mapping[str, Any]], zone: str) -> tuple[str, ...]:
    """What keeps a zone from being removed and belongs to nobody of the environment: "MX x.org".

    zone: its name. The two records that Route 53 itself puts into a zone are none of them.
    """
    return tuple(
        f"{raw['Type']} {bare(raw['Name'])}"
        for raw in raws
        if not (bare(raw["Name"]) == zone and raw["Type"] in OWN)
        and not is_ours(scope, raw)
        and not _of_environment(scope, raw)
    )


def siblings(scope: Scope, raws: Iterable[Mapping[str, Any]], name: str) -> tuple[str, ...]:
    """Set identifiers of the records by which other sites of the environment answer for a name."""
    return tuple(
        raw["SetIdentifier"]
        for raw in raws
        if bare(raw["Name"]) == name and _of_environment(scope, raw) and not is_ours(scope, raw)
    )


def _of_environment(scope: Scope, raw: Mapping[str, Any]) -> bool:
    mark = f"{bare(raw['Name'])}-{scope.environment}-"
    return bool(raw.get("SetIdentifier", "").startswith(mark))


def spec_of(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The record's part of a spec."""
    alias = raw.get("AliasTarget")
    return {
        "name": bare(raw["Name"]),
        "type": raw["Type"],
        "ttl": raw.get("TTL", 0),
        "values": tuple(sorted(bare(item["Value"]) for item in raw.get("ResourceRecords", ()))),
        "alias": {
            "name": bare(alias["DNSName"]),
            "zone": alias["HostedZoneId"],
            "evaluate": alias["EvaluateTargetHealth"],
        }
        if alias
        else None,
        "set_identifier": raw.get("SetIdentifier", ""),
        "failover": raw.get("Failover", ""),
        "health_check": raw.get("HealthCheckId", ""),
    }


def record_set(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The spec as Route 53 takes it."""
    found: dict[str, Any] = {"Name": spec["name"], "Type": spec["type"]}
    alias = spec["alias"]
    if alias:
        found["AliasTarget"] = {
            "DNSName": alias["name"],
            "HostedZoneId": alias["zone"],
            "EvaluateTargetHealth": alias["evaluate"],
        }
    else:
        found["TTL"] = spec["ttl"]
        found["ResourceRecords"] = [{"Value": value} for value in spec["values"]]
    names = {
        "set_identifier": "SetIdentifier",
        "failover": "Failover",
        "health_check": "HealthCheckId",
    }
    return found | {name: spec[key] for key, name in names.items() if spec[key]}


def change(
    aws: Aws, zone: str, edits: Iterable[tuple[str, Mapping[str, Any]]], *, once: bool = False
) -> None:
    """Executes edits (action, record) as one batch: all of them, or none. once: sent one time."""
    client = aws.once("route53") if once else aws.client("route53")
    batch = [{"Action": action, "ResourceRecordSet": raw} for action, raw in edits]
    client.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": batch})
