# SPDX-License-Identifier: GPL-3.0-or-later
"""Quotas of the sandbox: defaults with a source, requests that are granted after a while."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from sandbox.quotas import QUOTAS

from .conftest import HOME

WEST = "us-west-2"
CPUS = {"ServiceCode": "ec2", "QuotaCode": "L-1216C47A"}


def value(cloud: Any, region: str = HOME) -> float:
    quota = cloud.client("service-quotas", region).get_service_quota(**CPUS)["Quota"]
    return float(quota["Value"])


def test_every_quota_names_the_page_that_says_it() -> None:
    assert len({(quota.service, quota.code) for quota in QUOTAS}) == len(QUOTAS)
    assert all(quota.source.startswith("docs.aws.amazon.com/") for quota in QUOTAS)


def test_a_raised_quota_is_in_force_once_it_is_granted_and_in_its_region_only(cloud: Any) -> None:
    cloud.slow()
    quotas = cloud.client("service-quotas")
    before = value(cloud)
    asked = quotas.request_service_quota_increase(**CPUS, DesiredValue=256.0)["RequestedQuota"]
    assert (asked["Status"], value(cloud)) == ("PENDING", before)
    again = {**CPUS, "DesiredValue": 512.0}
    code = cloud.refused("service-quotas", "request_service_quota_increase", **again)
    assert code == "ResourceAlreadyExistsException"
    cloud.advance(7200)
    found = quotas.get_requested_service_quota_change(RequestId=asked["Id"])["RequestedQuota"]
    assert (found["Status"], value(cloud), value(cloud, WEST)) == ("APPROVED", 256.0, before)
    history = quotas.list_requested_service_quota_change_history(ServiceCode="ec2")
    assert [item["Id"] for item in history["RequestedQuotas"]] == [asked["Id"]]
    default = quotas.list_aws_default_service_quotas(ServiceCode="ec2")["Quotas"]
    assert [i["Value"] for i in default if i["QuotaCode"] == "L-1216C47A"] == [5.0]


def test_a_quota_is_not_raised_to_less_than_it_is(cloud: Any) -> None:
    lower = {**CPUS, "DesiredValue": 1.0}
    code = cloud.refused("service-quotas", "request_service_quota_increase", **lower)
    assert code == "IllegalArgumentException"


def test_quotas_are_listed_in_pages_and_unknown_ones_are_refused(cloud: Any) -> None:
    quotas = cloud.client("service-quotas")
    pages = list(
        quotas.get_paginator("list_service_quotas").paginate(
            ServiceCode="rds", PaginationConfig={"PageSize": 3}
        )
    )
    names = [item["QuotaName"] for page in pages for item in page["Quotas"]]
    assert len(pages) == 2
    assert "DB instances" in names
    nobody = {"ServiceCode": "ec2", "QuotaCode": "L-00000000"}
    code = cloud.refused("service-quotas", "get_service_quota", **nobody)
    assert code == "NoSuchResourceException"


def test_plain_only_quotas_of_vpcs_are_known(plain: Any) -> None:
    assert plain.refused("service-quotas", "get_service_quota", **CPUS)
    with pytest.raises((ClientError, ResponseParserError)):
        plain.client("service-quotas").list_service_quotas(ServiceCode="rds")
