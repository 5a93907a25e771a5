# SPDX-License-Identifier: GPL-3.0-or-later
"""The VPC: its DNS settings are its own, further networks are somebody else's."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.vpc import Vpc


@pytest.fixture
def want(scope: Scope) -> Want:
    return Want(
        "vpc",
        "main",
        {
            "cidr": "10.20.0.0/16",
            "dns_support": True,
            "dns_hostnames": True,
            "tags": scope.marks("vpc", "main"),
        },
    )


def test_a_new_vpc_is_as_declared(life: Any, want: Want) -> None:
    have = life(Vpc()).make(want)
    assert life(Vpc()).differences(want) == {}
    assert have.facts["id"].startswith("vpc-")
    assert have.foreign == ()


@pytest.mark.parametrize(
    ("field", "attribute"),
    [("dns_support", "EnableDnsSupport"), ("dns_hostnames", "EnableDnsHostnames")],
)
def test_a_setting_changed_behind_its_back_is_seen_and_repaired(
    life: Any, aws: Any, want: Want, field: str, attribute: str
) -> None:
    one = life(Vpc())
    have = one.make(want)
    aws.client("ec2").modify_vpc_attribute(VpcId=have.facts["id"], **{attribute: {"Value": False}})
    assert one.differences(want) == {field: (False, True)}
    one.repair(want)
    assert one.differences(want) == {}


def test_tags_are_repaired_and_those_of_others_stay(life: Any, aws: Any, want: Want) -> None:
    one = life(Vpc())
    vpc = one.make(want).facts["id"]
    tags = [{"Key": "team", "Value": "other"}, {"Key": "theirs", "Value": "1"}]
    aws.client("ec2").create_tags(Resources=[vpc], Tags=tags)
    assert one.differences(want) == {"tags.team": ("other", "shop")}
    one.repair(want)
    assert one.find(want).spec["tags"] == {**want.spec["tags"], "theirs": "1"}


def test_a_network_that_somebody_added_is_named(life: Any, aws: Any, want: Want) -> None:
    one = life(Vpc())
    vpc = one.make(want).facts["id"]
    aws.client("ec2").associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.99.0.0/16")
    assert one.differences(want) == {}
    assert one.find(want).foreign == ("network 10.99.0.0/16",)


def test_the_vpc_of_another_site_is_not_ours(life: Any, aws: Any, want: Want) -> None:
    other = life(Vpc()).another(want, tags={**want.spec["tags"], "phoenix:site": "recovery"})
    Vpc().create(aws, other)
    assert life(Vpc()).find(want) is None


def test_a_removed_vpc_is_gone(life: Any, want: Want) -> None:
    one = life(Vpc())
    one.make(want)
    one.remove(want)
    assert one.find(want) is None
