# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking an environment down: refused by default, complete when it is meant, and proved."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.view import View
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge import (
    existing,
    patience,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.elsewhere import (
    LINGERING,
)
from environment import SITES, Environment, addresses
from objects import objects
from taking_down import KEPT_AT_HOME, RELEASES, SECRETS, lift, refused


def test_without_the_typed_name_nothing_is_touched(standing: Environment) -> None:
    assert refused(standing, "home")["code"] == "not_confirmed"
    assert refused(standing, "home", confirm="staging")["code"] == "not_confirmed"


def test_what_is_protected_is_named_and_nothing_is_touched(standing: Environment) -> None:
    found = refused(standing, "home", confirm="production")
    assert found["code"] == "protected"
    assert "db_instance/main" in found["message"] and "load_balancer/main" in found["message"]
    assert "unprotect" in found["message"]


def test_the_home_site_does_not_go_while_the_recovery_site_stands(built: Environment) -> None:
    lift(built)
    assert refused(built, "home", confirm="production")["code"] == "peer_stands"


@pytest.mark.parametrize(
    ("key", "goes"), [("manifest/recovery.json", True), ("operations/recovery/1/0000.json", False)]
)
def test_a_manifest_goes_with_its_site_and_the_journal_of_an_operation_is_in_the_way(
    built: Environment, key: str, goes: bool
) -> None:
    lift(built)
    aws = built.aws("recovery")
    name = aws.scope.bucket("backups")
    for body in (b"{}", b"[]"):
        aws.client("s3").put_object(Bucket=name, Key=key, Body=body)
    if goes:
        built.destroy("recovery", confirm="production")
        assert name not in {b["Name"] for b in aws.client("s3").list_buckets()["Buckets"]}
    else:
        found = refused(built, "recovery", confirm="production")
        assert found["code"] == "not_empty" and name in found["message"]


def test_a_bucket_with_objects_is_named_and_nothing_is_touched(built: Environment) -> None:
    lift(built)
    built.aws("home").client("s3").put_object(Bucket=RELEASES, Key="x", Body=b"y")
    # What is in the releases of home is replicated.
    built.destroy("recovery", confirm="production", empty_buckets=["releases"])
    found = refused(built, "home", confirm="production")
    assert found["code"] == "not_empty" and RELEASES in found["message"]


def test_both_sites_go_completely_except_for_the_final_snapshot_and_its_key(
    built: Environment,
) -> None:
    lift(built)
    built.aws("home").client("s3").put_object(Bucket=RELEASES, Key="x", Body=b"y")
    gone = built.destroy("recovery", confirm="production", empty_buckets=["releases"])
    assert gone["left"] == []
    assert [item.split()[0] for item in gone["kept"]] == ["kms_key/main,"]
    assert re.search(r"scheduled for deletion on \d{4}-\d\d-\d\d;", gone["kept"][0])
    assert "- recovery vpc/main" in gone["report"]
    gone = built.destroy("home", confirm="production", empty_buckets=["releases"])
    assert gone["left"] == []
    assert [item.split()[0] for item in gone["kept"]] == KEPT_AT_HOME
    assert re.search(r"secret/application, scheduled for deletion on 20\d\d-", gone["kept"][2])
    rds = built.aws("home").client("rds")
    (snapshot,) = rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    assert snapshot["DBInstanceIdentifier"] == "production-home-database"
    key = built.aws("home").client("kms").describe_key(KeyId=snapshot["KmsKeyId"])["KeyMetadata"]
    assert key["Enabled"]


@pytest.mark.sweep
def test_what_only_the_tagging_api_lists_still_is_neither_left_nor_a_site_that_stands_elsewhere(
    built: Environment,
) -> None:
    lift(built)
    aws, view = built.aws("home"), View(built.aws("home"))
    there = [arn for arn in view.tagged() if not any(part in arn for part in LINGERING)]
    assert existing.standing(view, there) == there
    built.handle.strike("deleted-listed")
    assert built.destroy("recovery", confirm="production")["left"] == []
    # Its region is looked at only where it is not declared.
    built.declared = {**built.declared, "sites": {"home": SITES["home"]}}
    assert built.destroy("home", confirm="production")["left"] == []
    assert set(there) <= set(View(aws).tagged())


@pytest.mark.sweep
def test_the_logs_of_the_database_are_ours_from_the_first_and_go_with_it(
    empty: Environment,
) -> None:
    mark = empty.handle.mark()
    assert "home log_group/postgresql" in addresses(empty.plan(), "create")
    empty.run()
    home = [e["action"] for e in empty.handle.writes_since(mark) if e["region"] == "us-east-1"]
    assert home.index("PutRetentionPolicy") < home.index("CreateDBInstance")
    logs = empty.aws("home").client("logs")
    groups = logs.describe_log_groups()["logGroups"]
    top = "/aws/rds/instance/production-home-database"
    assert [g["logGroupName"] for g in groups] == [f"{top}/postgresql", f"{top}/upgrade"]
    assert all(g["retentionInDays"] == 90 and g["kmsKeyId"] for g in groups)
    lift(empty)
    empty.destroy("recovery", confirm="production")
    gone = empty.destroy("home", confirm="production")
    assert gone["left"] == [] and "- home log_group/postgresql" in gone["report"]
    # Every region of the account could be looked at.
    assert "warnings" not in gone
    assert logs.describe_log_groups()["logGroups"] == []


def test_a_teardown_of_a_half_built_environment_leaves_nothing(empty: Environment) -> None:
    for tier in ("storage", "network"):
        empty.run_tier(tier)
    for site in ("recovery", "home"):
        gone = empty.destroy(site, confirm="production")
        assert gone["left"] == [] and len(gone["done"]) > 40
    # Keys and secrets wait for their end, and AWS lists gateways for a while after theirs.
    waiting = ("kms_key", "secret", "nat_gateway")
    assert {n for n in objects(empty) if not n.split()[1].startswith(waiting)} == set()


@pytest.mark.sweep
def test_a_database_that_is_being_made_and_then_deleted_for_long_keeps_no_teardown_from_its_end(
    empty: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty.declared = {
        **empty.declared,
        "sites": {"home": {**SITES["home"], "nat": "one"}},
        "deletion_protection": False,
    }
    known: dict[str, Any] = {}
    for tier in ("storage", "network"):
        known |= empty.start_tier(tier, "home", {"known": known})["known"]
    # Two zones take 15 s now, and the deletion 4 s.
    empty.handle.speed(60)
    try:
        empty.start_tier("database", "home", {"known": known})
        monkeypatch.setattr(patience, "BLOCKED", 2.0)
        gone = empty.destroy("home", confirm="production")
    finally:
        empty.handle.speed(0)
    assert gone["left"] == [] and "- home db_instance/main" in gone["report"]


def mail(environment: Environment) -> None:
    """Somebody else's record in our zone."""
    client = environment.aws("home").client("route53")
    (zone,) = client.list_hosted_zones()["HostedZones"]
    record = {"Name": "shop.example.com", "Type": "MX", "TTL": 300}
    record["ResourceRecords"] = [{"Value": "10 mail.example.net"}]
    client.change_resource_record_sets(
        HostedZoneId=zone["Id"],
        ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]},
    )


