# SPDX-License-Identifier: GPL-3.0-or-later
"""A drill: a failover rehearsed in a copy of the site that stands by, of which nothing stays."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import failing_over as over
import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import (
    pairs,
    specification,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.run import run
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations import (
    account,
    proof,
    rehearsal,
    status,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.drill import DRILL
from charged import monthly
from drilling import Copy
from environment import SITES, Environment

NAME = "production-drill"


@pytest.fixture
def copy(built: Environment) -> Iterator[Copy]:
    """What a test builds of it, and a home that it makes dark, is as before after it."""
    made = Copy(built)
    yield made
    built.handle.faults([])
    made.destroy()


def touched(environment: Environment, mark: int, owned: dict[str, list[str]]) -> list[str]:
    """Writes after a mark that are about production: about objects of which it is told that they
    are owned by it, or that are named like it, but for the journal that is kept for it.
    """
    ids = {re.split("[:/]", arn)[-1] for arns in owned.values() for arn in arns}
    ids = {id for id in ids if re.search(r"-[0-9a-f]{8}", id)}
    assert len(ids) > 20
    found = []
    for call in environment.handle.log(mark):
        text = str(call)
        # It names the snapshot that is read.
        asks = not call["write"] or call["action"] == "RestoreDBInstanceFromDBSnapshot"
        about = "production" in text.replace(NAME, "") or any(id in text for id in ids)
        if about and not asks and "operations/recovery/drill/" not in text:
            found.append(f"{call['region']} {call['service']} {call['action']} {call['about']}")
    return found


def test_the_copy_is_an_environment_of_its_own_that_is_closed_to_all_sides(copy: Copy) -> None:
    told = copy.rehearsal["declares"]
    assert (told["environment"], told["site"]) == (NAME, "drill")
    site = told["sites"]["drill"]
    assert (site["region"], site["stands"], site["nat"]) == (over.RECOVERY, "home", "none")
    assert site["closed"] is True
    assert told["copy_of"] == {"environment": "production", "site": "recovery"}
    assert {region for region, arns in copy.rehearsal["owned"].items() if arns} == {
        over.HOME,
        over.RECOVERY,
    }


def test_of_the_site_that_serves_it_is_told_that_the_other_one_is_rehearsed(
    built: Environment,
) -> None:
    found = rehearsal.rehearsed(built.params("home"))
    assert (found["needed"], found["said"]) == (False, "home serves, recovery is rehearsed")


def test_an_environment_whose_name_leaves_no_room_for_that_of_a_copy_is_refused(
    built: Environment,
) -> None:
    params = built.params("recovery", environment="seventeen-letters")
    with pytest.raises(Refusal, match="at most 16 characters") as caught:
        rehearsal.rehearsed(params)
    assert "seventeen-letter" in str(caught.value)


@pytest.mark.parametrize("site", ["drill", "home"])
def test_an_environment_of_somebody_that_is_called_like_the_copy_is_refused_and_left_alone(
    copy: Copy, site: str
) -> None:
    aws = copy.of.aws("recovery")
    theirs = aws.at(replace(_scope(copy), site=site, copy_of={}))
    ec2 = theirs.client("ec2")
    vpc = ec2.create_vpc(
        CidrBlock="10.99.0.0/16",
        TagSpecifications=specification("vpc", theirs.scope.marks("vpc", "main")),
    )["Vpc"]["VpcId"]
    mark = copy.of.handle.mark()
    with pytest.raises(Refusal, match=f"{NAME} already, which no drill has made: .*{vpc}"):
        rehearsal.rehearsed(copy.of.params("recovery"))
    assert copy.of.handle.writes_since(mark) == []
    ec2.delete_vpc(VpcId=vpc)
    assert rehearsal.rehearsed(copy.of.params("recovery"))["needed"]


def test_an_environment_that_is_called_like_the_copy_is_found_in_any_region_by_its_buckets(
    copy: Copy,
) -> None:
    theirs = copy.of.aws("recovery").at(replace(_scope(copy), region="eu-west-1", copy_of={}))
    s3, name = theirs.client("s3"), theirs.scope.bucket("backups")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    tags = pairs(theirs.scope.marks("bucket", "backups"))
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags})
    try:
        with pytest.raises(Refusal, match=f"which no drill has made: arn:aws:s3:::{name}"):
            rehearsal.rehearsed(copy.of.params("recovery"))
    finally:
        s3.delete_bucket(Bucket=name)


def test_no_drill_is_opened_in_what_is_no_copy(built: Environment) -> None:
    with pytest.raises(Refusal, match="is no copy that is closed to all sides"):
        over.step(built, "open", operation="drill")
    assert over.objects(built) == []


def test_a_drill_touches_nothing_of_production_leaves_nothing_and_costs_nothing_afterwards(
    copy: Copy,
) -> None:
    charged = [monthly(copy.of.params(site)) for site in SITES]
    mark = copy.of.handle.mark()
    copy.open()
    copy.build(web_tier={"min_size": 0})
    assert monthly(copy.declared)[0] > 0
    copy.go_on()
    report = copy.end()["report"]
    assert touched(copy.of, mark, copy.rehearsal["owned"]) == []
    assert report["outcome"] == "succeeded"
    assert report["findings"] == []
    assert (report["from"], report["to"]) == ("recovery", "drill")
    assert report["measured"]["recovery_time_seconds"] > 0
    assert report["measured"]["loss"]["how"] == "expected"
    assert copy.of.plan() and over.told(copy.of) == []
    everything = rehearsal.owned(copy.of.aws("recovery").at(_scope(copy)), {over.RECOVERY})
    assert everything == {over.RECOVERY: []}
    assert [monthly(copy.of.params(site)) for site in SITES] == charged
    assert monthly(copy.declared) == (0, 0, 0)


@pytest.mark.sweep
def test_what_the_copy_was_made_of_is_there_still(copy: Copy) -> None:
    before = copy.rehearsal["owned"]
    copy.open()
    copy.build(web_tier={"min_size": 0})
    copy.destroy()
    assert rehearsal.rehearsed(copy.of.params("recovery"))["owned"] == before


def test_while_a_drill_goes_on_other_playbooks_run_and_a_failover_begins(copy: Copy) -> None:
    copy.open()
    assert all(not result["changed"] for result in copy.of.run().values())
    over.go_dark(copy.of)
    assert over.step(copy.of, "open")["operation"]["operation"] == "failover"


def test_a_drill_that_was_cut_off_is_told_wherever_production_is_by_now(copy: Copy) -> None:
    id = copy.open()["id"]
    over.go_dark(copy.of)
    there = rehearsal.rehearsed(copy.of.params("recovery"))
    assert (there["needed"], there["under_way"]) == (True, True)
    assert there["declares"] == copy.rehearsal["declares"]
    assert set(there["owned"]) == {over.RECOVERY}
    dark = rehearsal.rehearsed(copy.of.params("home"))
    assert (dark["needed"], dark["said"]) == (
        False,
        "us-east-1, where site home stands, does not answer",
    )
    copy.of.handle.faults([])
    assert status.status(copy.of.params("recovery"))["facts"]["unfinished"]["id"] == id


@pytest.mark.sweep
def test_a_drill_that_was_cut_off_is_gone_on_with(copy: Copy) -> None:
    first = copy.open()
    copy.build(web_tier={"min_size": 0})
    copy.go_on("thaw")
    again = copy.open()
    assert (again["id"], again["changed"]) == (first["id"], True)
    copy.go_on()
    assert copy.step("smoke")["done"]


@pytest.mark.sweep
def test_a_drill_that_was_cut_off_as_it_removed_the_copy_builds_none_again(copy: Copy) -> None:
    assert copy.open()["steps"][1]["name"] == "build"
    copy.build(web_tier={"min_size": 0})
    copy.go_on("lock")
    copy.step("remove")
    assert [one["name"] for one in copy.open()["steps"]] == ["remove", "clean", "close"]


@pytest.mark.parametrize("last", ["build", pytest.param("proof", marks=pytest.mark.sweep)])
def test_a_drill_that_failed_is_removed_and_reported_all_the_same(copy: Copy, last: str) -> None:
    copy.open()
    copy.go_on(last)
    copy.step("close", failed="the host was lost")
    with pytest.raises(Refusal, match="has not done"):
        copy.step("smoke", told={"status": 200})
    report = copy.end()["report"]
    assert report["outcome"] == "failed"
    rest = [one.name for one in DRILL if not one.always]
    undone = rest[rest.index(last) + 1 :]
    assert report["findings"] == [
        f"Not rehearsed: {', '.join(undone)}.",
        "It failed by this: the host was lost",
    ]
    assert proof.newest(account.kept(copy.of.aws("recovery"), "home")["proofs"]) is None
    assert copy.open()["id"] > report["id"]


@pytest.mark.sweep
def test_what_is_left_of_the_copy_keeps_a_drill_from_ending(copy: Copy) -> None:
    copy.open()
    copy.build(web_tier={"min_size": 0})
    copy.go_on("remove")
    with pytest.raises(Refusal, match="still there: vpc-1"):
        copy.tell("clean", left=["vpc-1"])
    with pytest.raises(Refusal, match="has not done clean"):
        copy.step("close")


@pytest.mark.sweep
def test_what_became_of_production_meanwhile_is_told(copy: Copy) -> None:
    copy.open()
    copy.build(web_tier={"min_size": 0})
    copy.go_on("remove")
    owned = {region: list(arns) for region, arns in copy.rehearsal["owned"].items()}
    gone, new = owned[over.HOME].pop(), "arn:aws:ec2:us-east-1:123456789012:vpc/vpc-new"
    owned[over.HOME].append(new)
    copy.tell("clean", left=[], owned=owned)
    findings = copy.step("close")["report"]["findings"]
    assert findings == [
        f"While recovery was rehearsed it lost {gone}.",
        f"While recovery was rehearsed {new} was made.",
    ]


@pytest.mark.sweep
def test_a_later_drill_is_compared_with_the_one_before_and_both_prove_the_way(copy: Copy) -> None:
    for _turn in range(2):
        copy.open(commit="1f3a5c7")
        copy.build(web_tier={"min_size": 0})
        copy.go_on()
        ended = copy.end()
    assert "Compared with the last time" in ended["page"]
    found = proof.newest(account.kept(copy.of.aws("recovery"), "home")["proofs"])
    assert found and found["id"] == ended["report"]["id"]
    shown = status.status(copy.of.params("recovery", commit="1f3a5c7"))
    assert shown["facts"]["drill"]["id"] == found["id"]


def test_a_check_of_a_step_writes_nothing(copy: Copy) -> None:
    mark = copy.of.handle.mark()
    for one in DRILL:
        found = copy.step(one.name, dry=True)
        assert not found["done"]
    assert copy.of.handle.writes_since(mark) == []


@pytest.fixture
def backed(empty: Environment, quick: None) -> Environment:
    """Both sites, of which the recovery site lives from copied backups."""
    recovery: dict[str, Any] = {**SITES["recovery"], "strategy": "backup_restore"}
    empty.declared["sites"] = {**SITES, "recovery": recovery}
    return over.build(empty)


@pytest.mark.sweep
def test_with_strategy_backup_restore_the_copied_backup_is_what_is_rehearsed_with(
    backed: Environment,
) -> None:
    copy = Copy(backed)
    assert copy.rehearsal["declares"]["restore"]["backup"].startswith("arn:aws:rds:us-west-2:")
    copy.build(web_tier={"min_size": 0})
    assert not run(copy.declared | {"web_tier": {"min_size": 0}}, "site", dry=True)["changed"]
    assert copy.destroy()["left"] == []


def _scope(copy: Copy) -> Any:
    return rehearsal.scope_of(copy.of.aws("recovery").scope)
