# SPDX-License-Identifier: GPL-3.0-or-later
"""Subnet groups and parameter groups of RDS, and what RDS offers and reports."""

from __future__ import annotations

from typing import Any

from .account import HOME, refused
from .databases import Estate

SUBNETS = {"DBSubnetGroupName": "subnets"}
PARAMETERS = {"DBParameterGroupName": "parameters"}


def test_a_subnet_group_covers_two_zones(estate: Estate, rds: Any) -> None:
    one = {"SubnetIds": estate.nets[HOME]["subnets"][:1]}
    asked = {"DBSubnetGroupName": "one", "DBSubnetGroupDescription": "d", **one}
    short = "DBSubnetGroupDoesNotCoverEnoughAZs"
    assert refused(rds.create_db_subnet_group, **asked) == short
    assert refused(rds.modify_db_subnet_group, **SUBNETS, **one) == short


def test_a_subnet_group_gets_other_subnets(estate: Estate, rds: Any) -> None:
    rds.modify_db_subnet_group(**SUBNETS, SubnetIds=estate.nets[HOME]["subnets"][1:])
    found = rds.describe_db_subnet_groups(**SUBNETS)["DBSubnetGroups"][0]["Subnets"]
    zones = {subnet["SubnetAvailabilityZone"]["Name"] for subnet in found}
    assert zones == {f"{HOME}b", f"{HOME}c"}


def test_a_subnet_that_an_instance_uses_stays_in_its_group(estate: Estate, rds: Any) -> None:
    made = estate.create()
    subnets = dict(zip("abc", estate.nets[HOME]["subnets"], strict=True))
    used = {made["AvailabilityZone"][-1], made["SecondaryAvailabilityZone"][-1]}
    (free,) = set(subnets) - used
    for zone in used:
        rest = [id for letter, id in subnets.items() if letter != zone]
        code = refused(rds.modify_db_subnet_group, **SUBNETS, SubnetIds=rest)
        assert code == "SubnetAlreadyInUse"
    group = rds.describe_db_subnet_groups(**SUBNETS)["DBSubnetGroups"][0]["Subnets"]
    assert {subnet["SubnetIdentifier"] for subnet in group} == set(subnets.values())
    kept = [id for letter, id in subnets.items() if letter != free]
    assert refused(rds.modify_db_subnet_group, **SUBNETS, SubnetIds=kept) == ""


def test_a_standby_that_is_given_up_frees_its_subnet(estate: Estate, rds: Any) -> None:
    standby = estate.create()["SecondaryAvailabilityZone"]
    one = {"DBInstanceIdentifier": "db"}
    rds.modify_db_instance(**one, MultiAZ=False, ApplyImmediately=True)
    zones = [f"{HOME}{letter}" for letter in "abc"]
    placed = zip(zones, estate.nets[HOME]["subnets"], strict=True)
    rest = [id for zone, id in placed if zone != standby]
    assert refused(rds.modify_db_subnet_group, **SUBNETS, SubnetIds=rest) == ""


def test_groups_in_use_are_not_deleted(estate: Estate, rds: Any) -> None:
    estate.create()
    assert refused(rds.delete_db_subnet_group, **SUBNETS) == "InvalidDBSubnetGroupStateFault"
    code = refused(rds.delete_db_parameter_group, **PARAMETERS)
    assert code == "InvalidDBParameterGroupState"
    rds.delete_db_instance(DBInstanceIdentifier="db", SkipFinalSnapshot=True)
    assert refused(rds.delete_db_subnet_group, **SUBNETS) == ""
    assert refused(rds.delete_db_parameter_group, **PARAMETERS) == ""


def test_a_parameter_that_was_set_is_told_as_the_user_s(estate: Estate, rds: Any) -> None:
    value = {"ParameterName": "rds.force_ssl", "ParameterValue": "1", "ApplyMethod": "immediate"}
    rds.modify_db_parameter_group(**PARAMETERS, Parameters=[value])
    found = rds.describe_db_parameters(**PARAMETERS, Source="user")["Parameters"]
    assert [(p["ParameterName"], p["ParameterValue"]) for p in found] == [("rds.force_ssl", "1")]


def test_a_parameter_group_is_one_of_its_family(estate: Estate, rds: Any) -> None:
    found = rds.describe_db_parameter_groups(**PARAMETERS)["DBParameterGroups"]
    assert [group["DBParameterGroupFamily"] for group in found] == ["postgres15"]
    other = estate.settings(EngineVersion="16.8")
    assert refused(rds.create_db_instance, **other) == "InvalidParameterCombination"


def test_versions_of_a_family_are_told(rds: Any) -> None:
    asked = {"Engine": "postgres", "DBParameterGroupFamily": "postgres15"}
    found = rds.describe_db_engine_versions(**asked)["DBEngineVersions"]
    assert found and {one["MajorEngineVersion"] for one in found} == {"15"}


def test_classes_that_can_be_had_are_told(rds: Any) -> None:
    asked = {"Engine": "postgres", "DBInstanceClass": "db.t4g.micro"}
    found = rds.describe_orderable_db_instance_options(**asked)["OrderableDBInstanceOptions"]
    assert found and {one["DBInstanceClass"] for one in found} == {"db.t4g.micro"}


def test_what_happened_to_a_database_is_told(estate: Estate, rds: Any) -> None:
    estate.create()
    about = {"SourceType": "db-instance", "SourceIdentifier": "db"}
    assert rds.describe_events(**about)["Events"]


def test_events_are_subscribed_to(estate: Estate, rds: Any) -> None:
    estate.create()
    topic = estate.account.client("sns").create_topic(Name="alarms")["TopicArn"]
    rds.create_event_subscription(
        SubscriptionName="events",
        SnsTopicArn=topic,
        SourceType="db-instance",
        SourceIds=["db"],
    )
    found = rds.describe_event_subscriptions()["EventSubscriptionsList"]
    assert [one["SnsTopicArn"] for one in found] == [topic]


def test_maintenance_that_waits_is_told(estate: Estate, rds: Any) -> None:
    estate.create()
    assert rds.describe_pending_maintenance_actions()["PendingMaintenanceActions"] == []


def test_logs_of_a_database_are_listed(estate: Estate, rds: Any) -> None:
    estate.create()
    assert rds.describe_db_log_files(DBInstanceIdentifier="db")["DescribeDBLogFiles"]
