# SPDX-License-Identifier: GPL-3.0-or-later
"""Health checks: of endpoints and of alarms."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.errors import NotYet
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.view import View
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.diff import compare
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import (
    Change,
    Have,
    Want,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds import route53
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.health_check import (
    HealthCheck,
)
from botocore.stub import ANY, Stubber


@pytest.fixture
def endpoint(scope: Scope) -> Want:
    spec = {
        "type": "HTTPS",
        "host": "balancer.example.org",
        "port": 443,
        "path": "/ready",
        "request_interval": 30,
        "failure_threshold": 3,
        "server_name": True,
        "measure_latency": False,
        "inverted": False,
        "disabled": False,
        "tags": scope.marks("health_check", "endpoint"),
    }
    return Want("health_check", "endpoint", spec)


def test_a_new_check_of_an_endpoint_is_as_declared(life: Any, endpoint: Want) -> None:
    have = life(HealthCheck()).make(endpoint)
    assert life(HealthCheck()).differences(endpoint) == {}
    assert have.facts["id"]


@pytest.mark.parametrize(
    ("argument", "value", "field", "wanted"),
    [
        ("ResourcePath", "/else", "path", "/ready"),
        ("FullyQualifiedDomainName", "elsewhere.example.org", "host", "balancer.example.org"),
        ("Port", 444, "port", 443),
        ("FailureThreshold", 5, "failure_threshold", 3),
        ("EnableSNI", False, "server_name", True),
        ("Disabled", True, "disabled", False),
        ("Inverted", True, "inverted", False),
    ],
)
def test_a_changed_setting_is_seen_and_put_right(
    life: Any, aws: Aws, endpoint: Want, argument: str, value: Any, field: str, wanted: Any
) -> None:
    id = life(HealthCheck()).make(endpoint).facts["id"]
    aws.client("route53").update_health_check(HealthCheckId=id, **{argument: value})
    assert life(HealthCheck()).differences(endpoint) == {field: (value, wanted)}
    life(HealthCheck()).repair(endpoint)
    assert life(HealthCheck()).differences(endpoint) == {}


def test_a_check_that_nobody_declares_any_more_is_still_ours(
    life: Any, aws: Aws, view: Any, endpoint: Want
) -> None:
    life(HealthCheck()).make(endpoint)
    assert [have.id for have in HealthCheck().find(view(), [])] == ["endpoint"]


def test_a_check_of_somebody_else_is_not_ours(life: Any, aws: Aws, endpoint: Want) -> None:
    aws.client("route53").create_health_check(
        CallerReference="theirs",
        HealthCheckConfig={"Type": "HTTPS", "FullyQualifiedDomainName": "x.org", "Port": 443},
    )
    assert life(HealthCheck()).find(endpoint) is None


ALARM = {"Region": "us-west-2", "Name": "production-recovery-switch"}
COPY = {
    "EvaluationPeriods": 1,
    "Threshold": 1.0,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "Period": 60,
    "MetricName": "HomeDisabled",
    "Namespace": "Phoenix/Failover",
    "Statistic": "Maximum",
    "Dimensions": [{"Name": "environment", "Value": "production"}],
}


@pytest.fixture
def switch(scope: Scope) -> Want:
    spec = {
        "type": "CLOUDWATCH_METRIC",
        "alarm": {"region": ALARM["Region"], "name": ALARM["Name"]},
        "copy": {
            "metric": {
                "namespace": "Phoenix/Failover",
                "name": "HomeDisabled",
                "statistic": "Maximum",
                "period": 60,
                "dimensions": {"environment": "production"},
            },
            "evaluations": 1,
            "threshold": 1.0,
            "comparison": "GreaterThanOrEqualToThreshold",
        },
        "missing": "LastKnownStatus",
        "inverted": False,
        "disabled": False,
        "tags": scope.marks("health_check", "switch"),
    }
    return Want("health_check", "switch", spec)


def told(scope: Scope, **copy: Any) -> dict[str, Any]:
    """A check as Route 53 tells it. copy: where its copy of the alarm's settings differs."""
    return {
        "Id": "one",
        "CallerReference": f"{route53.reference(scope, 'health_check')}switch.0",
        "HealthCheckConfig": {
            "Type": "CLOUDWATCH_METRIC",
            "Inverted": False,
            "Disabled": False,
            "InsufficientDataHealthStatus": "LastKnownStatus",
            "AlarmIdentifier": ALARM,
        },
        "CloudWatchAlarmConfiguration": {**COPY, **copy},
        "HealthCheckVersion": 1,
    }


