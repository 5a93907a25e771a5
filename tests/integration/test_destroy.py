# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking an environment down: refused by default, complete when it is meant, and proved."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge import teardown
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.catalog import TIERS
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import (
    Refusal,
    declared,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.site import Converger
from ansible_collections.operatingdev.phoenix.plugins.module_utils.tiers.login import LOGINS
from environment import SITES, Environment, addresses, done
from objects import objects, stateful_ids

SECRETS = [f"secret/{login}" for login in LOGINS]
KEPT_AT_HOME = ["snapshot", "kms_key/main,", *(f"{name}," for name in SECRETS)]
RELEASES = "production-home-releases-123456789012-us-east-1"


def lift(environment: Environment) -> None:
    """What unprotect.yml does."""
    traffic = {**environment.declared["traffic"], "deletion_protection": False}
    environment.run(database={"deletion_protection": False}, traffic=traffic)


def refused(environment: Environment, site: str, **options: Any) -> dict[str, Any]:
    """The result of a teardown that must be refused before its first write."""
    mark = environment.handle.mark()
    with pytest.raises(Refusal) as caught:
        environment.destroy(site, **options)
    assert environment.handle.writes_since(mark) == []
    return {"message": str(caught.value), **caught.value.result}


def test_without_the_typed_name_nothing_is_touched(standing: Environment) -> None:
    assert refused(standing, "home")["code"] == "not_confirmed"
    assert refused(standing, "home", confirm="staging")["code"] == "not_confirmed"


def test_what_is_protected_is_named_and_nothing_is_touched(standing: Environment) -> None:
    found = refused(standing, "home", confirm="production")
    assert found["code"] == "protected"
    assert "db_instance/main" in found["message"] and "load_balancer/main" in found["message"]
    assert "unprotect" in found["message"]


def test_the_home_site_does_not_go_while_the_recovery_site_stands(empty: Environment) -> None:
    empty.run()
    lift(empty)
    assert refused(empty, "home", confirm="production")["code"] == "peer_stands"


@pytest.mark.parametrize(
    ("key", "goes"), [("manifest/recovery.json", True), ("operations/recovery/1/0000.json", False)]
)
def test_a_manifest_goes_with_its_site_and_the_journal_of_an_operation_is_in_the_way(
    empty: Environment, key: str, goes: bool
) -> None:
    empty.run()
    lift(empty)
    aws = empty.aws("recovery")
    name = aws.scope.bucket("backups")
    for body in (b"{}", b"[]"):
        aws.client("s3").put_object(Bucket=name, Key=key, Body=body)
    if goes:
        empty.destroy("recovery", confirm="production")
        assert name not in {b["Name"] for b in aws.client("s3").list_buckets()["Buckets"]}
    else:
        found = refused(empty, "recovery", confirm="production")
        assert found["code"] == "not_empty" and name in found["message"]


def test_a_bucket_with_objects_is_named_and_nothing_is_touched(empty: Environment) -> None:
    empty.run()
    lift(empty)
    empty.aws("home").client("s3").put_object(Bucket=RELEASES, Key="x", Body=b"y")
    # What is in the releases of home is replicated.
    empty.destroy("recovery", confirm="production", empty_buckets=["releases"])
    found = refused(empty, "home", confirm="production")
    assert found["code"] == "not_empty" and RELEASES in found["message"]


def test_both_sites_go_completely_except_for_the_final_snapshot_and_its_key(
    empty: Environment,
) -> None:
    empty.run()
    lift(empty)
    empty.aws("home").client("s3").put_object(Bucket=RELEASES, Key="x", Body=b"y")
    gone = empty.destroy("recovery", confirm="production", empty_buckets=["releases"])
    assert gone["left"] == []
    assert [item.split()[0] for item in gone["kept"]] == ["kms_key/main,"]
    assert re.search(r"scheduled for deletion on \d{4}-\d\d-\d\d;", gone["kept"][0])
    assert "- recovery vpc/main" in gone["report"]
    gone = empty.destroy("home", confirm="production", empty_buckets=["releases"])
    assert gone["left"] == []
    assert [item.split()[0] for item in gone["kept"]] == KEPT_AT_HOME
    assert re.search(r"secret/application, scheduled for deletion on 20\d\d-", gone["kept"][2])
    rds = empty.aws("home").client("rds")
    (snapshot,) = rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    assert snapshot["DBInstanceIdentifier"] == "production-home-database"
    key = empty.aws("home").client("kms").describe_key(KeyId=snapshot["KmsKeyId"])["KeyMetadata"]
    assert key["Enabled"]


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


@pytest.mark.sweep
def test_a_second_teardown_keeps_the_key_of_the_snapshot_too(empty: Environment) -> None:
    empty.run()
    lift(empty)
    empty.destroy("recovery", confirm="production")
    empty.destroy("home", confirm="production")
    again = empty.destroy("home", confirm="production")
    assert again["done"] == []
    assert [item.split()[0] for item in again["kept"]] == KEPT_AT_HOME


def test_a_snapshot_of_another_database_whose_name_begins_alike_is_not_ours(
    empty: Environment,
) -> None:
    rds = empty.aws("home").client("rds")
    rds.create_db_instance(
        DBInstanceIdentifier="production-home-two-database",
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="someone",
        MasterUserPassword="not-a-secret-1",
    )
    rds.create_db_snapshot(
        DBInstanceIdentifier="production-home-two-database", DBSnapshotIdentifier="theirs"
    )
    assert empty.plan()["home"]["notices"] == []
    assert empty.foresee("home")["kept"] == []
    task = declared(empty.params("home"), TIERS)
    with Converger(task) as converger:
        assert teardown.keeps(converger, converger.plan_destruction()) == frozenset()


@pytest.mark.sweep
def test_what_was_taken_down_can_be_built_again_with_the_same_key_and_secret(
    empty: Environment,
) -> None:
    empty.run()
    before = stateful_ids(empty)
    lift(empty)
    empty.destroy("recovery", confirm="production")
    empty.destroy("home", confirm="production")
    (snapshot,) = empty.aws("home").client("rds").describe_db_snapshots()["DBSnapshots"]
    planned = empty.plan()
    ran = empty.run()
    for told in (planned, ran):
        (notice,) = told["home"]["notices"]
        assert "db_instance/main is made empty" in notice
        assert snapshot["DBSnapshotIdentifier"] in notice and "docs/destroy.md" in notice
        assert told["recovery"]["notices"] == []
    assert empty.plan()["home"]["notices"] == []
    after = stateful_ids(empty)
    kept = {name for name in before if "/" in name}
    assert kept and all(before[name] == after[name] for name in kept)
    assert addresses(ran) == done(ran)
    assert addresses(empty.plan()) == set()


def test_a_teardown_of_a_half_built_environment_leaves_nothing(empty: Environment) -> None:
    for tier in ("storage", "network"):
        empty.run_tier(tier)
    for site in ("recovery", "home"):
        gone = empty.destroy(site, confirm="production")
        assert gone["left"] == [] and len(gone["done"]) > 40
    # Keys and secrets wait for their end, and AWS lists gateways for a while after theirs.
    waiting = ("kms_key", "secret", "nat_gateway")
    assert {n for n in objects(empty) if not n.split()[1].startswith(waiting)} == set()


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
    empty: Environment,
) -> None:
    empty.run()
    lift(empty)
    mail(empty)
    sites = ["home", "recovery"]
    assert empty.destroy("recovery", look=True, before=sites)["obstacles"] == []
    found = refused(empty, "home", look=True, before=sites)
    assert found["code"] == "foreign_records"
    assert "MX shop.example.com" in found["message"]
    # What the sites' own records and proofs are is known.
    assert "CNAME" not in found["message"] and " A " not in found["message"]


