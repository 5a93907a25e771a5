# SPDX-License-Identifier: GPL-3.0-or-later
"""A move, and the protection after it, killed at any write: the same command finishes each."""

from __future__ import annotations

import signal
from collections.abc import Iterable
from typing import Any

import failing_over as over
import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge import active
from environment import Environment
from killing import killed_operation
from moving import move, protect, records

MOVE = ("switchover", "recovery", "close")
PROTECT = ("reprotect", "recovery", "protect")
# The writes of the acts, in the order in which they come.
MOVING = (
    (over.HOME, "ssm", "PutParameter"),
    (over.RECOVERY, "rds", "PromoteReadReplica"),
    (over.RECOVERY, "secretsmanager", "StopReplicationToReplica"),
    (over.RECOVERY, "secretsmanager", "TagResource"),
    (over.RECOVERY, "cloudwatch", "PutMetricData"),
    (over.HOME, "autoscaling", "UpdateAutoScalingGroup"),
    (over.HOME, "ec2", "RevokeSecurityGroupIngress"),
    (over.HOME, "rds", "RebootDBInstance"),
    (over.RECOVERY, "secretsmanager", "PutSecretValue"),
    (over.RECOVERY, "rds", "ModifyDBInstance"),
    (over.RECOVERY, "secretsmanager", "UpdateSecretVersionStage"),
)
HOMEWARDS = (
    (over.RECOVERY, "ssm", "PutParameter"),
    (over.HOME, "ssm", "PutParameter"),
    (over.HOME, "rds", "PromoteReadReplica"),
    (over.RECOVERY, "cloudwatch", "PutMetricData"),
    (over.RECOVERY, "autoscaling", "UpdateAutoScalingGroup"),
    (over.RECOVERY, "rds", "RebootDBInstance"),
)
PROTECTING = (
    (over.HOME, "rds", "RebootDBInstance"),
    (over.HOME, "rds", "CreateDBSnapshot"),
    (over.HOME, "rds", "ModifyDBInstance"),
    (over.HOME, "rds", "DeleteDBInstance"),
    (over.RECOVERY, "secretsmanager", "ReplicateSecretToRegions"),
    (over.RECOVERY, "ssm", "PutParameter"),
)
Write = tuple[str, str, str]


def killed(environment: Environment, write: Write, mode: str, run: tuple[str, str, str]) -> None:
    region, service, action = write
    rule: dict[str, Any] = {"region": region, "service": service, "action": action, "at": 1}
    status = killed_operation(environment, {**rule, "mode": mode}, run)
    fired = environment.handle.fired()
    environment.handle.faults([])
    assert (status, bool(fired)) == (-signal.SIGKILL, True), write


def finished(environment: Environment, run: tuple[str, str, str]) -> None:
    assert killed_operation(environment, {"action": "CreateVpc"}, run) == 0
    environment.handle.faults([])


def executed(environment: Environment, mark: int, actions: Iterable[str]) -> dict[str, int]:
    """How often each action was taken."""
    log = environment.handle.log(mark)
    done = [call["action"] for call in log if call["executed"] and call["status"] == 200]
    return {action: done.count(action) for action in actions}


def ids(environment: Environment) -> set[str]:
    return {key.split("/")[2] for key in over.keys(environment)}


def moved_once(environment: Environment, mark: int) -> None:
    told = over.told(environment)
    assert told.count("open opened") == told.count("close closed") == len(ids(environment)) == 1
    actions = ("PromoteReadReplica", "PutSecretValue", "StopReplicationToReplica")
    once = dict(zip(actions, (1, 1, 4), strict=True))
    assert executed(environment, mark, actions) == once
    for site in ("home", "recovery"):
        found = active.read(environment.aws(site))
        assert (found.site, found.moving) == ("recovery", False)
    assert over.switched(environment) and not over.let_in(environment)


@pytest.mark.parametrize("mode", ["before", "after"])
@pytest.mark.sweep
def test_a_move_home_that_dies_at_every_write_of_its_acts_is_one_move_in_the_end(
    built: Environment, mode: str
) -> None:
    move(built, "recovery")
    protect(built, "recovery")
    mark = built.handle.mark()
    back = ("switchover", "home", "close")
    for write in HOMEWARDS:
        killed(built, write, mode, back)
    finished(built, back)
    once = executed(built, mark, ("PromoteReadReplica",))
    assert once == {"PromoteReadReplica": 1}
    assert {(one.site, one.moving) for one in records(built)} == {("home", False)}
    assert not over.switched(built)


@pytest.mark.sweep
def test_a_move_that_dies_at_every_write_of_its_acts_is_one_move_in_the_end(
    built: Environment,
) -> None:
    mark = built.handle.mark()
    # Hosts and database are retired at once, and this may be done when a run dies at another.
    moving = [write for write in MOVING if write[2] != "RevokeSecurityGroupIngress"]
    for number, write in enumerate(moving):
        killed(built, write, ("after", "before")[number % 2], MOVE)
    finished(built, MOVE)
    moved_once(built, mark)


def test_a_protection_that_dies_at_every_write_of_its_acts_loses_nothing_and_is_done_once(
    built: Environment,
) -> None:
    over.upto(built, "close", operation="switchover")
    mark = built.handle.mark()
    for number, write in enumerate(PROTECTING):
        killed(built, write, ("after", "before")[number % 2], PROTECT)
    finished(built, PROTECT)
    once = executed(built, mark, ("CreateDBSnapshot", "DeleteDBInstance"))
    assert once == {"CreateDBSnapshot": 1, "DeleteDBInstance": 1}
    assert {active.read(built.aws(site)).protected for site in ("home", "recovery")} == {True}


@pytest.mark.parametrize("mode", ["before", "after"])
@pytest.mark.parametrize("write", MOVING)
@pytest.mark.sweep
def test_a_move_that_dies_at_a_write_is_finished_by_the_same_command(
    built: Environment, write: Write, mode: str
) -> None:
    mark = built.handle.mark()
    killed(built, write, mode, MOVE)
    finished(built, MOVE)
    moved_once(built, mark)


@pytest.mark.parametrize("mode", ["before", "after"])
@pytest.mark.parametrize("write", PROTECTING)
@pytest.mark.sweep
def test_a_protection_that_dies_at_a_write_is_finished_by_the_same_command(
    built: Environment, write: Write, mode: str
) -> None:
    over.upto(built, "close", operation="switchover")
    killed(built, write, mode, PROTECT)
    finished(built, PROTECT)
    assert {active.read(built.aws(site)).protected for site in ("home", "recovery")} == {True}
