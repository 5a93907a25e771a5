# SPDX-License-Identifier: GPL-3.0-or-later
"""A database that is gone is made of what was kept of it, by a declaration and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from environment import Environment, addresses, done

DATABASE = "production-home-database"
KEPT = "kept"
RESTORE = "RestoreDBInstanceFromDBSnapshot"


def lose(environment: Environment) -> None:
    """Home's database goes, and a snapshot of it stays."""
    rds = environment.aws("home").client("rds")
    rds.create_db_snapshot(DBInstanceIdentifier=DATABASE, DBSnapshotIdentifier=KEPT)
    rds.modify_db_instance(
        DBInstanceIdentifier=DATABASE, DeletionProtection=False, ApplyImmediately=True
    )
    rds.delete_db_instance(DBInstanceIdentifier=DATABASE, SkipFinalSnapshot=True)


def restoring(**restore: str) -> dict[str, Any]:
    return {"database": {"restore": restore}}


def instance(environment: Environment) -> dict[str, Any]:
    rds = environment.aws("home").client("rds")
    [item] = rds.describe_db_instances(DBInstanceIdentifier=DATABASE)["DBInstances"]
    return dict(item)


def restored(environment: Environment) -> list[str]:
    """What the instance was restored from, as of when, and whose password it has."""
    tags = {tag["Key"]: tag["Value"] for tag in instance(environment)["TagList"]}
    return tags["phoenix:restored"].split(" ")


@pytest.fixture
def lost(empty: Environment) -> Environment:
    """Home stands without its database, of which there is a snapshot; there is no other site."""
    empty.declared["sites"] = {"home": empty.declared["sites"]["home"]}
    empty.run()
    lose(empty)
    return empty


def test_it_is_restored_from_the_snapshot_as_declared_and_a_second_run_changes_nothing(
    lost: Environment,
) -> None:
    options, mark = restoring(snapshot=KEPT), lost.handle.mark()
    planned = lost.plan(**options)
    assert addresses(planned, "create") == {"home db_instance/main"}
    assert planned["home"]["notices"] == []
    assert "home db_instance/main" in done(lost.run(**options))
    log = [call["action"] for call in lost.handle.log(mark)]
    assert log.count(RESTORE) == 1 and "CreateDBInstance" not in log
    found = instance(lost)
    assert len(found["VpcSecurityGroups"]) == 1
    assert found["DeletionProtection"] and found["MultiAZ"]
    name, _at, login = restored(lost)
    assert (name, login) == (KEPT, "login-set")
    for later in (options, {}, restoring(snapshot="another")):
        assert addresses(lost.plan(**later)) == set()


@pytest.mark.parametrize("effect", ["lost", "error500"])
def test_one_is_made_where_the_answer_to_the_restore_does_not_come(
    lost: Environment, effect: str
) -> None:
    lost.handle.faults([{"effect": effect, "action": RESTORE, "times": 1}])
    lost.run(**restoring(snapshot=KEPT))
    assert [fault["action"] for fault in lost.handle.fired()] == [RESTORE]
    assert addresses(lost.plan()) == set()
    assert restored(lost)[2] == "login-set"


def test_a_run_that_does_not_wait_leaves_the_rest_to_the_next_one(lost: Environment) -> None:
    lost.handle.speed(600)
    lost.run(wait=False, **restoring(snapshot=KEPT))
    assert restored(lost)[2] == "login-of-before"
    lost.handle.speed(0)
    lost.run()
    assert restored(lost)[2] == "login-set"
    assert addresses(lost.plan()) == set()


def test_a_snapshot_that_is_not_there_is_refused_before_anything_is_written(
    lost: Environment,
) -> None:
    mark = lost.handle.mark()
    with pytest.raises(Refusal, match="there is no nowhere in us-east-1") as caught:
        lost.plan(**restoring(snapshot="nowhere"))
    assert caught.value.result["code"] == "not_restorable"
    assert lost.handle.writes_since(mark) == []


@pytest.mark.parametrize(
    "restore",
    [
        {"snapshot": "a", "backup": "b"},
        {"time": "latest"},
        {"backup": "production-home-database"},
        {"snapshot": "-no name"},
        {
            "backup": "arn:aws:rds:us-east-1:123456789012:auto-backup:ab-1",
            "time": "yesterday",
        },
    ],
)
def test_what_names_no_one_copy_is_refused(empty: Environment, restore: dict[str, str]) -> None:
    with pytest.raises(Refusal, match=r"database\.restore"):
        empty.plan(**restoring(**restore))


def another_key(environment: Environment) -> str:
    """That of a copy of the snapshot, as of one that is of another environment."""
    aws = environment.aws("home")
    key = str(aws.client("kms").create_key()["KeyMetadata"]["Arn"])
    aws.client("rds").copy_db_snapshot(
        SourceDBSnapshotIdentifier=KEPT, TargetDBSnapshotIdentifier="copied", KmsKeyId=key
    )
    return key


def test_a_copy_with_another_key_is_restored_with_that_one_where_it_is_named(
    lost: Environment,
) -> None:
    key = another_key(lost)
    options = restoring(snapshot="copied", key=key)
    lost.run(**options)
    assert instance(lost)["KmsKeyId"] == key
    assert addresses(lost.plan(**options)) == set()


def test_a_copy_that_has_not_the_key_that_is_named_is_refused_before_anything_is_written(
    lost: Environment,
) -> None:
    key = another_key(lost)
    mark = lost.handle.mark()
    with pytest.raises(Refusal, match="is encrypted with") as caught:
        lost.plan(**restoring(snapshot=KEPT, key=key))
    assert caught.value.result["code"] == "not_restorable"
    assert lost.handle.writes_since(mark) == []


def test_it_is_made_of_a_primary_that_stands_beside_it(empty: Environment) -> None:
    empty.declared["sites"] = {"home": empty.declared["sites"]["home"]}
    empty.run()
    aws = empty.aws("home")
    lose(empty)
    rds = aws.client("rds")
    rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="other", DBSnapshotIdentifier=KEPT
    )
    rds.modify_db_instance(
        DBInstanceIdentifier="other", BackupRetentionPeriod=7, ApplyImmediately=True
    )
    empty.run(**restoring(instance="other", time="latest"))
    assert (restored(empty)[0], restored(empty)[2]) == ("other", "login-set")