def test_a_dry_run_lists_what_would_go_and_stay_and_all_that_is_in_the_way(
    empty: Environment,
) -> None:
    empty.run()
    empty.aws("home").client("s3").put_object(Bucket=RELEASES, Key="x", Body=b"y")
    mark = empty.handle.mark()
    told = empty.foresee("home")
    assert empty.handle.writes_since(mark) == []
    assert [item.partition(":")[0].split(";")[0] for item in told["obstacles"]] == [
        "protected against deletion",
        "buckets with objects in them",
        "site recovery still stands, and depends on home",
        "it needs its name typed",
    ]
    assert told["left"] == []
    assert [item.split()[0] for item in told["kept"]] == KEPT_AT_HOME
    lift(empty)
    empty.destroy("recovery", confirm="production", empty_buckets=["releases"])
    told = empty.foresee("home", confirm="production", empty_buckets=["releases"])
    assert told["obstacles"] == []
    gone = empty.destroy("home", confirm="production", empty_buckets=["releases"])
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


def test_the_key_of_a_site_without_a_snapshot_is_told_once_with_its_fate(
    empty: Environment,
) -> None:
    for tier in ("storage", "network"):
        empty.run_tier(tier)
    told = empty.foresee("recovery")["report"]
    gone = empty.destroy("recovery", confirm="production")["report"]
    for report, fate in ((told, "in 30 days"), (gone, "on ")):
        (line,) = [line for line in report if "kms_key/main" in line]
        assert line.startswith(f"= recovery kms_key/main, scheduled for deletion {fate}")


