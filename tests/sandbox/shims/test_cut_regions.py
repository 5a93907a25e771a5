# SPDX-License-Identifier: GPL-3.0-or-later
"""What is copied between regions does not arrive while nothing passes between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.sandbox.shims.databases import EAST, WEST, key, make, one, prepare, replicate, settings

COPY, IMAGE, REPLICA = 1500, 480, 1800  # seconds of AWS that it takes
SECRET, KEY, BACKUPS = 5, 10, 300
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


def replicate_secret(cloud: Any) -> Callable[[], object]:
    secrets = cloud.client("secretsmanager")
    secrets.create_secret(Name="s", SecretString="one")
    cloud.slow()
    return lambda: secrets.replicate_secret_to_regions(
        SecretId="s", AddReplicaRegions=[{"Region": WEST}]
    )


def secret(cloud: Any) -> str:
    told = cloud.client("secretsmanager").describe_secret(SecretId="s")["ReplicationStatus"]
    there = cloud.refused("secretsmanager", "get_secret_value", WEST, SecretId="s") == ""
    return f"{told[0]['Status']}, {'there' if there else 'not there'}"


def replicate_key(cloud: Any) -> Callable[[], object]:
    keys = cloud.client("kms")
    made = keys.create_key(MultiRegion=True, Description="k")["KeyMetadata"]["KeyId"]
    cloud.slow()
    return lambda: keys.replicate_key(KeyId=made, ReplicaRegion=WEST)


def replica_key(cloud: Any) -> str:
    keys = cloud.client("kms", WEST)
    [made] = [k["KeyId"] for k in keys.list_keys()["Keys"] if k["KeyId"].startswith("mrk-")]
    return str(keys.describe_key(KeyId=made)["KeyMetadata"]["KeyState"])


def replicate_backups(cloud: Any) -> Callable[[], object]:
    net = prepare(cloud)
    plain = settings(net, StorageEncrypted=False)
    del plain["KmsKeyId"]
    cloud.client("rds").create_db_instance(**plain)
    arn = one(cloud)["DBInstanceArn"]
    cloud.slow()
    return lambda: cloud.client("rds", WEST).start_db_instance_automated_backups_replication(
        SourceDBInstanceArn=arn
    )


def backups(cloud: Any) -> str:
    found = cloud.client("rds", WEST).describe_db_instance_automated_backups()
    return str(found["DBInstanceAutomatedBackups"][0]["Status"])


# How each is begun and asked about, what it is until it has come over, how long that takes, and
# what it is then.
CASES = [
    pytest.param(copy_snapshot, snapshot, "creating", COPY, "available", id="snapshot"),
    pytest.param(copy_image, image, "pending", IMAGE, "available", id="image"),
    pytest.param(make_replica, replica, "creating", REPLICA, "available", id="replica"),
    pytest.param(replicate_key, replica_key, "Creating", KEY, "Enabled", id="key"),
    pytest.param(replicate_backups, backups, "pending", BACKUPS, "replicating", id="backups"),
    pytest.param(
        replicate_secret,
        secret,
        "InProgress, not there",
        SECRET,
        "InSync, there",
        id="secret",
    ),
]


def begin_away(
    cloud: Any, away: str, begin: Callable[[], object], waits: Callable[[], bool]
) -> None:
    """Begin something while its source is away, and end that once it has waited for a day."""
    cloud.disturb(away)
    begin()
    cloud.advance(DAY)
    assert waits()
    cloud.disturb("")


# A secret and a key are sent at once, and wait on their way.
TAKES_ITS_TIME = CASES[:3] + CASES[4:5]


@pytest.mark.parametrize("away", AWAY)
@pytest.mark.parametrize(("prepared", "status", "waits", "takes", "is_then"), TAKES_ITS_TIME)
def test_what_is_begun_while_the_source_is_away_takes_its_time_once_it_is_back(
    cloud: Any, away: str, prepared: Any, status: Any, waits: str, takes: int, is_then: str
) -> None:
    begin_away(cloud, away, prepared(cloud), lambda: status(cloud) == waits)
    cloud.advance(takes - 1)
    assert status(cloud) == waits
    cloud.advance(1)
    assert status(cloud) == is_then


@pytest.mark.parametrize("away", AWAY)
@pytest.mark.parametrize(("prepared", "status", "waits", "takes", "is_then"), CASES)
def test_what_is_under_way_when_the_source_is_lost_does_not_finish_before_it_is_back(
    cloud: Any, away: str, prepared: Any, status: Any, waits: str, takes: int, is_then: str
) -> None:
    begin = prepared(cloud)
    begin()
    cloud.advance(takes / 2)
    cloud.disturb(away)
    cloud.advance(DAY)
    assert status(cloud) == waits
    cloud.disturb("")
    assert status(cloud) == is_then


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


@pytest.mark.parametrize("away", AWAY)
@pytest.mark.parametrize(("prepared", "status", "waits", "takes", "is_then"), CASES)
def test_what_is_begun_while_the_source_is_away_waits_until_it_is_back(
    cloud: Any, away: str, prepared: Any, status: Any, waits: str, takes: int, is_then: str
) -> None:
    begin_away(cloud, away, prepared(cloud), lambda: status(cloud) == waits)
    cloud.advance(takes)
    assert status(cloud) == is_then


def value(cloud: Any, region: str = WEST) -> str:
    told = cloud.client("secretsmanager", region).get_secret_value(SecretId="s")
    return str(told["SecretString"])


@pytest.mark.parametrize("away", [*AWAY, f"dark={WEST}"])
def test_a_replica_of_a_secret_has_the_old_value_until_the_regions_reach_each_other(
    cloud: Any, away: str
) -> None:
    replicate_secret(cloud)()
    cloud.advance(SECRET)
    cloud.disturb(away)
    secrets = cloud.client("secretsmanager")
    for new in ("two", "three"):
        secrets.put_secret_value(SecretId="s", SecretString=new)
    secrets.tag_resource(SecretId="s", Tags=[{"Key": "a", "Value": "b"}])
    cloud.advance(DAY)
    west = cloud.client("secretsmanager", WEST)
    assert secret(cloud) == "InProgress, there"
    assert (value(cloud), value(cloud, EAST)) == ("one", "three")
    assert not west.describe_secret(SecretId="s").get("Tags")
    cloud.disturb("")
    assert secret(cloud) == "InSync, there"
    assert value(cloud) == "three"
    assert west.describe_secret(SecretId="s")["Tags"] == [{"Key": "a", "Value": "b"}]


def test_a_replica_of_a_secret_takes_its_time_to_follow(cloud: Any) -> None:
    replicate_secret(cloud)()
    cloud.advance(SECRET)
    cloud.client("secretsmanager").put_secret_value(SecretId="s", SecretString="two")
    cloud.advance(SECRET - 1)
    assert (value(cloud), secret(cloud)) == ("one", "InProgress, there")
    cloud.advance(1)
    assert (value(cloud), secret(cloud)) == ("two", "InSync, there")


def test_a_replica_that_is_promoted_in_the_darkness_goes_on_with_what_has_come_over(
    cloud: Any,
) -> None:
    replicate_secret(cloud)()
    cloud.advance(SECRET)
    cloud.client("secretsmanager").put_secret_value(SecretId="s", SecretString="two")
    cloud.disturb(f"dark={EAST}")
    west = cloud.client("secretsmanager", WEST)
    west.stop_replication_to_replica(SecretId="s")
    assert value(cloud) == "one"
    west.put_secret_value(SecretId="s", SecretString="own")
    cloud.disturb("")
    cloud.advance(DAY)
    assert (value(cloud), value(cloud, EAST)) == ("own", "two")


def test_a_replica_that_is_removed_before_it_has_come_over_does_not_come(cloud: Any) -> None:
    begin = replicate_secret(cloud)
    cloud.disturb(AWAY[0])
    begin()
    secrets = cloud.client("secretsmanager")
    secrets.remove_regions_from_replication(SecretId="s", RemoveReplicaRegions=[WEST])
    cloud.disturb("")
    cloud.advance(DAY)
    code = cloud.refused("secretsmanager", "get_secret_value", WEST, SecretId="s")
    assert code == "ResourceNotFoundException"


def test_a_replica_fails_where_its_name_is_taken_and_overwrites_if_it_is_told_to(
    cloud: Any,
) -> None:
    cloud.client("secretsmanager", WEST).create_secret(Name="s", SecretString="other")
    replicate_secret(cloud)()
    cloud.advance(SECRET)
    assert secret(cloud) == "Failed, there"
    assert value(cloud) == "other"
    secrets = cloud.client("secretsmanager")
    secrets.remove_regions_from_replication(SecretId="s", RemoveReplicaRegions=[WEST])
    secrets.replicate_secret_to_regions(
        SecretId="s", AddReplicaRegions=[{"Region": WEST}], ForceOverwriteReplicaSecret=True
    )
    assert value(cloud) == "other"
    cloud.advance(SECRET)
    assert (secret(cloud), value(cloud)) == ("InSync, there", "one")
