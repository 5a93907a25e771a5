# SPDX-License-Identifier: GPL-3.0-or-later
"""An instance is restored to any moment of which the log is archived."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.real
HOME, AWAY = "eu-west-1", "eu-central-1"


def restorable_from(estate: Any, moment: datetime, name: str = "db", region: str = HOME) -> None:
    """Wait until an instance can be restored to a moment."""

    def reached() -> bool:
        latest = estate.one(name, region).get("LatestRestorableTime")
        return bool(latest and latest >= moment)

    estate.until(reached)


def now(estate: Any, **where: Any) -> datetime:
    """The database's own time."""
    moment: datetime = estate.ask("select clock_timestamp()", **where)
    return moment


def ready(estate: Any, **more: Any) -> None:
    """A database with a row, of which there is a base backup."""
    estate.create(**more)
    estate.settle()
    estate.ask("create table t as select 1 as id")
    restorable_from(estate, now(estate))


def restore(estate: Any, region: str = HOME, source: str = "db", **to: Any) -> None:
    estate.client("rds", region).restore_db_instance_to_point_in_time(
        SourceDBInstanceIdentifier=source,
        TargetDBInstanceIdentifier="earlier",
        DBSubnetGroupName="subnets",
        **to,
    )
    estate.settle("earlier", region)


def test_an_instance_is_restored_to_the_moment_before_a_mistake(estate: Any) -> None:
    ready(estate)
    estate.ask("insert into t values (2)")
    before = now(estate)
    estate.ask("delete from t")
    restorable_from(estate, now(estate))
    restore(estate, RestoreTime=before)
    assert estate.ask("select count(*) from t", "earlier") == 2
    assert estate.ask("select count(*) from t") == 0
    estate.ask("insert into t values (3)", "earlier")


def test_what_is_made_of_an_instance_may_be_of_a_smaller_class(estate: Any) -> None:
    """What serves while it replays a log must let in as many connections as its source did."""
    small = {"DBInstanceClass": "db.t4g.micro"}
    ready(estate, DBInstanceClass="db.t4g.small")
    rds = estate.client("rds", AWAY)
    rds.create_db_instance_read_replica(
        DBInstanceIdentifier="replica",
        SourceDBInstanceIdentifier=estate.one()["DBInstanceArn"],
        DBSubnetGroupName="subnets",
        **small,
    )
    restore(estate, UseLatestRestorableTime=True, **small)
    assert estate.ask("select id from t", "earlier") == 1
    assert estate.ask("show max_connections", "earlier") == "112"
    there = {"name": "replica", "region": AWAY}
    estate.settle(**there)
    assert estate.ask("select id from t", **there) == 1
    rds.reboot_db_instance(DBInstanceIdentifier="replica")
    estate.settle(**there)
    rds.promote_read_replica(DBInstanceIdentifier="replica")
    estate.until(lambda: "ReadReplicaSourceDBInstanceIdentifier" not in estate.one(**there))
    estate.settle(**there)
    assert estate.ask("show max_connections", **there) == "112"


def test_the_latest_restorable_time_is_true(estate: Any) -> None:
    ready(estate)
    estate.ask("insert into t values (2)")
    written = now(estate)
    restorable_from(estate, written)
    # What is left of the source from here on counts for nothing: the archive must have it.
    assert estate.one()["LatestRestorableTime"] <= datetime.now(UTC)
    restore(estate, UseLatestRestorableTime=True)
    assert estate.ask("select max(id) from t", "earlier") == 2


def test_a_moment_before_the_first_backup_or_after_the_archive_is_refused(estate: Any) -> None:
    ready(estate)
    for far in (timedelta(days=-1), timedelta(days=1)):
        with pytest.raises(ClientError, match="InvalidParameterValue"):
            restore(estate, RestoreTime=datetime.now(UTC) + far)


