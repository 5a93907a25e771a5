# SPDX-License-Identifier: GPL-3.0-or-later
"""Alarms of the sandbox behave as AWS's, where the emulator alone does not."""

from __future__ import annotations

from typing import Any


def put(cloud: Any, **more: Any) -> None:
    cloud.client("cloudwatch").put_metric_alarm(
        AlarmName="switch",
        Namespace="Phoenix",
        MetricName="Switch",
        Dimensions=[{"Name": "Environment", "Value": "production"}],
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        Period=60,
        Threshold=0.5,
        Statistic="Maximum",
        **more,
    )


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
