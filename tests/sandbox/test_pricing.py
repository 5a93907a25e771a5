# SPDX-License-Identifier: GPL-3.0-or-later
"""The Price List API of the sandbox tells the collection's own dated table."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.prices import TABLE, offers

from .conftest import Clients

NAT = [
    {"Type": "TERM_MATCH", "Field": "productFamily", "Value": "NAT Gateway"},
    {"Type": "ANY_OF", "Field": "regionCode", "Value": "us-east-1,us-west-2"},
]


def products(client: Clients, service: str, *filters: dict[str, str]) -> list[dict[str, Any]]:
    pages = client("pricing").get_paginator("get_products")
    found = pages.paginate(ServiceCode=service, Filters=list(filters), MaxResults=3)
    return [json.loads(text) for page in found for text in page["PriceList"]]


def usd(offer: dict[str, Any]) -> float:
    (term,) = offer["terms"]["OnDemand"].values()
    (dimension,) = term["priceDimensions"].values()
    return float(dimension["pricePerUnit"]["USD"])


def test_every_row_that_aws_sells_is_offered() -> None:
    unsold = {"route53.alias_query"}
    paid = [r for r in TABLE.rows() if not r.key.startswith("free.") and r.key not in unsold]
    assert len(offers()) == len(paid)


def test_products_come_filtered_in_pages_with_their_price_and_date(client: Clients) -> None:
    found = products(client, "AmazonEC2", *NAT)
    assert sorted(offer["product"]["attributes"]["usagetype"] for offer in found) == [
        "NatGateway-Bytes",
        "NatGateway-Hours",
        "USW2-NatGateway-Bytes",
        "USW2-NatGateway-Hours",
    ]
    assert {usd(offer) for offer in found} == {0.045}
    assert {offer["publicationDate"] for offer in found} == {"2025-10-28T00:00:00Z"}
    hours = {"Type": "CONTAINS", "Field": "usagetype", "Value": "Hours"}
    west = {"Type": "NONE_OF", "Field": "regionCode", "Value": "us-east-1"}
    (one,) = products(client, "AmazonEC2", *NAT, hours, west)
    assert one["product"]["attributes"]["regionCode"] == "us-west-2"


def test_services_and_the_values_of_an_attribute_are_told(client: Clients) -> None:
    pricing = client("pricing")
    codes = {service["ServiceCode"] for service in pricing.describe_services()["Services"]}
    assert {"AmazonEC2", "AmazonRDS", "AmazonRoute53"} <= codes
    (rds,) = pricing.describe_services(ServiceCode="AmazonRDS")["Services"]
    assert "deploymentOption" in rds["AttributeNames"]
    asked = {"ServiceCode": "AmazonRDS", "AttributeName": "deploymentOption"}
    values = pricing.get_attribute_values(**asked)["AttributeValues"]
    assert [value["Value"] for value in values] == ["Multi-AZ", "Single-AZ"]


@pytest.mark.parametrize(
    ("region", "asked", "code"),
    [
        ("us-east-1", {"ServiceCode": "AmazonNothing"}, "InvalidParameterException"),
        ("us-east-1", {"ServiceCode": "AmazonEC2", "MaxResults": 101}, "InvalidParameterException"),
        ("us-east-1", {"ServiceCode": "AmazonEC2", "NextToken": "x"}, "InvalidNextTokenException"),
        ("us-west-2", {"ServiceCode": "AmazonEC2"}, "InvalidSignatureException"),
    ],
)
def test_what_the_api_does_not_know_and_where_it_does_not_stand_is_refused(
    client: Clients, region: str, asked: dict[str, Any], code: str
) -> None:
    with pytest.raises(ClientError) as refused:
        client("pricing", region).get_products(**asked)
    assert refused.value.response["Error"]["Code"] == code
