# SPDX-License-Identifier: GPL-3.0-or-later
"""Health checks of the sandbox are run for real, and DNS follows them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import dns.message
import dns.query
import pytest

from sandbox.running import Handle


class Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def server() -> Iterator[Any]:
    made: Any = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    made.status = 200
    threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.1)


def check(client: Any, reference: str = "one", **config: Any) -> str:
    made = client("route53").create_health_check(
        CallerReference=reference, HealthCheckConfig=config
    )
    return str(made["HealthCheck"]["Id"])


def endpoint(server: Any, **more: Any) -> dict[str, Any]:
    return {
        "Type": "HTTP",
        "FullyQualifiedDomainName": "origin.example.org",
        "Port": server.server_port,
        "FailureThreshold": 2,
        "RequestInterval": 10,
        **more,
    }


def zone(client: Any) -> str:
    made = client("route53").create_hosted_zone(Name="example.org", CallerReference="one")
    zone_id = str(made["HostedZone"]["Id"])
    put(client, zone_id, Name="origin.example.org", ResourceRecords=[{"Value": "127.0.0.1"}])
    return zone_id


def put(client: Any, zone_id: str, **record: Any) -> None:
    changed = {"Action": "UPSERT", "ResourceRecordSet": {"Type": "A", "TTL": 60, **record}}
    client("route53").change_resource_record_sets(
        HostedZoneId=zone_id, ChangeBatch={"Changes": [changed]}
    )


def told(client: Any, check_id: str) -> str:
    found = client("route53").get_health_check_status(HealthCheckId=check_id)
    return str(found["HealthCheckObservations"][0]["StatusReport"]["Status"])


def healthy(cloud: Handle, check_id: str) -> bool:
    [found] = [row for row in cloud.checks() if row["id"] == check_id]
    return bool(found["healthy"])


def answer(cloud: Handle, name: str) -> list[str]:
    address, port = cloud.resolver()
    found = dns.query.udp(dns.message.make_query(name, "A"), address, timeout=10, port=port)
    return [str(value) for one in found.answer for value in one]


def test_dns_goes_to_the_secondary_while_the_endpoint_fails_and_back(
    cloud: Handle, client: Any, server: Any
) -> None:
    home = zone(client)
    made = check(client, **endpoint(server))
    for value, role, more in (
        ("192.0.2.1", "PRIMARY", {"HealthCheckId": made}),
        ("192.0.2.2", "SECONDARY", {}),
    ):
        put(
            client, home, Name="www.example.org", SetIdentifier=role, Failover=role,
            ResourceRecords=[{"Value": value}], **more,
        )  # fmt: skip
    until(lambda: told(client, made) == "Success: HTTP Status Code 200, OK")
    assert answer(cloud, "www.example.org") == ["192.0.2.1"]
    server.status = 503
    until(lambda: answer(cloud, "www.example.org") == ["192.0.2.2"])
    assert told(client, made).startswith("Failure: HTTP Status Code 503")
    server.status = 200
    until(lambda: answer(cloud, "www.example.org") == ["192.0.2.1"])
    found = client("route53").get_health_check_last_failure_reason(HealthCheckId=made)
    reports = found["HealthCheckObservations"]
    assert len({report["Region"] for report in reports}) == len(reports) >= 3
    assert all("503" in report["StatusReport"]["Status"] for report in reports)


def test_a_name_that_is_gone_and_an_address_that_is_gone_are_failures(
    cloud: Handle, client: Any, server: Any
) -> None:
    home = zone(client)
    made = check(client, **endpoint(server))
    until(lambda: told(client, made).startswith("Success: HTTP"))
    put(client, home, Name="origin.example.org", ResourceRecords=[{"Value": "192.0.2.77"}])
    until(lambda: not healthy(cloud, made))
    assert "timed out" in told(client, made)
    change = {"Name": "origin.example.org", "Type": "A", "TTL": 60}
    change["ResourceRecords"] = [{"Value": "192.0.2.77"}]
    client("route53").change_resource_record_sets(
        HostedZoneId=home,
        ChangeBatch={"Changes": [{"Action": "DELETE", "ResourceRecordSet": change}]},
    )
    until(lambda: "DNS resolution failed" in told(client, made))


def test_what_was_never_real_is_taken_to_answer(cloud: Handle, client: Any) -> None:
    home = zone(client)
    put(client, home, Name="far.example.org", ResourceRecords=[{"Value": "192.0.2.77"}])
    kinds = [
        check(client, name, Type="HTTPS", FullyQualifiedDomainName=name)
        for name in ("far.example.org", "www.example.com")
    ]
    assert [told(client, made) for made in kinds] == ["Success: as told by the sandbox"] * 2
    assert all(healthy(cloud, made) for made in kinds)


def test_an_endpoint_in_a_dark_region_fails(cloud: Handle, client: Any) -> None:
    ec2, region = client("ec2"), "us-east-1"
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=region + zone)[
            "Subnet"
        ]["SubnetId"]
        for n, zone in enumerate("ab")
    ]
    name = client("elbv2").create_load_balancer(Name="w", Subnets=subnets, Scheme="internal")[
        "LoadBalancers"
    ][0]["DNSName"]
    made = check(client, Type="HTTP", FullyQualifiedDomainName=name, FailureThreshold=1)
    assert healthy(cloud, made)
    cloud.faults([{"effect": "dark", "region": region, "service": None}])
    until(lambda: not healthy(cloud, made))


def test_a_disabled_check_is_healthy_and_an_inverted_one_says_the_opposite(
    cloud: Handle, client: Any, server: Any
) -> None:
    zone(client)
    made = check(client, **endpoint(server))
    route53 = client("route53")
    server.status = 500
    until(lambda: not healthy(cloud, made))
    route53.update_health_check(HealthCheckId=made, Inverted=True)
    assert healthy(cloud, made)
    route53.update_health_check(HealthCheckId=made, Disabled=True)
    assert not healthy(cloud, made)
    route53.update_health_check(HealthCheckId=made, Inverted=False)
    assert healthy(cloud, made)
    route53.update_health_check(HealthCheckId=made, Disabled=False)
    until(lambda: not healthy(cloud, made))


def test_a_calculated_check_counts_its_healthy_children(
    cloud: Handle, client: Any, server: Any
) -> None:
    zone(client)
    failing = check(client, **endpoint(server))
    sound = check(client, "two", Type="TCP", FullyQualifiedDomainName="www.example.com", Port=80)
    server.status = 500
    until(lambda: not healthy(cloud, failing))
    route53 = client("route53")
    parent = check(
        client, "three", Type="CALCULATED", ChildHealthChecks=[failing, sound], HealthThreshold=1
    )
    for threshold, expected in ((1, True), (2, False), (3, False), (0, True)):
        route53.update_health_check(HealthCheckId=parent, HealthThreshold=threshold)
        assert healthy(cloud, parent) is expected, threshold
    for call in ("get_health_check_status", "get_health_check_last_failure_reason"):
        with pytest.raises(route53.exceptions.InvalidInput):
            getattr(route53, call)(HealthCheckId=parent)
    with pytest.raises(route53.exceptions.InvalidInput):
        check(client, "four", Type="CALCULATED", ChildHealthChecks=[parent], HealthThreshold=1)


@pytest.mark.parametrize(
    "config",
    [
        {"Type": "TCP", "IPAddress": "10.0.0.1", "Port": 80},
        {"Type": "TCP", "IPAddress": "127.0.0.1", "Port": 80},
        {"Type": "TCP", "FullyQualifiedDomainName": "www.example.org"},
        {"Type": "HTTP"},
        {"Type": "HTTP_STR_MATCH", "FullyQualifiedDomainName": "www.example.org"},
        {"Type": "HTTP", "FullyQualifiedDomainName": "www.example.org", "SearchString": "x"},
        {"Type": "CALCULATED", "ChildHealthChecks": ["absent"], "HealthThreshold": 1},
    ],
)
def test_what_cannot_be_checked_is_refused(client: Any, config: dict[str, Any]) -> None:
    with pytest.raises(client("route53").exceptions.InvalidInput):
        check(client, **config)
    assert client("route53").list_health_checks()["HealthChecks"] == []


def test_a_deleted_check_is_run_no_more(cloud: Handle, client: Any, server: Any) -> None:
    zone(client)
    made = check(client, **endpoint(server))
    until(lambda: told(client, made).startswith("Success: HTTP"))
    client("route53").delete_health_check(HealthCheckId=made)
    assert cloud.checks() == []
