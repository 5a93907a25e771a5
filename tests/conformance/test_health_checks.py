# SPDX-License-Identifier: GPL-3.0-or-later
"""Health checks of Route 53."""

from __future__ import annotations

from typing import Any

import pytest

from .account import Account, refused

CONFIG = {
    "Type": "HTTPS",
    "FullyQualifiedDomainName": "a.example.test",
    "Port": 443,
    "ResourcePath": "/",
    "RequestInterval": 10,
    "FailureThreshold": 3,
}


@pytest.fixture
def dns(account: Account) -> Any:
    return account.client("route53")


@pytest.fixture
def check(dns: Any) -> str:
    made = dns.create_health_check(CallerReference="check-1", HealthCheckConfig=CONFIG)
    return str(made["HealthCheck"]["Id"])


def test_a_reference_makes_one_check(dns: Any, check: str) -> None:
    again = dns.create_health_check(CallerReference="check-1", HealthCheckConfig=CONFIG)
    assert again["HealthCheck"]["Id"] == check
    other = {**CONFIG, "FullyQualifiedDomainName": "b.example.test"}
    code = refused(dns.create_health_check, CallerReference="check-1", HealthCheckConfig=other)
    assert code == "HealthCheckAlreadyExists"
    assert [one["Id"] for one in dns.list_health_checks()["HealthChecks"]] == [check]


def test_a_check_is_changed_by_version(dns: Any, check: str) -> None:
    told = dns.update_health_check(HealthCheckId=check, Inverted=True)["HealthCheck"]
    assert (told["HealthCheckConfig"]["Inverted"], told["HealthCheckVersion"]) == (True, 2)
    stale = {"HealthCheckId": check, "HealthCheckVersion": 1, "Inverted": False}
    assert refused(dns.update_health_check, **stale) == "HealthCheckVersionMismatch"


def test_several_places_observe(dns: Any, check: str) -> None:
    told = dns.get_health_check_status(HealthCheckId=check)["HealthCheckObservations"]
    assert len(told) > 1


def test_a_check_is_deleted_even_while_a_record_uses_it(dns: Any, check: str) -> None:
    zone = dns.create_hosted_zone(Name="example.test.", CallerReference="zone-1")
    record = {
        "Name": "app.example.test.",
        "Type": "A",
        "TTL": 60,
        "ResourceRecords": [{"Value": "192.0.2.1"}],
        "SetIdentifier": "home",
        "Failover": "PRIMARY",
        "HealthCheckId": check,
    }
    changes = [{"Action": "UPSERT", "ResourceRecordSet": record}]
    dns.change_resource_record_sets(
        HostedZoneId=zone["HostedZone"]["Id"], ChangeBatch={"Changes": changes}
    )
    assert refused(dns.delete_health_check, HealthCheckId=check) == ""
    assert refused(dns.get_health_check, HealthCheckId=check) == "NoSuchHealthCheck"
