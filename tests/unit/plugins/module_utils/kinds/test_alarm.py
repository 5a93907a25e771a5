# SPDX-License-Identifier: GPL-3.0-or-later
"""Alarms: kept as declared, on one metric or on an expression over several."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.errors import Conflict
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.alarm import Alarm


def metric(name: str, statistic: str = "Maximum") -> dict[str, Any]:
    return {
        "namespace": "AWS/AutoScaling",
        "name": name,
        "statistic": statistic,
        "period": 60,
        "dimensions": {"AutoScalingGroupName": "production-home-web"},
    }


@pytest.fixture
def want(scope: Scope) -> Want:
    topic = scope.arn("sns", scope.name("alarms"))
    spec = {
        "metric": metric("GroupDesiredCapacity"),
        "expression": "",
        "metrics": {},
        "evaluations": 3,
        "datapoints": 3,
        "threshold": 1.0,
        "comparison": "GreaterThanOrEqualToThreshold",
        "missing": "ignore",
        "actions": (topic,),
        "ok_actions": (topic,),
        "enabled": True,
        "description": "Too much",
        "tags": scope.marks("alarm", "switch"),
    }
    return Want("alarm", "switch", spec)


FORMS = {
    "one metric": {},
    "a percentile": {"metric": metric("TargetResponseTime", "p95")},
    "an expression": {
        "metric": None,
        "expression": "desired - largest",
        "metrics": {"desired": metric("GroupDesiredCapacity"), "largest": metric("GroupMaxSize")},
    },
}


@pytest.mark.parametrize("form", FORMS)
def test_a_new_alarm_is_as_declared(life: Any, want: Want, form: str) -> None:
    wanted = life(Alarm()).another(want, **FORMS[form])
    have = life(Alarm()).make(wanted)
    assert life(Alarm()).differences(wanted) == {}
    assert have.facts["arn"] == (
        "arn:aws:cloudwatch:us-east-1:123456789012:alarm:production-home-switch"
    )


@pytest.mark.parametrize(
    "other",
    [
        {"threshold": 2.0},
        {"comparison": "LessThanThreshold"},
        {"missing": "breaching"},
        {"evaluations": 5},
        {"datapoints": 1},
        {"actions": ()},
        {"ok_actions": ()},
        {"enabled": False},
        {"description": "Else"},
        pytest.param({"metric": metric("GroupMaxSize")}, id="another metric"),
        pytest.param({"metric": metric("GroupDesiredCapacity", "Minimum")}, id="another statistic"),
        pytest.param(FORMS["an expression"], id="an expression"),
    ],
    ids=lambda other: next(iter(other)),
)
def test_a_changed_setting_is_seen_and_put_right(
    life: Any, want: Want, other: dict[str, Any]
) -> None:
    life(Alarm()).make(life(Alarm()).another(want, **other))
    assert set(life(Alarm()).differences(want)) == set(other)
    life(Alarm()).repair(want)
    assert life(Alarm()).differences(want) == {}


def test_a_changed_tag_is_seen_and_put_right(life: Any, aws: Aws, want: Want) -> None:
    arn = life(Alarm()).make(want).facts["arn"]
    edit = [{"Key": "team", "Value": "else"}]
    aws.client("cloudwatch").tag_resource(ResourceARN=arn, Tags=edit)
    assert life(Alarm()).differences(want) == {"tags.team": ("else", "shop")}
    life(Alarm()).repair(want)
    assert life(Alarm()).differences(want) == {}


def test_an_alarm_that_only_begins_like_ours_is_not_ours(
    life: Any, aws: Aws, view: Any, want: Want
) -> None:
    life(Alarm()).make(want)
    aws.client("cloudwatch").put_metric_alarm(
        AlarmName="production-home-theirs",
        Namespace="X",
        MetricName="Y",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="LessThanThreshold",
    )
    assert [have.id for have in Alarm().find(view(), [])] == ["switch"]


def test_a_deleted_alarm_is_gone(life: Any, want: Want) -> None:
    life(Alarm()).make(want)
    life(Alarm()).remove(want)
    assert life(Alarm()).find(want) is None


def test_an_alarm_that_somebody_made_since_the_plan_is_not_overwritten(
    aws: Aws, want: Want
) -> None:
    cloudwatch = aws.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="production-home-switch",
        Namespace="Theirs",
        MetricName="Seconds",
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=7.0,
        ComparisonOperator="GreaterThanThreshold",
    )
    with pytest.raises(Conflict, match="it is not ours") as refused:
        Alarm().create(aws, want)
    assert "rename or remove" in refused.value.hint
    (alarm,) = cloudwatch.describe_alarms()["MetricAlarms"]
    assert alarm["Threshold"] == 7.0
