# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may do what in the database, as data, and what is refused of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.catalog import TIERS
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import (
    Refusal,
    declared,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.tiers import (
    builder,
    database_access,
    web_tier,
)

SITES = {
    "home": {"region": "us-east-1", "stands": "home", "cidr": "10.20.0.0/16"},
    "recovery": {"region": "us-west-2", "stands": "recovery", "cidr": "10.21.0.0/16"},
}


def access(
    site: str = "home", web: Mapping[str, Any] | None = None, **given: Any
) -> dict[str, Any]:
    environment = {
        name: given.pop(name) for name in ("database_name", "database_user") if name in given
    }
    task = declared(
        {
            "environment": "production",
            "account_id": "123456789012",
            "sites": SITES,
            "site": site,
            "traffic": {"domain": "shop.example.com"},
            "database": given,
            "web_tier": web or {},
            "database_name": "shop",
            **environment,
        },
        TIERS,
    )
    return database_access.access(task.site, task.options["database"], task.options["web_tier"])


def roles(**given: Any) -> dict[str, Any]:
    return {role["name"]: role for role in access(**given)["roles"]}


def problems(**given: Any) -> list[dict[str, Any]]:
    with pytest.raises(Refusal) as refused:
        access(**given)
    found: list[dict[str, Any]] = refused.value.result["problems"]
    return found


def test_nobody_who_logs_in_owns_anything_and_the_owner_does_not_log_in() -> None:
    found = roles()
    assert not found["shop_owner"]["login"]
    assert not found["shop_application"]["login"]
    member = {name: role["member_of"] for name, role in found.items() if role["login"]}
    assert member == {
        "shop_migration_a": ["shop_owner"],
        "shop_migration_b": ["shop_owner"],
        "shop_application_a": ["shop_application"],
        "shop_application_b": ["shop_application"],
        "shop_reader_a": ["shop_reader"],
        "shop_reader_b": ["shop_reader"],
    }


def test_what_a_migration_makes_belongs_to_the_owner() -> None:
    for user in ("shop_migration_a", "shop_migration_b"):
        assert roles()[user]["settings"]["role"] == "shop_owner"


def test_who_only_reads_gets_nothing_else() -> None:
    rights = {item["role"]: item for item in access()["rights"]}
    assert rights["shop_reader"]["tables"] == rights["shop_reader"]["sequences"] == ["SELECT"]
    for user in ("shop_reader_a", "shop_reader_b"):
        assert roles()[user]["settings"]["default_transaction_read_only"] == "on"


def test_declared_times_are_those_of_the_roles() -> None:
    found = roles(statement_seconds=7, migration_lock_seconds=2, idle_transaction_seconds=9)
    assert found["shop_application_b"]["settings"] == {
        "statement_timeout": "7s",
        "lock_timeout": "5s",
        "idle_in_transaction_session_timeout": "9s",
    }
    assert found["shop_migration_b"]["settings"]["lock_timeout"] == "2s"


@pytest.mark.parametrize(("most", "hosts"), [(2, 3), (12, 14), (20, 22)])
def test_each_of_the_applications_users_may_open_what_all_hosts_and_their_heartbeats_open(
    most: int, hosts: int
) -> None:
    found = roles(web={"max_size": most}, connections_per_host=8)
    for name in ("shop_application_a", "shop_application_b"):
        assert found[name]["connections"] == (8 + 1) * hosts


def test_the_application_beats_and_who_only_reads_reads_the_beats() -> None:
    assert access()["heartbeat"] == {"beats": "shop_application", "reads": "shop_reader"}


@pytest.mark.parametrize("login", ["application", "migration", "reader"])
def test_the_two_users_of_a_login_differ_in_their_names_only(login: str) -> None:
    one, other = access()["users"][login]
    found = roles()
    assert one != other
    assert found[one] == {**found[other], "name": one}


def test_both_sites_say_the_same_and_where_the_logins_of_home_are() -> None:
    assert access("recovery") == access("home")
    assert access()["secrets"]["reader"] == "production/home/reader"


def test_the_same_declaration_has_the_same_digest_and_another_one_another() -> None:
    one = access(extensions=["pg_trgm", "citext"])
    assert one["digest"] == access(extensions=["citext", "pg_trgm", "citext"])["digest"]
    others = [
        access(),
        access(web={"max_size": 13}),
        access(lock_seconds=6),
        access(database_name="shops"),
    ]
    assert len({item["digest"] for item in (one, *others)}) == 5


def test_a_setting_that_is_not_within_the_database_leaves_the_digest() -> None:
    one = access()
    assert one["digest"] == access(backup_days=9, web={"cpu_target": 40})["digest"]


def test_what_is_declared_is_plain_data() -> None:
    assert json.loads(json.dumps(access())) == access()


@pytest.mark.parametrize(
    ("instance_class", "per_host", "most", "left"),
    [
        ("db.t4g.micro", 10, 12, 39),
        ("db.t4g.medium", 30, 12, 377),
        ("db.t4g.medium", 10, 40, 377),
        ("db.r7g.large", 100, 40, 1729),
    ],
)
def test_more_connections_than_the_instance_has_are_refused(
    instance_class: str, per_host: int, most: int, left: int
) -> None:
    [found] = problems(
        web={"max_size": most}, instance_class=instance_class, connections_per_host=per_host
    )
    assert found["path"] == "database.connections_per_host"
    assert found["value"] == per_host
    assert f"{instance_class} has about {left} for them" in found["rule"]
    fits = access(
        web={"max_size": most},
        instance_class=instance_class,
        connections_per_host=found["example"],
    )
    assert fits


def test_the_example_of_a_refusal_is_the_most_that_fits() -> None:
    [found] = problems(instance_class="db.t4g.micro")
    larger = found["example"] + 1
    assert access(instance_class="db.t4g.micro", connections_per_host=found["example"])
    assert problems(instance_class="db.t4g.micro", connections_per_host=larger)


def test_a_declared_number_of_connections_counts_instead_of_the_memory() -> None:
    assert access(parameters={"max_connections": 500}, connections_per_host=30)
    [found] = problems(parameters={"max_connections": "100"})
    assert "has about 55 for them" in found["rule"]
    # A formula of RDS is RDS's to reckon.
    formula = {"max_connections": "GREATEST({DBInstanceClassMemory/9531392},900)"}
    assert access(parameters=formula, connections_per_host=1000)


def test_a_class_that_is_not_known_is_left_to_aws() -> None:
    assert access(instance_class="db.q9.large", connections_per_host=1000)


@pytest.mark.parametrize("user", ["shop_owner", "shop_reader", "shop_migration_b"])
def test_the_master_user_is_none_of_the_roles(user: str) -> None:
    [found] = problems(database_user=user)
    assert found["path"] == "database_user"
    assert "must not be the name of a role that is made for database shop" in found["rule"]


@pytest.mark.parametrize("name", ["pg_shop", "s" * 50])
def test_a_database_whose_roles_would_have_no_name_is_refused(name: str) -> None:
    [found] = problems(database_name=name)
    assert found["path"] == "database_name"


def test_the_longest_name_of_a_role_is_one_for_postgresql() -> None:
    assert max(len(name) for name in roles(database_name="s" * 49)) == 63


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"extensions": ["pg_trgm; drop"]}, "extensions"),
        ({"extensions": "pg_trgm"}, "extensions"),
        ({"connections_per_host": 0}, "connections_per_host"),
        ({"lock_seconds": 0}, "lock_seconds"),
        ({"statement_seconds": "soon"}, "statement_seconds"),
        ({"migration_statement_seconds": 5401}, "migration_statement_seconds"),
    ],
)
def test_a_malformed_option_is_named(given: dict[str, Any], path: str) -> None:
    [found] = problems(**given)
    assert found["path"] == f"database.{path}"


def test_a_migration_ends_well_before_the_builder_on_which_it_runs() -> None:
    longest = roles(migration_statement_seconds=5400)["shop_migration_a"]["settings"]
    assert longest["statement_timeout"] == "5400s"
    assert database_access.MIGRATION_SECONDS <= builder.HOURS * 3600 - 1800
    [found] = problems(migration_statement_seconds=86400)
    assert "the builder, on which it runs, ends itself after 2 hours" in found["rule"]


def test_the_parameter_is_one_that_nobody_else_may_declare() -> None:
    assert database_access.PARAMETER in web_tier.web_fields.WRITTEN
