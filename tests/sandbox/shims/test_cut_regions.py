# SPDX-License-Identifier: GPL-3.0-or-later
"""What is copied between regions does not arrive while nothing passes between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.sandbox.shims.databases import EAST, WEST, key, make, one, prepare, replicate

COPY, IMAGE, REPLICA = 1500, 480, 1800  # seconds of AWS that it takes
DAY = 24 * 3600
AWAY = [f"cut={EAST},{WEST}", f"dark={EAST}"]


def copy_snapshot(cloud: Any) -> Callable[[], object]:
    make(cloud)
    there = key(cloud, WEST)
    arn = cloud.client("rds").create_db_snapshot(
        DBInstanceIdentifier="db", DBSnapshotIdentifier="s"
    )["DBSnapshot"]["DBSnapshotArn"]
    cloud.slow()
    return lambda: cloud.client("rds", WEST).copy_db_snapshot(
        SourceDBSnapshotIdentifier=arn,
        TargetDBSnapshotIdentifier="copy",
        KmsKeyId=there,
        SourceRegion=EAST,
    )


def snapshot(cloud: Any) -> str:
    found = cloud.client("rds", WEST).describe_db_snapshots(DBSnapshotIdentifier="copy")
    return str(found["DBSnapshots"][0]["Status"])


def copy_image(cloud: Any) -> Callable[[], object]:
    ec2 = cloud.client("ec2")
    net = cloud.network()
    made = ec2.run_instances(
        ImageId=cloud.image(), SubnetId=net["subnets"][0], MinCount=1, MaxCount=1
    )
    number = made["Instances"][0]["InstanceId"]
    image = ec2.create_image(InstanceId=number, Name="web")["ImageId"]
    cloud.slow()
    return lambda: cloud.client("ec2", WEST).copy_image(
        Name="web", SourceImageId=image, SourceRegion=EAST
    )


def image(cloud: Any) -> str:
    found = cloud.client("ec2", WEST).describe_images(Owners=["self"])["Images"]
    return str(found[0]["State"])


def make_replica(cloud: Any) -> Callable[[], object]:
    make(cloud)
    there = prepare(cloud, WEST)
    asked = replicate(cloud, there)
    cloud.slow()
    return lambda: cloud.client("rds", WEST).create_db_instance_read_replica(**asked)


def replica(cloud: Any) -> str:
    return str(one(cloud, "replica", WEST)["DBInstanceStatus"])


CASES = [
    pytest.param(copy_snapshot, snapshot, "creating", COPY, id="snapshot"),
    pytest.param(copy_image, image, "pending", IMAGE, id="image"),
    pytest.param(make_replica, replica, "creating", REPLICA, id="replica"),
]


@pytest.mark.parametrize("away", AWAY)
@pytest.mark.parametrize(("prepared", "status", "waits", "takes"), CASES)
def test_what_is_begun_while_the_source_is_away_takes_its_time_once_it_is_back(
    cloud: Any, away: str, prepared: Any, status: Any, waits: str, takes: int
) -> None:
    begin = prepared(cloud)
    cloud.disturb(away)
    begin()
    cloud.advance(DAY)
    assert status(cloud) == waits
    cloud.disturb("")
    cloud.advance(takes - 1)
    assert status(cloud) == waits
    cloud.advance(1)
    assert status(cloud) == "available"


@pytest.mark.parametrize("away", AWAY)
@pytest.mark.parametrize(("prepared", "status", "waits", "takes"), CASES)
def test_what_is_under_way_when_the_source_is_lost_does_not_finish_before_it_is_back(
    cloud: Any, away: str, prepared: Any, status: Any, waits: str, takes: int
) -> None:
    begin = prepared(cloud)
    begin()
    cloud.advance(takes / 2)
    cloud.disturb(away)
    cloud.advance(DAY)
    assert status(cloud) == waits
    cloud.disturb("")
    assert status(cloud) == "available"


def test_a_copy_that_is_deleted_while_it_waits_does_not_come_back(cloud: Any) -> None:
    begin = copy_snapshot(cloud)
    cloud.disturb(AWAY[0])
    begin()
    west = cloud.client("rds", WEST)
    west.delete_db_snapshot(DBSnapshotIdentifier="copy")
    cloud.disturb("")
    cloud.advance(COPY)
    assert west.describe_db_snapshots()["DBSnapshots"] == []


def test_a_copy_within_a_region_needs_no_other(cloud: Any) -> None:
    make(cloud)
    rds = cloud.client("rds")
    rds.create_db_snapshot(DBInstanceIdentifier="db", DBSnapshotIdentifier="s")
    cloud.disturb(AWAY[0])
    rds.copy_db_snapshot(SourceDBSnapshotIdentifier="s", TargetDBSnapshotIdentifier="copy")
    found = rds.describe_db_snapshots(DBSnapshotIdentifier="copy")["DBSnapshots"]
    assert found[0]["Status"] == "available"
