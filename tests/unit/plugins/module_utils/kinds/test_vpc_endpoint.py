# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway endpoint serves every route table of ours, and leaves those of others alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import (
    Scope,
    specification,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine import canon
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Change, Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.vpc_endpoint import (
    VpcEndpoint,
)

ALLOW = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}


@pytest.fixture
def vpc(aws: Any) -> str:
    found: str = aws.client("ec2").create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    return found


def new_table(aws: Any, vpc: str, tags: dict[str, str]) -> str:
    table: str = aws.client("ec2").create_route_table(
        VpcId=vpc, TagSpecifications=specification("route-table", tags)
    )["RouteTable"]["RouteTableId"]
    return table


@pytest.fixture
def want(aws: Any, scope: Scope, vpc: str) -> Want:
    tables = {id: new_table(aws, vpc, scope.marks("route_table", id)) for id in ("public", "app-a")}
    return Want(
        "vpc_endpoint",
        "s3",
        {
            "vpc": vpc,
            "service": "com.amazonaws.us-east-1.s3",
            "route_tables": tables,
            "policy": canon.policy({"Version": "2012-10-17", "Statement": [ALLOW]}),
            "tags": scope.marks("vpc_endpoint", "s3"),
        },
    )


def test_a_new_endpoint_is_as_declared(life: Any, want: Want) -> None:
    have = life(VpcEndpoint()).make(want)
    assert life(VpcEndpoint()).differences(want) == {}
    assert have.settled


def test_a_lost_route_table_is_added_again(life: Any, aws: Any, want: Want) -> None:
    one = life(VpcEndpoint())
    endpoint = one.make(want).facts["id"]
    lost = want.spec["route_tables"]["app-a"]
    aws.client("ec2").modify_vpc_endpoint(VpcEndpointId=endpoint, RemoveRouteTableIds=[lost])
    assert set(one.differences(want)) == {"route_tables"}
    one.repair(want)
    assert one.differences(want) == {}


def test_a_table_of_ours_that_is_too_much_is_taken_out(life: Any, want: Want) -> None:
    one = life(VpcEndpoint())
    one.make(want)
    fewer = {"public": want.spec["route_tables"]["public"]}
    want = one.another(want, route_tables=fewer)
    assert set(one.differences(want)) == {"route_tables"}
    one.repair(want)
    assert one.differences(want) == {}


def test_a_table_of_somebody_else_is_named_and_stays(
    life: Any, aws: Any, want: Want, vpc: str
) -> None:
    one = life(VpcEndpoint())
    endpoint = one.make(want).facts["id"]
    theirs = new_table(aws, vpc, {"Name": "theirs"})
    aws.client("ec2").modify_vpc_endpoint(VpcEndpointId=endpoint, AddRouteTableIds=[theirs])
    assert one.differences(want) == {}
    assert one.find(want).foreign == (f"route table {theirs}",)


def test_an_edit_whose_answer_was_lost_asks_for_nothing_twice(
    life: Any, aws: Any, want: Want
) -> None:
    one = life(VpcEndpoint())
    have = one.make(want)
    sent: list[dict[str, Any]] = []
    aws.once("ec2").meta.events.register(
        "provide-client-params.ec2.ModifyVpcEndpoint", lambda params, **_: sent.append(params)
    )
    tables = want.spec["route_tables"]
    VpcEndpoint().update(aws, want, have, [Change(("route_tables",), {}, tables)])
    assert sent == []


def test_another_policy_is_repaired_and_another_spelling_is_none(
    life: Any, aws: Any, want: Want
) -> None:
    one = life(VpcEndpoint())
    endpoint = one.make(want).facts["id"]
    client = aws.client("ec2")
    same = {"Version": "2012-10-17", "Statement": {**ALLOW, "Action": ["*"], "Resource": ["*"]}}
    client.modify_vpc_endpoint(VpcEndpointId=endpoint, PolicyDocument=json.dumps(same))
    assert one.differences(want) == {}
    none = {"Version": "2012-10-17", "Statement": [{**ALLOW, "Effect": "Deny"}]}
    client.modify_vpc_endpoint(VpcEndpointId=endpoint, PolicyDocument=json.dumps(none))
    assert set(one.differences(want)) == {"policy"}
    one.repair(want)
    assert one.differences(want) == {}


def test_a_tag_changed_behind_its_back_is_repaired(life: Any, aws: Any, want: Want) -> None:
    one = life(VpcEndpoint())
    endpoint = one.make(want).facts["id"]
    aws.client("ec2").create_tags(Resources=[endpoint], Tags=[{"Key": "team", "Value": "x"}])
    assert one.differences(want) == {"tags.team": ("x", "shop")}
    one.repair(want)
    assert one.differences(want) == {}


def test_a_removed_endpoint_is_gone(life: Any, want: Want) -> None:
    one = life(VpcEndpoint())
    one.make(want)
    one.remove(want)
    assert one.find(want) is None
