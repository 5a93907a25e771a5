# SPDX-License-Identifier: GPL-3.0-or-later
"""Subnet groups of databases."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.db_subnet_group import (
    DbSubnetGroup,
)


@pytest.fixture
def subnets(aws: Any) -> dict[str, str]:
    """A subnet of a VPC in each of four zones, by zone."""
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    found = {}
    for number, letter in enumerate("abcd"):
        zone = f"us-east-1{letter}"
        answer = ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.20.{number}.0/24", AvailabilityZone=zone
        )
        found[zone] = answer["Subnet"]["SubnetId"]
    return found


@pytest.fixture
def want(scope: Scope, subnets: dict[str, str]) -> Want:
    return Want(
        "db_subnet_group",
        "main",
        {
            "name": "production-home-database",
            "description": "Database subnets of production-home",
            "subnets": {zone: id for zone, id in subnets.items() if zone[-1] in "abc"},
            "tags": scope.marks("db_subnet_group", "main"),
        },
    )


def test_a_new_group_is_as_declared(life: Any, want: Want) -> None:
    have = life(DbSubnetGroup()).make(want)
    assert life(DbSubnetGroup()).differences(want) == {}
    assert have.facts["name"] == "production-home-database"


def test_a_tag_changed_behind_its_back_is_seen_and_repaired(
    life: Any, aws: Any, want: Want
) -> None:
    one = life(DbSubnetGroup())
    arn = one.make(want).facts["arn"]
    rds = aws.client("rds")
    rds.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "team", "Value": "else"}])
    rds.remove_tags_from_resource(ResourceName=arn, TagKeys=["Name"])
    assert set(one.differences(want)) == {"tags.team", "tags.Name"}
    one.repair(want)
    assert one.differences(want) == {}


def test_other_subnets_are_seen(life: Any, want: Want, subnets: dict[str, str]) -> None:
    one = life(DbSubnetGroup())
    one.make(one.another(want, subnets=subnets, description="other"))
    assert set(one.differences(want)) == {"subnets", "description"}


def test_other_subnets_are_set_in_one_call(
    life: Any, aws: Any, want: Want, subnets: dict[str, str]
) -> None:
    one = life(DbSubnetGroup())
    one.make(one.another(want, subnets=subnets, description="other"))
    sent: list[dict[str, Any]] = []
    aws.client("rds").meta.events.register(
        "before-parameter-build.rds.ModifyDBSubnetGroup",
        lambda params, **_: sent.append(dict(params)),
    )
    one.repair(want)
    assert sent == [
        {
            "DBSubnetGroupName": "production-home-database",
            "DBSubnetGroupDescription": "Database subnets of production-home",
            "SubnetIds": sorted(want.spec["subnets"].values()),
        }
    ]


def test_a_group_of_somebody_else_is_not_ours(
    life: Any, aws: Any, want: Want, subnets: dict[str, str]
) -> None:
    aws.client("rds").create_db_subnet_group(
        DBSubnetGroupName=want.spec["name"],
        DBSubnetGroupDescription="theirs",
        SubnetIds=list(subnets.values()),
    )
    assert life(DbSubnetGroup()).find(want) is None


def test_a_removed_group_is_absent(life: Any, want: Want) -> None:
    one = life(DbSubnetGroup())
    one.make(want)
    one.remove(want)
    assert one.find(want) is None


def test_one_that_is_no_longer_declared_is_seen(life: Any, want: Want) -> None:
    assert life(DbSubnetGroup()).undeclared() == []
    made = life(DbSubnetGroup()).make(want)
    [have] = life(DbSubnetGroup()).undeclared()
    assert (have.address, have.facts) == (made.address, made.facts)
