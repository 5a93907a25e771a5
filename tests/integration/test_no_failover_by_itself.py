# SPDX-License-Identifier: GPL-3.0-or-later
"""A dead host, a quiet database or a slow region moves nothing: no figure but one that a person, or
an operation, has written sends visitors to the other site, and nothing in the account promotes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import failing_over as over
import pytest
import validating
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws import session
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.acts import (
    decide,
    switch,
)
from environment import SITES, TRAFFIC, Environment
from test_failover_decide import put
from validating import looked, row, states


@pytest.fixture(scope="module")
def warm(sandbox: Any) -> Environment:
    """A recovery site with a host that is ready, so that visitors could be sent there."""
    environment = Environment(sandbox)
    environment.declared["sites"] = {
        **SITES,
        "recovery": {**SITES["recovery"], "strategy": "warm_standby"},
    }
    environment.run()
    validating.make_fit(environment)
    return environment


@pytest.fixture
def serving(warm: Environment) -> Iterator[Environment]:
    """Whatever a test lets happen, nothing but what it did itself is written, or moved."""
    with warm.branch() as branch:
        validating.beat(branch)
        mark = branch.handle.mark()
        yield branch
        branch.handle.faults([])
        wrote = {call["action"] for call in branch.handle.writes_since(mark)}
        assert wrote <= {"PutMetricData", "SetAlarmState"}
        assert over.is_replica(branch) and not over.switched(branch)


def balancer(environment: Environment, site: str) -> set[str]:
    """The addresses of a site's balancer."""
    [found] = environment.aws(site).client("elbv2").describe_load_balancers()["LoadBalancers"]
    return resolved(environment, found["DNSName"])


def answering(environment: Environment) -> set[str]:
    """The addresses to which visitors are sent."""
    return resolved(environment, TRAFFIC["domain"])


def resolved(environment: Environment, name: str) -> set[str]:
    return {
        answer
        for each in environment.handle.names()
        if each["name"].rstrip(".") == name and each["type"] == "A"
        for answer in each["answers"]
    }


def alarms(environment: Environment, site: str) -> list[dict[str, Any]]:
    found = environment.aws(site).client("cloudwatch").describe_alarms()
    return [dict(each) for each in (*found["MetricAlarms"], *found["CompositeAlarms"])]


def actions(alarm: dict[str, Any]) -> list[str]:
    kinds = ("AlarmActions", "OKActions", "InsufficientDataActions")
    return [arn for kind in kinds for arn in alarm.get(kind, ())]


def hosts(environment: Environment) -> list[str]:
    """The ids of those that serve at home."""
    client = environment.aws("home").client("autoscaling")
    [group] = client.describe_auto_scaling_groups(AutoScalingGroupNames=["production-home-web"])[
        "AutoScalingGroups"
    ]
    return [each["InstanceId"] for each in group["Instances"]]


@pytest.mark.parametrize("site", SITES)
def test_alarms_write_to_people_and_size_the_group_whose_load_they_watch_and_do_no_more(
    warm: Environment, site: str
) -> None:
    sns = warm.aws(site).client("sns")
    [topic] = [each["TopicArn"] for each in sns.list_topics()["Topics"]]
    readers = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert {reader["Protocol"] for reader in readers} == {"email"}
    found = alarms(warm, site)
    sizing = [alarm for alarm in found if set(actions(alarm)) != {topic}]
    assert sizing and len(found) > len(sizing) + 5
    for alarm in sizing:
        others = [arn for arn in actions(alarm) if arn != topic]
        assert {each["Value"] for each in alarm["Dimensions"]} == {f"production-{site}-web"}
        for arn in others:
            assert ":scalingPolicy:" in arn and f":{SITES[site]['region']}:" in arn
            assert f"autoScalingGroupName/production-{site}-web:" in arn


def test_the_health_check_of_home_follows_one_figure_that_no_host_and_no_service_writes(
    warm: Environment,
) -> None:
    route53 = warm.aws("home").client("route53")
    [zone] = route53.list_hosted_zones()["HostedZones"]
    records = route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
    pair = {each["Failover"]: each for each in records if "Failover" in each}
    assert "HealthCheckId" not in pair["SECONDARY"]
    check = route53.get_health_check(HealthCheckId=pair["PRIMARY"]["HealthCheckId"])["HealthCheck"]
    assert check["HealthCheckConfig"]["Type"] == "CLOUDWATCH_METRIC"
    assert check["HealthCheckConfig"]["InsufficientDataHealthStatus"] == "LastKnownStatus"
    alarm = check["CloudWatchAlarmConfiguration"]
    assert (alarm["Namespace"], alarm["MetricName"]) == switch.SWITCH
    assert alarm["Namespace"] != decide.NAMESPACE and not alarm["Namespace"].startswith("AWS/")
    assert alarm["Dimensions"] == [{"Name": "environment", "Value": "production"}]


def test_a_quiet_hour_loses_seconds_for_hosts_beat_and_the_site_stays_fit(
    serving: Environment,
) -> None:
    put(serving, {"RowsBehind": 0, "RowsPerSecond": 0})
    assert states(looked(serving), "fail") == set()
    loss = over.step(serving, "decide", dry=True)["expected"]
    assert loss["seconds_at_most"] < 60
    assert (loss["rows"], loss["rows_at_most"]) == (0, 0)
    assert answering(serving) == balancer(serving, "home")


def test_a_region_that_is_too_slow_to_be_asked_is_told_by_name_and_not_taken_for_lost(
    serving: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "HASTY_READ", 1.0)
    serving.handle.faults([{"effect": "delay", "seconds": 1.5, "region": over.HOME}])
    found = looked(serving)
    assert serving.handle.fired()
    assert states(found, "fail") == set()
    assert "Operations" in states(found, "unknown")
    said = row(found, "Operations")["said"]
    assert "us-east-1, where site home stands, does not answer" in said
    assert answering(serving) == balancer(serving, "home")


def test_a_dead_host_leaves_visitors_where_another_one_serves_them(serving: Environment) -> None:
    first, *_rest = hosts(serving)
    serving.handle.strike("target-fails", region=over.HOME, instance=first)
    assert answering(serving) == balancer(serving, "home")


def test_where_home_has_no_ready_host_at_all_pages_are_read_elsewhere_and_nothing_is_promoted(
    serving: Environment,
) -> None:
    """As docs/traffic.md tells of a warm standby: the only thing that sends visitors there."""
    dead = hosts(serving)
    for each in dead:
        serving.handle.strike("target-fails", region=over.HOME, instance=each)
    assert answering(serving) == balancer(serving, "recovery")
    assert over.is_replica(serving) and not over.switched(serving)


def test_every_alarm_that_rings_at_once_moves_nothing(serving: Environment) -> None:
    for site in SITES:
        client = serving.aws(site).client("cloudwatch")
        for alarm in alarms(serving, site):
            if not alarm["AlarmName"].endswith("-switch"):
                client.set_alarm_state(
                    AlarmName=alarm["AlarmName"], StateValue="ALARM", StateReason="a test"
                )
    assert answering(serving) == balancer(serving, "home")
