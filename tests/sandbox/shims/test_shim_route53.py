# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones and records of Route 53 as AWS has them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.shims.zones import (
    alias,
    change,
    check,
    names,
    pair,
    record,
    refused,
    soa,
    zone,
)


def test_a_caller_reference_makes_one_zone_only(cloud: Any) -> None:
    first = zone(cloud)
    wanted = {"Name": "example.org", "CallerReference": "one"}
    assert cloud.refused("route53", "create_hosted_zone", **wanted) == "HostedZoneAlreadyExists"
    cloud.client("route53").delete_hosted_zone(Id=first)
    assert cloud.refused("route53", "create_hosted_zone", **wanted) == "HostedZoneAlreadyExists"
    assert zone(cloud, "two") != first


def test_the_start_of_authority_is_the_one_that_aws_makes(cloud: Any) -> None:
    """https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/SOA-NSrecords.html"""
    server, mail, *numbers = soa(cloud, zone(cloud)).split()
    assert server.startswith("ns-")
    assert (mail, numbers) == (
        "awsdns-hostmaster.amazon.com.",
        ["1", "7200", "900", "1209600", "86400"],
    )


def test_a_change_is_pending_until_its_time_has_passed(cloud: Any) -> None:
    cloud.slow()
    route53 = cloud.client("route53")
    name = change(cloud, zone(cloud), ("CREATE", record("www.example.org")))
    assert route53.get_change(Id=name)["ChangeInfo"]["Status"] == "PENDING"
    cloud.advance(36)
    assert route53.get_change(Id=name)["ChangeInfo"]["Status"] == "INSYNC"
    assert cloud.refused("route53", "get_change", Id="CABSENT") == "NoSuchChange"


def test_a_batch_is_done_as_a_whole_or_not_at_all(cloud: Any) -> None:
    home = zone(cloud)
    code = refused(
        cloud,
        home,
        ("CREATE", record("a.example.org")),
        ("CREATE", record("b.example.com")),
    )
    assert code == "InvalidChangeBatch"
    assert names(cloud, home) == []


def test_what_exists_is_not_created_again(cloud: Any) -> None:
    home = zone(cloud)
    change(cloud, home, ("CREATE", record("A.example.org")))
    code = refused(cloud, home, ("CREATE", record("a.example.org.", "192.0.2.9")))
    assert code == "InvalidChangeBatch"
    change(cloud, home, ("UPSERT", record("a.example.org", "192.0.2.9")))
    assert names(cloud, home) == [("a.example.org.", None)]


def test_a_wildcard_is_told_escaped(cloud: Any) -> None:
    home = zone(cloud)
    change(cloud, home, ("CREATE", record("*.example.org")))
    assert names(cloud, home) == [("\\052.example.org.", None)]
    change(cloud, home, ("DELETE", record("*.example.org")))
    assert names(cloud, home) == []


def test_a_delete_names_the_record_exactly(cloud: Any) -> None:
    home = zone(cloud)
    change(cloud, home, ("CREATE", record("a.example.org")))
    for wrong in (record("a.example.org", TTL=61), record("b.example.org")):
        assert refused(cloud, home, ("DELETE", wrong)) == "InvalidChangeBatch"
    change(cloud, home, ("DELETE", record("a.example.org")))
    assert names(cloud, home) == []


def test_a_delete_by_set_identifier_leaves_the_other_names(cloud: Any) -> None:
    home, check_id = zone(cloud), check(cloud)
    change(cloud, home, *pair(check_id))
    other = pair(check_id)[1][1] | {"Name": "api.example.org"}
    change(cloud, home, ("CREATE", other))
    change(cloud, home, ("DELETE", other))
    assert names(cloud, home) == [("www.example.org.", "home"), ("www.example.org.", "away")]


def test_records_that_cannot_stand_together_are_refused(cloud: Any) -> None:
    home, check_id = zone(cloud), check(cloud)
    change(cloud, home, *pair(check_id))
    primary = pair(check_id)[0][1]
    wrong = [
        primary | {"SetIdentifier": "third"},
        record("www.example.org"),
        record("www.example.org", SetIdentifier="w", Weight=1),
        record("www.example.org", "x.example.org", Type="CNAME"),
        record("example.org", "x.example.org", Type="CNAME"),
    ]
    for one in wrong:
        assert refused(cloud, home, ("CREATE", one)) == "InvalidChangeBatch"
    assert len(names(cloud, home)) == 2


