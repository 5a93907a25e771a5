# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of a failover go in their order, and none gets further than it may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import failing_over as over
import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations import acting
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.acts.stage import (
    Stage,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.procedures import (
    OPERATIONS,
)
from environment import Environment

WORLDWIDE = {"iam", "route53"}
OBJECTS = {"GetObject", "PutObject", "ListObjectsV2"}
# What a step might try by mistake.
FORBIDDEN: dict[str, Callable[[Stage], Any]] = {
    "more of home than fences it": lambda s: s.there.client("ec2").describe_vpcs(),
    "home by the clients of the other region": lambda s: s.here.client(
        "rds", over.HOME
    ).describe_db_instances(),
    "roles": lambda s: s.here.client("iam").get_role(RoleName="production-recovery-web"),
    "names": lambda s: s.here.client("route53").list_hosted_zones(),
    "a setting of a bucket": lambda s: s.here.client("s3").get_bucket_versioning(
        Bucket=over.BUCKET
    ),
}


# Requests of all steps, each of which reads the record, and the journal's names and last entry.
MOST_REQUESTS = 490


def test_a_failover_asks_a_stated_number_of_requests(dark: Environment) -> None:
    mark = dark.handle.mark()
    over.upto(dark, "close", accept_unfenced=True)
    there = [call for call in dark.handle.log(mark) if call["region"] == over.RECOVERY]
    assert 0 < len(there) <= MOST_REQUESTS


class _Intruder:
    """A step that tries what it must not."""

    def __init__(self, call: Callable[[Stage], Any]) -> None:
        self.act = call


@pytest.mark.parametrize("what", FORBIDDEN)
def test_a_step_that_tries_more_is_refused_before_anything_is_sent(
    built: Environment, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    over.step(built, "open")
    monkeypatch.setitem(acting.ACTS["failover"], "decide", _Intruder(FORBIDDEN[what]))
    mark = built.handle.mark()
    with pytest.raises(Refusal, match="was not sent"):
        over.step(built, "decide")
    sent = over.calls(built, mark)
    assert {call.split()[0] for call in sent} == {over.RECOVERY}
    assert not {call.split()[1] for call in sent} & WORLDWIDE
    assert {c.split()[2] for c in sent if c.split()[1] == "s3"} == OBJECTS
    assert over.told(built)[-1] == "decide failed"


@pytest.mark.parametrize(
    ("early", "first"),
    [("fence", "decide"), ("promote", "decide, fence"), ("switch", "decide, fence")],
)
def test_no_step_is_done_before_all_earlier_ones_are(
    built: Environment, early: str, first: str
) -> None:
    over.step(built, "open")
    mark = built.handle.mark()
    with pytest.raises(Refusal, match=f"has not done {first}") as caught:
        over.step(built, early)
    assert caught.value.result["code"] == "out_of_order"
    assert over.beside_journal(built, mark) == set()
    assert over.told(built) == ["open opened"]


@pytest.mark.parametrize("operation", ["failover", "switchover"])
def test_nothing_that_visitors_do_not_need_is_done_before_they_are_served(operation: str) -> None:
    names = [step.name for step in OPERATIONS[operation]]
    # A move is written down behind the traffic: until then every other playbook is refused.
    unneeded = {"lock", "master", "retire", "close"} & set(names)
    unneeded |= {"record"} if operation == "switchover" else set()
    assert set(names[names.index("names") + 1 :]) == unneeded
    # The old passwords go at once; for this one the database has to be ready.
    assert names[-2:] == ["master", "close"]


@pytest.mark.parametrize(
    ("operation", "first"), [("switchover", "tell"), ("rollback", "led"), ("rollback", "claim")]
)
def test_nobody_is_let_write_before_every_other_run_could_know_of_it(
    operation: str, first: str
) -> None:
    names = [step.name for step in OPERATIONS[operation]]
    assert names.index(first) < names.index("thaw")


@pytest.mark.parametrize("name", over.steps("decide", "promote", "close")[1:])
def test_no_step_is_done_where_no_failover_was_begun(built: Environment, name: str) -> None:
    mark = built.handle.mark()
    with pytest.raises(Refusal, match="belongs to no failover that has been begun"):
        over.step(built, name)
    assert over.beside_journal(built, mark) == set()
    assert over.keys(built) == []
