# SPDX-License-Identifier: GPL-3.0-or-later
"""Alarms of CloudWatch, and the topics of SNS that they tell."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from .account import Account, refused, tags, until

METRIC = {"Namespace": "Shop", "MetricName": "errors"}
ALARM = {
    **METRIC,
    "AlarmName": "errors",
    "Statistic": "Maximum",
    "Period": 10,
    "EvaluationPeriods": 1,
    "Threshold": 1,
    "ComparisonOperator": "GreaterThanThreshold",
}


@pytest.fixture
def watch(account: Account) -> Any:
    """CloudWatch, with an alarm."""
    watch = account.client("cloudwatch")
    watch.put_metric_alarm(**ALARM)
    return watch


@pytest.fixture
def sns(account: Account) -> Any:
    return account.client("sns")


def alarm(watch: Any) -> dict[str, Any]:
    return dict(watch.describe_alarms(AlarmNames=["errors"])["MetricAlarms"][0])


def measure(watch: Any, value: float) -> None:
    metric = {"MetricName": METRIC["MetricName"], "Value": value}
    watch.put_metric_data(Namespace=METRIC["Namespace"], MetricData=[metric])


def test_a_new_alarm_has_not_enough_data(watch: Any) -> None:
    assert alarm(watch)["StateValue"] == "INSUFFICIENT_DATA"


def test_an_alarm_follows_its_metric(watch: Any) -> None:
    measure(watch, 9)
    until(lambda: alarm(watch)["StateValue"] == "ALARM")


def test_data_of_a_metric_are_read_back(watch: Any) -> None:
    measure(watch, 9)
    stat = {"Metric": METRIC, "Period": 60, "Stat": "Maximum"}
    now = datetime.now(UTC)
    told = watch.get_metric_data(
        MetricDataQueries=[{"Id": "q", "MetricStat": stat}],
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=1),
    )
    assert told["MetricDataResults"][0]["Values"] == [9.0]


def test_an_alarm_may_be_made_of_others(watch: Any) -> None:
    watch.put_composite_alarm(AlarmName="shop", AlarmRule="ALARM(errors)")
    told = watch.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert [one["AlarmRule"] for one in told] == ["ALARM(errors)"]


def test_a_state_that_was_set_outlives_a_change_of_the_alarm(watch: Any) -> None:
    watch.set_alarm_state(AlarmName="errors", StateValue="OK", StateReason="x")
    watch.put_metric_alarm(**{**ALARM, "Threshold": 2})
    assert (alarm(watch)["StateValue"], alarm(watch)["Threshold"]) == ("OK", 2)


def test_tags_of_an_alarm_are_added_removed_and_listed(watch: Any) -> None:
    arn = {"ResourceARN": alarm(watch)["AlarmArn"]}
    watch.tag_resource(**arn, Tags=tags(site="home", own="me"))
    watch.untag_resource(**arn, TagKeys=["own"])
    assert watch.list_tags_for_resource(**arn)["Tags"] == tags(site="home")


def test_a_deleted_alarm_is_gone(watch: Any) -> None:
    watch.delete_alarms(AlarmNames=["errors"])
    assert watch.describe_alarms()["MetricAlarms"] == []


def test_a_dashboard_is_kept(watch: Any) -> None:
    body = json.dumps({"widgets": []})
    watch.put_dashboard(DashboardName="shop", DashboardBody=body)
    assert watch.get_dashboard(DashboardName="shop")["DashboardBody"] == body


def test_a_topic_is_made_once_and_told_its_attributes(sns: Any) -> None:
    arn = {"TopicArn": sns.create_topic(Name="alarms")["TopicArn"]}
    assert sns.create_topic(Name="alarms")["TopicArn"] == arn["TopicArn"]
    sns.set_topic_attributes(**arn, AttributeName="DisplayName", AttributeValue="Shop")
    assert sns.get_topic_attributes(**arn)["Attributes"]["DisplayName"] == "Shop"
    sns.delete_topic(**arn)
    assert refused(sns.get_topic_attributes, **arn) == "NotFound"


def test_a_topic_is_subscribed_to_published_to_and_left(sns: Any) -> None:
    arn = {"TopicArn": sns.create_topic(Name="alarms")["TopicArn"]}
    made = sns.subscribe(
        **arn,
        Protocol="https",
        Endpoint="https://hooks.example.test/a",
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    sns.subscribe(**arn, Protocol="email", Endpoint="a@example.test")
    assert sns.publish(**arn, Message="m")["MessageId"]
    found = sns.list_subscriptions_by_topic(**arn)["Subscriptions"]
    assert {one["Protocol"] for one in found} == {"https", "email"}
    sns.unsubscribe(SubscriptionArn=made)
    found = sns.list_subscriptions_by_topic(**arn)["Subscriptions"]
    assert [one["Protocol"] for one in found] == ["email"]


def test_tags_of_a_topic_are_added_removed_and_listed(sns: Any) -> None:
    arn = {"ResourceArn": sns.create_topic(Name="alarms")["TopicArn"]}
    sns.tag_resource(**arn, Tags=tags(site="home", own="me"))
    sns.untag_resource(**arn, TagKeys=["own"])
    assert sns.list_tags_for_resource(**arn)["Tags"] == tags(site="home")


def test_figures_of_a_metric_are_told_by_minute(watch: Any) -> None:
    now = datetime.now(UTC)
    watch.put_metric_data(
        Namespace="Beats",
        MetricData=[
            {"MetricName": "At", "Value": value, "Timestamp": now - timedelta(minutes=5)}
            for value in (1.0, 3.0)
        ],
    )
    told = {
        "Namespace": "Beats",
        "MetricName": "At",
        "StartTime": now - timedelta(minutes=15),
        "EndTime": now,
        "Period": 60,
        "Statistics": ["Maximum"],
    }
    assert [point["Maximum"] for point in watch.get_metric_statistics(**told)["Datapoints"]] == [3]
    nobody = {**told, "MetricName": "Nobody"}
    assert watch.get_metric_statistics(**nobody)["Datapoints"] == []
