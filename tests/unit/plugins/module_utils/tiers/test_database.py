# SPDX-License-Identifier: GPL-3.0-or-later
"""What the database tier declares."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.declaration.fields import read
from ansible_collections.operatingdev.phoenix.plugins.module_utils.declaration.site import (
    Site,
    read_site,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine import graph
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.tiers import database, windows

ENVIRONMENT = {
    "environment": "production",
    "account_id": "123456789012",
    "sites": {
        "home": {"region": "us-east-1", "stands": "home", "cidr": "10.20.0.0/16"},
        "recovery": {"region": "us-west-2", "stands": "recovery", "cidr": "10.21.0.0/16"},
    },
    "site": "home",
}


def site(name: str = "home", **more: Any) -> Site:
    """A site of the reference environment."""
    found, problems = read_site({**ENVIRONMENT, "site": name, **more})
    if found is None:
        raise LookupError(problems)
    return found


def options(**given: Any) -> dict[str, Any]:
    found, problems = read(database.FIELDS, given)
    if problems:
        raise LookupError(problems)
    return found


def wants(name: str = "home", **given: Any) -> dict[str, Want]:
    return {want.address: want for want in database.wants(site(name), options(**given))}


LOGS = {"log_group/postgresql", "log_group/upgrade"}
OWN = {"db_subnet_group/main", "db_parameter_group/main", "db_instance/main"} | LOGS
EARLIER = {
    "kms_key/main",
    "secret/database",
    "security_group/database",
    "subnet/database-a",
    "subnet/database-b",
    "subnet/database-c",
}


def test_home_has_a_primary_and_the_recovery_site_a_replica_of_it() -> None:
    assert set(wants()) == OWN
    assert wants()["db_instance/main"].spec["source"] == ""
    there = wants("recovery")
    assert set(there) == OWN | {"home:db_instance/main"}
    assert there["home:db_instance/main"].given
    assert there["db_instance/main"].spec["source"] == (
        "arn:aws:rds:us-east-1:123456789012:db:production-home-database"
    )


def test_a_site_that_lives_from_backups_has_them_copied_and_all_that_a_database_needs() -> None:
    sites = {
        **ENVIRONMENT["sites"],  # type: ignore[dict-item]
        "recovery": {
            **ENVIRONMENT["sites"]["recovery"],  # type: ignore[index]
            "strategy": "backup_restore",
        },
    }
    found = database.wants(site("recovery", sites=sites), options())
    copied, given = "db_backup_replication/main", "home:db_instance/main"
    assert {want.address for want in found} == OWN - {"db_instance/main"} | {copied, given}
    [want] = [want for want in found if want.address == copied]
    assert want.spec["source"] == "arn:aws:rds:us-east-1:123456789012:db:production-home-database"
    assert want.spec["retention"] == 7
    assert graph.needs(want) == {"kms_key/main": False, given: True}


def test_the_replica_can_take_the_place_of_the_primary() -> None:
    primary, replica = (wants(name)["db_instance/main"].spec for name in ("home", "recovery"))
    own = {
        "identifier",
        "tags",
        "source",
        "multi_az",
        "username",
        "database",
        "secret",
        "restarted",
    }
    shared = primary.keys() - own
    assert {key: primary[key] for key in shared} == {key: replica[key] for key in shared}
    assert replica.keys() | own == primary.keys() | own
    groups = [wants(name)["db_parameter_group/main"].spec for name in ("home", "recovery")]
    assert groups[0]["parameters"] == groups[1]["parameters"]


@pytest.mark.parametrize("name", ["home", "recovery"])
def test_every_reference_is_to_the_tier_itself_or_to_an_earlier_one(name: str) -> None:
    found = wants(name)
    for want in found.values():
        assert set(graph.needs(want)) <= set(found) | EARLIER


def test_the_primary_waits_for_nothing_of_the_other_site_and_for_no_copy() -> None:
    needs = set(graph.needs(wants()["db_instance/main"]))
    assert not {name for name in needs if ":" in name or "repli" in name}


def test_the_replica_waits_until_the_primary_can_be_copied() -> None:
    assert graph.needs(wants("recovery")["db_instance/main"])["home:db_instance/main"] is True


def test_no_password_is_in_a_want() -> None:
    spec = wants()["db_instance/main"].spec
    assert not {key for key in spec if "password" in key}
    assert spec["secret"] == "production/home/database"


def test_connections_are_encrypted_and_the_family_follows_the_version() -> None:
    spec = wants(engine_version="17.4")["db_parameter_group/main"].spec
    assert spec["parameters"]["rds.force_ssl"] == "1"
    assert spec["family"] == "postgres17"


def test_another_spelling_of_the_declaration_makes_the_same_wants() -> None:
    sites = {
        name: {**item, "zones": ["c", "a", "b"]}
        for name, item in reversed(list(ENVIRONMENT["sites"].items()))  # type: ignore[attr-defined]
    }
    one = options(parameters={"work_mem": "4096", "jit": False}, storage_gb="50")
    other = options(parameters={"jit": "0", "work_mem": 4096}, storage_gb=50)
    assert database.wants(site(sites=sites), one) == database.wants(site(), other)


def test_the_subnets_are_those_of_the_declared_zones() -> None:
    sites = {"home": {**ENVIRONMENT["sites"]["home"], "zones": ["b", "d"]}}  # type: ignore[index]
    found = database.wants(site(sites=sites), options())
    [group] = [want for want in found if want.kind == "db_subnet_group"]
    assert set(group.spec["subnets"]) == {"us-east-1b", "us-east-1d"}
    assert set(graph.needs(group)) == {"subnet/database-b", "subnet/database-d"}


def test_port_user_and_database_are_those_of_the_environment() -> None:
    own = site(database_port=6432, database_user="owner", database_name="shop")
    [spec] = [w.spec for w in database.wants(own, options()) if w.kind == "db_instance"]
    assert (spec["port"], spec["username"], spec["database"]) == (6432, "owner", "shop")


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"engine_version": "9.6"}, "engine_version"),
        ({"engine_version": "sixteen"}, "engine_version"),
        ({"instance_class": "t4g.medium"}, "instance_class"),
        ({"storage_gb": 10}, "storage_gb"),
        ({"backup_days": -1}, "backup_days"),
        ({"backup_days": 36}, "backup_days"),
        ({"backup_window": "02:00-02:10"}, "backup_window"),
        ({"backup_window": "25:00-26:00"}, "backup_window"),
        ({"maintenance_window": "sunday:04:00-sunday:05:00"}, "maintenance_window"),
        ({"multi_az": "twice"}, "multi_az"),
        ({"parameters": {"work_mem": ["1"]}}, "parameters.work_mem"),
        ({"instance_clas": "db.t4g.medium"}, "instance_clas"),
    ],
)
def test_a_malformed_option_is_named(given: dict[str, Any], path: str) -> None:
    _found, problems = read(database.FIELDS, given)
    assert [problem.path for problem in problems] == [path]


def test_only_a_copy_of_another_environment_goes_without_backups_and_says_what_it_is_of() -> None:
    none = options(backup_days=0)
    assert [problem.path for problem in database.check(site(), none)] == ["backup_days"]
    copy = site(copy_of={"environment": "production", "site": "home"})
    assert list(database.check(copy, none)) == []
    for own, said in ((copy, "production/home"), (site(), None)):
        [spec] = [w.spec for w in database.wants(own, options()) if w.kind == "db_instance"]
        assert spec["tags"].get("phoenix:copy-of") == said


def test_of_a_staging_copy_nothing_is_kept_and_its_log_tells_no_row_whoever_says_so() -> None:
    closed = {"region": "us-east-1", "stands": "home", "cidr": "10.20.0.0/16", "nat": "none"}
    copy = site(
        copy_of={"environment": "production", "site": "home"},
        sites={"home": {**closed, "closed": True, "visitors": ["203.0.113.0/24"]}},
    )
    for kept in ({"backup_days": 7}, {"final_snapshot": True}):
        given = options(**{"backup_days": 0, "final_snapshot": False, **kept})
        assert [problem.path for problem in database.check(copy, given)] == [*kept]
    given = options(parameters={"log_error_verbosity": "verbose"})
    [group] = [w for w in database.wants(copy, given) if w.kind == "db_parameter_group"]
    assert group.spec["parameters"]["log_error_verbosity"] == "terse"
    [group] = [w for w in database.wants(site(), given) if w.kind == "db_parameter_group"]
    assert group.spec["parameters"]["log_error_verbosity"] == "verbose"


@pytest.mark.parametrize("name", ["password", "master_password", "admin_pwd", "api_key"])
def test_a_password_as_an_option_is_refused_without_showing_it(name: str) -> None:
    _found, [problem] = read(database.FIELDS, {name: "hunter2"})
    assert problem.path == name
    assert "Secrets Manager" in problem.rule
    assert "hunter2" not in str(problem)


def test_a_password_among_the_parameters_is_refused_without_showing_it() -> None:
    [problem] = database.check(site(), options(parameters={"shop.password": "hunter2"}))
    assert problem.path == "parameters.shop.password"
    assert "hunter2" not in str(problem)


def test_a_parameter_that_only_speaks_of_passwords_is_allowed() -> None:
    given = options(parameters={"password_encryption": "scram-sha-256"})
    assert list(database.check(site(), given)) == []


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"storage_gb": 200, "max_storage_gb": 210}, "max_storage_gb"),
        (
            {"backup_window": "04:30-05:30", "maintenance_window": "sun:04:00-sun:05:00"},
            "backup_window",
        ),
        ({"parameters": {"rds.force_ssl": 0}}, "parameters.rds.force_ssl"),
    ],
)
def test_options_that_contradict_one_another_are_named(given: dict[str, Any], path: str) -> None:
    assert [problem.path for problem in database.check(site(), options(**given))] == [path]


def test_a_limit_of_exactly_a_tenth_more_is_enough() -> None:
    assert list(database.check(site(), options(storage_gb=50, max_storage_gb=55))) == []


@pytest.mark.parametrize(
    ("day", "week", "meet"),
    [
        ("02:00-03:00", "sun:04:00-sun:05:00", False),
        ("04:30-05:00", "sun:04:00-sun:05:00", True),
        ("23:30-00:30", "mon:00:00-mon:01:00", True),
        ("00:00-00:30", "sun:23:45-mon:00:15", True),
        ("03:00-04:00", "sun:04:00-sun:05:00", False),
    ],
)
def test_windows_that_meet_are_seen_also_over_midnight(day: str, week: str, meet: bool) -> None:
    assert windows.overlap(day, week) is meet


OTHER_KEY = "arn:aws:kms:us-east-1:123456789012:key/mrk-1"


def test_what_is_restored_with_another_key_has_that_one_and_all_else_the_site_s() -> None:
    spec = wants(restore={"snapshot": "last", "key": OTHER_KEY})["db_instance/main"].spec
    assert (spec["restore"], spec["key"]) == ({"snapshot": "last"}, OTHER_KEY)
    plain = wants(restore={"snapshot": "last"})["db_instance/main"].spec
    assert spec == {**plain, "key": OTHER_KEY}
    assert plain["key"] == wants()["db_instance/main"].spec["key"] == plain["insights_key"]


def test_a_key_of_another_region_is_refused_where_the_database_is_restored() -> None:
    given = options(restore={"snapshot": "last", "key": OTHER_KEY.replace("east", "west")})
    [problem] = database.check(site(), given)
    assert (problem.path, "us-east-1" in problem.rule) == ("restore.key", True)
    assert list(database.check(site("recovery"), given)) == []
    assert list(database.check(site(), options(restore={"snapshot": "a", "key": OTHER_KEY}))) == []


@pytest.mark.parametrize(
    ("restore", "taken"),
    [
        ({"instance": "production-home-database", "time": "latest", "key": OTHER_KEY}, True),
        ({"instance": "production-home-database"}, True),
        ({"instance": "a", "snapshot": "b"}, False),
        ({"instance": "-a"}, False),
        ({"snapshot": "a", "time": "latest"}, False),
        ({"snapshot": "a", "key": "alias/phoenix-production-home"}, False),
        ({"key": OTHER_KEY}, False),
        ({"snapshot": "a", "more": "b"}, False),
    ],
)
def test_what_it_is_restored_from_is_one_thing_and_named_as_aws_does(
    restore: dict[str, str], taken: bool
) -> None:
    _found, problems = read(database.FIELDS, {"restore": restore})
    assert (problems == []) == taken


def test_what_a_deletion_leaves_is_declared_of_both_so_that_it_is_true_of_a_promoted_one() -> None:
    for name in ("home", "recovery"):
        assert wants(name)["db_instance/main"].spec["final_snapshot"] is True
        left = wants(name, final_snapshot=False)["db_instance/main"].spec["final_snapshot"]
        assert left is False
