# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones, records and health checks, as the tests of Route 53 ask for them."""

from __future__ import annotations

from typing import Any


def zone(cloud: Any, reference: str = "one", name: str = "example.org") -> str:
    made = cloud.client("route53").create_hosted_zone(Name=name, CallerReference=reference)
    return str(made["HostedZone"]["Id"]).removeprefix("/hostedzone/")


def record(name: str, value: str = "192.0.2.1", **more: Any) -> dict[str, Any]:
    return {
        "Name": name,
        "Type": "A",
        "TTL": 60,
        "ResourceRecords": [{"Value": value}],
        **more,
    }


def batch(zone_id: str, *changes: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        "HostedZoneId": zone_id,
        "ChangeBatch": {"Changes": [{"Action": a, "ResourceRecordSet": r} for a, r in changes]},
    }


def change(cloud: Any, zone_id: str, *changes: tuple[str, dict[str, Any]]) -> str:
    call = cloud.client("route53").change_resource_record_sets
    return str(call(**batch(zone_id, *changes))["ChangeInfo"]["Id"])


def refused(cloud: Any, zone_id: str, *changes: tuple[str, dict[str, Any]]) -> str:
    wanted = batch(zone_id, *changes)
    return str(cloud.refused("route53", "change_resource_record_sets", **wanted))


def names(cloud: Any, zone_id: str) -> list[tuple[str, str | None]]:
    found = cloud.client("route53").list_resource_record_sets(HostedZoneId=zone_id)
    return [
        (r["Name"], r.get("SetIdentifier"))
        for r in found["ResourceRecordSets"]
        if r["Type"] not in ("NS", "SOA")
    ]


def endpoint(**more: Any) -> dict[str, Any]:
    return {"Type": "HTTPS", "FullyQualifiedDomainName": "example.org", **more}


def check(cloud: Any, reference: str = "one", **config: Any) -> str:
    made = cloud.client("route53").create_health_check(
        CallerReference=reference, HealthCheckConfig=config or endpoint()
    )
    return str(made["HealthCheck"]["Id"])


def pair(check_id: str) -> list[tuple[str, dict[str, Any]]]:
    first = record(
        "www.example.org", SetIdentifier="home", Failover="PRIMARY", HealthCheckId=check_id
    )
    second = record("www.example.org", "192.0.2.2", SetIdentifier="away", Failover="SECONDARY")
    return [("CREATE", first), ("CREATE", second)]


def alias(name: str, target: str, zone_id: str) -> dict[str, Any]:
    return {
        "Name": name,
        "Type": "A",
        "AliasTarget": {
            "HostedZoneId": zone_id,
            "DNSName": target,
            "EvaluateTargetHealth": True,
        },
    }


def soa(cloud: Any, zone_id: str) -> str:
    told = cloud.client("route53").list_resource_record_sets(HostedZoneId=zone_id)
    [found] = [r for r in told["ResourceRecordSets"] if r["Type"] == "SOA"]
    return str(found["ResourceRecords"][0]["Value"])


def alarm(cloud: Any, region: str = "us-west-2", threshold: float = 0.5) -> None:
    cloud.client("cloudwatch", region).put_metric_alarm(
        AlarmName="switch",
        Namespace="Phoenix",
        MetricName="Switch",
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        Period=60,
        Threshold=threshold,
        Statistic="Maximum",
    )


def of_alarm(**more: Any) -> dict[str, Any]:
    return {
        "Type": "CLOUDWATCH_METRIC",
        "AlarmIdentifier": {"Region": "us-west-2", "Name": "switch"},
        "InsufficientDataHealthStatus": "LastKnownStatus",
        **more,
    }