def test_a_promoted_replica_is_restorable_in_its_own_region(estate: Any) -> None:
    ready(estate)
    rds = estate.client("rds", AWAY)
    rds.create_db_instance_read_replica(
        DBInstanceIdentifier="replica",
        SourceDBInstanceIdentifier=estate.one()["DBInstanceArn"],
        DBSubnetGroupName="subnets",
    )
    estate.settle("replica", AWAY)
    rds.promote_read_replica(DBInstanceIdentifier="replica", BackupRetentionPeriod=7)
    there = {"name": "replica", "region": AWAY}
    estate.until(lambda: "ReadReplicaSourceDBInstanceIdentifier" not in estate.one(**there))
    # From its first own backup on.
    restorable_from(estate, now(estate, **there), **there)
    estate.ask("insert into t values (2)", **there)
    before = now(estate, **there)
    estate.ask("drop table t", **there)
    restorable_from(estate, now(estate, **there), **there)
    restore(estate, AWAY, "replica", RestoreTime=before)
    assert estate.ask("select count(*) from t", "earlier", AWAY) == 2


def test_the_archive_goes_with_the_instance_unless_its_backups_are_kept(estate: Any) -> None:
    ready(estate)
    archive = estate.folder / "databases" / HOME / "archive"
    assert [path for folder in archive.iterdir() for path in folder.iterdir()]
    rds = estate.client("rds")
    rds.delete_db_instance(DBInstanceIdentifier="db", SkipFinalSnapshot=True)
    estate.until(lambda: not rds.describe_db_instances()["DBInstances"])
    assert not list(archive.iterdir())


def test_a_lost_instance_is_restored_abroad_from_its_replicated_backups(estate: Any) -> None:
    ready(estate)
    rds = estate.client("rds", AWAY)
    rds.start_db_instance_automated_backups_replication(
        SourceDBInstanceArn=estate.one()["DBInstanceArn"], BackupRetentionPeriod=7
    )

    def reach() -> datetime | None:
        found = rds.describe_db_instance_automated_backups()["DBInstanceAutomatedBackups"][0]
        latest: datetime | None = found["RestoreWindow"].get("LatestTime")
        return latest if found["Status"] == "replicating" else None

    estate.ask("insert into t values (2)")
    written = now(estate)
    estate.until(lambda: (reach() or written - timedelta(1)) >= written)
    estate.cloud.faults([{"effect": "dark", "region": HOME}])
    arn = rds.describe_db_instance_automated_backups()["DBInstanceAutomatedBackups"][0]
    rds.restore_db_instance_to_point_in_time(
        SourceDBInstanceAutomatedBackupsArn=arn["DBInstanceAutomatedBackupsArn"],
        TargetDBInstanceIdentifier="earlier",
        DBSubnetGroupName="subnets",
        UseLatestRestorableTime=True,
    )
    estate.settle("earlier", AWAY)
    assert estate.ask("select max(id) from t", "earlier", AWAY) == 2
    estate.ask("insert into t values (3)", "earlier", AWAY)
    estate.cloud.faults([])


def test_nothing_is_copied_to_a_region_that_is_cut_off_until_the_cut_is_mended(
    estate: Any,
) -> None:
    ready(estate)
    rds = estate.client("rds", AWAY)
    rds.start_db_instance_automated_backups_replication(
        SourceDBInstanceArn=estate.one()["DBInstanceArn"], BackupRetentionPeriod=7
    )

    def reach() -> datetime | None:
        found = rds.describe_db_instance_automated_backups()["DBInstanceAutomatedBackups"][0]
        latest: datetime | None = found["RestoreWindow"].get("LatestTime")
        return latest

    estate.until(reach)
    estate.cloud.strike("regions-cut", one=HOME, other=AWAY)
    written = now(estate)
    restorable_from(estate, written)
    assert (reach() or written) < written
    estate.cloud.strike("regions-cut", one=HOME, other=AWAY, cut=False)
    estate.until(lambda: (reach() or written - timedelta(1)) >= written)