def test_a_foreign_record_in_the_zone_is_named_before_any_site_is_touched(
    built: Environment,
) -> None:
    lift(built)
    mail(built)
    sites = ["home", "recovery"]
    assert built.destroy("recovery", look=True, before=sites)["obstacles"] == []
    found = refused(built, "home", look=True, before=sites)
    assert found["code"] == "foreign_records"
    assert "MX shop.example.com" in found["message"]
    # What the sites' own records and proofs are is known.
    assert "CNAME" not in found["message"] and " A " not in found["message"]


def test_a_dry_run_lists_what_would_go_and_stay_and_all_that_is_in_the_way(
    built: Environment,
) -> None:
    built.aws("home").client("s3").put_object(Bucket=RELEASES, Key="x", Body=b"y")
    mark = built.handle.mark()
    told = built.foresee("home")
    assert built.handle.writes_since(mark) == []
    assert [item.partition(":")[0].split(";")[0] for item in told["obstacles"]] == [
        "protected against deletion",
        "buckets with objects in them",
        "site recovery still stands, and depends on home",
        "it needs its name typed",
    ]
    assert told["left"] == []
    assert [item.split()[0] for item in told["kept"]] == KEPT_AT_HOME
    lift(built)
    built.destroy("recovery", confirm="production", empty_buckets=["releases"])
    told = built.foresee("home", confirm="production", empty_buckets=["releases"])
    assert told["obstacles"] == []
    gone = built.destroy("home", confirm="production", empty_buckets=["releases"])
    assert {a["address"] for a in told["actions"]} == set(gone["done"])
    names = [item.split(",")[0] for item in gone["kept"]]
    assert [item.split(",")[0] for item in told["kept"]] == names
    for report in (told["report"], gone["report"]):
        going = {line.split()[2] for line in report if line.startswith("- home ")}
        staying = {line.split()[2].rstrip(",") for line in report if line.startswith("= home ")}
        # What waits for its end is told once, with its fate.
        assert going == set(gone["done"]) - set(SECRETS)
        assert {"kms_key/main", *SECRETS} <= staying
        assert going & staying == set()
        assert any(line.endswith(f" {len(going)}") for line in report)
