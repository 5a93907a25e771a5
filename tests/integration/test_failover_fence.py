# SPDX-License-Identifier: GPL-3.0-or-later
"""The old primary is fenced where its region answers; where nothing shows that, nobody promotes."""

from __future__ import annotations

from typing import Any

import failing_over as over
import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge import active
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.acts import fence
from environment import Environment

GROUP, OLD = "production-home-web", "production-home-database"


def outcomes(environment: Environment) -> dict[str, str]:
    """What the journal tells of each layer."""
    facts = over.entries(environment)[-1]["facts"]
    return {name: layer["outcome"] for name, layer in facts["layers"].items()}


def silenced(*actions: str) -> list[dict[str, Any]]:
    return [{"effect": "error500", "region": over.HOME, "action": action} for action in actions]


def test_of_a_home_that_answers_every_layer_is_confirmed_and_is_the_case(
    built: Environment,
) -> None:
    assert over.let_in(built)
    mark = built.handle.mark()
    over.upto(built, "fence")
    assert outcomes(built) == dict.fromkeys(("record", "hosts", "database"), "confirmed")
    aws = built.aws("home")
    [group] = aws.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[GROUP])[
        "AutoScalingGroups"
    ]
    assert (group["MinSize"], group["MaxSize"], group["Instances"]) == (0, 0, [])
    assert over.let_in(built) == []
    assert f"{over.HOME} rds RebootDBInstance" in over.calls(built, mark)
    told = active.read(aws)
    assert (told.site, told.epoch, told.protected) == ("recovery", 2, False)
    assert over.is_replica(built)


def test_without_a_confirmed_layer_it_ends_before_the_promotion_and_says_what_became_of_each(
    dark: Environment,
) -> None:
    with pytest.raises(Refusal, match="takes no writes any more") as caught:
        over.upto(dark, "close")
    assert caught.value.result["code"] == "unfenced"
    assert "accept_unfenced" in caught.value.result["hint"]
    assert over.told(dark)[-1] == "fence failed"
    for layer in ("record", "hosts", "database"):
        assert f"{layer}: " in over.entries(dark)[-1]["facts"]["said"]
    with pytest.raises(Refusal, match="has not done fence"):
        over.step(dark, "promote")
    assert over.is_replica(dark)
    over.upto(dark, "promote", accept_unfenced=True)
    assert not over.is_replica(dark)


def test_that_home_was_told_alone_keeps_no_writes_away(built: Environment) -> None:
    built.handle.faults(silenced("UpdateAutoScalingGroup", "RevokeSecurityGroupIngress"))
    with pytest.raises(Refusal, match="takes no writes any more"):
        over.upto(built, "close")
    assert {fault["action"] for fault in built.handle.fired()} == {
        "UpdateAutoScalingGroup",
        "RevokeSecurityGroupIngress",
    }
    assert active.read(built.aws("home")).site == "recovery"
    assert over.is_replica(built)


@pytest.mark.parametrize(
    ("broken", "left"),
    [("UpdateAutoScalingGroup", "database"), ("RevokeSecurityGroupIngress", "hosts")],
)
def test_one_layer_that_keeps_writes_away_is_enough(
    built: Environment, broken: str, left: str
) -> None:
    built.handle.faults(silenced(broken))
    over.upto(built, "fence")
    assert built.handle.fired()
    found = outcomes(built)
    assert [name for name in fence.KEEPING if found[name] == "confirmed"] == [left]
    assert "silent" in found.values()


def test_a_database_that_is_busy_is_restarted_when_it_can_be(built: Environment) -> None:
    over.upto(built, "decide")
    built.handle.speed(15)
    built.aws("home").client("rds").reboot_db_instance(DBInstanceIdentifier=OLD)
    mark = built.handle.mark()
    over.step(built, "fence")
    asked = [c for c in built.handle.log(mark) if c["action"] == "RebootDBInstance"]
    assert len(asked) > 1
    assert asked[-1]["status"] == 200
    assert outcomes(built)["database"] == "confirmed"


def test_a_run_that_goes_on_fences_a_home_that_is_back(dark: Environment) -> None:
    over.upto(dark, "proof", accept_unfenced=True)
    dark.handle.faults([])
    over.upto(dark, "close")
    assert over.let_in(dark) == []
    done = [e for e in over.entries(dark) if (e["step"], e["state"]) == ("fence", "done")]
    assert [entry["facts"]["fenced"] for entry in done] == [False, True]


def test_a_run_that_goes_on_while_home_is_dark_need_not_be_told_again_to_accept_that(
    dark: Environment,
) -> None:
    over.upto(dark, "proof", accept_unfenced=True)
    over.upto(dark, "close")
    assert over.told(dark)[-1] == "close closed"


def test_a_record_that_is_newer_is_not_taken_for_ours(built: Environment) -> None:
    newer = active.Active(9, "home", True, "2026-01-01T00:00:00+00:00", "failback")
    active.write(built.aws("home"), newer)
    over.upto(built, "fence")
    assert outcomes(built)["record"] == "refused"
    assert active.read(built.aws("home")) == newer
