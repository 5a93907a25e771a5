# SPDX-License-Identifier: GPL-3.0-or-later
"""A failover in an account where things are missing, answers are lost and others are at work."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import failing_over as over
import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge import lease
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.holder import Holder
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.lease import (
    Lease,
    Taker,
)
from environment import Environment

ANN = Holder("elsewhere/1/1", "elsewhere/2/1", "ann@elsewhere")
BOB = Holder("elsewhere/3/1", "elsewhere/4/1", "bob@elsewhere")
SECRET = "production/home/application"
# The writes of the acts in the region that is moved to.
WRITES = (
    ("ssm", "PutParameter"),
    ("rds", "PromoteReadReplica"),
    ("secretsmanager", "StopReplicationToReplica"),
    ("secretsmanager", "TagResource"),
    ("cloudwatch", "PutMetricData"),
)


def by(holder: Holder) -> Taker:
    return lambda aws: Lease(aws, holder, lambda line: None)


def no_alarm(environment: Environment) -> None:
    client = environment.aws("recovery").client("cloudwatch")
    client.delete_alarms(AlarmNames=["production-recovery-switch"])


def no_copy(environment: Environment) -> None:
    environment.aws("home").client("secretsmanager").remove_regions_from_replication(
        SecretId=SECRET, RemoveReplicaRegions=[over.RECOVERY]
    )


MISSING: dict[str, tuple[Callable[[Environment], None], str]] = {
    "the alarm that moves traffic": (no_alarm, "no alarm production-recovery-switch"),
    "the copy of a login": (no_copy, f"no copy of secret {SECRET}"),
}


@pytest.mark.parametrize("dry", [True, False], ids=["dry", "done"])
@pytest.mark.parametrize("what", MISSING)
def test_what_a_later_step_lacks_is_found_before_anything_is_fenced_or_promoted(
    built: Environment, what: str, dry: bool
) -> None:
    take, told = MISSING[what]
    take(built)
    over.go_dark(built)
    mark = built.handle.mark()
    with pytest.raises(Refusal, match=told) as caught:
        over.step(built, "open", dry=dry)
    assert caught.value.result["code"] == "out_of_order"
    assert caught.value.result["hint"]
    assert over.beside_journal(built, mark) == set()
    assert over.keys(built) == []


@pytest.mark.parametrize("effect", ["lost", pytest.param("error500", marks=pytest.mark.sweep)])
def test_of_each_write_one_answer_is_lost_and_all_is_done_once(
    dark: Environment, effect: str
) -> None:
    chosen = [{"region": over.RECOVERY, "service": s, "action": a, "times": 1} for s, a in WRITES]
    over.go_dark(dark, *({"effect": effect, **one} for one in chosen))
    over.upto(dark, "close", accept_unfenced=True)
    fired = [f for f in dark.handle.fired() if f["effect"] == effect]
    assert {(fault["service"], fault["action"]) for fault in fired} == set(WRITES)
    assert not over.is_replica(dark)
    assert over.switched(dark)
    assert over.told(dark)[-1] == "close closed"


@pytest.mark.sweep
def test_requests_that_are_refused_for_being_many_stop_no_failover(built: Environment) -> None:
    built.handle.faults([{"effect": "throttle", "probability": 0.1, "seed": 7}])
    over.upto(built, "close")
    assert {fault["effect"] for fault in built.handle.fired()} == {"throttle"}
    assert over.told(built)[-1] == "close closed"
    assert over.switched(built)


# The SDK goes on asking for more than a minute.
@pytest.mark.sweep
def test_an_act_that_fails_otherwise_is_in_the_journal_with_its_code(dark: Environment) -> None:
    over.upto(dark, "intake", accept_unfenced=True)
    refused = {"effect": "error500", "region": over.RECOVERY, "action": "PromoteReadReplica"}
    over.go_dark(dark, refused)
    with pytest.raises(Refusal):
        over.step(dark, "promote")
    assert [f for f in dark.handle.fired() if f["action"] == "PromoteReadReplica"]
    last = over.entries(dark)[-1]
    assert (last["step"], last["state"]) == ("promote", "failed")
    assert last["facts"]["code"]
    over.go_dark(dark)
    over.upto(dark, "close", accept_unfenced=True)


def test_of_two_operators_one_wins_and_the_other_is_told_of_whom_and_how_it_goes_on(
    built: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "RENEW", 0.2)
    id = over.upto(built, "decide", lease=by(ANN))[0]["id"]
    with Lease(built.aws("recovery"), ANN, lambda line: None).during():
        before = over.keys(built)
        with pytest.raises(Refusal, match=r"another run .*ann@elsewhere") as caught:
            over.step(built, "fence", lease=by(BOB))
        assert over.keys(built) == before
    assert caught.value.result["code"] == "held"
    for told in (f"failover {id} from home to recovery has not ended", "begun at 2", "by "):
        assert told in str(caught.value)
    assert "playbook dr_failover takes over by itself" in caught.value.result["hint"]
    assert over.step(built, "decide", lease=by(BOB))["done"]


@pytest.mark.sweep
def test_a_run_whose_lease_was_taken_over_in_the_midst_of_a_step_writes_nothing_more(
    built: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "RENEW", 0.2)
    over.upto(built, "intake", lease=by(ANN))
    built.handle.speed(60)
    mine: list[Aws] = []

    def taker(aws: Aws) -> Lease:
        mine.append(aws)
        return by(ANN)(aws)

    def take_over(_line: str) -> None:
        """As another run does that has seen no sign of life for long."""
        ssm = built.aws("recovery").client("ssm")
        path = "/phoenix/production/recovery/lease"
        for item in ssm.get_parameters_by_path(Path=path)["Parameters"]:
            ssm.delete_parameter(Name=item["Name"])
        Lease(built.aws("recovery"), BOB, lambda line: None).hold()
        time.sleep(1.0)

    with pytest.raises(Refusal) as caught:
        over.step(built, "promote", lease=taker, say=take_over)
    assert mine
    assert caught.value.result["code"] == "held"
    assert over.told(built)[-1] == "promote begun"
    results = over.upto(built, "close", lease=by(BOB))
    assert results[4]["evidence"]["source"] == ""
    assert over.told(built).count("promote done") == 1


def test_the_calls_that_fence_home_are_held_back_from_a_run_that_was_overtaken(
    built: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    over.upto(built, "decide")
    monkeypatch.setattr(lease.Lease, "check", _overtaken)
    mark = built.handle.mark()
    with pytest.raises(Refusal):
        over.step(built, "fence")
    home = [call for call in built.handle.writes_since(mark) if call["region"] == over.HOME]
    assert home == []


def _overtaken(self: Any) -> None:
    raise lease.Held("another run writes at this site", "wait for it")
