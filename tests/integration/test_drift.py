# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody changed by hand is found, shown with both values, and repaired in one run."""

from __future__ import annotations

from typing import Any

import pytest
from environment import Environment, addresses
from mutations import MUTATIONS, Mutation

Actions = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def drifted(standing: Environment) -> Actions:
    """The plan of the home site after all mutations at once, by address."""
    facts = standing.info()["home"]["known"]
    aws = standing.aws("home")
    for mutation in MUTATIONS:
        mutation.make(aws, facts)
    planned = standing.plan()
    assert addresses({"recovery": planned["recovery"]}) == set()
    return {action["address"]: action for action in planned["home"]["actions"]}


def test_at_least_forty_fields_are_changed() -> None:
    assert len({(m.address, m.field) for m in MUTATIONS}) >= 40


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: f"{m.address} {m.field or 'gone'}")
def test_the_change_is_found_with_before_and_after(drifted: Actions, mutation: Mutation) -> None:
    action = drifted[mutation.address]
    if not mutation.field:
        assert action["action"] == "create"
        return
    assert action["action"] == "change"
    changes = {change["field"]: change for change in action["changes"]}
    assert mutation.field in changes
    change = changes[mutation.field]
    assert change["before"] != change["after"]


def test_nothing_else_is_found(drifted: Actions) -> None:
    # A new version of the launch template is what the group runs on.
    follows = {"autoscaling_group/web"}
    assert set(drifted) - {mutation.address for mutation in MUTATIONS} <= follows


def test_one_run_repairs_all_of_it(standing: Environment, drifted: Actions) -> None:
    standing.run()
    assert addresses(standing.plan()) == set()


def test_an_alarm_and_its_copy_at_route_53_are_repaired_in_one_run(standing: Environment) -> None:
    known = standing.info()["home"]["known"]
    cloudwatch = standing.aws("recovery").client("cloudwatch")
    name = "production-recovery-switch"
    [alarm] = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    settings = ("EvaluationPeriods", "ComparisonOperator", "MetricName", "Namespace", "Period")
    kept = {key: alarm[key] for key in (*settings, "Statistic", "Dimensions")}
    cloudwatch.put_metric_alarm(AlarmName=name, **kept, Threshold=7.0)
    standing.aws("home").client("route53").update_health_check(
        HealthCheckId=known["health_check/switch"]["id"],
        AlarmIdentifier={"Region": "us-west-2", "Name": name},
    )
    found = addresses(standing.plan())
    assert {"home health_check/switch", "recovery alarm/switch"} <= found
    standing.run()
    assert addresses(standing.plan()) == set()
