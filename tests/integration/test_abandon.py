# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back out of an operation, as long as nothing was promoted."""

from __future__ import annotations

import datetime
from typing import Any

import failing_over as over
import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge import active
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.acts import (
    decide,
    scale,
)
from denying import denied
from environment import Environment
from moving import move, protect, source
from moving import records as both

GROUP = "production-home-web"


def records(environment: Environment) -> set[tuple[str, bool]]:
    found = [active.read(environment.aws(site)) for site in ("home", "recovery")]
    return {(one.site, one.moving) for one in found}


def ran(environment: Environment, hosts: int) -> None:
    """So many hosts have told that they are there."""
    environment.aws("recovery").client("cloudwatch").put_metric_data(
        Namespace=decide.NAMESPACE,
        MetricData=[
            {
                "MetricName": scale.HOSTS,
                "Dimensions": [{"Name": "environment", "Value": "production"}],
                "Values": [1.0],
                "Counts": [hosts],
                "Timestamp": datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=5),
            }
        ],
    )


def hosts(environment: Environment) -> list[str]:
    [group] = (
        environment.aws("home")
        .client("autoscaling")
        .describe_auto_scaling_groups(AutoScalingGroupNames=[GROUP])["AutoScalingGroups"]
    )
    return [one["InstanceId"] for one in group["Instances"]]


@pytest.mark.parametrize(
    ("operation", "last", "frozen"),
    [
        pytest.param("failover", "fence", False, marks=pytest.mark.sweep),
        ("switchover", "freeze", True),
    ],
)
@pytest.mark.sweep
def test_an_operation_that_is_given_up_leaves_home_serving_and_can_be_begun_again(
    built: Environment, operation: str, last: str, frozen: bool
) -> None:
    before = over.let_in(built)
    given: dict[str, Any] = {"operation": operation}
    over.upto(built, last, **given)
    told = over.step(built, "abandon", dry=True, **given)["evidence"]
    assert (told["frozen"], told["site"]) == (frozen, "home")
    over.abandon(built, **given)
    assert records(built) == {("home", False)}
    assert over.is_replica(built) and not over.switched(built)
    built.run()
    assert len(over.let_in(built)) == len(before)
    over.upto(built, "close", **given)
    assert not over.is_replica(built)
    assert records(built) == {("recovery", False)}


def test_once_the_promotion_was_asked_for_there_is_no_way_back(built: Environment) -> None:
    over.upto(built, "promote")
    with pytest.raises(Refusal, match="has asked for the promotion, which is not taken back"):
        over.abandon(built)
    assert active.read(built.aws("recovery")).moving


def test_what_aws_has_refused_to_promote_can_be_given_up_and_nobody_stays_frozen(
    built: Environment,
) -> None:
    given: dict[str, Any] = {"operation": "switchover"}
    over.upto(built, "caught", **given)
    keys = denied(built, "rds:PromoteReadReplica")
    with pytest.raises(Refusal, match="AWS refuses to promote"):
        over.upto(built, "promote", **given, **keys)
    assert over.step(built, "abandon", dry=True, **given)["evidence"]["frozen"]
    over.abandon(built, **given)
    assert records(built) == {("home", False)}


def test_an_order_of_which_nobody_knows_whether_aws_took_it_is_not_given_up(
    built: Environment,
) -> None:
    given: dict[str, Any] = {"operation": "switchover"}
    over.upto(built, "caught", **given)
    built.handle.faults([{"effect": "lost", "action": "PromoteReadReplica"}])
    with pytest.raises(Refusal):
        over.upto(built, "promote", **given, wait_timeout=1)
    built.handle.faults([])
    with pytest.raises(Refusal, match="has asked for the promotion"):
        over.abandon(built, **given)


def test_what_a_move_may_have_had_promoted_is_not_given_up_by_the_failover_that_took_it_over(
    built: Environment,
) -> None:
    """Though AWS shows a replica still, as it does for a while."""
    given: dict[str, Any] = {"operation": "switchover"}
    over.upto(built, "caught", **given)
    built.handle.faults([{"effect": "error500", "action": "PromoteReadReplica"}])
    with pytest.raises(Refusal):
        over.upto(built, "promote", **given, wait_timeout=1)
    over.go_dark(built)
    with pytest.raises(Refusal):
        over.upto(built, "decide", confirm="no")
    assert over.is_replica(built)
    for dry in (True, False):
        with pytest.raises(Refusal, match="has asked for the promotion"):
            over.step(built, "abandon", dry=dry)


@pytest.mark.sweep
def test_a_site_that_was_fenced_comes_back_with_as_many_hosts_as_ran(built: Environment) -> None:
    client = built.aws("home").client("autoscaling")
    client.set_desired_capacity(AutoScalingGroupName=GROUP, DesiredCapacity=5)
    ran(built, 5)
    over.upto(built, "fence")
    assert len(hosts(built)) == 0
    over.abandon(built)
    built.run()
    assert len(hosts(built)) == 5


@pytest.mark.parametrize("to", ["recovery", pytest.param("home", marks=pytest.mark.sweep)])
def test_from_the_moment_at_which_the_old_site_may_write_again_a_move_is_given_up_and_nothing_else(
    built: Environment, to: str
) -> None:
    if to == "home":
        move(built, "recovery")
        protect(built, "recovery")
    given: dict[str, Any] = {"operation": "switchover", "site": to}
    move(built, to, "intake")
    over.step(built, "abandon", **given)
    for step in ("open", "promote"):
        with pytest.raises(Refusal, match="is being given up, and is not gone on with") as told:
            over.step(built, step, **given)
    back = " -e dr_stands=home" if to == "home" else ""
    assert f"dr_operation=switchover{back} ends" in str(told.value.result)
    assert source(built, to)
    over.abandon(built, **given)
    assert {(one.site, one.moving) for one in both(built)} == {
        ("home" if to == "recovery" else "recovery", False)
    }
    over.upto(built, "close", **given)
    assert not source(built, to)


def test_where_nothing_was_begun_there_is_nothing_to_give_up(built: Environment) -> None:
    for dry in (True, False):
        with pytest.raises(Refusal, match="belongs to no failover that has been begun"):
            over.step(built, "abandon", dry=dry)


@pytest.mark.parametrize(
    ("last", "confirm"),
    [pytest.param("fence", "production", marks=pytest.mark.sweep), ("decide", "no")],
)
def test_who_was_frozen_by_a_move_is_let_write_where_the_failover_that_took_it_over_is_given_up(
    built: Environment, last: str, confirm: str
) -> None:
    over.upto(built, "freeze", operation="switchover")
    over.go_dark(built)
    over.step(built, "open")
    with pytest.raises(Refusal):
        over.upto(built, last, confirm=confirm)
    built.handle.faults([])
    assert over.step(built, "abandon", dry=True)["evidence"]["frozen"]
    over.abandon(built)
    assert records(built) == {("home", False)}


def test_a_site_that_was_told_that_it_does_not_serve_is_told_that_it_does(
    built: Environment,
) -> None:
    over.upto(built, "fence")
    over.go_dark(built)
    with pytest.raises(Refusal, match="could not be told that it serves on"):
        over.abandon(built)
    built.handle.faults([])
    over.abandon(built)
    assert records(built) == {("home", False)}
