# SPDX-License-Identifier: GPL-3.0-or-later
"""A failover that is killed at any request is finished by the same command: all is done once."""

from __future__ import annotations

import signal
from typing import Any

import failing_over as over
import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge import active
from environment import Environment
from killing import FAILOVER, killed_run

# The writes of the acts, in the order in which they come; those of the fence come at once.
ACTS = (
    (over.HOME, "ssm", "PutParameter"),
    (over.HOME, "autoscaling", "UpdateAutoScalingGroup"),
    (over.HOME, "ec2", "RevokeSecurityGroupIngress"),
    (over.HOME, "rds", "RebootDBInstance"),
    (over.RECOVERY, "rds", "PromoteReadReplica"),
    (over.RECOVERY, "secretsmanager", "StopReplicationToReplica"),
    (over.RECOVERY, "secretsmanager", "TagResource"),
    (over.RECOVERY, "cloudwatch", "PutMetricData"),
)
# Requests of a failover that nobody kills, about; the sweep goes on until there are no more.
MOST = 760
EACH = 7


def killed(environment: Environment, rule: dict[str, Any]) -> bool:
    """Whether a run got as far as the request at which it was to be killed."""
    status = killed_run(environment, rule, FAILOVER)
    fired = environment.handle.fired()
    environment.handle.faults([])
    assert status == (-signal.SIGKILL if fired else 0)
    return bool(fired)


def finished(environment: Environment, mark: int) -> None:
    """By one more of the same command, unless it was closed already, with nothing done twice."""
    if "close closed" not in over.told(environment):
        assert killed_run(environment, {"action": "CreateVpc"}, FAILOVER) == 0
    environment.handle.faults([])
    written = over.entries(environment)
    assert [entry["number"] for entry in written] == list(range(len(written)))
    told = over.told(environment)
    assert told.count("open opened") == told.count("close closed") == 1
    assert told[-1] == "close closed"
    assert {"fence done", "promote done", "record done", "switch done"} <= set(told)
    ids = {key.split("/")[2] for key in over.keys(environment)}
    assert len(ids) == 1
    assert not over.is_replica(environment)
    assert over.switched(environment)
    for site in ("home", "recovery"):
        found = active.read(environment.aws(site))
        assert (found.site, found.epoch, found.operation) == ("recovery", 2, *ids)
    log = environment.handle.log(mark)
    taken = [call for call in log if call["executed"] and call["status"] == 200]
    executed = [call["action"] for call in taken if call["region"] == over.RECOVERY]
    assert executed.count("PromoteReadReplica") == 1
    assert executed.count("StopReplicationToReplica") == 4


def test_a_failover_that_dies_at_every_write_of_its_acts_is_one_failover_in_the_end(
    built: Environment,
) -> None:
    mark = built.handle.mark()
    for number, (region, service, action) in enumerate(ACTS):
        rule = {"region": region, "service": service, "action": action, "at": 1}
        assert killed(built, {**rule, "mode": ("after", "before")[number % 2]})
    finished(built, mark)


@pytest.mark.parametrize("mode", ["before", "after"])
@pytest.mark.parametrize(("region", "service", "action"), ACTS)
@pytest.mark.sweep
def test_a_failover_that_dies_at_a_write_of_an_act_is_finished_by_the_same_command(
    built: Environment, region: str, service: str, action: str, mode: str
) -> None:
    mark = built.handle.mark()
    rule = {"region": region, "service": service, "action": action, "at": 1}
    assert killed(built, {**rule, "mode": mode})
    finished(built, mark)


@pytest.mark.parametrize("mode", ["before", "after"])
@pytest.mark.sweep
def test_a_failover_that_dies_at_each_entry_of_its_journal_is_one_failover_in_the_end(
    built: Environment, mode: str
) -> None:
    """Each run writes that it goes on, and one entry more than the one before it."""
    mark, rule = built.handle.mark(), {"service": "s3", "action": "PutObject", "mode": mode}
    for number in range(1, 70):
        if not killed(built, {**rule, "at": 1 if number == 1 else 3}):
            break
    finished(built, mark)


@pytest.mark.parametrize(
    "at",
    [
        pytest.param(at, marks=[] if at == 1 + 30 * EACH else pytest.mark.sweep)
        for at in range(1, MOST, EACH)
    ],
)
def test_a_failover_that_dies_twice_at_any_request_is_finished_by_the_same_command(
    built: Environment, at: int
) -> None:
    """First before the request is executed, then, so many requests later, after another one is."""
    mark = built.handle.mark()
    if killed(built, {"at": at, "mode": "before"}):
        killed(built, {"at": at, "mode": "after"})
    finished(built, mark)
