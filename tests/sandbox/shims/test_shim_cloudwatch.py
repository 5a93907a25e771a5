# SPDX-License-Identifier: GPL-3.0-or-later
"""Alarms of the sandbox behave as AWS's, where the emulator alone does not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError


def put(cloud: Any, **more: Any) -> None:
    how: dict[str, Any] = {
        "AlarmName": "switch",
        "Namespace": "Phoenix",
        "MetricName": "Switch",
        "Dimensions": [{"Name": "Environment", "Value": "production"}],
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": 1,
        "Period": 60,
        "Threshold": 0.5,
        "Statistic": "Maximum",
    }
    cloud.client("cloudwatch").put_metric_alarm(**{**how, **more})


def state(cloud: Any) -> str:
    told = cloud.client("cloudwatch").describe_alarms(AlarmNames=["switch"])
    return str(told["MetricAlarms"][0]["StateValue"])


def send(cloud: Any, value: float, name: str = "production") -> None:
    datum = {
        "MetricName": "Switch",
        "Dimensions": [{"Name": "Environment", "Value": name}],
        "Value": value,
    }
    cloud.client("cloudwatch").put_metric_data(Namespace="Phoenix", MetricData=[datum])


def test_an_alarm_knows_nothing_until_its_data_comes(cloud: Any) -> None:
    put(cloud)
    assert state(cloud) == "INSUFFICIENT_DATA"
    send(cloud, 1, "staging")
    assert state(cloud) == "INSUFFICIENT_DATA"
    send(cloud, 0)
    assert state(cloud) == "OK"
    send(cloud, 1)
    assert state(cloud) == "ALARM"


def test_an_alarm_put_again_keeps_its_state_and_its_tags(cloud: Any) -> None:
    put(cloud, Tags=[{"Key": "a", "Value": "b"}])
    send(cloud, 1)
    put(cloud, Tags=[{"Key": "c", "Value": "d"}], AlarmDescription="new")
    assert state(cloud) == "ALARM"
    watch = cloud.client("cloudwatch")
    arn = watch.describe_alarms()["MetricAlarms"][0]["AlarmArn"]
    assert watch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "a", "Value": "b"}]
    watch.delete_alarms(AlarmNames=["switch"])
    put(cloud)
    assert state(cloud) == "INSUFFICIENT_DATA"
    assert watch.list_tags_for_resource(ResourceARN=arn)["Tags"] == []


def test_an_alarm_learns_that_data_is_missing_as_time_passes(cloud: Any) -> None:
    put(cloud)
    send(cloud, 1)
    cloud.advance(119)
    assert state(cloud) == "ALARM"
    cloud.advance(300)
    assert state(cloud) == "INSUFFICIENT_DATA"


@pytest.mark.parametrize(
    ("treatment", "expected"),
    [("ignore", "ALARM"), ("breaching", "ALARM"), ("notBreaching", "OK")],
)
def test_missing_data_is_treated_as_the_alarm_says(
    cloud: Any, treatment: str, expected: str
) -> None:
    put(cloud, TreatMissingData=treatment)
    send(cloud, 1)
    cloud.advance(420)
    assert state(cloud) == expected


def test_an_alarm_wants_as_many_datapoints_as_it_says(cloud: Any) -> None:
    put(cloud, EvaluationPeriods=3, DatapointsToAlarm=2)
    seen = []
    for value in (0, 1, 0, 1, 0, 0):
        send(cloud, value)
        seen.append(state(cloud))
        cloud.advance(60)
    assert seen[2:] == ["OK", "ALARM", "OK", "OK"]


def test_data_counts_in_the_period_of_its_own_time(cloud: Any) -> None:
    put(cloud, Statistic="Sum", Threshold=5.0)
    past = datetime.now(UTC) - timedelta(seconds=3600)
    for when, value in ((past, 100.0), (None, 3.0), (None, 3.0)):
        datum = {
            "MetricName": "Switch",
            "Dimensions": [{"Name": "Environment", "Value": "production"}],
            "Value": value,
            **({"Timestamp": when} if when else {}),
        }
        cloud.client("cloudwatch").put_metric_data(Namespace="Phoenix", MetricData=[datum])
        if value == 100.0:
            assert state(cloud) == "INSUFFICIENT_DATA"
    summary = {"SampleCount": 2, "Sum": 9.0, "Minimum": 4.0, "Maximum": 5.0}
    dimensions = [{"Name": "Environment", "Value": "production"}]
    cloud.client("cloudwatch").put_metric_data(
        Namespace="Phoenix",
        MetricData=[{"MetricName": "Switch", "Dimensions": dimensions, "StatisticValues": summary}],
    )
    assert state(cloud) == "ALARM"


def test_a_state_that_was_set_lasts_until_the_next_evaluation(cloud: Any) -> None:
    cloud.slow()
    put(cloud)
    send(cloud, 0)
    watch = cloud.client("cloudwatch")
    watch.set_alarm_state(AlarmName="switch", StateValue="ALARM", StateReason="a test")
    assert state(cloud) == "ALARM"
    cloud.advance(60)
    assert state(cloud) == "OK"
    absent = {"AlarmName": "absent", "StateValue": "OK", "StateReason": "a test"}
    assert cloud.refused("cloudwatch", "set_alarm_state", **absent) == "ResourceNotFound"


def math_alarm(cloud: Any, expression: str) -> None:
    def query(name: str) -> dict[str, Any]:
        metric = {"Namespace": "Phoenix", "MetricName": name}
        stat = {"Metric": metric, "Period": 60, "Stat": "Maximum"}
        return {"Id": name, "MetricStat": stat, "ReturnData": False}

    cloud.client("cloudwatch").put_metric_alarm(
        AlarmName="switch",
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        EvaluationPeriods=1,
        Threshold=0.0,
        Metrics=[{"Id": "result", "Expression": expression}, query("desired"), query("largest")],
    )


def test_metric_math_is_evaluated_where_it_is_arithmetic(cloud: Any) -> None:
    for expression, expected in (("desired - largest", "OK"), ("largest - desired", "ALARM")):
        math_alarm(cloud, expression)
        data = [{"MetricName": "desired", "Value": 2.0}, {"MetricName": "largest", "Value": 4.0}]
        cloud.client("cloudwatch").put_metric_data(Namespace="Phoenix", MetricData=data)
        assert state(cloud) == expected
    math_alarm(cloud, "IF(desired > largest, 1, 0)")
    cloud.advance(600)
    [told] = cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert "does not understand" in told["StateReason"]


def topic(cloud: Any) -> tuple[str, Any]:
    """A topic, and what reads what is published to it."""
    sns, sqs = cloud.client("sns"), cloud.client("sqs")
    arn = sns.create_topic(Name="alarms")["TopicArn"]
    queue = sqs.create_queue(QueueName="alarms")["QueueUrl"]
    target = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=target["Attributes"]["QueueArn"])

    def read() -> list[dict[str, Any]]:
        found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in found:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(json.loads(message["Body"])["Message"]) for message in found]

    return str(arn), read


def test_a_change_of_state_is_published_and_stands_in_the_history(cloud: Any) -> None:
    arn, read = topic(cloud)
    put(cloud, AlarmActions=[arn], OKActions=[arn, "arn:aws:lambda:us-east-1:1:function:f"])
    send(cloud, 1)
    [told] = read()
    assert (told["AlarmName"], told["OldStateValue"], told["NewStateValue"]) == (
        "switch",
        "INSUFFICIENT_DATA",
        "ALARM",
    )
    assert told["Trigger"]["MetricName"] == "Switch"
    send(cloud, 1)
    assert read() == []
    cloud.advance(60)
    send(cloud, 0)
    assert [one["NewStateValue"] for one in read()] == ["OK"]
    found = cloud.client("cloudwatch").describe_alarm_history(
        AlarmName="switch", ScanBy="TimestampAscending"
    )["AlarmHistoryItems"]
    assert [(one["HistoryItemType"], one["HistorySummary"]) for one in found] == [
        ("ConfigurationUpdate", 'Alarm "switch" created'),
        ("StateUpdate", "Alarm updated from INSUFFICIENT_DATA to ALARM"),
        ("Action", f"Successfully executed action {arn}"),
        ("StateUpdate", "Alarm updated from ALARM to OK"),
        ("Action", f"Successfully executed action {arn}"),
        ("Action", "Failed to execute action arn:aws:lambda:us-east-1:1:function:f"),
    ]
    cloud.client("cloudwatch").delete_alarms(AlarmNames=["switch"])
    [last, *_] = cloud.client("cloudwatch").describe_alarm_history(
        AlarmName="switch", HistoryItemType="ConfigurationUpdate"
    )["AlarmHistoryItems"]
    assert last["HistorySummary"] == 'Alarm "switch" deleted'


def test_actions_that_are_off_are_not_carried_out(cloud: Any) -> None:
    arn, read = topic(cloud)
    put(cloud, AlarmActions=[arn], ActionsEnabled=False)
    send(cloud, 1)
    assert state(cloud) == "ALARM"
    assert read() == []


def composite(cloud: Any, name: str, rule: str, **more: Any) -> None:
    cloud.client("cloudwatch").put_composite_alarm(AlarmName=name, AlarmRule=rule, **more)


def composites(cloud: Any, **more: Any) -> dict[str, str]:
    asked = more or {"AlarmTypes": ["CompositeAlarm"]}
    found = cloud.client("cloudwatch").describe_alarms(**asked)["CompositeAlarms"]
    return {alarm["AlarmName"]: alarm["StateValue"] for alarm in found}


def test_a_composite_alarm_follows_the_alarms_of_its_rule(cloud: Any) -> None:
    arn, read = topic(cloud)
    put(cloud)
    composite(cloud, "both", "ALARM(switch) AND NOT OK(switch)", AlarmActions=[arn])
    composite(cloud, "above", 'ALARM("both")')
    assert composites(cloud) == {"both": "OK", "above": "OK"}
    send(cloud, 1)
    assert composites(cloud) == {"both": "ALARM", "above": "ALARM"}
    assert [told["AlarmName"] for told in read()] == ["both"]
    cloud.advance(60)
    send(cloud, 0)
    assert composites(cloud) == {"both": "OK", "above": "OK"}
    found = cloud.client("cloudwatch").describe_alarms()
    assert [alarm["AlarmName"] for alarm in found["MetricAlarms"]] == ["switch"]
    assert found["CompositeAlarms"] == []
    assert composites(cloud, ParentsOfAlarmName="switch") == {"both": "OK"}
    assert composites(cloud, ChildrenOfAlarmName="above") == {"both": "OK"}


def test_a_cycle_of_composite_alarms_comes_to_an_end(cloud: Any) -> None:
    put(cloud)
    composite(cloud, "one", "ALARM(switch)")
    composite(cloud, "two", "ALARM(one)")
    composite(cloud, "one", "ALARM(switch) OR ALARM(two)")
    send(cloud, 1)
    assert composites(cloud) == {"one": "ALARM", "two": "ALARM"}


def test_composite_alarms_that_cannot_be_are_refused_and_hold_their_children(cloud: Any) -> None:
    put(cloud)
    wrong = {"AlarmName": "both", "AlarmRule": "ALARM(switch"}
    assert cloud.refused("cloudwatch", "put_composite_alarm", **wrong) == "ValidationError"
    wrong["AlarmRule"] = "ALARM(absent)"
    assert cloud.refused("cloudwatch", "put_composite_alarm", **wrong) == "ValidationError"
    composite(cloud, "both", "ALARM(switch)")
    call = ("cloudwatch", "delete_alarms")
    assert cloud.refused(*call, AlarmNames=["switch"]) == "ResourceConflict"
    assert cloud.refused(*call, AlarmNames=["switch", "both"]) == ""
    assert composites(cloud) == {}


@pytest.mark.parametrize(
    "wrong",
    [
        {"Period": 61},
        {"EvaluationPeriods": 1441},
        {"Period": 3600, "EvaluationPeriods": 169},
        {"DatapointsToAlarm": 2},
    ],
)
def test_times_that_cloudwatch_does_not_take_are_refused(cloud: Any, wrong: dict[str, int]) -> None:
    how = {
        "AlarmName": "switch",
        "Namespace": "Phoenix",
        "MetricName": "Switch",
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": 1,
        "Period": 60,
        "Threshold": 0.5,
        "Statistic": "Maximum",
    }
    assert cloud.refused("cloudwatch", "put_metric_alarm", **{**how, **wrong}) == "ValidationError"
    assert cloud.client("cloudwatch").describe_alarms()["MetricAlarms"] == []


@pytest.mark.parametrize("kind", ["AlarmActions", "OKActions", "InsufficientDataActions"])
def test_an_alarm_tells_topics_of_its_own_region_only(cloud: Any, kind: str) -> None:
    topics = {r: f"arn:aws:sns:{r}:123456789012:bell" for r in ("us-east-1", "us-west-2")}
    wanted = {"AlarmName": "both", "AlarmRule": "TRUE"}
    call = ("cloudwatch", "put_composite_alarm")
    assert cloud.refused(*call, **wanted, **{kind: [topics["us-west-2"]]}) == "ValidationError"
    assert cloud.refused(*call, **wanted, **{kind: [topics["us-east-1"]]}) == ""
    with pytest.raises(ClientError, match="Invalid region us-west-2 specified"):
        put(cloud, **{kind: list(topics.values())})
    assert cloud.client("cloudwatch").describe_alarms()["MetricAlarms"] == []


def test_alarms_have_pages(cloud: Any) -> None:
    for number in range(5):
        put(cloud, AlarmName=f"a{number}")
    pages = cloud.client("cloudwatch").get_paginator("describe_alarms")
    sizes = [len(p["MetricAlarms"]) for p in pages.paginate(PaginationConfig={"PageSize": 2})]
    assert sizes == [2, 2, 1]


def test_plain_alarms_have_no_history_and_no_composites(plain: Any) -> None:
    put(plain)
    assert plain.refused("cloudwatch", "describe_alarm_history")
    wanted = {"AlarmName": "both", "AlarmRule": "ALARM(switch)"}
    assert plain.refused("cloudwatch", "put_composite_alarm", **wanted)


def test_plain_alarms_are_ok_at_first_and_blind(plain: Any) -> None:
    """What the emulator does by itself. When this fails it has learned it: mend no more."""
    put(plain)
    assert state(plain) == "OK"
    send(plain, 1)
    assert state(plain) == "OK"
    plain.client("cloudwatch").set_alarm_state(
        AlarmName="switch", StateValue="ALARM", StateReason="test"
    )
    put(plain)
    assert state(plain) == "OK"
