# SPDX-License-Identifier: GPL-3.0-or-later
"""A replica is promoted once, and what is not shown as promoted is not taken for it."""

from __future__ import annotations

import failing_over as over
import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.acts import promote
from environment import Environment
from keeping import until

PROMOTE = "PromoteReadReplica"


def asked(environment: Environment, mark: int) -> list[bool]:
    """Whether AWS took each order to promote, whatever became of its answer."""
    orders = [c for c in environment.handle.log(mark) if c["action"] == PROMOTE]
    return [order["executed"] and order["status"] == 200 for order in orders]


def unmoved(environment: Environment) -> None:
    """Traffic goes where it went, and cannot be moved."""
    with pytest.raises(Refusal, match="has not done promote"):
        over.step(environment, "switch")
    assert not over.switched(environment)


def test_an_order_that_aws_takes_and_does_not_carry_out_is_a_failure_with_a_way_on(
    built: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    over.upto(built, "intake")
    stale = {"service": "rds", "action": "DescribeDBInstances", "region": over.RECOVERY}
    built.handle.faults([{"effect": "stale", "reads": 10**6, **stale}])
    monkeypatch.setattr(promote, "IDLE", 0.5)
    mark = built.handle.mark()
    with pytest.raises(Refusal, match="took the order to promote") as caught:
        over.step(built, "promote")
    assert built.handle.fired()
    assert caught.value.result["code"] == "not_done"
    assert "describe-events" in caught.value.result["hint"]
    assert over.told(built)[-1] == "promote failed"
    assert asked(built, mark) == [True]
    unmoved(built)
    built.handle.faults([])
    over.upto(built, "close")
    assert asked(built, mark) == [True]


@pytest.mark.sweep
def test_a_replica_that_is_busy_is_promoted_when_it_can_be(built: Environment) -> None:
    over.upto(built, "intake")
    built.handle.speed(15)
    built.aws("recovery").client("rds").reboot_db_instance(DBInstanceIdentifier=over.DATABASE)
    mark, said = built.handle.mark(), list[str]()
    over.step(built, "promote", say=said.append)
    assert "rebooting" in said[0]
    assert asked(built, mark) == [True]
    assert not over.is_replica(built)
    assert over.database(built)["DBInstanceStatus"] == "available"


@pytest.mark.sweep
def test_a_run_that_was_cut_off_after_the_order_waits_for_what_it_asked_for(
    built: Environment,
) -> None:
    """AWS answers before it shows anything."""
    over.upto(built, "intake")
    built.handle.speed(15)
    mark = built.handle.mark()
    with pytest.raises(Refusal, match="the promotion: after") as caught:
        over.step(built, "promote", wait_timeout=1)
    assert caught.value.result["code"] == "not_done"
    assert over.database(built)["DBInstanceStatus"] == "available"
    assert over.is_replica(built)
    unmoved(built)
    over.step(built, "promote")
    assert asked(built, mark) == [True]
    assert not over.is_replica(built)


@pytest.mark.parametrize("effect", ["lost", "error500", "throttle"])
def test_an_order_whose_answer_does_not_come_promotes_once(built: Environment, effect: str) -> None:
    over.upto(built, "intake")
    built.handle.faults([{"effect": effect, "action": PROMOTE, "times": 1}])
    mark = built.handle.mark()
    over.step(built, "promote")
    assert [fault["action"] for fault in built.handle.fired()] == [PROMOTE]
    assert not over.is_replica(built)
    assert asked(built, mark).count(True) == 1


def test_an_instance_that_is_there_no_more_is_found_before_the_operation_begins(
    built: Environment,
) -> None:
    client = built.aws("recovery").client("rds")
    client.modify_db_instance(DBInstanceIdentifier=over.DATABASE, DeletionProtection=False)
    client.delete_db_instance(DBInstanceIdentifier=over.DATABASE, SkipFinalSnapshot=True)
    with pytest.raises(Refusal, match="no database production-recovery-database"):
        over.step(built, "open")
    assert over.keys(built) == []


def test_a_promoted_database_that_a_later_step_changes_holds_up_nobody(
    built: Environment,
) -> None:
    over.upto(built, "logins")
    built.handle.speed(60)
    client = built.aws("recovery").client("rds")
    client.modify_db_instance(
        DBInstanceIdentifier=over.DATABASE, MultiAZ=True, ApplyImmediately=True
    )
    until(lambda: over.database(built)["DBInstanceStatus"] == "modifying")
    again = over.step(built, "promote", wait_timeout=1)
    assert again["done"]
    assert not again["changed"]
