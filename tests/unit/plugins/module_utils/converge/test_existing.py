# SPDX-License-Identifier: GPL-3.0-or-later
"""How services are asked whether an object that the tagging API lists is there."""

from __future__ import annotations

import re

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.view import View
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.existing import (
    ASKS,
    Ask,
    standing,
)

EAST = "us-east-1:123456789012"


@pytest.mark.parametrize("ask", ASKS, ids=lambda ask: ask.of)
def test_each_question_is_one_that_aws_answers(aws: Aws, ask: Ask) -> None:
    client = aws.client(ask.service)
    model = client.meta.service_model.operation_model(
        client.meta.method_to_api_mapping[ask.operation]
    )
    argument = model.input_shape.members[ask.argument]
    assert argument.type_name == ("list" if ask.key else "string")
    assert set(model.input_shape.required_members) <= {ask.argument}
    if ask.key:
        assert model.output_shape.members[ask.key].type_name == "list"
    assert re.compile(ask.of).groups <= 1


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:ec2:{EAST}:elastic-ip/eipalloc-0123456789abcdef0",
        f"arn:aws:ec2:{EAST}:image/ami-0123456789abcdef0",
        f"arn:aws:ec2:{EAST}:vpc-endpoint/vpce-0123456789abcdef0",
        f"arn:aws:ec2:{EAST}:vpc-flow-log/fl-0123456789abcdef0",
        f"arn:aws:elasticloadbalancing:{EAST}:listener/app/a/0123456789abcdef/0123456789abcdef",
        f"arn:aws:elasticloadbalancing:{EAST}:loadbalancer/app/a/0123456789abcdef",
        f"arn:aws:elasticloadbalancing:{EAST}:targetgroup/a/0123456789abcdef",
        f"arn:aws:rds:{EAST}:db:a",
        f"arn:aws:rds:{EAST}:snapshot:a",
        f"arn:aws:rds:{EAST}:subgrp:a",
        f"arn:aws:acm:{EAST}:certificate/01234567-89ab-cdef-0123-456789abcdef",
        f"arn:aws:cloudwatch:{EAST}:alarm:a",
        "arn:aws:iam::123456789012:instance-profile/a",
        f"arn:aws:logs:{EAST}:log-group:/a",
        "arn:aws:route53:::healthcheck/01234567-89ab-cdef-0123-456789abcdef",
        "arn:aws:route53:::hostedzone/Z0123456789",
        "arn:aws:s3:::a-bucket-that-nobody-has",
        f"arn:aws:sns:{EAST}:a",
        f"arn:aws:ssm:{EAST}:parameter/a/b",
    ],
)
def test_what_its_service_does_not_have_is_not_there(aws: Aws, arn: str) -> None:
    assert standing(View(aws), [arn]) == []


def test_an_endpoint_that_is_only_shown_as_deleted_is_not_there(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    endpoint = ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3", VpcEndpointType="Gateway"
    )["VpcEndpoint"]["VpcEndpointId"]
    listed = [f"arn:aws:ec2:{EAST}:vpc/{vpc}", f"arn:aws:ec2:{EAST}:vpc-endpoint/{endpoint}"]
    assert standing(View(aws), listed) == listed
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    assert standing(View(aws), listed) == listed[:1]


def test_what_is_of_an_unknown_service_counts_as_listed(aws: Aws) -> None:
    arn = f"arn:aws:kinesis:{EAST}:stream/a"
    assert standing(View(aws), [arn]) == [arn]
