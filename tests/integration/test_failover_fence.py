# SPDX-License-Identifier: GPL-3.0-or-later
"""The old primary is fenced where its region answers; where nothing shows that, nobody promotes."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import failing_over as over
import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge import active
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.acts import (
    fence,
    layers,
)
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
    every = ("lease", "hosts", "database", "record")
    assert outcomes(built) == dict.fromkeys(every, "confirmed")
    aws = built.aws("home")
    [group] = aws.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[GROUP])[
        "AutoScalingGroups"
    ]
    assert (group["MinSize"], group["MaxSize"], group["Instances"]) == (0, 0, [])
    assert over.let_in(built) == []
    assert f"{over.HOME} rds RebootDBInstance" in over.calls(built, mark)
    told = active.read(aws)
    assert (told.site, told.epoch, told.protected) == ("recovery", 102, False)
    assert over.is_replica(built)


def test_without_a_confirmed_layer_it_ends_before_the_promotion_and_says_what_became_of_each(
    dark: Environment,
) -> None:
    with pytest.raises(Refusal, match="takes no writes any more") as caught:
        over.upto(dark, "close")
    assert caught.value.result["code"] == "unfenced"
    assert "accept_unfenced" in caught.value.result["hint"]
    assert over.told(dark)[-1] == "fence failed"
    for layer in ("lease", "hosts", "database"):
        assert f"{layer}: " in over.entries(dark)[-1]["facts"]["said"]
    with pytest.raises(Refusal, match="has not done fence"):
        over.step(dark, "promote")
    assert over.is_replica(dark)
    over.upto(dark, "promote", accept_unfenced=True)
    assert not over.is_replica(dark)


def test_home_is_not_told_who_serves_before_its_fence_holds_or_that_it_does_not_is_accepted(
    built: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layers, "BOX", 1.0)
    built.handle.faults(silenced("UpdateAutoScalingGroup", "RevokeSecurityGroupIngress"))
    with pytest.raises(Refusal, match="takes no writes any more"):
        over.upto(built, "close")
    assert {fault["action"] for fault in built.handle.fired()} == {
        "UpdateAutoScalingGroup",
        "RevokeSecurityGroupIngress",
    }
    for site in ("home", "recovery"):
        assert active.read(built.aws(site)) == active.Active()
    assert over.is_replica(built)
    over.upto(built, "fence", accept_unfenced=True)
    assert active.read(built.aws("home")).site == "recovery"
    assert outcomes(built)["record"] == "confirmed"


@pytest.mark.parametrize(
    ("broken", "left"),
    [("UpdateAutoScalingGroup", "database"), ("RevokeSecurityGroupIngress", "hosts")],
)
def test_one_layer_that_keeps_writes_away_is_enough(
    built: Environment, broken: str, left: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layers, "BOX", 3.0)
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


def test_a_home_that_is_fenced_late_is_waited_for_by_the_next_run_and_restarted_once(
    built: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    over.upto(built, "decide")
    began = over.entries(built)[0]
    monkeypatch.setattr(layers, "BOX", 1.0)
    built.handle.speed(15)
    built.handle.faults(silenced("UpdateAutoScalingGroup"))
    mark = built.handle.mark()
    with pytest.raises(Refusal, match="once AWS has done what was ordered") as caught:
        over.step(built, "fence")
    assert caught.value.result["code"] == "fencing"
    assert caught.value.result["hint"].startswith("run the same playbook again in 60 s")
    assert "accept_unfenced" not in caught.value.result["hint"]
    monkeypatch.setattr(layers, "BOX", 60.0)
    built.handle.faults([])
    over.upto(built, "fence", confirm="")
    assert over.entries(built)[0] == began
    assert outcomes(built)["database"] == "confirmed"
    assert [c["action"] for c in built.handle.log(mark)].count("RebootDBInstance") == 1


def test_a_database_into_which_somebody_was_let_since_it_was_restarted_is_restarted_again(
    built: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    over.upto(built, "decide")
    monkeypatch.setattr(layers, "BOX", 1.0)
    built.handle.speed(15)
    built.handle.faults(silenced("UpdateAutoScalingGroup"))
    mark = built.handle.mark()
    with pytest.raises(Refusal, match="once AWS has done what was ordered"):
        over.step(built, "fence")
    somebody_is_let_in(built)
    monkeypatch.setattr(layers, "BOX", 60.0)
    built.handle.faults([])
    over.upto(built, "fence")
    assert over.let_in(built) == []
    asked = [c for c in built.handle.log(mark) if c["action"] == "RebootDBInstance"]
    assert [c["status"] for c in asked].count(200) == 2


@pytest.mark.sweep
def test_a_run_that_goes_on_fences_a_home_that_is_back(dark: Environment) -> None:
    over.upto(dark, "proof", accept_unfenced=True)
    dark.handle.faults([])
    over.upto(dark, "close")
    assert over.let_in(dark) == []
    done = [e for e in over.entries(dark) if (e["step"], e["state"]) == ("fence", "done")]
    assert [entry["facts"]["fenced"] for entry in done] == [False, True]


@pytest.mark.sweep
def test_a_run_that_goes_on_while_home_is_dark_need_not_be_told_again_to_accept_that(
    dark: Environment,
) -> None:
    over.upto(dark, "proof", accept_unfenced=True)
    over.upto(dark, "close")
    assert over.told(dark)[-1] == "close closed"


def test_a_record_that_is_newer_is_not_taken_for_ours(built: Environment) -> None:
    newer = active.Active(900, "home", True, "2026-01-01T00:00:00+00:00", "failback")
    active.write(built.aws("home"), newer)
    over.upto(built, "fence")
    assert outcomes(built)["record"] == "refused"
    assert active.read(built.aws("home")) == newer


@pytest.mark.parametrize("when", ["before the fence", "while it fences"])
def test_a_newer_record_of_who_serves_ends_it_before_anything_more(
    built: Environment, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = active.Active(900, "home", True, "2026-01-01T00:00:00+00:00", "switchover")
    over.upto(built, "decide")
    hosts = layers.KEEPING["hosts"]

    def moved(stage: Any, box: Any) -> str:
        active.write(built.aws("recovery"), newer)
        return hosts.act(stage, box)

    if when == "while it fences":
        changed = {**layers.KEEPING, "hosts": replace(hosts, act=moved)}
        monkeypatch.setattr(fence, "KEEPING", changed)
    else:
        active.write(built.aws("recovery"), newer)
    mark = built.handle.mark()
    told = r"switchover has (given up failover .*, and home serves|written that home serves)"
    with pytest.raises(Refusal, match=told):
        over.step(built, "fence")
    if when == "before the fence":
        assert not [call for call in built.handle.log(mark) if call["region"] == over.HOME]
    assert active.read(built.aws("recovery")) == newer
    assert active.read(built.aws("home")) == active.Active()
    with pytest.raises(Refusal, match="has given up failover"):
        over.step(built, "promote")


@pytest.mark.parametrize("effect", ["error500", "throttle", "lost", "dark"])
@pytest.mark.sweep
def test_a_home_that_answers_badly_is_asked_again_until_it_is_fenced(
    built: Environment, effect: str
) -> None:
    """Of each write and of each look several attempts in a row go wrong, but that the region tells
    nothing at all two at the most: the SDK makes two of each.
    """
    times = 2 if effect == "dark" else 5
    actions = (
        "UpdateAutoScalingGroup",
        "DescribeAutoScalingGroups",
        "RevokeSecurityGroupIngress",
        "RebootDBInstance",
        "DescribeDBInstances",
    )
    built.handle.faults(
        [
            {"effect": effect, "region": over.HOME, "action": action, "times": times}
            for action in actions
        ]
    )
    over.upto(built, "fence")
    assert {fault["action"] for fault in built.handle.fired()} == set(actions)
    every = ("lease", "hosts", "database", "record")
    assert outcomes(built) == dict.fromkeys(every, "confirmed")
    assert over.let_in(built) == []


def test_a_home_that_answers_nothing_is_given_up_within_seconds(dark: Environment) -> None:
    over.upto(dark, "decide")
    began = time.monotonic()
    over.step(dark, "fence", accept_unfenced=True)
    assert time.monotonic() - began < 15
    assert set(outcomes(dark).values()) == {"silent"}


def hosts_come_back(environment: Environment) -> None:
    environment.aws("home").client("autoscaling").update_auto_scaling_group(
        AutoScalingGroupName=GROUP, MinSize=1, MaxSize=1, DesiredCapacity=1
    )


def somebody_is_let_in(environment: Environment) -> None:
    ec2 = environment.aws("home").client("ec2")
    [group] = ec2.describe_security_groups(
        Filters=[{"Name": "group-name", "Values": ["production-home-database"]}]
    )["SecurityGroups"]
    rule = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432}
    ec2.authorize_security_group_ingress(
        GroupId=group["GroupId"], IpPermissions=[{**rule, "IpRanges": [{"CidrIp": "10.20.0.0/16"}]}]
    )


UNDO = {"hosts": hosts_come_back, "database": somebody_is_let_in}


def another_group(environment: Environment, *, beside: bool) -> str:
    """The old database is in a group that lets somebody in, beside its own or in its place."""
    ec2, rds = (environment.aws("home").client(service) for service in ("ec2", "rds"))
    [group] = ec2.describe_security_groups(
        Filters=[{"Name": "group-name", "Values": ["production-home-database"]}]
    )["SecurityGroups"]
    other = str(
        ec2.create_security_group(GroupName="by-hand", Description="by hand", VpcId=group["VpcId"])[
            "GroupId"
        ]
    )
    rule = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432}
    ec2.authorize_security_group_ingress(
        GroupId=other, IpPermissions=[{**rule, "IpRanges": [{"CidrIp": "10.20.0.0/16"}]}]
    )
    rds.modify_db_instance(
        DBInstanceIdentifier=OLD,
        VpcSecurityGroupIds=[other, *([group["GroupId"]] if beside else ())],
        ApplyImmediately=True,
    )
    if not beside:
        for rule in ec2.describe_security_group_rules()["SecurityGroupRules"]:
            if rule.get("ReferencedGroupInfo", {}).get("GroupId") == group["GroupId"]:
                ec2.revoke_security_group_egress(
                    GroupId=rule["GroupId"], SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]]
                )
        ec2.delete_security_group(GroupId=group["GroupId"])
    return other


@pytest.mark.parametrize("beside", [True, False], ids=["a second group", "another group"])
def test_a_database_that_another_group_lets_in_to_is_not_fenced_and_that_group_is_named_and_left(
    built: Environment, beside: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layers, "BOX", 3.0)
    other = another_group(built, beside=beside)
    built.handle.faults(silenced("UpdateAutoScalingGroup"))
    with pytest.raises(Refusal, match=f"{OLD} is in {other}") as caught:
        over.upto(built, "fence")
    assert ("which the manifest names" in str(caught.value)) is not beside
    assert over.told(built)[-1] == "fence failed"
    ec2 = built.aws("home").client("ec2")
    [kept] = ec2.describe_security_groups(GroupIds=[other])["SecurityGroups"]
    assert kept["IpPermissions"]


def test_a_group_that_is_added_after_the_fence_undoes_it(built: Environment) -> None:
    over.upto(built, "intake")
    other = another_group(built, beside=True)
    over.upto(built, "fence")
    found = over.entries(built)[-1]["facts"]["layers"]
    assert found["database"]["outcome"] == "refused" and other in found["database"]["said"]
    assert found["hosts"]["outcome"] == "confirmed"


@pytest.mark.parametrize("what", UNDO)
def test_a_fence_that_was_undone_before_the_promotion_is_put_up_again(
    built: Environment, what: str
) -> None:
    over.upto(built, "intake")
    UNDO[what](built)
    assert not over.step(built, "fence", dry=True)["changed"]
    over.upto(built, "fence")
    assert over.let_in(built) == []
    [group] = (
        built.aws("home")
        .client("autoscaling")
        .describe_auto_scaling_groups(AutoScalingGroupNames=[GROUP])["AutoScalingGroups"]
    )
    assert (group["MaxSize"], group["Instances"]) == (0, [])
    assert over.told(built).count("fence done") == 2


def test_a_fence_that_holds_is_looked_at_and_left_and_after_the_promotion_not_even_that(
    built: Environment,
) -> None:
    over.upto(built, "intake")
    mark = built.handle.mark()
    over.step(built, "fence")
    home = {
        "autoscaling DescribeAutoScalingGroups",
        "ec2 DescribeSecurityGroupRules",
        "rds DescribeDBInstances",
    }
    assert {c for c in over.calls(built, mark) if c.startswith(over.HOME)} == {
        f"{over.HOME} {call}" for call in home
    }
    over.upto(built, "promote")
    somebody_is_let_in(built)
    mark = built.handle.mark()
    over.step(built, "fence")
    assert not [call for call in over.calls(built, mark) if call.startswith(over.HOME)]


def test_a_fence_that_was_undone_and_cannot_be_put_up_again_was_accepted_by_nobody(
    built: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layers, "BOX", 1.0)
    over.upto(built, "fence")
    hosts_come_back(built)
    built.handle.faults(silenced("UpdateAutoScalingGroup", "RebootDBInstance"))
    with pytest.raises(Refusal, match="takes no writes any more"):
        over.step(built, "fence")
    assert over.told(built)[-1] == "fence failed"


def test_what_was_confirmed_stands_where_home_answers_no_more(built: Environment) -> None:
    over.upto(built, "intake")
    over.go_dark(built)
    assert over.step(built, "fence")["evidence"]["fenced"]
    over.upto(built, "promote")


def test_a_failover_that_ended_at_its_fence_is_begun_anew_and_somebody_asked_again(
    dark: Environment,
) -> None:
    with pytest.raises(Refusal, match="takes no writes any more"):
        over.upto(dark, "fence")
    first = over.entries(dark)[0]["facts"]
    assert over.step(dark, "open", dry=True)["changed"]
    again = over.step(dark, "open")
    assert again["id"] != over.keys(dark)[0].split("/")[2]
    assert again["operation"]["began"] >= first["began"]
    asked = over.step(dark, "decide", dry=True)
    assert not asked["done"] and "Type the name of the environment" in asked["question"]
    with pytest.raises(Refusal) as caught:
        over.step(dark, "decide", confirm="", accept_unfenced=True)
    assert caught.value.result["code"] == "unconfirmed"
    assert over.is_replica(dark)
    assert "nothing was touched" not in str(caught.value)
    dark.handle.faults([])
    over.abandon(dark)
    assert not active.read(dark.aws("recovery")).moving
