# SPDX-License-Identifier: GPL-3.0-or-later
"""While a region is given up, only the other one is asked, and nothing that depends on another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.reach import (
    OutOfReach,
    Reach,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import (
    Aws,
    Connection,
)

HERE, GONE = "us-west-2", "us-east-1"
SCOPE = Scope("production", "recovery", HERE, "123456789012", "recovery")
Call = Callable[[Aws], Any]
REFUSED: dict[str, Call] = {
    "the region that is given up": lambda aws: aws.client("rds", GONE).describe_db_instances(),
    "a third region": lambda aws: aws.client("ec2", "eu-west-1").describe_vpcs(),
    "roles": lambda aws: aws.client("iam").get_role(RoleName="web"),
    "names": lambda aws: aws.client("route53").list_hosted_zones(),
    "settings of buckets": lambda aws: aws.client("s3").put_bucket_versioning(
        Bucket="shop", VersioningConfiguration={"Status": "Enabled"}
    ),
    "new buckets": lambda aws: aws.client("s3").create_bucket(Bucket="shop"),
    "who we are, elsewhere": lambda aws: aws.client("sts", GONE).get_caller_identity(),
}
# As botocore spells the endpoints of AWS itself.
ENDPOINTS = {
    "rds": f"https://rds.{HERE}.amazonaws.com/",
    "sts": f"https://sts.{HERE}.amazonaws.com/",
    "s3": f"https://shop.s3.{HERE}.amazonaws.com/key",
}


def aws(reach: Reach | None = None) -> Aws:
    """Clients whose requests would fail at once if they were sent."""
    connection = Connection("", "", "x", "x", "", "http://127.0.0.1:9")
    return Aws(SCOPE, connection, reach=reach or Reach(HERE)).hasty()


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_out_of_reach_is_never_sent(what: str) -> None:
    with pytest.raises(OutOfReach, match="was not sent"):
        REFUSED[what](aws())


@pytest.mark.parametrize("service", ["rds", "ec2", "ssm", "sts", "cloudwatch", "secretsmanager"])
def test_the_region_itself_is_asked(service: str) -> None:
    Reach(HERE).check(service, HERE, "AnyOperation")


def test_objects_are_read_and_written() -> None:
    for operation in ("GetObject", "PutObject", "ListObjectsV2"):
        Reach(HERE).check("s3", HERE, operation)


def test_of_a_region_of_which_only_some_operations_are_allowed_no_other_one_is_sent() -> None:
    reach = Reach(GONE, only=("RevokeSecurityGroupIngress",))
    reach.check("ec2", GONE, "RevokeSecurityGroupIngress")
    with pytest.raises(OutOfReach, match="only RevokeSecurityGroupIngress"):
        reach.check("rds", GONE, "DeleteDBInstance")


@pytest.mark.parametrize("service", ENDPOINTS)
def test_endpoints_of_the_region_are_asked(service: str) -> None:
    Reach(HERE).check(service, HERE, "GetObject", ENDPOINTS[service])


@pytest.mark.parametrize(
    "url",
    [
        "https://sts.amazonaws.com/",
        "https://s3.amazonaws.com/shop/key",
        f"https://shop.s3.{GONE}.amazonaws.com/key",
    ],
)
def test_endpoints_of_the_whole_world_or_of_another_region_are_not(url: str) -> None:
    with pytest.raises(OutOfReach, match="is not an endpoint"):
        Reach(HERE).check("sts", HERE, "GetObject", url)


def test_an_endpoint_of_ones_own_needs_no_name_of_a_region() -> None:
    Reach(HERE).check("ssm", HERE, "GetParameter", "http://127.0.0.1:4566/")


def test_of_s3_the_sdk_asks_the_endpoint_of_the_region_even_where_that_is_us_east_1() -> None:
    scope = Scope("production", "home", GONE, "123456789012")
    client = Aws(scope, Connection("", "", "x", "x")).client("s3")
    assert client.meta.endpoint_url == f"https://s3.{GONE}.amazonaws.com"
