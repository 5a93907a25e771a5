# SPDX-License-Identifier: GPL-3.0-or-later
"""An option that cannot take effect on what stands is refused in the plan, with what to do."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.run import run
from environment import SITES, Environment, addresses
from options import at, everywhere, stands

__all__ = ["stands"]


def refused(environment: Environment, **options: Any) -> Refusal:
    """How the plan of a declaration is refused, and the run in the same words; neither writes."""
    mark = environment.handle.mark()
    told: list[Refusal] = []
    for work in (environment.plan, environment.run):
        with pytest.raises(Refusal) as caught:
            work(**options)
        told.append(caught.value)
    assert str(told[0]) == str(told[1])
    assert environment.handle.writes_since(mark) == []
    return told[0]


def test_another_network_is_refused_in_the_plan_whatever_may_be_replaced(
    stands: Environment,
) -> None:
    message = str(refused(stands, **at("home", cidr="10.40.0.0/16"), allow_replace=["all"]))
    assert (
        "vpc/main would have to be replaced, and cannot be while it holds db_instance/main"
        in message
    )
    assert "(10.20.0.0/16 -> 10.40.0.0/16)" in message
    held = "would have to be replaced, and cannot be while it holds"
    for zone in "abc":
        assert f"subnet/database-{zone} {held} db_instance/main" in message
        assert f"subnet/app-{zone} {held}" in message
    assert "allow_replace" not in message


@pytest.mark.parametrize("site", SITES)
def test_another_network_is_refused_by_the_network_alone_too(
    stands: Environment, site: str
) -> None:
    options = {**at(site, cidr="10.40.0.0/16"), "allow_replace": ["all"]}
    params = stands.params(site, **options)
    del params["traffic"]
    with pytest.raises(
        Refusal, match="vpc/main would have to be replaced, and cannot be while it holds"
    ) as caught:
        run(params, "network", dry=True)
    assert "subnet/database-a would have to be replaced, and cannot be while it holds" in str(
        caught.value
    )


def test_all_refused_replacements_are_told_at_once_those_that_can_never_be_first(
    stands: Environment,
) -> None:
    options = {"database_name": "other", "network": {"flow_log_interval": 60}}
    message = str(refused(stands, **options))
    never, asked = "db_instance/main holds data", "flow_log/main would have to be replaced"
    assert message.index(never) < message.index(asked)
    assert """-e '{"phoenix_allow_replace": ["flow_log/main"]}'""" in message


def test_another_major_version_is_refused_with_the_rule_and_nothing_to_allow(
    stands: Environment,
) -> None:
    message = str(refused(stands, database={"engine_version": "17"}))
    assert "db_instance/main holds data" in message
    assert "(16 -> 17); the major version is fixed for the life of a database" in message
    assert "db_parameter_group/main would have to be replaced, and cannot be while" in message
    assert "allow_replace" not in message


@pytest.mark.parametrize(("lost", "role"), [("a", "the instance"), ("b", "its standby")])
def test_a_zone_in_which_the_database_is_cannot_be_left_out(
    stands: Environment, lost: str, role: str
) -> None:
    zones = [letter for letter in "abc" if letter != lost]
    told = refused(stands, **at("home", zones=zones))
    assert told.result["code"] == "subnet_in_use"
    message = str(told)
    assert (
        f"site home: db_subnet_group/main cannot lose the subnet of us-east-1{lost}: "
        f"production-home-database has {role} there" in message
    )
    assert "declare the zone again" in message
    assert "database_multi_az" in message and "--force-failover" in message


def test_a_zone_that_only_another_database_in_our_group_uses_cannot_be_left_out_either(
    stands: Environment,
) -> None:
    rds = stands.aws("home").client("rds")
    theirs = "restored-by-hand"
    rds.create_db_instance(
        DBInstanceIdentifier=theirs,
        Engine="postgres",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=20,
        MasterUsername="theirs",
        MasterUserPassword="only-emulated",
        DBSubnetGroupName="production-home-database",
        AvailabilityZone="us-east-1c",
    )
    try:
        message = str(refused(stands, **at("home", zones=["a", "b"])))
    finally:
        rds.delete_db_instance(DBInstanceIdentifier=theirs, SkipFinalSnapshot=True)
    assert f"{theirs} has the instance there" in message


@pytest.mark.sweep
def test_a_zone_is_left_out_once_the_standby_has_gone_from_it(stands: Environment) -> None:
    single = {"database": {"multi_az": False}}
    fewer = {**single, **at("home", zones=["a", "c"])}
    stands.run(**single)
    planned = stands.plan(**fewer)
    assert addresses(planned) == addresses(stands.run(**fewer))
    assert "home subnet/database-b" in addresses(planned, "destroy")
    assert addresses(stands.plan(**fewer)) == set()
    stands.run()
    assert addresses(stands.plan()) == set()


@pytest.mark.sweep
def test_less_storage_than_was_declared_is_refused_and_what_grew_by_itself_is_not(
    stands: Environment,
) -> None:
    rds = stands.aws("home").client("rds")
    rds.modify_db_instance(
        DBInstanceIdentifier="production-home-database", AllocatedStorage=80, ApplyImmediately=True
    )
    assert addresses(stands.plan()) == set()
    more = {"database": {"storage_gb": 60}}
    assert addresses(stands.run(**more), "change") == everywhere("db_instance/main")
    assert addresses(stands.plan(**more)) == set()
    message = str(refused(stands))
    assert "allocated_storage (80 -> 50); RDS cannot shrink storage" in message
    assert "allow_replace" not in message
