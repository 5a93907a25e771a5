# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosted zones of Route 53 and their records."""

from __future__ import annotations

from typing import Any

import pytest

from .account import HOME, Account, refused

ZONE = "example.test."
APP = f"app.{ZONE}"


@pytest.fixture
def dns(account: Account) -> Any:
    return account.client("route53")


@pytest.fixture
def zone(dns: Any) -> str:
    made = dns.create_hosted_zone(Name=ZONE, CallerReference="zone-1")
    return str(made["HostedZone"]["Id"])


@pytest.fixture
def check(dns: Any) -> str:
    config = {"Type": "HTTPS", "FullyQualifiedDomainName": f"a.{ZONE}", "Port": 443}
    made = dns.create_health_check(CallerReference="check-1", HealthCheckConfig=config)
    return str(made["HealthCheck"]["Id"])


def record(address: str, name: str = APP, **more: Any) -> dict[str, Any]:
    values = [{"Value": address}]
    return {"Name": name, "Type": "A", "TTL": 60, "ResourceRecords": values, **more}


def failover(role: str, address: str, name: str = APP, **more: Any) -> dict[str, Any]:
    return record(address, name, SetIdentifier=role, Failover=role, **more)


def change(dns: Any, zone: str, action: str, *records: dict[str, Any]) -> dict[str, Any]:
    changes = [{"Action": action, "ResourceRecordSet": one} for one in records]
    told = dns.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
    return dict(told["ChangeInfo"])


def addresses(dns: Any, zone: str) -> list[dict[str, Any]]:
    found = dns.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    return [one for one in found if one["Type"] == "A"]


def code(dns: Any, zone: str, action: str, *records: dict[str, Any]) -> str:
    return refused(lambda: change(dns, zone, action, *records))


def test_a_reference_makes_one_zone(dns: Any, zone: str) -> None:
    again = {"Name": ZONE, "CallerReference": "zone-1"}
    assert refused(dns.create_hosted_zone, **again) == "HostedZoneAlreadyExists"
    assert [one["Id"] for one in dns.list_hosted_zones()["HostedZones"]] == [zone]


def test_a_change_is_pending_until_it_is_everywhere(account: Account, dns: Any, zone: str) -> None:
    account.cloud.speed(1)
    made = change(dns, zone, "UPSERT", record("192.0.2.1"))
    assert made["Status"] == dns.get_change(Id=made["Id"])["ChangeInfo"]["Status"] == "PENDING"


def test_a_failover_pair_reads_back_as_it_was_written(dns: Any, zone: str, check: str) -> None:
    first = failover("PRIMARY", "192.0.2.1", HealthCheckId=check)
    change(dns, zone, "UPSERT", first, failover("SECONDARY", "192.0.2.2"))
    found = {(one["Failover"], one.get("HealthCheckId")) for one in addresses(dns, zone)}
    assert found == {("PRIMARY", check), ("SECONDARY", None)}


def test_there_is_one_primary(dns: Any, zone: str, check: str) -> None:
    first = failover("PRIMARY", "192.0.2.1", HealthCheckId=check)
    change(dns, zone, "UPSERT", first)
    second = {**first, "SetIdentifier": "other"}
    assert code(dns, zone, "CREATE", second) == "InvalidChangeBatch"


def test_a_record_is_created_once_and_deleted_as_it_is(dns: Any, zone: str) -> None:
    one = record("192.0.2.1")
    change(dns, zone, "CREATE", one)
    assert code(dns, zone, "CREATE", one) == "InvalidChangeBatch"
    assert code(dns, zone, "DELETE", record("192.0.2.2")) == "InvalidChangeBatch"
    assert code(dns, zone, "DELETE", one) == ""


def test_a_batch_is_done_whole_or_not_at_all(dns: Any, zone: str) -> None:
    batch = (record("192.0.2.3"), record("192.0.2.3", "x.other.test."))
    assert code(dns, zone, "CREATE", *batch) == "InvalidChangeBatch"
    assert addresses(dns, zone) == []


def test_a_deletion_leaves_records_of_other_names(dns: Any, zone: str) -> None:
    here = failover("SECONDARY", "192.0.2.2")
    change(dns, zone, "UPSERT", here, failover("SECONDARY", "192.0.2.7", f"two.{ZONE}"))
    change(dns, zone, "DELETE", here)
    assert [one["Name"] for one in addresses(dns, zone)] == [f"two.{ZONE}"]


def test_a_health_check_that_there_is_not_is_refused(dns: Any, zone: str) -> None:
    nobody = "00000000-0000-0000-0000-000000000000"
    unknown = failover("PRIMARY", "192.0.2.1", HealthCheckId=nobody)
    assert code(dns, zone, "UPSERT", unknown) == "NoSuchHealthCheck"