def differences(aws: Aws, want: Want, item: dict[str, Any]) -> tuple[Have, tuple[Change, ...]]:
    """What is found where Route 53 tells this one check, and how it differs."""
    tags = [{"Key": key, "Value": value} for key, value in want.spec["tags"].items()]
    with Stubber(aws.client("route53")) as stub:
        listed = {"HealthChecks": [item], "Marker": "", "IsTruncated": False, "MaxItems": "100"}
        stub.add_response("list_health_checks", listed)
        resource = {"ResourceType": "healthcheck", "ResourceId": "one", "Tags": tags}
        stub.add_response("list_tags_for_resources", {"ResourceTagSets": [resource]})
        [have] = HealthCheck().find(View(aws), [want])
    return have, compare(want.spec, have.spec)


def test_a_check_of_an_alarm_names_the_alarm_and_what_silence_means(
    scope: Scope, aws: Aws, switch: Want
) -> None:
    made = told(scope)
    with Stubber(aws.once("route53")) as stub:
        stub.add_response(
            "create_health_check",
            {"Location": "https://route53/x", "HealthCheck": made},
            {"CallerReference": ANY, "HealthCheckConfig": made["HealthCheckConfig"]},
        )
        with Stubber(aws.client("route53")) as tags:
            tags.add_response("change_tags_for_resource", {})
            have = HealthCheck().create(aws, switch)
    assert have.facts["arn"] == "arn:aws:route53:::healthcheck/one"
    assert differences(aws, switch, made)[1] == ()


@pytest.mark.parametrize(
    "copy",
    [
        {"Threshold": 5.0},
        {"EvaluationPeriods": 3},
        {"ComparisonOperator": "LessThanThreshold"},
        {"MetricName": "Other"},
        {"Statistic": "Minimum"},
        {"Period": 300},
        {"Dimensions": [{"Name": "environment", "Value": "staging"}]},
    ],
    ids=lambda copy: next(iter(copy)),
)
def test_settings_of_the_alarm_that_route_53_does_not_have_are_copied_again(
    scope: Scope, aws: Aws, switch: Want, copy: dict[str, Any]
) -> None:
    have, changes = differences(aws, switch, told(scope, **copy))
    assert [change.dotted for change in changes] == ["copy"]
    with Stubber(aws.client("route53")) as stub:
        stub.add_response(
            "update_health_check",
            {"HealthCheck": told(scope)},
            {"HealthCheckId": "one", "AlarmIdentifier": ALARM},
        )
        HealthCheck().update(aws, switch, have, changes)
        stub.assert_no_pending_responses()


def test_a_copy_of_an_alarm_that_its_site_has_not_mended_yet_is_made_again_later(
    scope: Scope, aws: Aws, switch: Want
) -> None:
    have, changes = differences(aws, switch, told(scope, Threshold=5.0))
    with Stubber(aws.client("route53")) as stub:
        stub.add_response("update_health_check", {"HealthCheck": told(scope, Threshold=5.0)})
        with pytest.raises(NotYet, match="production-recovery-switch"):
            HealthCheck().update(aws, switch, have, changes)


def test_a_deleted_check_is_gone(life: Any, endpoint: Want) -> None:
    life(HealthCheck()).make(endpoint)
    life(HealthCheck()).remove(endpoint)
    assert life(HealthCheck()).find(endpoint) is None
