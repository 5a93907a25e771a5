# SPDX-License-Identifier: GPL-3.0-or-later
"""Sites that are added, left out or moved after the environment stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge import teardown
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.catalog import TIERS
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import (
    Refusal,
    declared,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.run import run
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.site import Converger
from environment import SITES, Environment, addresses, done

ALONE = {"home": SITES["home"]}
FOREIGN_ROLE = "arn:aws:iam::210987654321:role/phoenix"


def alone(environment: Environment) -> Environment:
    """The environment with its home site only, standing."""
    environment.declared["sites"] = ALONE
    environment.run()
    return environment


def test_a_recovery_site_is_added_to_a_standing_home_by_one_run(empty: Environment) -> None:
    alone(empty)
    empty.declared["sites"] = SITES
    planned = empty.plan()
    ran = empty.run()
    assert addresses(planned) == addresses(ran) == done(ran)
    assert "home dns_record/site" in addresses(ran, "change")
    assert "recovery dns_record/site" in addresses(ran, "create")
    assert addresses(empty.plan()) == set()


MOVED = {**SITES, "recovery": {**SITES["recovery"], "region": "eu-west-1"}}


def lift(environment: Environment) -> None:
    """Takes the protection away, as unprotect.yml does."""
    traffic = {**environment.declared["traffic"], "deletion_protection": False}
    environment.run(database={"deletion_protection": False}, traffic=traffic)


def refusal(work: Callable[[], object], environment: Environment) -> Refusal:
    """What a run or a plan is refused with, nothing having been written."""
    mark = environment.handle.mark()
    with pytest.raises(Refusal) as caught:
        work()
    assert environment.handle.writes_since(mark) == []
    return caught.value


@pytest.mark.parametrize("what", ["site", "network"])
@pytest.mark.parametrize("dry", [True, False], ids=["plan", "run"])
def test_a_site_that_stands_in_another_region_than_declared_is_not_built_anew(
    standing: Environment, dry: bool, what: str
) -> None:
    params = standing.params("recovery", sites=MOVED)
    if what == "network":
        params.pop("traffic")
    told = refusal(lambda: run(params, what, dry=dry), standing)
    assert told.result["code"] == "stands_elsewhere"
    assert "recovery stands in us-west-2" in str(told)
    assert "declare us-west-2" in told.result["hint"]


def test_the_other_site_is_told_of_the_moved_one_too(standing: Environment) -> None:
    told = refusal(lambda: run(standing.params("home", sites=MOVED), "site", dry=True), standing)
    assert told.result["code"] == "stands_elsewhere"


@pytest.mark.parametrize("dry", [True, False], ids=["plan", "run"])
def test_giving_up_a_site_that_stands_is_refused_in_planning_with_the_way_on(
    standing: Environment, dry: bool
) -> None:
    params = standing.params("home", sites=ALONE)
    told = refusal(lambda: run(params, "site", dry=dry), standing)
    assert "recovery stands in us-west-2 and is not declared" in str(told)
    assert "destroy.yml" in str(told) and "--limit recovery" in str(told)
    assert "run the same playbook again" not in str(told)


def test_giving_up_a_site_of_which_only_the_record_is_seen_is_refused_in_planning(
    built: Environment,
) -> None:
    # As where the sites are in two accounts: home's account shows none of recovery's buckets.
    s3 = built.aws("recovery").client("s3")
    for purpose in ("releases", "backups", "logs"):
        s3.delete_bucket_tagging(Bucket=f"production-recovery-{purpose}-123456789012-us-west-2")
    params = built.params("home", sites=ALONE)
    for dry in (True, False):
        told = refusal(lambda dry=dry: run(params, "site", dry=dry), built)
        assert told.result["code"] == "other_site_stands"


def test_a_second_environment_of_the_same_domain_is_refused_in_planning(
    standing: Environment,
) -> None:
    params = standing.params("home", environment="staging")
    for dry in (True, False):
        told = refusal(lambda dry=dry: run(params, "site", dry=dry), standing)
        assert told.result["code"] == "name_taken"
        assert "environment production, site home" in str(told)


def test_an_environment_whose_name_begins_alike_is_another_one(empty: Environment) -> None:
    # Two environments of three addresses each are more than the quota of an account allows.
    frugal = {name: {**place, "nat": "one"} for name, place in SITES.items()}
    empty.declared |= {"environment": "production-eu", "sites": frugal}
    empty.run()
    mark = empty.handle.mark()
    alike = {"environment": "production", "sites": {"home": frugal["home"]}}
    empty.declared |= alike
    empty.declared["traffic"] = {**empty.declared["traffic"], "domain": "shop.example.org"}
    assert addresses(empty.plan())
    assert empty.handle.writes_since(mark) == []


@pytest.mark.parametrize("sites", [MOVED, ALONE], ids=["moved", "left out"])
def test_nothing_is_taken_down_while_a_site_stands_where_the_declaration_does_not_look(
    built: Environment, sites: dict[str, Any]
) -> None:
    lift(built)
    told = refusal(lambda: built.destroy("home", confirm="production", sites=sites), built)
    assert told.result["code"] == "stands_elsewhere"
    assert "recovery stands in us-west-2" in str(told)


def test_the_proof_of_a_teardown_fails_on_what_stands_in_undeclared_regions(
    built: Environment,
) -> None:
    lift(built)
    task = declared(built.params("recovery", sites=MOVED), TIERS)
    with Converger(task) as converger:
        lost = teardown.left(converger, converger.plan_destruction()).lost
    assert any(":us-west-2:" in name and ":vpc/" in name for name in lost)
    assert not any(":us-east-1:" in name for name in lost)


@pytest.mark.sweep
def test_a_site_that_was_taken_down_may_be_built_in_another_region(empty: Environment) -> None:
    empty.run()
    lift(empty)
    empty.destroy("recovery", confirm="production")
    empty.declared["sites"] = MOVED
    ran = empty.run()
    assert addresses(ran) == done(ran)
    assert "recovery vpc/main" in addresses(ran, "create")
    lift(empty)
    gone = empty.destroy("recovery", confirm="production")
    assert gone["left"] == []


def test_a_region_that_does_not_answer_does_not_stop_the_other_site(built: Environment) -> None:
    warm = {**SITES, "recovery": {**SITES["recovery"], "strategy": "warm_standby"}}
    built.handle.faults([{"effect": "dark", "region": "us-east-1"}])
    params = built.params("recovery", sites=warm)
    planned = run(params, "site", dry=True)
    ran = run(params, "site", dry=False)
    built.handle.faults([])
    assert planned["counts"]["change"] > 0
    assert {action["address"] for action in planned["actions"]} == set(ran["done"])


def test_by_the_credentials_of_the_other_site_no_wrong_account_is_planned_either(
    standing: Environment,
) -> None:
    sites = {**SITES, "home": {**SITES["home"], "role_arn": FOREIGN_ROLE}}
    params = standing.params("recovery", sites=sites, tags={"team": "shop"})
    told = refusal(lambda: run(params, "site", dry=True), standing)
    assert told.result["code"] == "wrong_account"
    assert "site home" in str(told) and "210987654321" in str(told)


def test_a_replica_that_was_promoted_by_hand_is_refused_with_what_can_be_done_about_it(
    built: Environment,
) -> None:
    rds = built.aws("recovery").client("rds")
    rds.promote_read_replica(DBInstanceIdentifier="production-recovery-database")
    params = built.params("recovery")
    told = str(refusal(lambda: run(params, "site", dry=True), built))
    assert "db_instance/main holds data and would have to be replaced to change: source" in told
    assert "a replica that was promoted does not become one again" in told
    assert "--limit" in told and "aws rds delete-db-instance" in told
    assert "declare the values that are there now" not in told
