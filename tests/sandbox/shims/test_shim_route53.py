# SPDX-License-Identifier: GPL-3.0-or-later
"""Route 53 of the sandbox behaves as AWS's, where the emulator alone does not."""

from __future__ import annotations

from typing import Any

import pytest


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


def test_a_caller_reference_makes_one_zone_only(cloud: Any) -> None:
    first = zone(cloud)
    wanted = {"Name": "example.org", "CallerReference": "one"}
    assert cloud.refused("route53", "create_hosted_zone", **wanted) == "HostedZoneAlreadyExists"
    cloud.client("route53").delete_hosted_zone(Id=first)
    assert cloud.refused("route53", "create_hosted_zone", **wanted) == "HostedZoneAlreadyExists"
    assert zone(cloud, "two") != first


def soa(cloud: Any, zone_id: str) -> str:
    told = cloud.client("route53").list_resource_record_sets(HostedZoneId=zone_id)
    [found] = [r for r in told["ResourceRecordSets"] if r["Type"] == "SOA"]
    return str(found["ResourceRecords"][0]["Value"])


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


def test_a_caller_reference_gives_the_same_health_check_or_is_refused(cloud: Any) -> None:
    first = check(cloud)
    assert check(cloud) == first
    other = {"CallerReference": "one", "HealthCheckConfig": endpoint(Port=8443)}
    call = ("route53", "create_health_check")
    assert cloud.refused(*call, **other) == "HealthCheckAlreadyExists"
    cloud.client("route53").delete_health_check(HealthCheckId=first)
    other["HealthCheckConfig"] = endpoint()
    assert cloud.refused(*call, **other) == "HealthCheckAlreadyExists"


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


def test_a_check_of_an_alarm_keeps_its_alarm_and_follows_it(cloud: Any) -> None:
    wanted = {"CallerReference": "one", "HealthCheckConfig": of_alarm(Inverted=True)}
    assert cloud.refused("route53", "create_health_check", **wanted) == "InvalidInput"
    alarm(cloud)
    route53 = cloud.client("route53")
    made = route53.create_health_check(**wanted)["HealthCheck"]
    config = made["HealthCheckConfig"]
    assert config["AlarmIdentifier"] == {"Region": "us-west-2", "Name": "switch"}
    assert config["InsufficientDataHealthStatus"] == "LastKnownStatus"
    assert config["Inverted"] is True
    assert "Port" not in config
    assert made["CloudWatchAlarmConfiguration"]["MetricName"] == "Switch"

    def status() -> str:
        told = route53.get_health_check_status(HealthCheckId=made["Id"])
        report = told["HealthCheckObservations"][0]["StatusReport"]["Status"]
        return str(report).partition(":")[0]

    assert status() == "Success"  # It is new, and knows nothing yet.
    for value, seen in ((0.0, "Failure"), (None, "Failure"), (1.0, "Success"), (None, "Success")):
        cloud.advance(600)
        if value is not None:
            switch(cloud, value)
        assert status() == seen, value


def switch(cloud: Any, value: float) -> None:
    cloud.client("cloudwatch", "us-west-2").put_metric_data(
        Namespace="Phoenix", MetricData=[{"MetricName": "Switch", "Value": value}]
    )


@pytest.mark.parametrize(
    ("unknown", "healthy"), [("Healthy", True), ("Unhealthy", False), ("LastKnownStatus", False)]
)
def test_without_data_a_check_is_what_it_is_told_to_be_then(
    cloud: Any, unknown: str, healthy: bool
) -> None:
    alarm(cloud)
    made = check(cloud, "one", **of_alarm(InsufficientDataHealthStatus=unknown))
    switch(cloud, 1.0)
    told = cloud.client("route53").get_health_check_status

    def sound() -> bool:
        [report, *_] = told(HealthCheckId=made)["HealthCheckObservations"]
        return str(report["StatusReport"]["Status"]).startswith("Success")

    cloud.advance(600)
    assert sound() is healthy


def test_setting_the_state_of_an_alarm_does_not_move_its_check(cloud: Any) -> None:
    """Route 53's guide: it follows the data, so SetAlarmState can't force a health check."""
    alarm(cloud)
    made = check(cloud, "one", **of_alarm())
    cloud.client("cloudwatch", "us-west-2").set_alarm_state(
        AlarmName="switch", StateValue="ALARM", StateReason="test"
    )
    told = cloud.client("route53").get_health_check_status(HealthCheckId=made)
    status = told["HealthCheckObservations"][0]["StatusReport"]["Status"]
    assert status.startswith("Success")


def test_alarms_that_route_53_cannot_follow_are_refused(cloud: Any) -> None:
    watch = cloud.client("cloudwatch", "us-west-2")
    how = {
        "AlarmName": "switch",
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": 1,
        "Threshold": 1.0,
    }
    one = {"Namespace": "N", "MetricName": "m"}
    query = {"Id": "a", "MetricStat": {"Metric": one, "Period": 60, "Stat": "Sum"}}
    for alarm_on in (
        {**one, "Period": 60, "ExtendedStatistic": "p99"},
        {**one, "Period": 10, "Statistic": "Sum"},
        {"Metrics": [{"Id": "b", "Expression": "a * 2"}, {**query, "ReturnData": False}]},
    ):
        watch.put_metric_alarm(**how, **alarm_on)
        wanted = {"CallerReference": "one", "HealthCheckConfig": of_alarm()}
        assert cloud.refused("route53", "create_health_check", **wanted) == "InvalidInput"


