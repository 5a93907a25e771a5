# SPDX-License-Identifier: GPL-3.0-or-later
"""In a zone that is dead nothing is launched, started or recovered before it returns."""

from __future__ import annotations

from typing import Any

from tests.sandbox.shims.databases import make as database
from tests.sandbox.shims.databases import one, replicate, settings
from tests.sandbox.shims.web_group import GROUP, activities, group, make, states, zones

A, B, C = ("us-east-1a", "us-east-1b", "us-east-1c")
SHORT, DB_SHORT = "InsufficientInstanceCapacity", "InsufficientDBInstanceCapacity"
NAMED = {"DBInstanceIdentifier": "db"}
REPLACED, FAILOVER = 600, 90  # seconds of AWS until a database is there again


def status(cloud: Any) -> str:
    return str(one(cloud)["DBInstanceStatus"])


def test_a_launch_and_a_start_in_a_dead_zone_are_refused_until_it_returns(cloud: Any) -> None:
    net = cloud.network()
    launch = {"ImageId": cloud.image(), "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    dead = {**launch, "SubnetId": net["subnets"][0]}
    card = {"DeviceIndex": 0, "SubnetId": net["subnets"][0]}
    ec2 = cloud.client("ec2")
    there = {"InstanceIds": [ec2.run_instances(**dead)["Instances"][0]["InstanceId"]]}
    ec2.stop_instances(**there)
    cloud.strike("zone-dies", zone=A)
    assert cloud.refused("ec2", "run_instances", **dead) == SHORT
    assert cloud.refused("ec2", "run_instances", **launch, NetworkInterfaces=[card]) == SHORT
    assert cloud.refused("ec2", "start_instances", **there) == SHORT
    living = {**launch, "SubnetId": net["subnets"][1]}
    assert cloud.refused("ec2", "run_instances", **living) == ""
    cloud.strike("zone-returns", zone=A)
    assert cloud.refused("ec2", "run_instances", **dead) == ""
    assert cloud.refused("ec2", "start_instances", **there) == ""


def test_a_launch_that_names_no_place_is_in_a_zone_that_lives(cloud: Any) -> None:
    cloud.strike("zone-dies", zone=A)
    made = cloud.client("ec2").run_instances(ImageId=cloud.image(), MinCount=1, MaxCount=1)
    assert made["Instances"][0]["Placement"]["AvailabilityZone"] != A


def test_a_group_takes_its_other_zones_and_is_balanced_again_when_the_zone_returns(
    cloud: Any,
) -> None:
    make(cloud, DesiredCapacity=6)
    assert zones(cloud) == {"a": 2, "b": 2, "c": 2}
    cloud.strike("zone-dies", zone=A)
    cloud.advance(3600)
    assert zones(cloud) == {"b": 3, "c": 3}
    failed = [one for one in activities(cloud) if one["StatusCode"] == "Failed"]
    assert failed
    assert all(f"requested ({A})" in one["StatusMessage"] for one in failed)
    count = len(activities(cloud))
    cloud.advance(3600)
    assert len(activities(cloud)) == count
    cloud.strike("zone-returns", zone=A)
    cloud.advance(3600)
    assert zones(cloud) == {"a": 2, "b": 2, "c": 2}


def test_a_group_in_a_dead_zone_alone_waits_for_it(cloud: Any) -> None:
    cloud.slow()
    cloud.strike("zone-dies", zone=A)
    net = make(cloud, DesiredCapacity=0)
    asg = cloud.client("autoscaling")
    asg.update_auto_scaling_group(**GROUP, VPCZoneIdentifier=net["subnets"][0], DesiredCapacity=2)
    cloud.advance(300)
    assert states(cloud) == {}
    cloud.strike("zone-returns", zone=A)
    cloud.advance(1800)
    assert zones(cloud) == {"a": 2}


def test_a_warm_instance_in_a_dead_zone_is_not_drawn(cloud: Any) -> None:
    make(cloud, DesiredCapacity=0, MaxSize=2)
    asg = cloud.client("autoscaling")
    asg.put_warm_pool(**GROUP, MinSize=2)
    (dead,) = {one["AvailabilityZone"] for one in asg.describe_warm_pool(**GROUP)["Instances"]}
    cloud.strike("zone-dies", zone=dead)
    asg.set_desired_capacity(**GROUP, DesiredCapacity=2)
    assert states(cloud) == {"InService": 2}
    assert dead not in {one["AvailabilityZone"] for one in group(cloud)["Instances"]}


def test_a_database_in_one_zone_stays_down_until_the_zone_returns(cloud: Any) -> None:
    database(cloud, MultiAZ=False)
    zone = one(cloud)["AvailabilityZone"]
    rds = cloud.client("rds")
    cloud.slow()
    cloud.strike("zone-dies", zone=zone)
    rds.reboot_db_instance(**NAMED)
    cloud.advance(24 * 3600)
    assert (status(cloud), one(cloud)["AvailabilityZone"]) == ("rebooting", zone)
    cloud.strike("zone-returns", zone=zone)
    cloud.advance(REPLACED - 1)
    assert status(cloud) == "rebooting"
    cloud.advance(61)
    assert status(cloud) == "available"


def test_a_multi_az_database_fails_over_to_its_second_zone_only_if_that_lives(cloud: Any) -> None:
    database(cloud)
    first, second = one(cloud)["AvailabilityZone"], one(cloud)["SecondaryAvailabilityZone"]
    cloud.slow()
    cloud.strike("zone-dies", zone=second)
    assert one(cloud)["AvailabilityZone"] == first
    asked = {**NAMED, "ForceFailover": True}
    assert cloud.refused("rds", "reboot_db_instance", **asked) == "InvalidDBInstanceState"
    cloud.strike("database-dies", region="us-east-1", name="db")
    cloud.advance(REPLACED)
    assert one(cloud)["AvailabilityZone"] == first
    cloud.strike("zone-dies", zone=first)
    cloud.advance(24 * 3600)
    assert one(cloud)["AvailabilityZone"] == first
    cloud.strike("zone-returns", zone=second)
    cloud.advance(FAILOVER)
    after = one(cloud)
    assert (after["AvailabilityZone"], after["SecondaryAvailabilityZone"]) == (second, first)


def test_a_zone_that_dies_again_before_a_database_is_back_takes_it_once_more(cloud: Any) -> None:
    database(cloud, MultiAZ=False)
    zone = one(cloud)["AvailabilityZone"]
    cloud.slow()
    cloud.strike("zone-dies", zone=zone)
    cloud.strike("zone-returns", zone=zone)
    cloud.advance(REPLACED / 2)
    cloud.strike("zone-dies", zone=zone)
    cloud.client("rds").reboot_db_instance(**NAMED)
    cloud.advance(24 * 3600)
    assert status(cloud) == "rebooting"


def test_a_new_database_in_a_dead_zone_is_refused_and_takes_another_unasked(cloud: Any) -> None:
    database(cloud, MultiAZ=False)
    rds = cloud.client("rds")
    rds.create_db_snapshot(**NAMED, DBSnapshotIdentifier="s")
    cloud.strike("zone-dies", zone=A)
    net = {"group": one(cloud)["VpcSecurityGroups"][0]["VpcSecurityGroupId"]}
    net["key"] = one(cloud)["KmsKeyId"]
    asked = {**settings(net, MultiAZ=False), "DBInstanceIdentifier": "two"}
    assert cloud.refused("rds", "create_db_instance", **asked, AvailabilityZone=A) == DB_SHORT
    again = {"DBInstanceIdentifier": "three", "DBSnapshotIdentifier": "s"}
    again["DBSubnetGroupName"] = "subnets"
    call = "restore_db_instance_from_db_snapshot"
    assert cloud.refused("rds", call, **again, AvailabilityZone=A) == DB_SHORT
    rds.create_db_instance(**asked)
    rds.restore_db_instance_from_db_snapshot(**again)
    rds.create_db_instance_read_replica(**replicate(cloud, net))
    both = {**asked, "DBInstanceIdentifier": "both", "MultiAZ": True}
    rds.create_db_instance(**both)
    for name in ("two", "three", "replica", "both"):
        assert one(cloud, name)["AvailabilityZone"] in (B, C), name
    assert one(cloud, "both")["SecondaryAvailabilityZone"] == C
    cloud.strike("zone-dies", zone=B)
    more = {**both, "DBInstanceIdentifier": "more"}
    assert cloud.refused("rds", "create_db_instance", **more) == DB_SHORT


def test_a_database_whose_zone_dies_while_it_is_made_is_not_available_before_it_returns(
    cloud: Any,
) -> None:
    cloud.slow()
    database(cloud, MultiAZ=False)
    zone = one(cloud)["AvailabilityZone"]
    cloud.strike("zone-dies", zone=zone)
    cloud.advance(24 * 3600)
    assert status(cloud) == "creating"
    cloud.strike("zone-returns", zone=zone)
    cloud.advance(REPLACED)
    assert status(cloud) == "available"
