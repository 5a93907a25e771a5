# SPDX-License-Identifier: GPL-3.0-or-later
"""An interface endpoint stands in the subnets and groups that are declared, and in no others."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.errors import NotYet
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import (
    Scope,
    specification,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.view import View
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine import canon
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Change, Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.interface_endpoint import (
    InterfaceEndpoint,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.vpc_endpoint import (
    VpcEndpoint,
)
from botocore.exceptions import ClientError
from botocore.stub import Stubber

ALLOW = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
TAKEN: Any = {
    "Error": {
        "Code": "InvalidParameter",
        "Message": "private-dns-enabled cannot be set because there is already a conflicting DNS "
        "domain for ssm.us-east-1.amazonaws.com in the VPC vpc-1",
    }
}


@pytest.fixture
def vpc(aws: Any) -> str:
    found: str = aws.client("ec2").create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    return found


def new_subnet(aws: Any, vpc: str, number: int, tags: dict[str, str]) -> str:
    found: str = aws.client("ec2").create_subnet(
        VpcId=vpc,
        CidrBlock=f"10.20.{number}.0/24",
        AvailabilityZone=f"us-east-1{'abcd'[number]}",
        TagSpecifications=specification("subnet", tags),
    )["Subnet"]["SubnetId"]
    return found


def new_group(aws: Any, vpc: str, name: str) -> str:
    found: str = aws.client("ec2").create_security_group(
        GroupName=name, Description="d", VpcId=vpc
    )["GroupId"]
    return found


@pytest.fixture
def want(aws: Any, scope: Scope, vpc: str) -> Want:
    names = ("app-a", "app-b")
    subnets = {
        id: new_subnet(aws, vpc, number, scope.marks("subnet", id))
        for number, id in enumerate(names)
    }
    return Want(
        "interface_endpoint",
        "ssm",
        {
            "vpc": vpc,
            "service": "com.amazonaws.us-east-1.ssm",
            "subnets": subnets,
            "security_groups": (new_group(aws, vpc, "endpoints"),),
            "private_dns": True,
            "policy": canon.policy({"Version": "2012-10-17", "Statement": [ALLOW]}),
            "tags": scope.marks("interface_endpoint", "ssm"),
        },
    )


def test_a_new_endpoint_is_as_declared(life: Any, want: Want) -> None:
    have = life(InterfaceEndpoint()).make(want)
    assert life(InterfaceEndpoint()).differences(want) == {}
    assert have.settled


def test_it_is_no_gateway_endpoint_and_no_gateway_endpoint_is_one(
    life: Any, want: Want, scope: Scope
) -> None:
    life(InterfaceEndpoint()).make(want)
    assert life(VpcEndpoint()).undeclared() == []
    gateway = Want(
        "vpc_endpoint",
        "s3",
        {
            "vpc": want.spec["vpc"],
            "service": "com.amazonaws.us-east-1.s3",
            "route_tables": {},
            "policy": want.spec["policy"],
            "tags": scope.marks("vpc_endpoint", "s3"),
        },
    )
    life(VpcEndpoint()).make(gateway)
    assert [have.id for have in life(InterfaceEndpoint()).undeclared()] == ["ssm"]
    assert [have.id for have in life(VpcEndpoint()).undeclared()] == ["s3"]


def test_a_subnet_that_was_taken_out_or_put_in_is_repaired(
    life: Any, aws: Any, want: Want, scope: Scope
) -> None:
    one = life(InterfaceEndpoint())
    endpoint = one.make(want).facts["id"]
    lost = want.spec["subnets"]["app-a"]
    more = new_subnet(aws, want.spec["vpc"], 2, scope.marks("subnet", "app-c"))
    aws.client("ec2").modify_vpc_endpoint(
        VpcEndpointId=endpoint, RemoveSubnetIds=[lost], AddSubnetIds=[more]
    )
    assert set(one.differences(want)) == {"subnets"}
    one.repair(want)
    assert one.differences(want) == {}


@pytest.mark.parametrize(
    ("offered", "expected"), [("abc", ["app-a", "app-b"]), ("bd", ["app-b"]), ("cd", [])]
)
def test_it_is_wanted_where_aws_offers_it_and_refused_where_that_is_nowhere(
    aws: Any, want: Want, offered: str, expected: list[str]
) -> None:
    zones = [f"us-east-1{letter}" for letter in offered]
    with Stubber(aws.client("ec2")) as stub:
        asked = {"ServiceNames": [want.spec["service"]]}
        answer = {"ServiceDetails": [{"AvailabilityZones": zones}]}
        stub.add_response("describe_vpc_endpoint_services", answer, asked)
        view = View(aws)
        found = InterfaceEndpoint().fitted(view, want)
        refusals = list(InterfaceEndpoint().objections(view, found, None))
    assert list(found.spec["subnets"]) == expected
    assert [error.code for error in refusals] == ([] if expected else ["not_offered"])


def test_a_subnet_of_somebody_else_is_named_and_stays(life: Any, aws: Any, want: Want) -> None:
    one = life(InterfaceEndpoint())
    endpoint = one.make(want).facts["id"]
    theirs = new_subnet(aws, want.spec["vpc"], 3, {"Name": "theirs"})
    aws.client("ec2").modify_vpc_endpoint(VpcEndpointId=endpoint, AddSubnetIds=[theirs])
    assert one.differences(want) == {}
    assert one.find(want).foreign == (f"subnet {theirs}",)


def test_a_group_that_would_let_others_in_is_taken_from_it(life: Any, aws: Any, want: Want) -> None:
    one = life(InterfaceEndpoint())
    endpoint = one.make(want).facts["id"]
    other = new_group(aws, want.spec["vpc"], "other")
    aws.client("ec2").modify_vpc_endpoint(
        VpcEndpointId=endpoint,
        AddSecurityGroupIds=[other],
        RemoveSecurityGroupIds=list(want.spec["security_groups"]),
    )
    assert set(one.differences(want)) == {"security_groups"}
    one.repair(want)
    assert one.differences(want) == {}


def test_private_names_that_were_switched_off_are_asked_for_again(
    life: Any, aws: Any, want: Want
) -> None:
    one = life(InterfaceEndpoint())
    have = one.make(want)
    sent: list[dict[str, Any]] = []
    aws.once("ec2").meta.events.register(
        "provide-client-params.ec2.ModifyVpcEndpoint", lambda params, **_: sent.append(params)
    )
    InterfaceEndpoint().update(aws, want, have, [Change(("private_dns",), False, True)])
    assert sent == [{"VpcEndpointId": have.facts["id"], "PrivateDnsEnabled": True}]


def test_an_edit_whose_answer_was_lost_asks_for_nothing_twice(
    life: Any, aws: Any, want: Want
) -> None:
    one = life(InterfaceEndpoint())
    have = one.make(want)
    sent: list[dict[str, Any]] = []
    aws.once("ec2").meta.events.register(
        "provide-client-params.ec2.ModifyVpcEndpoint", lambda params, **_: sent.append(params)
    )
    for key in ("subnets", "security_groups"):
        InterfaceEndpoint().update(aws, want, have, [Change((key,), {}, want.spec[key])])
    assert sent == []


def test_another_policy_is_repaired(life: Any, want: Want) -> None:
    one = life(InterfaceEndpoint())
    one.make(want)
    denial = {"Version": "2012-10-17", "Statement": [{**ALLOW, "Effect": "Deny"}]}
    want = one.another(want, policy=canon.policy(denial))
    assert set(one.differences(want)) == {"policy"}
    one.repair(want)
    assert one.differences(want) == {}


@pytest.mark.parametrize("leaving", [True, False])
def test_a_name_that_one_on_its_way_out_has_is_waited_for_and_any_other_is_not(
    life: Any, aws: Any, want: Want, monkeypatch: pytest.MonkeyPatch, leaving: bool
) -> None:
    client, life_of = aws.client("ec2"), life(InterfaceEndpoint())
    life_of.make(want)
    described = client.describe_vpc_endpoints()["VpcEndpoints"]
    told = {"VpcEndpoints": [{**item, "State": "deleting"} for item in described if leaving]}

    def refuse(**_arguments: Any) -> None:
        raise ClientError(TAKEN, "CreateVpcEndpoint")

    monkeypatch.setattr(client, "create_vpc_endpoint", refuse)
    monkeypatch.setattr(client, "get_paginator", lambda _name: _Pages(told))
    with pytest.raises(NotYet if leaving else ClientError, match="conflicting DNS domain"):
        InterfaceEndpoint().create(aws, want)


class _Pages:
    """A list call whose one page is known."""

    def __init__(self, page: dict[str, Any]) -> None:
        self.page = page

    def paginate(self, **_arguments: Any) -> list[dict[str, Any]]:
        return [self.page]


def test_a_tag_changed_behind_its_back_is_repaired(life: Any, aws: Any, want: Want) -> None:
    one = life(InterfaceEndpoint())
    endpoint = one.make(want).facts["id"]
    aws.client("ec2").create_tags(Resources=[endpoint], Tags=[{"Key": "team", "Value": "x"}])
    assert one.differences(want) == {"tags.team": ("x", "shop")}
    one.repair(want)
    assert one.differences(want) == {}


def test_a_removed_endpoint_is_gone(life: Any, want: Want) -> None:
    one = life(InterfaceEndpoint())
    one.make(want)
    one.remove(want)
    assert one.find(want) is None
