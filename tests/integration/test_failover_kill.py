# SPDX-License-Identifier: GPL-3.0-or-later
"""A failover that is killed at any request is finished by the same command: all is done once."""

from __future__ import annotations

import signal
from typing import Any

import failing_over as over
import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge import active
from environment import Environment
from killing import FAILOVER, killed_operation

# The writes of the acts, in the order in which they come, and which of its kind each is; of those
# of the fence the lease, the hosts and the database come at once, and then the record.
ACTS = (
    (over.HOME, "ssm", "PutParameter", 1),
    (over.HOME, "autoscaling", "UpdateAutoScalingGroup", 1),
    (over.HOME, "ec2", "RevokeSecurityGroupIngress", 1),
    (over.HOME, "rds", "RebootDBInstance", 1),
    (over.HOME, "ssm", "PutParameter", 2),
    (over.HOME, "ssm", "DeleteParameter", 1),
    (over.RECOVERY, "rds", "PromoteReadReplica", 1),
    (over.RECOVERY, "secretsmanager", "StopReplicationToReplica", 1),
    (over.RECOVERY, "secretsmanager", "TagResource", 1),
    (over.RECOVERY, "cloudwatch", "PutMetricData", 1),
    (over.RECOVERY, "secretsmanager", "PutSecretValue", 1),
    (over.RECOVERY, "rds", "ModifyDBInstance", 1),
    (over.RECOVERY, "secretsmanager", "UpdateSecretVersionStage", 1),
)
# Requests of a failover that nobody kills, about; the sweep goes on until there are no more.
MOST = 800
EACH = 7


def killed(environment: Environment, rule: dict[str, Any], *beside: dict[str, Any]) -> bool:
    """Whether a run got as far as the request at which it was to be killed."""
    status = killed_operation(environment, rule, FAILOVER, *beside)
    fired = [one for one in environment.handle.fired() if one["effect"] == "kill"]
    environment.handle.faults([])
    assert status == (-signal.SIGKILL if fired else 0)
    return bool(fired)


def finished(environment: Environment, mark: int) -> None:
    """By one more of the same command, with nothing done twice. Where it was closed already that
    command is told so, and has the report made that is missing.
    """
    if "close closed" not in over.told(environment):
        assert killed_operation(environment, {"action": "CreateVpc"}) == 0
    elif over.reported(environment) != over.REPORT:
        assert killed_operation(environment, {"action": "CreateVpc"}) == 1
    assert over.reported(environment) == over.REPORT
    environment.handle.faults([])
    written = over.entries(environment)
    assert [entry["number"] for entry in written] == list(range(len(written)))
    told = over.told(environment)
    assert told.count("open opened") == told.count("close closed") == 1
    assert told[-1] == "close closed"
    assert {"fence done", "promote done", "master done", "record done", "switch done"} <= set(told)
    ids = {key.split("/")[2] for key in over.keys(environment)}
    assert len(ids) == 1
    assert not over.is_replica(environment)
    assert over.switched(environment)
    for site in ("home", "recovery"):
        found = active.read(environment.aws(site))
        assert (found.site, found.epoch, found.operation) == ("recovery", 102, *ids)
    log = environment.handle.log(mark)
    taken = [call for call in log if call["executed"] and call["status"] == 200]
    executed = [call["action"] for call in taken if call["region"] == over.RECOVERY]
    assert executed.count("PromoteReadReplica") == 1
    assert executed.count("StopReplicationToReplica") == 4
    assert executed.count("PutSecretValue") == 1


def test_a_failover_that_dies_at_every_write_of_its_acts_is_one_failover_in_the_end(
    built: Environment,
) -> None:
    mark = built.handle.mark()
    # Those of the fence come at once, and this one may be done when a run dies at another.
    acts = [act for act in ACTS if act[2] != "RevokeSecurityGroupIngress"]
    for number, (region, service, action, at) in enumerate(acts):
        rule = {"region": region, "service": service, "action": action, "at": at}
        assert killed(built, {**rule, "mode": ("after", "before")[number % 2]})
    finished(built, mark)


@pytest.mark.sweep
def test_a_failover_of_a_dark_home_that_dies_at_every_write_of_its_acts_is_one_failover_in_the_end(
    built: Environment,
) -> None:
    mark, dark = built.handle.mark(), {"effect": "dark", "region": over.HOME}
    acts = [act for act in ACTS if act[0] == over.RECOVERY]
    for number, (region, service, action, at) in enumerate(acts):
        rule = {"region": region, "service": service, "action": action, "at": at}
        assert killed(built, {**rule, "mode": ("after", "before")[number % 2]}, dark)
    assert killed_operation(built, {"action": "CreateVpc"}, FAILOVER, dark) == 0
    assert over.told(built)[-1] == "close closed"
    assert over.reported(built) == over.REPORT
    assert not over.is_replica(built) and over.switched(built)
    assert active.read(built.aws("recovery")).site == "recovery"
    done = [call["action"] for call in built.handle.log(mark) if call["status"] == 200]
    assert done.count("PromoteReadReplica") == 1


@pytest.mark.parametrize("at", [3, pytest.param(4, marks=pytest.mark.sweep)])
@pytest.mark.sweep
def test_a_report_that_a_killed_run_has_not_made_is_made_by_the_same_command(
    built: Environment, at: int
) -> None:
    """It writes that it goes on, and that all is done, and dies before a page or its facts."""
    mark = built.handle.mark()
    over.upto(built, "master")
    assert killed(built, {"service": "s3", "action": "PutObject", "at": at, "mode": "before"})
    assert over.told(built)[-1] == "close closed"
    assert over.reported(built) != over.REPORT
    finished(built, mark)


@pytest.mark.parametrize("mode", ["before", "after"])
@pytest.mark.parametrize(("region", "service", "action", "at"), ACTS)
@pytest.mark.sweep
def test_a_failover_that_dies_at_a_write_of_an_act_is_finished_by_the_same_command(
    built: Environment, region: str, service: str, action: str, at: int, mode: str
) -> None:
    mark = built.handle.mark()
    rule = {"region": region, "service": service, "action": action, "at": at}
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
