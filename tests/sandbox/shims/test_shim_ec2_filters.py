# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that AWS does not have are told from those that the emulator lacks."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.parsers import ResponseParserError

from sandbox.shims.ec2_filters import documented

UNKNOWN = {"Filters": [{"Name": "no-such-filter", "Values": ["x"]}]}


def test_a_filter_that_aws_does_not_have_is_refused(cloud: Any) -> None:
    for call in ("describe_vpcs", "describe_subnets", "describe_route_tables"):
        assert cloud.refused("ec2", call, **UNKNOWN) == "InvalidParameterValue", call


def test_filters_are_those_of_the_documentation_of_the_operation() -> None:
    assert {"vpc-id", "cidr", "is-default"} <= documented("DescribeVpcs")
    assert documented("NoSuchOperation") == frozenset()


def test_plain_such_a_filter_is_a_crash(plain: Any) -> None:
    with pytest.raises(ResponseParserError):
        plain.client("ec2").describe_vpcs(**UNKNOWN)
