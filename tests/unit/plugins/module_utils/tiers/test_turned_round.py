# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tiers declare once the recovery site serves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.catalog import (
    BY_NAME,
    TIERS,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.declaration.fields import read
from ansible_collections.operatingdev.phoenix.plugins.module_utils.declaration.site import (
    Site,
    read_site,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine import graph
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want

DECLARED: dict[str, Any] = {
    "environment": "production",
    "account_id": "123456789012",
    "sites": {
        "home": {"region": "us-east-1", "stands": "home", "cidr": "10.20.0.0/16"},
        "recovery": {"region": "us-west-2", "stands": "recovery", "cidr": "10.21.0.0/16"},
    },
}
OPTIONS = {"traffic": {"domain": "shop.example.com"}, "web_tier": {"application": "shop"}}
DATABASE, GROUP = "db_instance/main", "autoscaling_group/web"


def site(name: str, strategy: str = "pilot_light", **more: Any) -> Site:
    places = {n: {**place, "strategy": strategy} for n, place in DECLARED["sites"].items()}
    places["home"].pop("strategy")
    found, problems = read_site({**DECLARED, "sites": places, "site": name})
    if found is None:
        raise LookupError(problems)
    return replace(found, **more)


def wants(name: str, *tiers: str, **more: Any) -> dict[str, Want]:
    found = {}
    for tier in tiers or tuple(tier.TIER for tier in TIERS):
        options, problems = read(BY_NAME[tier].FIELDS, OPTIONS.get(tier, {}))
        if problems:
            raise LookupError(problems)
        for want in BY_NAME[tier].wants(site(name, **more), options):
            if not (want.given and want.address in found):
                found[want.address] = want
    return found


def test_unless_the_account_says_otherwise_home_serves() -> None:
    assert site("home").is_active
    assert not site("recovery").is_active


def test_each_site_has_the_database_of_its_part() -> None:
    recovery = wants("recovery", "database", active="recovery")[DATABASE].spec
    home = wants("home", "database", active="recovery")[DATABASE].spec
    assert recovery["source"] == ""
    assert home["source"] == "arn:aws:rds:us-west-2:123456789012:db:production-recovery-database"
    assert recovery["multi_az"] is True


def test_hosts_of_the_site_that_serves_write_and_those_of_the_other_read() -> None:
    told = "ssm_parameter/database_access"
    assert wants("recovery", "web_tier", active="recovery")[told].spec["value"] == "write"
    assert wants("home", "web_tier", active="recovery")[told].spec["value"] == "read"


@pytest.mark.parametrize(("strategy", "least"), [("pilot_light", 0), ("warm_standby", 1)])
def test_home_has_the_hosts_of_a_site_that_stands_by(strategy: str, least: int) -> None:
    told = {"active": "recovery", "strategy": strategy}
    home = wants("home", "web_tier", **told)[GROUP].spec
    assert (home["min_size"], home["max_size"]) == (least, 12)
    assert wants("recovery", "web_tier", **told)[GROUP].spec["min_size"] == 2


def test_secrets_and_objects_are_copied_the_other_way() -> None:
    recovery, home = (wants(name, "storage", active="recovery") for name in ("recovery", "home"))
    replica = recovery["secret_replica/application"].spec
    assert replica["region"] == "us-east-1"
    assert recovery["bucket_replication/releases"].spec["destination"].endswith("us-east-1")
    assert not [address for address in home if address.startswith(("secret", "bucket_repl"))]


def test_secrets_keep_their_names_so_hosts_of_both_sites_find_them() -> None:
    for active in ("home", "recovery"):
        found = wants(active, "storage", active=active)["secret/application"].spec
        assert found["name"] == "production/home/application"


def test_names_stay_with_home_for_the_switch_says_where_they_lead() -> None:
    for active in ("home", "recovery"):
        assert wants("home", "traffic", active=active)["dns_record/site"].spec["failover"] == (
            "PRIMARY"
        )
        assert "alarm/switch" in wants("recovery", "traffic", active=active)


def test_a_site_that_served_keeps_its_database_undeclared_and_has_no_hosts() -> None:
    told = {"active": "recovery", "protected": False, "strategy": "warm_standby"}
    home = wants("home", **told)
    assert DATABASE not in home
    assert (home[GROUP].spec["min_size"], home[GROUP].spec["max_size"]) == (0, 0)
    assert home["ssm_parameter/database_access"].spec["value"] == "read"


# Of kinds that are a way out, what a site that has none yet has all the same.
DOOR = {"route/public"}


def ways_out(name: str, strategy: str, **more: Any) -> set[str]:
    kinds = ("nat_gateway/", "elastic_ip/", "route/")
    return {n for n in wants(name, "network", strategy=strategy, **more) if n.startswith(kinds)}


@pytest.mark.parametrize(("name", "active"), [("recovery", "home"), ("home", "recovery")])
def test_a_site_that_lives_from_backups_has_a_way_out_only_once_it_serves(
    name: str, active: str
) -> None:
    idle = {"strategy": "backup_restore", "active": active}
    assert ways_out(name, **idle) == DOOR
    network = wants(name, "network", **idle)
    assert network["route_table/app-a"].spec["routes"] == ()
    needs = graph.needs(wants(name, "web_tier", **idle)[GROUP])
    assert not [target for target in needs if target.startswith("route/")]
    serves = ways_out(name, "backup_restore", active=name)
    assert len(serves) == 10
    assert serves == ways_out(name, "pilot_light", active=name)


@pytest.mark.parametrize("strategy", ["pilot_light", "warm_standby"])
def test_any_other_site_that_stands_by_keeps_its_way_out(strategy: str) -> None:
    assert ways_out("recovery", strategy) == ways_out("recovery", strategy, active="recovery")


def test_a_site_that_served_keeps_its_way_out_until_it_stands_by() -> None:
    told = {"strategy": "backup_restore", "active": "recovery"}
    assert len(ways_out("home", protected=False, **told)) == 10


@pytest.mark.parametrize(("nat", "many"), [("none", 0), ("one", 1), ("per_zone", 3)])
def test_a_site_that_takes_over_has_as_many_gateways_as_are_declared(nat: str, many: int) -> None:
    found = ways_out("recovery", "backup_restore", active="recovery", nat=nat)
    assert len([name for name in found if name.startswith("nat_gateway/")]) == many


def test_an_unprotected_site_copies_nothing_to_the_one_that_is_given_up() -> None:
    recovery = wants("recovery", "storage", active="recovery", protected=False)
    assert not [address for address in recovery if address.startswith(("secret_replica", "home:"))]


@pytest.mark.parametrize("strategy", ["backup_restore", "pilot_light"])
@pytest.mark.parametrize("protected", [True, False])
@pytest.mark.parametrize("active", ["home", "recovery"])
@pytest.mark.parametrize("name", ["home", "recovery"])
def test_all_that_is_referred_to_is_declared(
    name: str, active: str, protected: bool, strategy: str
) -> None:
    found = wants(name, active=active, protected=protected, strategy=strategy)
    named = {target for want in found.values() for target in graph.needs(want)}
    assert named <= found.keys()