def test_a_primary_that_is_no_alias_wants_a_health_check_that_exists(cloud: Any) -> None:
    home = zone(cloud)
    primary = record("www.example.org", SetIdentifier="home", Failover="PRIMARY")
    assert refused(cloud, home, ("CREATE", primary)) == "InvalidChangeBatch"
    primary["HealthCheckId"] = "00000000-0000-0000-0000-000000000000"
    assert refused(cloud, home, ("CREATE", primary)) == "NoSuchHealthCheck"


def test_an_alias_wants_a_load_balancer_in_its_zone(cloud: Any) -> None:
    home = zone(cloud)
    east = "Z35SXDOTRQ7X7K"
    absent = alias("www.example.org", "absent-1.us-east-1.elb.amazonaws.com", east)
    assert refused(cloud, home, ("CREATE", absent)) == "InvalidChangeBatch"
    net = cloud.network()
    made = cloud.client("elbv2").create_load_balancer(
        Name="web", Subnets=net["subnets"], Scheme="internal"
    )["LoadBalancers"][0]
    elsewhere = alias("www.example.org", made["DNSName"], "Z1H1FL5HABSF5")
    assert refused(cloud, home, ("CREATE", elsewhere)) == "InvalidChangeBatch"
    change(cloud, home, ("CREATE", alias("www.example.org", made["DNSName"], east)))
    found = cloud.client("route53").list_resource_record_sets(HostedZoneId=home)
    told = [r["AliasTarget"]["DNSName"] for r in found["ResourceRecordSets"] if "AliasTarget" in r]
    assert told == [made["DNSName"].lower() + "."]


def test_a_zone_with_records_is_not_deleted(cloud: Any) -> None:
    home = zone(cloud)
    change(cloud, home, ("CREATE", record("a.example.org")))
    assert cloud.refused("route53", "delete_hosted_zone", Id=home) == "HostedZoneNotEmpty"


def test_tags_of_what_is_unknown_are_refused(cloud: Any) -> None:
    first = check(cloud)
    route53 = cloud.client("route53")
    tagged = {"ResourceType": "healthcheck", "ResourceId": first}
    route53.change_tags_for_resource(**tagged, AddTags=[{"Key": "a", "Value": "b"}])
    told = route53.list_tags_for_resources(ResourceType="healthcheck", ResourceIds=[first])
    assert told["ResourceTagSets"][0]["Tags"] == [{"Key": "a", "Value": "b"}]
    many = [{"Key": str(number), "Value": "x"} for number in range(11)]
    refused = cloud.refused("route53", "change_tags_for_resource", **tagged, AddTags=many)
    assert refused == "InvalidInput"
    absent = {"ResourceType": "healthcheck", "ResourceId": "absent"}
    assert cloud.refused("route53", "list_tags_for_resource", **absent) == "NoSuchHealthCheck"
    route53.delete_health_check(HealthCheckId=first)
    assert cloud.refused("route53", "delete_health_check", HealthCheckId=first)


def inner(home: str, name: str, target: str, kind: str = "A") -> dict[str, Any]:
    to = {"HostedZoneId": home, "DNSName": target, "EvaluateTargetHealth": False}
    return {"Name": name, "Type": kind, "AliasTarget": to}


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"SetIdentifier": "w", "Weight": 256}, "InvalidInput"),
        ({"SetIdentifier": "w", "Weight": 255}, ""),
        ({"TTL": 2**31}, "InvalidInput"),
        ({"TTL": 2**31 - 1}, ""),
    ],
)
def test_a_weight_and_a_ttl_have_their_limits(cloud: Any, more: dict[str, Any], code: str) -> None:
    assert refused(cloud, zone(cloud), ("CREATE", record("www.example.org", **more))) == code


def test_an_alias_within_a_zone_leads_to_a_record_of_its_type_that_is_there(cloud: Any) -> None:
    home = zone(cloud).rpartition("/")[2]
    to_a = inner(home, "www.example.org", "a.example.org")
    assert refused(cloud, home, ("CREATE", to_a)) == "InvalidChangeBatch"
    batch = [("CREATE", record("a.example.org")), ("CREATE", to_a)]
    assert refused(cloud, home, *reversed(batch)) == "InvalidChangeBatch"
    assert refused(cloud, home, *batch) == ""
    wrong = inner(home, "www.example.org", "a.example.org", "AAAA")
    assert refused(cloud, home, ("CREATE", wrong)) == "InvalidChangeBatch"
