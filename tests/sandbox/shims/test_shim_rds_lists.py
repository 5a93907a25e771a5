# SPDX-License-Identifier: GPL-3.0-or-later
"""What RDS offers, and its lists in pages."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.parsers import ResponseParserError


def options(cloud: Any, **wanted: str) -> list[dict[str, Any]]:
    pages = cloud.client("rds").get_paginator("describe_orderable_db_instance_options")
    found = pages.paginate(Engine="postgres", **wanted)
    return [option for page in found for option in page["OrderableDBInstanceOptions"]]


def test_a_class_is_orderable_in_the_versions_and_zones_that_have_it(cloud: Any) -> None:
    found = options(cloud, DBInstanceClass="db.t4g.medium", EngineVersion="16.4")
    assert [option["EngineVersion"] for option in found] == ["16.4"]
    zones = [zone["Name"] for zone in found[0]["AvailabilityZones"]]
    assert {"us-east-1a", "us-east-1b"} <= set(zones)
    assert options(cloud, DBInstanceClass="db.t4g.medium", EngineVersion="11.22") == []
    assert options(cloud, DBInstanceClass="db.nothing.large") == []


def test_nothing_is_in_maintenance(cloud: Any) -> None:
    assert (
        cloud.client("rds").describe_pending_maintenance_actions()["PendingMaintenanceActions"]
        == []
    )


def subnet_groups(cloud: Any) -> Any:
    net, rds = cloud.network(), cloud.client("rds")
    for number in range(25):
        rds.create_db_subnet_group(
            DBSubnetGroupName=f"group-{number:02}",
            DBSubnetGroupDescription="d",
            SubnetIds=net["subnets"],
        )
    return rds


def test_a_list_is_cut_where_the_caller_says_and_goes_on_at_the_marker(cloud: Any) -> None:
    rds = subnet_groups(cloud)
    first = rds.describe_db_subnet_groups(MaxRecords=20)
    assert len(first["DBSubnetGroups"]) == 20
    rest = rds.describe_db_subnet_groups(MaxRecords=20, Marker=first["Marker"])
    names = {g["DBSubnetGroupName"] for g in first["DBSubnetGroups"] + rest["DBSubnetGroups"]}
    assert len(names) == 25
    assert "Marker" not in rest


def test_plain_lists_come_whole_and_nothing_is_on_offer(plain: Any) -> None:
    rds = subnet_groups(plain)
    assert len(rds.describe_db_subnet_groups(MaxRecords=20)["DBSubnetGroups"]) == 25
    assert options(plain) == []
    with pytest.raises(ResponseParserError):
        rds.describe_pending_maintenance_actions()


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("db:absent", "DBInstanceNotFound"),
        ("snapshot:absent", "DBSnapshotNotFound"),
        ("snapshot:rds:absent-2026-01-01-00-00", "DBSnapshotNotFound"),
        ("subgrp:absent", "DBSubnetGroupNotFoundFault"),
        ("pg:absent", "DBParameterGroupNotFound"),
        ("bogus:absent", "InvalidParameterValue"),
    ],
)
def test_what_is_not_there_has_no_tags(cloud: Any, what: str, code: str) -> None:
    named = {"ResourceName": f"arn:aws:rds:us-east-1:123456789012:{what}"}
    for call, more in (
        ("list_tags_for_resource", {}),
        ("add_tags_to_resource", {"Tags": [{"Key": "a", "Value": "b"}]}),
        ("remove_tags_from_resource", {"TagKeys": ["a"]}),
    ):
        assert cloud.refused("rds", call, **named, **more) == code
