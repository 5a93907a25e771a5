# SPDX-License-Identifier: GPL-3.0-or-later
"""The environment moves to its other site while both regions are there, and back."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import failing_over as over
import pytest
import validating
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge import active
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.run import run
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations import (
    journal as journals,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.tiers.alarms import SWITCH
from environment import Environment
from moving import SITES, move, protect, records, source


def test_an_environment_that_was_moved_is_protected_and_moved_back_as_it_was(
    built: Environment,
) -> None:
    move(built, "recovery")
    assert {(one.site, one.protected, one.moving) for one in records(built)} == {
        ("recovery", False, False)
    }
    assert over.switched(built) and not source(built, "recovery")
    assert not over.let_in(built)
    protect(built, "recovery")
    assert source(built, "home").endswith(":production-recovery-database")
    assert {one.protected for one in records(built)} == {True}
    move(built, "home")
    assert not over.switched(built) and not source(built, "home")
    protect(built, "home")
    assert source(built, "recovery").endswith(":production-home-database")
    assert {(one.site, one.protected, one.moving) for one in records(built)} == {
        ("home", True, False)
    }
    mark = built.handle.mark()
    built.run()
    assert built.handle.writes_since(mark) == []


def test_while_it_moves_every_other_playbook_is_refused_at_both_sites(built: Environment) -> None:
    first = move(built, "recovery", "freeze")[0]
    for site in SITES:
        with pytest.raises(Refusal, match="moves the environment since"):
            run(built.params(site), "site", dry=True)
    assert {one.operation for one in records(built)} == {first["id"]}
    assert {one.site for one in records(built)} == {"home"}


def test_nothing_is_promoted_before_the_replica_has_the_last_row(built: Environment) -> None:
    move(built, "recovery", "freeze")
    given = {"operation": "switchover", "told": {"caught": False}}
    over.step(built, "caught", operation="switchover")
    with pytest.raises(Refusal, match="does not have the last row"):
        over.step(built, "caught", **given)
    with pytest.raises(Refusal, match="has not done caught"):
        over.step(built, "promote", operation="switchover")
    assert over.is_replica(built)


def test_a_replica_that_differs_is_not_promoted(built: Environment) -> None:
    move(built, "recovery", "freeze")
    told = {"caught": True, "differ": ["public.pledge"]}
    over.step(built, "caught", operation="switchover")
    with pytest.raises(Refusal, match=r"differs from what it copies: public\.pledge"):
        over.step(built, "caught", operation="switchover", told=told)
    assert over.is_replica(built)


def test_one_that_is_through_has_nothing_to_do_a_second_time(built: Environment) -> None:
    move(built, "recovery")
    before = over.keys(built)
    result = over.step(built, "open", operation="switchover")
    assert (result["needed"], result["changed"]) == (False, False)
    assert "site recovery serves already" in result["said"]
    assert over.keys(built) == before


@pytest.mark.sweep
def test_one_that_was_cut_off_while_the_old_site_is_made_to_stand_by_is_done_all_the_same(
    built: Environment,
) -> None:
    move(built, "recovery")
    over.step(built, "open", operation="reprotect", site="recovery")
    again = over.step(built, "open", operation="switchover")
    assert (again["needed"], again["changed"]) == (False, False)
    assert again["said"].startswith("site recovery serves already since ")
    protect(built, "recovery")
    assert all(record.protected for record in records(built))


def test_an_environment_without_protection_is_not_moved(built: Environment) -> None:
    move(built, "recovery")
    with pytest.raises(Refusal, match="does not stand by since recovery serves"):
        over.step(built, "open", operation="switchover", site="home")


def test_the_old_database_is_deleted_only_where_somebody_has_agreed(built: Environment) -> None:
    move(built, "recovery")
    given: dict[str, Any] = {"operation": "reprotect", "site": "recovery"}
    over.upto(built, "orphans", **given)
    asked = over.step(built, "decide", dry=True, **given)["question"]
    assert "home has 2 rows that recovery never had (2 of public.pledge)" in asked
    assert "production-home-database-" in asked
    with pytest.raises(Refusal) as caught:
        over.step(built, "decide", **{**given, "confirm": "staging"})
    assert caught.value.result["code"] == "unconfirmed"
    assert not source(built, "home")


def test_what_is_counted_is_told_of_the_move_that_lost_it(built: Environment) -> None:
    moved = move(built, "recovery")[0]
    over.upto(built, "open", operation="reprotect", site="recovery")
    here = built.aws("recovery")
    [other] = [one for one in journals.ids(here) if one != moved["id"]]
    facts = journals.load(here, other).opened
    assert (facts["moved_by"], facts["snapshot"]) == (moved["id"], "100:104:")


def test_what_a_replica_received_until_it_was_promoted_is_not_counted_as_lost(
    built: Environment,
) -> None:
    over.upto(built, "proof")
    begun = over.step(built, "contents")
    assert begun["ask"] == {"snapshot": True, "known": "100:104:"}
    later = {**over.TOLD["contents"], "snapshot": "101:140:120"}
    moved = over.step(built, "contents", told=later)["id"]
    over.upto(built, "close")
    over.upto(built, "open", operation="reprotect")
    here = built.aws("recovery")
    facts = journals.load(here, journals.ids(here)[-1]).opened
    assert (facts["moved_by"], facts["snapshot"]) == (moved, "101:140:120")


def test_what_somebody_has_moved_by_hand_is_not_counted_by_an_older_move(
    built: Environment,
) -> None:
    move(built, "recovery")
    older = active.read(built.aws("recovery"))
    by_hand = replace(older, epoch=older.epoch + 7, operation="ada by hand")
    active.write(built.aws("recovery"), by_hand)
    over.upto(built, "open", operation="reprotect", site="recovery")
    here = built.aws("recovery")
    facts = journals.load(here, journals.ids(here)[-1]).opened
    assert (facts["moved_by"], facts["snapshot"]) == ("ada by hand", "")


@pytest.mark.sweep
def test_the_old_database_stays_where_its_snapshot_is_gone(built: Environment) -> None:
    move(built, "recovery")
    given: dict[str, Any] = {"operation": "reprotect", "site": "recovery"}
    found = over.upto(built, "decide", **given)
    [taken] = [one["evidence"]["snapshot"] for one in found if one["step"] == "snapshot"]
    built.aws("home").client("rds").delete_db_snapshot(DBSnapshotIdentifier=taken)
    with pytest.raises(Refusal, match="is not there any more, so the database of home stays"):
        over.step(built, "remove", **given)
    assert not source(built, "home")


@pytest.mark.sweep
def test_a_site_that_does_not_serve_has_no_part_in_protecting_itself(built: Environment) -> None:
    move(built, "recovery")
    mark = built.handle.mark()
    result = over.step(built, "open", operation="reprotect", site="home")
    assert not result["needed"] and "site recovery serves" in result["said"]
    assert built.handle.writes_since(mark) == []


def test_a_region_that_is_lost_in_the_midst_of_a_move_is_left_by_a_failover(
    built: Environment,
) -> None:
    move(built, "recovery", "freeze")
    over.go_dark(built)
    over.upto(built, "close", accept_unfenced=True)
    assert not over.is_replica(built)
    assert active.read(built.aws("recovery")).site == "recovery"
    assert not active.read(built.aws("recovery")).moving


@pytest.mark.parametrize(("last", "refused"), [("decide", True), ("freeze", False)])
def test_a_move_that_a_failover_takes_over_stays_open_where_that_is_refused(
    built: Environment, last: str, refused: bool
) -> None:
    """Where nobody may write any more, as from its step hold on, it is not: home serves no more."""
    moved = over.upto(built, last, operation="switchover")[0]
    validating.no_certificate(built)
    over.go_dark(built)
    if refused:
        with pytest.raises(Refusal, match="no certificate in force"):
            over.step(built, "open")
        unended = journals.unended(built.aws("recovery"))
        assert unended and unended.id == moved["id"]
    else:
        opened = over.step(built, "open")
        assert opened["changed"] and opened["id"] != moved["id"]


def test_a_newer_record_stops_a_move_whose_visitors_are_there_already_and_nothing_else_is_said(
    built: Environment,
) -> None:
    id = move(built, "recovery", "names")[0]["id"]
    assert over.switched(built)
    told = active.read(built.aws("recovery"))
    newer = replace(told, epoch=told.epoch + 2, site="home", operation="ada by hand", moving=False)
    active.write(built.aws("recovery"), newer)
    with pytest.raises(Refusal, match="ada by hand has written that home serves") as caught:
        over.step(built, "record", operation="switchover")
    hint = caught.value.result["hint"]
    assert hint == "find out who moved the environment meanwhile; this goes no further"
    assert journals.load(built.aws("recovery"), id).entries[-1]["state"] == journals.FAILED


def test_where_the_replica_has_vanished_no_copy_of_less_takes_its_place(built: Environment) -> None:
    move(built, "recovery", "intake")
    client = built.aws("recovery").client("rds")
    client.modify_db_instance(DBInstanceIdentifier=over.DATABASE, DeletionProtection=False)
    client.delete_db_instance(DBInstanceIdentifier=over.DATABASE, SkipFinalSnapshot=True)
    mark = built.handle.mark()
    with pytest.raises(Refusal, match="made with no other copy"):
        over.step(built, "promote", operation="switchover")
    assert not [call for call in built.handle.writes_since(mark) if call["service"] == "rds"]
    over.abandon(built, operation="switchover")
    assert {(one.site, one.moving) for one in records(built)} == {("home", False)}


def disabled(environment: Environment, *minutes_ago: float) -> None:
    """The figure that keeps traffic away from home, as a scheduler sends it."""
    namespace, name = SWITCH
    now = datetime.datetime.now(datetime.UTC)
    environment.aws("recovery").client("cloudwatch").put_metric_data(
        Namespace=namespace,
        MetricData=[
            {
                "MetricName": name,
                "Dimensions": [{"Name": "environment", "Value": "production"}],
                "Value": 1.0,
                "Timestamp": now - datetime.timedelta(minutes=ago),
            }
            for ago in minutes_ago
        ],
    )


@pytest.mark.parametrize(
    ("minutes_ago", "refused"), [((10, 5, 1), True), ((2, 1), False), ((40, 30, 20), False)]
)
@pytest.mark.sweep
def test_while_somebody_keeps_traffic_away_from_home_nothing_moves_there(
    built: Environment, minutes_ago: tuple[float, ...], refused: bool
) -> None:
    move(built, "recovery")
    protect(built, "recovery")
    disabled(built, *minutes_ago)
    if refused:
        with pytest.raises(Refusal, match="it would turn visitors back"):
            over.step(built, "open", operation="switchover", site="home")
    else:
        assert over.step(built, "open", operation="switchover", site="home")["changed"]


@pytest.mark.parametrize("gone", ["database", "group", "stopped"])
@pytest.mark.sweep
def test_a_site_is_protected_again_where_little_is_left_of_the_old_one(
    built: Environment, gone: str
) -> None:
    move(built, "recovery", "names")
    home = built.aws("home")
    name = {"DBInstanceIdentifier": "production-home-database"}
    if gone == "group":
        home.client("autoscaling").delete_auto_scaling_group(
            AutoScalingGroupName="production-home-web", ForceDelete=True
        )
    elif gone == "stopped":
        home.client("rds").stop_db_instance(**name)
    else:
        home.client("rds").modify_db_instance(**name, DeletionProtection=False)
        home.client("rds").delete_db_instance(**name, SkipFinalSnapshot=True)
    move(built, "recovery")
    given: dict[str, Any] = {"operation": "reprotect", "site": "recovery"}
    if gone == "stopped":
        # AWS takes no snapshot of it before somebody starts it.
        assert over.upto(built, "retire", **given)[-1]["done"]
    else:
        over.upto(built, "protect", **given)
        assert {one.protected for one in records(built)} == {True}
