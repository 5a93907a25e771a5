# SPDX-License-Identifier: GPL-3.0-or-later
"""Health checks: of endpoints and of alarms."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
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


def test_a_check_of_an_alarm_names_the_alarm_and_what_silence_means(scope: Scope, aws: Aws) -> None:
    spec = {
        "type": "CLOUDWATCH_METRIC",
        "alarm": {"region": "us-west-2", "name": "production-recovery-switch"},
        "missing": "LastKnownStatus",
        "inverted": False,
        "disabled": False,
        "tags": scope.marks("health_check", "switch"),
    }
    with Stubber(aws.once("route53")) as stub:
        stub.add_response(
            "create_health_check",
            {
                "Location": "https://route53/x",
                "HealthCheck": {
                    "Id": "one",
                    "CallerReference": "r",
                    "HealthCheckConfig": {"Type": "CLOUDWATCH_METRIC"},
                    "HealthCheckVersion": 1,
                },
            },
            {
                "CallerReference": ANY,
                "HealthCheckConfig": {
                    "Type": "CLOUDWATCH_METRIC",
                    "Inverted": False,
                    "Disabled": False,
                    "InsufficientDataHealthStatus": "LastKnownStatus",
                    "AlarmIdentifier": {
                        "Region": "us-west-2",
                        "Name": "production-recovery-switch",
                    },
                },
            },
        )
        with Stubber(aws.client("route53")) as tags:
            tags.add_response("change_tags_for_resource", {})
            have = HealthCheck().create(aws, Want("health_check", "switch", spec))
    assert have.facts["arn"] == "arn:aws:route53:::healthcheck/one"


def test_a_deleted_check_is_gone(life: Any, endpoint: Want) -> None:
    life(HealthCheck()).make(endpoint)
    life(HealthCheck()).remove(endpoint)
    assert life(HealthCheck()).find(endpoint) is None
