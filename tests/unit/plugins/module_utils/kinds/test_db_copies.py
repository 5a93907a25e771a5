# SPDX-License-Identifier: GPL-3.0-or-later
"""Which copies of a database there are in a region, and which of them loses least."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import (
    Aws,
    Connection,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.view import View
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds import db_copies
from botocore.stub import Stubber

HOME, RECOVERY = "production-home-database", "production-recovery-database"
KEY = "arn:aws:kms:us-west-2:123456789012:key/1"
ARN = "arn:aws:rds:us-west-2:123456789012:auto-backup:ab-1"
SOURCE = f"arn:aws:rds:us-east-1:123456789012:db:{HOME}"
OF = {"EngineVersion": "16.9", "KmsKeyId": KEY, "MasterUsername": "phoenix_owner"}


def at(minute: int) -> datetime.datetime:
    return datetime.datetime(2026, 11, 28, 10, minute, tzinfo=datetime.UTC)


def snapshot(name: str, minute: int, **more: Any) -> dict[str, Any]:
    told = {"DBSnapshotIdentifier": name, "Status": "available", "SnapshotCreateTime": at(minute)}
    return {**told, **OF, **more}


def backup(status: str, name: str, minute: int) -> dict[str, Any]:
    return {
        "DBInstanceIdentifier": name,
        "DBInstanceAutomatedBackupsArn": ARN,
        "Status": status,
        "RestoreWindow": {"EarliestTime": at(0), "LatestTime": at(minute)},
        **OF,
    }


class Region:
    """What RDS answers when it is asked for copies, database by database."""

    def __init__(self, aws: Aws) -> None:
        self.aws, self.stub = aws, Stubber(aws.client("rds"))
        self.stub.activate()

    def has(
        self,
        name: str,
        snapshots: tuple[dict[str, Any], ...] = (),
        backups: tuple[dict[str, Any], ...] = (),
    ) -> None:
        named = {"DBInstanceIdentifier": name}
        self.stub.add_response("describe_db_snapshots", {"DBSnapshots": [*snapshots]}, named)
        operation, key = "describe_db_instance_automated_backups", "DBInstanceAutomatedBackups"
        self.stub.add_response(operation, {key: [*backups]}, named)

    def stands(self, name: str, source: str = "") -> None:
        item = {"DBInstanceIdentifier": name}
        item |= {"ReadReplicaSourceDBInstanceIdentifier": source} if source else {}
        self.stub.add_response("describe_db_instances", {"DBInstances": [item]})

    def newest(self) -> db_copies.Copy | None:
        return db_copies.newest_of(View(self.aws), (HOME, RECOVERY))


@pytest.fixture
def region() -> Iterator[Region]:
    scope = Scope("production", "recovery", "us-west-2", "123456789012", "recovery")
    found = Region(Aws(scope, Connection(access_key="x", secret_key="x")))
    yield found
    found.stub.assert_no_pending_responses()


def test_backups_that_are_copied_here_are_taken_where_they_are_newer_than_any_snapshot(
    region: Region,
) -> None:
    region.has(HOME, (snapshot("by-hand", 5),), (backup("replicating", HOME, 30),))
    region.has(RECOVERY)
    copy = region.newest()
    assert copy is not None
    assert copy.declared == {"backup": ARN, "time": "latest", "key": KEY}
    assert copy.as_of == "2026-11-28T10:30:00+00:00"


def test_of_a_replica_that_stands_here_its_snapshots_are_taken_and_no_point_in_time(
    region: Region,
) -> None:
    region.has(HOME, (snapshot("copied", 5),))
    daily = snapshot(f"rds:{RECOVERY}-2026-11-28-10-20", 20)
    region.has(RECOVERY, (daily, snapshot("by-hand", 10)), (backup("active", RECOVERY, 40),))
    region.stands(RECOVERY, SOURCE)
    copy = region.newest()
    assert copy is not None
    assert copy.declared == {"snapshot": f"rds:{RECOVERY}-2026-11-28-10-20", "key": KEY}


def test_a_primary_that_stands_here_is_taken_as_of_its_latest_moment(region: Region) -> None:
    region.has(HOME)
    region.has(RECOVERY, (snapshot("by-hand", 10),), (backup("active", RECOVERY, 40),))
    region.stands(RECOVERY)
    copy = region.newest()
    assert copy is not None
    assert copy.declared == {"instance": RECOVERY, "time": "latest", "key": KEY}
    assert (copy.name, copy.as_of) == (RECOVERY, "2026-11-28T10:40:00+00:00")


def test_a_copied_snapshot_is_as_old_as_what_is_in_it(region: Region) -> None:
    old = snapshot("copied", 50, OriginalSnapshotCreateTime=at(5))
    region.has(HOME, (old, snapshot("by-hand", 10)))
    region.has(RECOVERY)
    copy = region.newest()
    assert copy is not None and copy.name == "by-hand"


def test_what_is_not_there_yet_or_is_not_encrypted_is_no_copy(region: Region) -> None:
    begun = snapshot("begun", 50, Status="creating")
    plain = {key: value for key, value in snapshot("plain", 40).items() if key != "KmsKeyId"}
    pending = {**backup("pending", HOME, 0), "RestoreWindow": {}}
    region.has(HOME, (begun, plain), (pending,))
    region.has(RECOVERY)
    assert region.newest() is None


@pytest.mark.parametrize(("source", "there"), [("", True), (SOURCE, False)])
def test_a_named_instance_can_be_restored_where_it_is_a_primary(
    region: Region, source: str, there: bool
) -> None:
    operation, key = "describe_db_instance_automated_backups", "DBInstanceAutomatedBackups"
    listed = [backup("active", RECOVERY, 40), backup("retained", RECOVERY, 50)]
    region.stub.add_response(operation, {key: listed}, {"DBInstanceIdentifier": RECOVERY})
    region.stands(RECOVERY, source)
    named = {"instance": RECOVERY, "time": "latest"}
    if there:
        assert db_copies.named(View(region.aws), named).at == at(40)
    else:
        with pytest.raises(db_copies.NotRestorable, match=f"there is no {RECOVERY}"):
            db_copies.named(View(region.aws), named)
