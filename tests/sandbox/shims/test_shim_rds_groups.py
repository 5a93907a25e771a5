# SPDX-License-Identifier: GPL-3.0-or-later
"""Subnet groups and parameter groups of RDS."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.shims.databases import (
    make,
    parameters,
    prepare,
    settings,
)


def test_groups_in_use_are_not_deleted(cloud: Any) -> None:
    make(cloud)
    assert (
        cloud.refused("rds", "delete_db_subnet_group", DBSubnetGroupName="subnets")
        == "InvalidDBSubnetGroupStateFault"
    )
    assert (
        cloud.refused("rds", "delete_db_parameter_group", DBParameterGroupName="parameters")
        == "InvalidDBParameterGroupState"
    )


def test_a_subnet_group_wants_two_zones_and_its_own_name(cloud: Any) -> None:
    net = prepare(cloud)
    wanted = {"DBSubnetGroupName": "x", "DBSubnetGroupDescription": "d"}
    call = ("rds", "create_db_subnet_group")
    code = cloud.refused(*call, **wanted, SubnetIds=net["subnets"][:1])
    assert code == "DBSubnetGroupDoesNotCoverEnoughAZs"
    wanted["DBSubnetGroupName"] = "subnets"
    code = cloud.refused(*call, **wanted, SubnetIds=net["subnets"])
    assert code == "DBSubnetGroupAlreadyExists"


def test_a_subnet_of_a_database_is_deleted_only_once_its_group_is_without_it(cloud: Any) -> None:
    net = prepare(cloud)
    rds, ec2 = cloud.client("rds"), cloud.client("ec2")
    rds.create_db_instance(**settings(net))
    [*kept, gone] = net["subnets"]
    assert cloud.refused("ec2", "delete_subnet", SubnetId=gone) == "DependencyViolation"
    rds.modify_db_subnet_group(DBSubnetGroupName="subnets", SubnetIds=kept)
    ec2.delete_subnet(SubnetId=gone)
    assert cloud.refused("ec2", "delete_subnet", SubnetId=kept[0]) == "DependencyViolation"


def test_a_modified_subnet_group_is_still_there(cloud: Any) -> None:
    net = prepare(cloud)
    rds = cloud.client("rds")
    rds.modify_db_subnet_group(DBSubnetGroupName="subnets", SubnetIds=net["subnets"][:2])
    group = rds.describe_db_subnet_groups(DBSubnetGroupName="subnets")["DBSubnetGroups"][0]
    assert len(group["Subnets"]) == 2
    assert rds.list_tags_for_resource(ResourceName=group["DBSubnetGroupArn"])["TagList"] == [
        {"Key": "t", "Value": "v"}
    ]


def test_parameters_tell_their_source_and_their_kind(cloud: Any) -> None:
    prepare(cloud)
    assert parameters(cloud) == {}
    cloud.client("rds").modify_db_parameter_group(
        DBParameterGroupName="parameters",
        Parameters=[
            {
                "ParameterName": "rds.force_ssl",
                "ParameterValue": "1",
                "ApplyMethod": "immediate",
            },
            {
                "ParameterName": "max_connections",
                "ParameterValue": "200",
                "ApplyMethod": "pending-reboot",
            },
        ],
    )
    found = parameters(cloud, Source="user")
    assert {name: p["ApplyType"] for name, p in found.items()} == {
        "rds.force_ssl": "dynamic",
        "max_connections": "static",
    }
    assert parameters(cloud, Source="system") == {}


def test_a_static_parameter_is_not_changed_immediately(cloud: Any) -> None:
    prepare(cloud)
    wrong = {
        "ParameterName": "max_connections",
        "ParameterValue": "200",
        "ApplyMethod": "immediate",
    }
    code = cloud.refused(
        "rds",
        "modify_db_parameter_group",
        DBParameterGroupName="parameters",
        Parameters=[wrong],
    )
    assert code == "InvalidParameterCombination"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bogus_param", "1"),
        ("auto_explain.bogus", "1"),
        ("archive_command", "true"),
        ("work_mem", "lots"),
        ("work_mem", "63"),
        ("work_mem", "16MB"),
        ("max_connections", "5"),
        ("max_connections", "DBInstanceClassMemory/9531392"),
        ("random_page_cost", "-1"),
        ("log_connections", "maybe"),
        ("log_statement", "some"),
        ("rds.log_retention_period", "60"),
        ("shared_preload_libraries", "pg_stat_statements,bogus"),
    ],
)
def test_a_parameter_or_value_that_rds_does_not_have_is_refused(
    cloud: Any, name: str, value: str
) -> None:
    prepare(cloud)
    good = {"ParameterName": "jit", "ParameterValue": "0", "ApplyMethod": "pending-reboot"}
    wrong = {"ParameterName": name, "ParameterValue": value, "ApplyMethod": "pending-reboot"}
    call = ("rds", "modify_db_parameter_group")
    asked = {"DBParameterGroupName": "parameters", "Parameters": [good, wrong]}
    assert cloud.refused(*call, **asked) == "InvalidParameterValue"
    assert parameters(cloud) == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("work_mem", "16384"),
        ("max_connections", "LEAST({DBInstanceClassMemory/9531392},5000)"),
        ("random_page_cost", "1.1"),
        ("synchronous_commit", "remote_apply"),
        ("default_transaction_isolation", "repeatable read"),
        ("backslash_quote", "safe_encoding"),
        ("log_connections", "on"),
        ("timezone", "Europe/Berlin"),
        ("pg_stat_statements.track", "ALL"),
        ("pgaudit.log", "ddl,role"),
        ("rds.logical_replication", "1"),
        ("shared_preload_libraries", "pg_stat_statements, auto_explain"),
    ],
)
def test_a_value_that_a_parameter_takes_is_set(cloud: Any, name: str, value: str) -> None:
    prepare(cloud)
    asked = {"ParameterName": name, "ParameterValue": value, "ApplyMethod": "pending-reboot"}
    cloud.client("rds").modify_db_parameter_group(
        DBParameterGroupName="parameters", Parameters=[asked]
    )
    assert parameters(cloud)[name]["ParameterValue"] == value


def test_too_many_parameters_at_once_and_a_default_group_are_refused(cloud: Any) -> None:
    prepare(cloud)
    one = {"ParameterName": "jit", "ParameterValue": "0", "ApplyMethod": "immediate"}
    call = ("rds", "modify_db_parameter_group")
    code = cloud.refused(*call, DBParameterGroupName="parameters", Parameters=[one] * 21)
    assert code == "InvalidParameterCombination"
    code = cloud.refused(*call, DBParameterGroupName="default.postgres16", Parameters=[one])
    assert code == "InvalidParameterValue"


def test_parameters_can_be_reset(cloud: Any) -> None:
    prepare(cloud)
    rds = cloud.client("rds")
    new = {"ParameterName": "log_statement", "ParameterValue": "ddl", "ApplyMethod": "immediate"}
    rds.modify_db_parameter_group(DBParameterGroupName="parameters", Parameters=[new])
    rds.reset_db_parameter_group(
        DBParameterGroupName="parameters",
        Parameters=[{"ParameterName": "log_statement", "ApplyMethod": "immediate"}],
    )
    assert parameters(cloud) == {}


def test_an_unknown_parameter_group_is_an_error(cloud: Any) -> None:
    code = cloud.refused("rds", "describe_db_parameter_groups", DBParameterGroupName="absent")
    assert code == "DBParameterGroupNotFound"
