# SPDX-License-Identifier: GPL-3.0-or-later
"""What outlives an environment that is taken down: the last snapshot, its key and the secrets."""

from __future__ import annotations

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge import teardown
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.catalog import TIERS
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import (
    Refusal,
    declared,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.site import Converger
from environment import SITES, Environment, addresses, done
from objects import stateful_ids
from taking_down import KEPT_AT_HOME, lift


@pytest.mark.sweep
def test_a_second_teardown_keeps_the_key_of_the_snapshot_too(built: Environment) -> None:
    lift(built)
    built.destroy("recovery", confirm="production")
    built.destroy("home", confirm="production")
    again = built.destroy("home", confirm="production")
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
    built: Environment,
) -> None:
    lift(built)
    for site in ("recovery", "home"):
        built.destroy(site, confirm="production")
    built.run()
    for site in ("recovery", "home"):
        built.unprotect(site, confirm="production")
        name = f"production-{site}-database"
        rds = built.aws(site).client("rds")
        rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    (snapshot,) = rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    ec2 = built.aws("home").client("ec2")
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
    planned = built.plan()
    assert planned["home"]["notices"] == []
    assert "home db_instance/main" not in addresses(planned, "create")
    built.run()
    assert addresses(built.plan()) == set()


def test_a_key_whose_deletion_somebody_has_begun_is_called_back_before_it_takes_the_data_along(
    built: Environment,
) -> None:
    for site in SITES:
        aws = built.aws(site)
        key = aws.client("kms").describe_key(KeyId=aws.scope.key_alias)["KeyMetadata"]["KeyId"]
        aws.client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    planned = built.plan()
    assert addresses(planned) == {f"{site} kms_key/main" for site in SITES}
    ran = built.run()
    assert addresses(ran) == done(ran) == addresses(planned)
    for site in SITES:
        aws = built.aws(site)
        data = aws.client("kms").describe_key(KeyId=aws.scope.key_alias)["KeyMetadata"]
        assert data["KeyState"] == "Enabled"
    assert addresses(built.plan()) == set()


@pytest.mark.sweep
def test_a_database_whose_key_is_about_to_be_lost_is_not_destroyed_for_its_snapshot_would_be_too(
    built: Environment,
) -> None:
    lift(built)
    built.destroy("recovery", confirm="production")
    aws = built.aws("home")
    key = aws.client("kms").describe_key(KeyId=aws.scope.key_alias)["KeyMetadata"]["KeyId"]
    aws.client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    mark = built.handle.mark()
    with pytest.raises(Refusal, match=r"waits for its deletion[\s\S]*run site.yml first") as told:
        built.destroy("home", confirm="production")
    assert told.value.result["code"] == "key_leaves"
    assert built.handle.writes_since(mark) == []


def test_a_database_that_leaves_nothing_goes_with_its_key_whatever_is_declared_then(
    empty: Environment,
) -> None:
    empty.declared["sites"] = {"home": SITES["home"]}
    traffic = {**empty.declared["traffic"], "deletion_protection": False}
    options = {"deletion_protection": False, "final_snapshot": False}
    empty.run(database=options, traffic=traffic)
    assert addresses(empty.plan(database=options, traffic=traffic)) == set()
    foreseen = empty.foresee("home", confirm="production")
    gone = empty.destroy("home", confirm="production")
    assert gone["left"] == []
    for told in (foreseen, gone):
        kept = [item.split()[0] for item in told["kept"]]
        assert kept == [name for name in KEPT_AT_HOME if name != "snapshot"]
        assert "kms_key/main, scheduled for deletion" in "\n".join(told["kept"])
    rds = empty.aws("home").client("rds")
    assert rds.describe_db_snapshots()["DBSnapshots"] == []
    found = rds.describe_db_instance_automated_backups()["DBInstanceAutomatedBackups"]
    assert [item["Status"] for item in found] == []


@pytest.mark.sweep
def test_one_that_is_declared_to_leave_a_snapshot_again_leaves_one(empty: Environment) -> None:
    empty.declared["sites"] = {"home": SITES["home"]}
    traffic = {**empty.declared["traffic"], "deletion_protection": False}
    empty.run(database={"deletion_protection": False, "final_snapshot": False}, traffic=traffic)
    options = {"deletion_protection": False}
    planned = empty.plan(database=options, traffic=traffic)
    assert addresses(planned) == {"home db_instance/main"}
    empty.run(database=options, traffic=traffic)
    gone = empty.destroy("home", confirm="production")
    assert [item.split()[0] for item in gone["kept"]][:2] == KEPT_AT_HOME[:2]
