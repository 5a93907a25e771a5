# SPDX-License-Identifier: GPL-3.0-or-later
"""What the storage tier declares."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.declaration.fields import read
from ansible_collections.operatingdev.phoenix.plugins.module_utils.declaration.site import (
    Site,
    read_site,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine import canon, graph
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.tiers import storage
from ansible_collections.operatingdev.phoenix.plugins.module_utils.tiers.login import LOGINS

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
    found, problems = read(storage.FIELDS, given)
    if problems:
        raise LookupError(problems)
    return found


def wants(name: str = "home", **given: Any) -> dict[str, Want]:
    return {want.address: want for want in storage.wants(site(name), options(**given))}


HOME = {
    "kms_key/main",
    "bucket/releases",
    "bucket/backups",
    "bucket/logs",
    *(f"secret/{login}" for login in LOGINS),
    *(f"secret_replica/{login}" for login in LOGINS),
    "iam_role/replication",
    "bucket_replication/releases",
    "bucket_replication/backups",
}
PEER = {"recovery:kms_key/main", "recovery:bucket/releases", "recovery:bucket/backups"}


def test_home_has_its_own_and_the_copies() -> None:
    found = wants()
    assert set(found) == HOME | PEER
    assert {address for address, want in found.items() if want.given} == PEER


def test_the_recovery_site_has_its_own_key_and_buckets() -> None:
    assert set(wants("recovery")) == {
        "kms_key/main",
        "bucket/releases",
        "bucket/backups",
        "bucket/logs",
    }


def test_without_copies_or_a_peer_home_stands_alone() -> None:
    alone = set(wants(replicate=False))
    sites = {"home": ENVIRONMENT["sites"]["home"]}  # type: ignore[index]
    single = {w.address for w in storage.wants(site(sites=sites), options())}
    assert (
        alone
        == single
        == HOME
        - {
            *(f"secret_replica/{login}" for login in LOGINS),
            "iam_role/replication",
            "bucket_replication/releases",
            "bucket_replication/backups",
        }
    )


@pytest.mark.parametrize("name", ["home", "recovery"])
def test_every_reference_is_to_something_that_the_tier_declares(name: str) -> None:
    found = wants(name)
    for want in found.values():
        assert set(graph.needs(want)) <= set(found)
    graph.order({address: graph.needs(want) for address, want in found.items()})


def upstream(address: str, found: dict[str, Want]) -> set[str]:
    """Everything that an object waits for, directly or not."""
    direct = set(graph.needs(found[address]))
    return direct.union(*(upstream(target, found) for target in direct))


@pytest.mark.parametrize("login", LOGINS)
def test_a_login_waits_for_nothing_of_the_other_site(login: str) -> None:
    assert upstream(f"secret/{login}", wants()) == {"kms_key/main"}


def test_every_login_has_a_user_of_its_own_in_the_database() -> None:
    users = {login: wants()[f"secret/{login}"].spec["username"] for login in LOGINS}
    assert users == {
        "application": "application_application_a",
        "database": "phoenix_owner",
        "migration": "application_migration_a",
        "reader": "application_reader_a",
    }


def test_a_copy_waits_for_a_versioned_bucket_at_the_other_site() -> None:
    needs = graph.needs(wants()["bucket_replication/releases"])
    assert needs["recovery:bucket/releases"] is True
    assert needs["bucket/releases"] is True


def test_names_are_the_ones_that_everybody_expects() -> None:
    found = wants()
    assert found["bucket/logs"].spec["name"] == "production-home-logs-123456789012-us-east-1"
    assert found["kms_key/main"].spec["alias"] == "alias/phoenix-production-home"
    assert found["secret/database"].spec["name"] == "production/home/database"
    assert found["bucket/logs"].spec["tags"]["phoenix:id"] == "bucket/logs"


def test_another_spelling_of_the_declaration_makes_the_same_wants() -> None:
    sites = {
        name: dict(reversed(list(item.items())))
        for name, item in reversed(list(ENVIRONMENT["sites"].items()))  # type: ignore[attr-defined]
    }
    sites["home"]["cidr"] = " 10.20.7.1/16"
    other = storage.wants(site(sites=sites), options(log_days="90", replicate="yes"))
    assert other == storage.wants(site(), options())


def statements(document: Any) -> Iterator[Any]:
    yield from document["Statement"]


@pytest.mark.parametrize("purpose", storage.PURPOSES)
def test_no_bucket_is_used_without_tls_or_seen_in_public(purpose: str) -> None:
    spec = wants()[f"bucket/{purpose}"].spec
    assert spec["private"] is True
    assert spec["versioning"] is True
    [refusal] = [s for s in statements(spec["policy"]) if s["Effect"] == "Deny"]
    assert refusal["Condition"] == {"Bool": {"aws:SecureTransport": ("false",)}}
    assert refusal["Principal"] == "*"


def test_only_the_logs_expire_and_only_they_do_without_the_customer_key() -> None:
    found = wants(log_days=30)
    days = {p: found[f"bucket/{p}"].spec["lifecycle"]["expire_days"] for p in storage.PURPOSES}
    assert days == {"releases": 0, "backups": 0, "logs": 30}
    kinds = {p: found[f"bucket/{p}"].spec["encryption"]["algorithm"] for p in storage.PURPOSES}
    assert kinds == {"releases": "aws:kms", "backups": "aws:kms", "logs": "AES256"}


def test_logs_are_taken_from_aws_for_this_account_only() -> None:
    policy = wants()["bucket/logs"].spec["policy"]
    allowed = [s for s in statements(policy) if s["Effect"] == "Allow"]
    assert len(allowed) == 3
    for statement in allowed:
        [(kind, names)] = statement["Principal"].items()
        assert kind == "Service"
        assert all(name.endswith(".amazonaws.com") for name in names)
        text = json.dumps(statement)
        assert "AWSLogs/123456789012/" in text or "aws:SourceAccount" in text


def test_whoever_is_no_principal_of_the_account_cannot_use_the_key() -> None:
    for statement in statements(wants()["kms_key/main"].spec["policy"]):
        condition = statement.get("Condition", {})
        account = json.dumps([statement["Principal"], condition])
        assert "123456789012" in account
        if statement["Principal"] == "*":
            assert condition["StringEquals"]["kms:CallerAccount"] == ("123456789012",)
            assert "aws:PrincipalArn" in condition["ArnEquals"]


def test_nobody_decrypts_with_the_key_but_through_a_service() -> None:
    for statement in statements(wants()["kms_key/main"].spec["policy"]):
        if "kms:Decrypt" in statement["Action"] and "AWS" in statement["Principal"]:
            assert statement["Condition"]["StringEquals"]["kms:ViaService"]


def test_an_image_of_either_site_is_copied_whichever_region_s_ec2_asks_for_its_key() -> None:
    def through(name: str) -> list[set[str]]:
        listed = statements(wants(name)["kms_key/main"].spec["policy"])
        named = [
            s["Condition"]["StringEquals"].get("kms:ViaService", ())
            for s in listed
            if "Sid" in s and s["Sid"].endswith("ThroughServices")
        ]
        return [{service for service in one if service.startswith("ec2.")} for one in named]

    here, there = "ec2.us-east-1.amazonaws.com", "ec2.us-west-2.amazonaws.com"
    assert through("home") == [{here, there}] * 2
    assert through("recovery") == [{here, there}] * 2


def test_whoever_administers_the_key_can_change_its_policy_again() -> None:
    policy = wants()["kms_key/main"].spec["policy"]
    [admin] = [s for s in statements(policy) if s["Sid"] == "Administration"]
    assert "kms:PutKeyPolicy" in admin["Action"]
    assert "Condition" not in admin


def test_the_replication_role_reaches_the_copied_buckets_and_no_others() -> None:
    document = wants()["iam_role/replication"].spec["policies"]["replication"]
    resources = {r for s in statements(document) for r in s["Resource"] if isinstance(r, str)}
    buckets = {r for r in resources if r.startswith("arn:aws:s3:::")}
    assert all("-releases-" in r or "-backups-" in r for r in buckets)
    assert not any("*" in action for s in statements(document) for action in s["Action"])
    [encrypt] = [s for s in statements(document) if "kms:Encrypt" in s["Action"]]
    assert encrypt["Condition"]["ForAnyValue:StringEquals"] == {
        "kms:ResourceAliases": ("alias/phoenix-production-recovery",)
    }


def test_policies_are_canonical() -> None:
    for want in wants().values():
        for key in ("policy", "trust"):
            if key in want.spec:
                assert canon.policy(want.spec[key]) == want.spec[key]


@pytest.mark.parametrize("tag", ["db_password", "API-Key", "session_token", "secrets"])
def test_a_tag_that_holds_a_secret_is_refused_without_showing_it(tag: str) -> None:
    given = {**ENVIRONMENT, "site": "home", "tags": {tag: "hunter2", "team": "shop"}}
    found, [problem] = read_site(given)
    assert found is None
    assert problem.path == f"tags.{tag}"
    assert "hunter2" not in str(problem)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"log_days": 0}, "log_days"),
        ({"log_days": "many"}, "log_days"),
        ({"noncurrent_days": 4000}, "noncurrent_days"),
        ({"replicate": "perhaps"}, "replicate"),
        ({"log_dayz": 30}, "log_dayz"),
    ],
)
def test_a_malformed_option_is_named(given: dict[str, Any], path: str) -> None:
    _found, problems = read(storage.FIELDS, given)
    assert [problem.path for problem in problems] == [path]


def test_every_kind_that_is_declared_is_one_of_the_tiers() -> None:
    kinds = {kind.name for kind in storage.KINDS}
    assert {want.kind for want in wants().values()} == kinds
