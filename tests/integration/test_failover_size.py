# SPDX-License-Identifier: GPL-3.0-or-later
"""The web tier comes to the size at which it ran where the environment comes from."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

import failing_over as over
import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.run import run
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.acts import scale
from environment import Environment, addresses

GROUP = "production-recovery-web"
LEAST, MOST = 2, 12
MINUTE = datetime.timedelta(minutes=1)


def tell(
    environment: Environment, hosts: int, ago: datetime.timedelta, site: str = "recovery"
) -> None:
    """What so many hosts would have told, each once, in one minute before this one."""
    at = (datetime.datetime.now(datetime.UTC) - ago).replace(second=0, microsecond=0)
    datum = {
        "MetricName": "Hosts",
        "Dimensions": [{"Name": "environment", "Value": "production"}],
        "Value": 1.0,
        "Timestamp": at,
    }
    client = environment.aws(site).client("cloudwatch")
    for _host in range(hosts):
        client.put_metric_data(Namespace="Phoenix/Heartbeat", MetricData=[datum])


def group(environment: Environment) -> dict[str, Any]:
    client = environment.aws("recovery").client("autoscaling")
    [found] = client.describe_auto_scaling_groups(AutoScalingGroupNames=[GROUP])[
        "AutoScalingGroups"
    ]
    return dict(found)


def bounds(environment: Environment) -> tuple[int, int, int]:
    found = group(environment)
    return found["MinSize"], found["DesiredCapacity"], found["MaxSize"]


def tier(environment: Environment, operation: str, *, wait: bool) -> dict[str, Any]:
    """The web tier as role dr_site has it made, with what that knows of the promoted database."""
    opened = over.step(environment, "open", operation=operation)
    facts = over.step(environment, "promote", operation=operation)["evidence"]["facts"]
    told = {
        "isolated": operation == "failover",
        "within": opened["id"],
        "wait": wait,
        "wait_timeout": 60,
        "known": {**opened["known"], "db_instance/main": facts},
    }
    params = environment.params("recovery", **told)
    return run({**params, **params.pop("traffic")}, "web_tier", dry=False)


def scaled(environment: Environment, operation: str = "failover", **more: Any) -> dict[str, Any]:
    """What step scale has recorded, done as the role does it."""
    over.upto(environment, "grade", operation=operation, **more)
    assert not over.step(environment, "scale", operation=operation)["done"]
    did = tier(environment, operation, wait=False)["done"]
    found = over.step(environment, "scale", operation=operation, told={"did": did})
    tier(environment, operation, wait=True)
    evidence: dict[str, Any] = found["evidence"]
    return evidence


def figures(evidence: Mapping[str, Any]) -> dict[str, Any]:
    return {name: evidence[name] for name in ("known", "least", "most", "asked", "in_service")}


@pytest.mark.parametrize(
    "operation", ["failover", pytest.param("switchover", marks=pytest.mark.sweep)]
)
def test_as_many_hosts_serve_as_ran_at_once_within_the_last_day(
    built: Environment, operation: str
) -> None:
    tell(built, 4, 2 * MINUTE)
    tell(built, 5, 300 * MINUTE)
    tell(built, 9, 1500 * MINUTE)
    if operation == "failover":
        over.go_dark(built)
    found = scaled(built, operation, accept_unfenced=True)
    assert figures(found) == {
        "known": 5,
        "least": LEAST,
        "most": MOST,
        "asked": 5,
        "in_service": 5,
    }
    assert f"autoscaling SetDesiredCapacity {GROUP} 5" in found["did"]
    assert bounds(built) == (LEAST, 5, MOST)


def test_what_is_declared_stays_and_the_size_is_asked_for_once_and_left_to_the_group(
    built: Environment,
) -> None:
    tell(built, 5, 2 * MINUTE)
    scaled(built)
    client = built.aws("recovery").client("autoscaling")
    client.set_desired_capacity(AutoScalingGroupName=GROUP, DesiredCapacity=3)
    over.upto(built, "close")
    assert "recovery autoscaling_group/web" not in addresses(built.plan())
    built.run()
    assert bounds(built) == (LEAST, 3, MOST)


@pytest.mark.parametrize(("ran", "asked"), [(1, LEAST), (MOST + 3, MOST)])
def test_the_size_is_within_the_declared_bounds(built: Environment, ran: int, asked: int) -> None:
    tell(built, ran, MINUTE)
    found = scaled(built)
    assert (found["known"], found["asked"]) == (ran, asked)
    assert bounds(built)[1] == asked


def test_a_group_that_has_more_hosts_by_now_keeps_them(built: Environment) -> None:
    """As one does of which a run has died that had asked for them."""
    tell(built, 3, 2 * MINUTE)
    over.upto(built, "grade")
    over.step(built, "scale")
    tier(built, "failover", wait=False)
    client = built.aws("recovery").client("autoscaling")
    client.set_desired_capacity(AutoScalingGroupName=GROUP, DesiredCapacity=6)
    over.step(built, "scale", told={"did": []})
    assert bounds(built)[1] == 6


def test_where_nothing_is_known_it_is_the_declared_minimum_and_that_is_told(
    built: Environment,
) -> None:
    tell(built, 7, 2 * MINUTE, site="home")
    found = scaled(built)
    assert (found["known"], found["asked"], found["in_service"]) == (None, LEAST, LEAST)
    assert not [did for did in found["did"] if "SetDesiredCapacity" in did]


@pytest.mark.sweep
def test_fewer_hosts_than_ran_are_better_than_none_and_that_is_a_finding(
    built: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scale, "PATIENCE", 1.0)
    tell(built, 5, 2 * MINUTE)
    over.upto(built, "grade")
    over.step(built, "scale")
    tier(built, "failover", wait=True)
    built.handle.strike("no-capacity", region=over.RECOVERY)
    try:
        found = over.step(built, "scale", told={"did": []})["evidence"]
    finally:
        built.handle.strike("capacity-returns", region=over.RECOVERY)
    assert (found["asked"], found["in_service"]) == (5, LEAST)
    *_rest, closed = over.upto(built, "close")
    [finding] = [one for one in closed["report"]["findings"] if "hosts" in one]
    assert "2 hosts, and 5 were asked for" in finding


def test_fewer_hosts_than_are_declared_at_least_stop_it(built: Environment) -> None:
    tell(built, 5, 2 * MINUTE)
    over.upto(built, "grade")
    over.step(built, "scale")
    built.handle.strike("no-capacity", region=over.RECOVERY)
    try:
        tier(built, "failover", wait=False)
        with pytest.raises(Refusal, match="0 of 2 hosts healthy"):
            over.step(built, "scale", told={"did": []}, wait_timeout=2)
    finally:
        built.handle.strike("capacity-returns", region=over.RECOVERY)
    assert over.told(built)[-1] == "scale failed"
