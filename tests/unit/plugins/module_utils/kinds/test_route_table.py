# SPDX-License-Identifier: GPL-3.0-or-later
"""Route tables keep their subnets, and name what somebody else put into them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import (
    Scope,
    specification,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Change, Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.route_table import (
    RouteTable,
)


@pytest.fixture
def vpc(aws: Any) -> str:
    found: str = aws.client("ec2").create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    return found


def new_subnet(aws: Any, vpc: str, id: str, block: str, tags: dict[str, str]) -> str:
    found: str = aws.client("ec2").create_subnet(
        VpcId=vpc, CidrBlock=block, TagSpecifications=specification("subnet", tags)
    )["Subnet"]["SubnetId"]
    return found


@pytest.fixture
def want(aws: Any, scope: Scope, vpc: str) -> Want:
    subnets = {
        id: new_subnet(aws, vpc, id, block, scope.marks("subnet", id))
        for id, block in (("public-a", "10.20.0.0/21"), ("public-b", "10.20.8.0/21"))
    }
    return Want(
        "route_table",
        "public",
        {
            "vpc": vpc,
            "subnets": subnets,
            "routes": ("0.0.0.0/0",),
            "tags": scope.marks("route_table", "public"),
        },
    )


def other_table(aws: Any, vpc: str) -> str:
    table: str = aws.client("ec2").create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    return table


def association(aws: Any, subnet: str) -> tuple[str, str]:
    """(id, table) of a subnet's association."""
    filters = [{"Name": "association.subnet-id", "Values": [subnet]}]
    [table] = aws.client("ec2").describe_route_tables(Filters=filters)["RouteTables"]
    [found] = [item for item in table["Associations"] if item.get("SubnetId") == subnet]
    return found["RouteTableAssociationId"], table["RouteTableId"]


def test_a_new_table_has_its_subnets(life: Any, want: Want) -> None:
    have = life(RouteTable()).make(want)
    assert life(RouteTable()).differences(want) == {}
    assert have.facts["id"].startswith("rtb-")
    assert have.foreign == ()


def test_a_lost_subnet_is_associated_again(life: Any, aws: Any, want: Want) -> None:
    one = life(RouteTable())
    one.make(want)
    subnet = want.spec["subnets"]["public-b"]
    aws.client("ec2").disassociate_route_table(AssociationId=association(aws, subnet)[0])
    assert one.differences(want) == {"subnets.public-b": (None, subnet)}
    one.repair(want)
    assert one.differences(want) == {}


def test_a_subnet_moved_to_another_table_is_fetched_back(
    life: Any, aws: Any, want: Want, vpc: str
) -> None:
    one = life(RouteTable())
    table = one.make(want).facts["id"]
    subnet = want.spec["subnets"]["public-a"]
    aws.client("ec2").replace_route_table_association(
        AssociationId=association(aws, subnet)[0], RouteTableId=other_table(aws, vpc)
    )
    assert one.differences(want) == {"subnets.public-a": (None, subnet)}
    one.repair(want)
    assert association(aws, subnet)[1] == table


def test_an_association_whose_answer_was_lost_is_no_error(life: Any, aws: Any, want: Want) -> None:
    one = life(RouteTable())
    have = one.make(want)
    RouteTable().update(aws, want, have, [Change(("subnets", "public-a"), None, "x")])
    assert one.differences(want) == {}


def test_a_subnet_and_a_route_of_somebody_else_are_named_and_stay(
    life: Any, aws: Any, want: Want, vpc: str
) -> None:
    one = life(RouteTable())
    table = one.make(want).facts["id"]
    client = aws.client("ec2")
    theirs = new_subnet(aws, vpc, "theirs", "10.20.64.0/21", {"Name": "theirs"})
    client.associate_route_table(RouteTableId=table, SubnetId=theirs)
    door = client.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    client.create_route(RouteTableId=table, DestinationCidrBlock="192.168.0.0/16", GatewayId=door)
    assert one.differences(want) == {}
    assert one.find(want).foreign == (
        f"route 192.168.0.0/16 -> {door}",
        f"subnet {theirs}",
    )


@pytest.mark.parametrize(("declared", "named"), [(("0.0.0.0/0",), False), ((), True)])
def test_a_default_route_of_somebody_else_is_foreign_where_none_is_declared(
    life: Any, aws: Any, want: Want, declared: tuple[str, ...], named: bool
) -> None:
    one = life(RouteTable())
    want = one.another(want, routes=declared)
    table = one.make(want).facts["id"]
    client = aws.client("ec2")
    door = client.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    client.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=door)
    assert one.find(want).foreign == ((f"route 0.0.0.0/0 -> {door}",) if named else ())
    assert one.differences(want) == {}


def test_the_routes_of_an_endpoint_are_not_foreign(
    life: Any, aws: Any, want: Want, vpc: str
) -> None:
    one = life(RouteTable())
    table = one.make(want).facts["id"]
    aws.client("ec2").create_vpc_endpoint(
        VpcEndpointType="Gateway",
        VpcId=vpc,
        ServiceName="com.amazonaws.us-east-1.s3",
        RouteTableIds=[table],
    )
    assert one.find(want).foreign == ()


def test_a_tag_changed_behind_its_back_is_repaired(life: Any, aws: Any, want: Want) -> None:
    one = life(RouteTable())
    table = one.make(want).facts["id"]
    aws.client("ec2").create_tags(Resources=[table], Tags=[{"Key": "team", "Value": "x"}])
    assert one.differences(want) == {"tags.team": ("x", "shop")}
    one.repair(want)
    assert one.differences(want) == {}


def test_a_table_is_removed_with_its_associations(life: Any, want: Want) -> None:
    one = life(RouteTable())
    one.make(want)
    one.remove(want)
    assert one.find(want) is None


def test_a_table_that_others_use_is_not_taken_from_them(
    life: Any, aws: Any, want: Want, vpc: str
) -> None:
    one = life(RouteTable())
    table = one.make(want).facts["id"]
    theirs = new_subnet(aws, vpc, "theirs", "10.20.64.0/21", {"Name": "theirs"})
    aws.client("ec2").associate_route_table(RouteTableId=table, SubnetId=theirs)
    with pytest.raises(Exception, match="DependencyViolation"):
        one.remove(want)
    assert association(aws, theirs)[1] == table