@pytest.mark.sweep
def test_the_data_of_the_final_snapshot_is_brought_back_as_the_documentation_says(
    empty: Environment,
) -> None:
    empty.run()
    lift(empty)
    for site in ("recovery", "home"):
        empty.destroy(site, confirm="production")
    empty.run()
    for site in ("recovery", "home"):
        empty.unprotect(site, confirm="production")
        name = f"production-{site}-database"
        rds = empty.aws(site).client("rds")
        rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    (snapshot,) = rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    ec2 = empty.aws("home").client("ec2")
    tag = {"Name": "tag:phoenix:id", "Values": ["security_group/database"]}
    (group,) = ec2.describe_security_groups(Filters=[tag])["SecurityGroups"]
    owner = {
        "phoenix:environment": "production",
        "phoenix:site": "home",
        "phoenix:id": "db_instance/main",
    }
    rds.restore_db_instance_from_db_snapshot(
        DBSnapshotIdentifier=snapshot["DBSnapshotIdentifier"],
        DBInstanceIdentifier=name,
        DBSubnetGroupName=name,
        DBParameterGroupName=name,
        VpcSecurityGroupIds=[group["GroupId"]],
        Tags=[{"Key": key, "Value": value} for key, value in owner.items()],
    )
    planned = empty.plan()
    assert planned["home"]["notices"] == []
    assert "home db_instance/main" not in addresses(planned, "create")
    empty.run()
    assert addresses(empty.plan()) == set()


def test_a_key_whose_deletion_somebody_has_begun_is_called_back_before_it_takes_the_data_along(
    empty: Environment,
) -> None:
    empty.run()
    for site in SITES:
        aws = empty.aws(site)
        key = aws.client("kms").describe_key(KeyId=aws.scope.key_alias)["KeyMetadata"]["KeyId"]
        aws.client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    planned = empty.plan()
    assert addresses(planned) == {f"{site} kms_key/main" for site in SITES}
    ran = empty.run()
    assert addresses(ran) == done(ran) == addresses(planned)
    for site in SITES:
        aws = empty.aws(site)
        data = aws.client("kms").describe_key(KeyId=aws.scope.key_alias)["KeyMetadata"]
        assert data["KeyState"] == "Enabled"
    assert addresses(empty.plan()) == set()


def test_a_database_whose_key_is_about_to_be_lost_is_not_destroyed_for_its_snapshot_would_be_too(
    empty: Environment,
) -> None:
    empty.run()
    lift(empty)
    empty.destroy("recovery", confirm="production")
    aws = empty.aws("home")
    key = aws.client("kms").describe_key(KeyId=aws.scope.key_alias)["KeyMetadata"]["KeyId"]
    aws.client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    mark = empty.handle.mark()
    with pytest.raises(Refusal, match=r"waits for its deletion[\s\S]*run site.yml first") as told:
        empty.destroy("home", confirm="production")
    assert told.value.result["code"] == "key_leaves"
    assert empty.handle.writes_since(mark) == []