def test_a_name_may_stand_for_a_balancer(account: Account, dns: Any, zone: str) -> None:
    net = account.network()
    account.gateway(net["vpc"])
    balancer = account.client("elbv2").create_load_balancer(
        Name="front", Subnets=net["subnets"][:2], SecurityGroups=[net["group"]]
    )["LoadBalancers"][0]
    target = {
        "HostedZoneId": balancer["CanonicalHostedZoneId"],
        "DNSName": balancer["DNSName"],
        "EvaluateTargetHealth": True,
    }
    alias = {"Name": f"www.{ZONE}", "Type": "A", "AliasTarget": target}
    assert code(dns, zone, "UPSERT", alias) == ""
    nobody = {**alias, "AliasTarget": {**target, "DNSName": f"none.{HOME}.elb.amazonaws.com"}}
    assert code(dns, zone, "UPSERT", nobody) == "InvalidChangeBatch"


def test_an_answer_is_tested_without_a_resolver(dns: Any, zone: str) -> None:
    change(dns, zone, "UPSERT", record("192.0.2.1"))
    told = dns.test_dns_answer(HostedZoneId=zone, RecordName=APP, RecordType="A")
    assert (told["ResponseCode"], told["RecordData"]) == ("NOERROR", ["192.0.2.1"])


def test_a_zone_with_records_is_not_deleted(dns: Any, zone: str) -> None:
    one = record("192.0.2.1")
    change(dns, zone, "UPSERT", one)
    assert refused(dns.delete_hosted_zone, Id=zone) == "HostedZoneNotEmpty"
    change(dns, zone, "DELETE", one)
    assert refused(dns.delete_hosted_zone, Id=zone) == ""


def test_a_private_zone_belongs_to_a_vpc(account: Account, dns: Any) -> None:
    vpc = account.network()["vpc"]
    made = dns.create_hosted_zone(
        Name="int.test.",
        CallerReference="zone-2",
        VPC={"VPCRegion": HOME, "VPCId": vpc},
        HostedZoneConfig={"PrivateZone": True},
    )
    told = dns.get_hosted_zone(Id=made["HostedZone"]["Id"])
    assert [one["VPCId"] for one in told["VPCs"]] == [vpc]
    assert told["HostedZone"]["Config"]["PrivateZone"] is True


def test_tags_of_zones_and_checks_are_changed_and_listed(dns: Any, zone: str, check: str) -> None:
    number = zone.rpartition("/")[2]
    for kind, name in (("hostedzone", number), ("healthcheck", check)):
        dns.change_tags_for_resource(
            ResourceType=kind, ResourceId=name, AddTags=[{"Key": "site", "Value": "home"}]
        )
        one = dns.list_tags_for_resource(ResourceType=kind, ResourceId=name)
        many = dns.list_tags_for_resources(ResourceType=kind, ResourceIds=[name])
        found = many["ResourceTagSets"][0]["Tags"]
        assert one["ResourceTagSet"]["Tags"] == found == [{"Key": "site", "Value": "home"}]


@pytest.mark.parametrize(
    ("kind", "wrong", "right"),
    [
        ("A", "300.1.1.1", "192.0.2.1"),
        ("A", "192.0.2.1, 192.0.2.2", "192.0.2.2"),
        ("AAAA", "192.0.2.1", "2001:db8::1"),
        ("MX", "mail.example.test", "10 mail.example.test"),
        ("TXT", "bare words", '"quoted words"'),
        ("SRV", "5060 sip.example.test", "1 2 5060 sip.example.test"),
        ("CAA", "letsencrypt.org", '0 issue "letsencrypt.org"'),
    ],
)
def test_a_value_that_is_not_of_its_records_type_is_refused(
    dns: Any, zone: str, kind: str, wrong: str, right: str
) -> None:
    one = {"Name": f"typed.{ZONE}", "Type": kind, "TTL": 60}
    bad, good = ({**one, "ResourceRecords": [{"Value": value}]} for value in (wrong, right))
    assert code(dns, zone, "CREATE", bad) == "InvalidChangeBatch"
    change(dns, zone, "CREATE", good)


def test_the_private_zones_of_a_network_are_told_with_their_owner(
    account: Account, dns: Any
) -> None:
    vpc = {"VPCRegion": HOME, "VPCId": account.network()["vpc"]}
    told = dns.list_hosted_zones_by_vpc(**vpc)
    assert told["HostedZoneSummaries"] == []
    config = {"PrivateZone": True}
    made = dns.create_hosted_zone(
        Name=ZONE, CallerReference="private-1", VPC=vpc, HostedZoneConfig=config
    )["HostedZone"]
    [found] = dns.list_hosted_zones_by_vpc(**vpc)["HostedZoneSummaries"]
    assert (found["Name"], f"/hostedzone/{found['HostedZoneId']}") == (ZONE, made["Id"])
    assert found["Owner"].keys() == {"OwningAccount"}
