# SPDX-License-Identifier: GPL-3.0-or-later
"""What the emulator alone makes of Route 53: if it mends it, ours can go."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.shims.zones import (
    change,
    check,
    endpoint,
    names,
    of_alarm,
    pair,
    record,
    refused,
    soa,
    zone,
)

# What the emulator does by itself. A test that fails here says: it has learned it, mend no more.


def test_plain_zones_start_with_somebody_elses_mail_address(plain: Any) -> None:
    assert "awsdns-hostmaster.amazon.com." not in soa(plain, zone(plain))


def test_plain_names_are_not_answered(plain: Any) -> None:
    wanted = {"HostedZoneId": zone(plain), "RecordName": "example.org", "RecordType": "NS"}
    assert plain.refused("route53", "test_dns_answer", **wanted)


def test_plain_references_are_ignored(plain: Any) -> None:
    assert zone(plain) != zone(plain)
    assert check(plain) != check(plain)


def test_plain_batches_are_not_atomic_and_anything_stands(plain: Any) -> None:
    home = zone(plain)
    assert refused(
        plain,
        home,
        ("CREATE", record("a.example.org")),
        ("CREATE", record("b.example.com")),
    )
    assert names(plain, home) == [("a.example.org.", None)]
    change(plain, home, *pair("absent"))
    third = pair("absent")[0][1] | {"SetIdentifier": "third"}
    change(plain, home, ("CREATE", third))
    change(plain, home, ("CREATE", record("*.example.org")))
    other = pair("absent")[1][1] | {"Name": "api.example.org"}
    change(plain, home, ("CREATE", other))
    change(plain, home, ("DELETE", other))
    assert ("www.example.org.", "away") not in names(plain, home)
    assert ("*.example.org.", None) in names(plain, home)
    wrong = ("DELETE", record("absent.example.org"))
    assert refused(plain, home, wrong) == "InvalidInput"
    told = plain.client("route53").get_change(Id="CABSENT")["ChangeInfo"]
    assert told["Status"] == "INSYNC"


def test_plain_checks_lose_their_alarm_and_their_regions(plain: Any) -> None:
    route53 = plain.client("route53")
    first = check(plain, "one", **of_alarm())
    told = route53.get_health_check(HealthCheckId=first)["HealthCheck"]
    assert "AlarmIdentifier" not in told["HealthCheckConfig"]
    second = check(plain, "two", **endpoint(Regions=["us-east-1", "us-west-2", "eu-west-1"]))
    changed = route53.update_health_check(
        HealthCheckId=second, HealthCheckVersion=9, FailureThreshold=2
    )["HealthCheck"]
    assert changed["HealthCheckVersion"] == 1
    assert "Regions" not in changed["HealthCheckConfig"]
    assert changed["HealthCheckConfig"]["Port"] == 80
    assert plain.refused("route53", "delete_health_check", HealthCheckId="absent") == ""


@pytest.mark.parametrize("kind", ["healthcheck"])
def test_plain_unknown_tags_are_empty(plain: Any, kind: str) -> None:
    absent = {"ResourceType": kind, "ResourceId": "absent"}
    assert plain.refused("route53", "list_tags_for_resource", **absent) == ""


def test_plain_checks_are_never_run_nor_refused(plain: Any) -> None:
    private = check(plain, "one", Type="TCP", IPAddress="10.0.0.1", Port=80)
    told = plain.client("route53").get_health_check_status(HealthCheckId=private)
    assert "200" in told["HealthCheckObservations"][0]["StatusReport"]["Status"]
    call = ("route53", "get_health_check_last_failure_reason")
    assert plain.refused(*call, HealthCheckId=private)
