# SPDX-License-Identifier: GPL-3.0-or-later
"""Copied backups: begun once, found by their tags, and ended without losing what is there."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.errors import (
    Conflict,
    Meaning,
    NotYet,
    meaning,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope, pairs
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import (
    Aws,
    Connection,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.view import View
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.diff import compare
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Have, Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds import (
    db_backup_replication,
)
from botocore.stub import Stubber

SOURCE = "arn:aws:rds:us-east-1:123456789012:db:production-home-database"
KEY = "arn:aws:kms:us-west-2:123456789012:key/1"
ARN = "arn:aws:rds:us-west-2:123456789012:auto-backup:ab-1"
NOW = datetime.datetime(2026, 11, 28, tzinfo=datetime.UTC)
KIND = db_backup_replication.DbBackupReplication()


class Cloud:
    """The recovery site's account, in which RDS gives prepared answers."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.stub, self.once = Stubber(aws.client("rds")), Stubber(aws.once("rds"))
        self.stub.activate()
        self.once.activate()

    def keeps(self, *items: Mapping[str, Any]) -> View:
        operation = "describe_db_instance_automated_backups"
        self.stub.add_response(operation, {"DBInstanceAutomatedBackups": list(items)})
        return View(self.aws)

    def starts(self, want: Want) -> None:
        asked = {
            "SourceDBInstanceArn": SOURCE,
            "SourceRegion": "us-east-1",
            "BackupRetentionPeriod": want.spec["retention"],
            "KmsKeyId": KEY,
            "Tags": pairs(want.spec["tags"]),
        }
        made = {"DBInstanceAutomatedBackup": backup(want, Status="pending", RestoreWindow={})}
        self.once.add_response("start_db_instance_automated_backups_replication", made, asked)

    def stops(self) -> None:
        asked = {"SourceDBInstanceArn": SOURCE}
        self.stub.add_response("stop_db_instance_automated_backups_replication", {}, asked)


@pytest.fixture
def west() -> Scope:
    return Scope("production", "recovery", "us-west-2", "123456789012", "recovery")


@pytest.fixture
def cloud(west: Scope) -> Iterator[Cloud]:
    account = Cloud(Aws(west, Connection(access_key="x", secret_key="x")))
    yield account
    account.stub.assert_no_pending_responses()
    account.once.assert_no_pending_responses()


@pytest.fixture
def want(west: Scope) -> Want:
    tags = west.marks("db_backup_replication", "main")
    spec = {"source": SOURCE, "key": KEY, "retention": 7, "tags": tags}
    return Want("db_backup_replication", "main", spec)


def backup(want: Want, **more: Any) -> dict[str, Any]:
    return {
        "DBInstanceAutomatedBackupsArn": ARN,
        "DBInstanceArn": SOURCE,
        "DBInstanceIdentifier": "production-home-database",
        "Status": "replicating",
        "RestoreWindow": {"EarliestTime": NOW, "LatestTime": NOW},
        "KmsKeyId": KEY,
        "BackupRetentionPeriod": 7,
        "TagList": pairs(want.spec["tags"]),
        **more,
    }


def found(cloud: Cloud, want: Want, **more: Any) -> list[Have]:
    return list(KIND.find(cloud.keeps(backup(want, **more)), [want]))


def test_it_is_begun_with_the_key_and_the_tags_of_the_region_that_copies(
    cloud: Cloud, want: Want
) -> None:
    cloud.starts(want)
    have = KIND.create(cloud.aws, want)
    assert (have.settled, have.status, have.facts["arn"]) == (False, "pending", ARN)


def test_what_was_begun_is_found_as_wanted_and_ready_once_there_is_a_backup(
    cloud: Cloud, want: Want
) -> None:
    [have] = found(cloud, want)
    assert have.settled and compare(want.spec, have.spec) == ()
    for early in ({"Status": "pending"}, {"RestoreWindow": {}}):
        [have] = found(cloud, want, **early)
        assert not have.settled


@pytest.mark.parametrize(
    "more",
    [
        {"Status": "retained"},
        {"TagList": []},
        {"DBInstanceArn": SOURCE.replace("us-east-1", "us-west-2")},
    ],
)
def test_what_is_retained_or_of_others_or_of_this_region_is_no_copying_of_ours(
    cloud: Cloud, want: Want, more: dict[str, Any]
) -> None:
    assert found(cloud, want, **more) == []


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"KmsKeyId": KEY + "2"}, "key"),
        ({"BackupRetentionPeriod": 1}, "retention"),
        ({"DBInstanceArn": SOURCE + "2"}, "source"),
    ],
)
def test_a_change_behind_its_back_is_seen(
    cloud: Cloud, want: Want, more: dict[str, Any], field: str
) -> None:
    [have] = found(cloud, want, **more)
    assert [change.key for change in compare(want.spec, have.spec)] == [field]


def test_for_other_days_it_is_ended_and_begun_anew(cloud: Cloud, want: Want) -> None:
    [have] = found(cloud, want, BackupRetentionPeriod=1)
    cloud.stops()
    cloud.starts(want)
    after = KIND.update(cloud.aws, want, have, compare(want.spec, have.spec))
    assert after is not None and not after.settled


def test_one_that_was_ended_and_not_begun_anew_is_begun(cloud: Cloud, want: Want) -> None:
    [have] = found(cloud, want, BackupRetentionPeriod=1)
    stop = "stop_db_instance_automated_backups_replication"
    cloud.stub.add_client_error(stop, "DBInstanceNotFound")
    cloud.starts(want)
    KIND.update(cloud.aws, want, have, compare(want.spec, have.spec))


def test_a_tag_is_set_without_ending_it(cloud: Cloud, want: Want) -> None:
    tags = pairs({**want.spec["tags"], "Name": "x", "foreign": "y"})
    [have] = found(cloud, want, TagList=tags)
    name = [{"Key": "Name", "Value": "production-recovery-main"}]
    cloud.stub.add_response("add_tags_to_resource", {}, {"ResourceName": ARN, "Tags": name})
    assert KIND.update(cloud.aws, want, have, compare(want.spec, have.spec)) is None


def test_a_busy_source_is_copied_later(cloud: Cloud, want: Want) -> None:
    start = "start_db_instance_automated_backups_replication"
    cloud.once.add_client_error(start, "InvalidDBInstanceState")
    with pytest.raises(NotYet) as refused:
        KIND.create(cloud.aws, want)
    assert meaning(refused.value) is Meaning.UNPROPAGATED


def test_what_somebody_else_has_begun_is_named_and_not_touched(cloud: Cloud, want: Want) -> None:
    view = cloud.keeps(backup(want, TagList=[]))
    [error] = KIND.objections(view, want, None)
    assert isinstance(error, Conflict) and "are copied to us-west-2 already" in str(error)
    assert "stop-db-instance-automated-backups-replication" in error.hint
    assert list(KIND.objections(cloud.keeps(backup(want, Status="retained")), want, None)) == []


def test_what_is_ended_stays_for_its_days_and_is_told(cloud: Cloud, want: Want) -> None:
    [have] = found(cloud, want)
    cloud.stops()
    KIND.delete(cloud.aws, have)
    view = cloud.keeps(backup(want, Status="retained"), backup(want, Status="retained", TagList=[]))
    [told] = db_backup_replication.retained(view)
    assert told.startswith(f"backup ab-1 of {SOURCE}, which AWS removes 7 days after")
