# SPDX-License-Identifier: GPL-3.0-or-later
"""Health checks of Route 53, and the alarms that they follow."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.shims.zones import (
    alarm,
    change,
    check,
    endpoint,
    of_alarm,
    pair,
    zone,
)


def test_a_caller_reference_gives_the_same_health_check_or_is_refused(cloud: Any) -> None:
    first = check(cloud)
    assert check(cloud) == first
    other = {"CallerReference": "one", "HealthCheckConfig": endpoint(Port=8443)}
    call = ("route53", "create_health_check")
    assert cloud.refused(*call, **other) == "HealthCheckAlreadyExists"
    cloud.client("route53").delete_health_check(HealthCheckId=first)
    other["HealthCheckConfig"] = endpoint()
    assert cloud.refused(*call, **other) == "HealthCheckAlreadyExists"


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