def test_the_status_of_every_check_is_a_metric_in_virginia(cloud: Any) -> None:
    cloud.slow()
    alarm(cloud)
    sound, failing = check(cloud), check(cloud, "two", **of_alarm())
    switch(cloud, 1.0)
    cloud.client("cloudwatch").put_metric_alarm(
        AlarmName="down",
        Namespace="AWS/Route53",
        MetricName="HealthCheckStatus",
        Dimensions=[{"Name": "HealthCheckId", "Value": failing}],
        ComparisonOperator="LessThanThreshold",
        EvaluationPeriods=1,
        Period=60,
        Threshold=1.0,
        Statistic="Minimum",
    )
    cloud.tick()
    values = {}
    for name in (sound, failing):
        found = cloud.client("cloudwatch").list_metrics(
            Namespace="AWS/Route53", Dimensions=[{"Name": "HealthCheckId", "Value": name}]
        )["Metrics"]
        values[name] = {metric["MetricName"] for metric in found}
    assert values[sound] == {"HealthCheckStatus", "HealthCheckPercentageHealthy"}
    assert values[failing] == {"HealthCheckStatus"}
    [down] = cloud.client("cloudwatch").describe_alarms(AlarmNames=["down"])["MetricAlarms"]
    assert down["StateValue"] == "ALARM"


def test_a_check_keeps_its_copy_of_an_alarm_until_it_is_given_the_alarm_again(cloud: Any) -> None:
    alarm(cloud)
    route53 = cloud.client("route53")
    wanted = {"CallerReference": "one", "HealthCheckConfig": of_alarm()}
    made = route53.create_health_check(**wanted)["HealthCheck"]["Id"]

    def copy() -> float:
        [told] = route53.list_health_checks()["HealthChecks"]
        return float(told["CloudWatchAlarmConfiguration"]["Threshold"])

    alarm(cloud, threshold=0.9)
    assert copy() == 0.5
    route53.update_health_check(HealthCheckId=made, Inverted=True)
    assert copy() == 0.5
    again = of_alarm()["AlarmIdentifier"]
    told = route53.update_health_check(HealthCheckId=made, AlarmIdentifier=again)["HealthCheck"]
    assert told["CloudWatchAlarmConfiguration"]["Threshold"] == copy() == 0.9


def test_versions_count_and_stale_ones_are_refused(cloud: Any) -> None:
    first = check(cloud, **endpoint(Regions=["us-east-1", "us-west-2", "eu-west-1"]))
    route53 = cloud.client("route53")
    told = route53.update_health_check(
        HealthCheckId=first, HealthCheckVersion=1, FailureThreshold=2
    )["HealthCheck"]
    assert told["HealthCheckVersion"] == 2
    assert told["HealthCheckConfig"]["FailureThreshold"] == 2
    assert len(told["HealthCheckConfig"]["Regions"]) == 3
    stale = {"HealthCheckId": first, "HealthCheckVersion": 1, "FailureThreshold": 3}
    assert cloud.refused("route53", "update_health_check", **stale) == "HealthCheckVersionMismatch"


def test_https_has_its_port_and_name_indication_unasked(cloud: Any) -> None:
    first = check(cloud)
    told = cloud.client("route53").get_health_check(HealthCheckId=first)["HealthCheck"]
    config = told["HealthCheckConfig"]
    assert (config["Port"], config["EnableSNI"]) == (443, True)


def test_health_checks_have_pages(cloud: Any) -> None:
    for number in range(5):
        check(cloud, f"r{number}")
    pages = cloud.client("route53").get_paginator("list_health_checks")
    sizes = [len(p["HealthChecks"]) for p in pages.paginate(PaginationConfig={"PageSize": 2})]
    assert sizes == [2, 2, 1]


def test_a_check_in_use_can_be_deleted_as_the_api_says(cloud: Any) -> None:
    """DeleteHealthCheck: "Route 53 does not prevent you from deleting a health check even if the
    health check is associated with one or more resource record sets"; its error HealthCheckInUse
    says "This error code is not in use"."""
    home, made = zone(cloud), check(cloud)
    change(cloud, home, *pair(made))
    assert cloud.refused("route53", "delete_health_check", HealthCheckId=made) == ""
    told = cloud.client("route53").test_dns_answer(
        HostedZoneId=home, RecordName="www.example.org", RecordType="A"
    )
    assert told["RecordData"] == ["192.0.2.1"]


def test_tags_of_what_is_unknown_are_refused(cloud: Any) -> None:
    first = check(cloud)
    route53 = cloud.client("route53")
    tagged = {"ResourceType": "healthcheck", "ResourceId": first}
    route53.change_tags_for_resource(**tagged, AddTags=[{"Key": "a", "Value": "b"}])
    told = route53.list_tags_for_resources(ResourceType="healthcheck", ResourceIds=[first])
    assert told["ResourceTagSets"][0]["Tags"] == [{"Key": "a", "Value": "b"}]
    absent = {"ResourceType": "healthcheck", "ResourceId": "absent"}
    assert cloud.refused("route53", "list_tags_for_resource", **absent) == "NoSuchHealthCheck"
    route53.delete_health_check(HealthCheckId=first)
    assert cloud.refused("route53", "delete_health_check", HealthCheckId=first)


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
