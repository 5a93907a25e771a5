# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags from the shared answer, and from the service itself where that may lag."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.view import View
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.arn_tags import tags_of
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.db_subnet_group import (
    DbSubnetGroup,
)

ARN = "arn:aws:sns:us-east-1:123456789012:production-home-alarms"


class Told(View):
    """A look in which the tagging API says this."""

    def __init__(self, aws: Aws, tags: Mapping[str, Mapping[str, str]]) -> None:
        super().__init__(aws)
        self._told = tags

    def tagged(self, *services: str) -> Mapping[str, Mapping[str, str]]:
        return self._told


@pytest.fixture
def want(scope: Scope) -> Want:
    return Want("sns_topic", "alarms", {"tags": scope.marks("sns_topic", "alarms")})


def asked(view: View, wants: list[Want]) -> bool:
    """Whether the service itself was asked."""
    exact = {"exact": "yes"}
    return tags_of(view, ARN, wants, lambda: exact) is exact


def test_an_answer_that_is_as_declared_costs_no_further_request(aws: Aws, want: Want) -> None:
    view = Told(aws, {ARN: {**want.spec["tags"], "billing": "theirs"}})
    assert not asked(view, [want])


@pytest.mark.parametrize("late", [{"team": "before"}, {"Name": "before"}])
def test_an_answer_that_differs_may_be_late_and_is_asked_for_again(
    aws: Aws, want: Want, late: dict[str, str]
) -> None:
    assert asked(Told(aws, {ARN: {**want.spec["tags"], **late}}), [want])


def test_an_object_that_the_answer_lacks_is_asked_for(aws: Aws, want: Want) -> None:
    assert asked(Told(aws, {}), [want])


def test_an_object_that_nobody_declares_is_taken_as_told(aws: Aws, want: Want) -> None:
    assert not asked(Told(aws, {ARN: want.spec["tags"]}), [])


def test_a_tag_that_was_just_changed_is_not_changed_again(
    life: Any, aws: Aws, scope: Scope
) -> None:
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    subnets = {
        zone: ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=zone)["Subnet"][
            "SubnetId"
        ]
        for zone, block in (("us-east-1a", "10.20.0.0/24"), ("us-east-1b", "10.20.1.0/24"))
    }
    tags = scope.marks("db_subnet_group", "main")
    want = Want(
        "db_subnet_group",
        "main",
        {"name": scope.database, "description": "d", "subnets": subnets, "tags": tags},
    )
    arn = life(DbSubnetGroup()).make(want).facts["arn"]
    late = Told(aws, {arn: {**tags, "team": "before"}})
    [have] = DbSubnetGroup().find(late, [want])
    assert have.spec["tags"] == tags
