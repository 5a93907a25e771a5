# SPDX-License-Identifier: GPL-3.0-or-later
"""The Price List API: what is asked, and how its answers are read.

The answers have the shape of real ones: product, terms, OnDemand, priceDimensions.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.costs import snapshot
from ansible_collections.operatingdev.phoenix.plugins.module_utils.costs.model import (
    Item,
    Usage,
    estimate,
    merged,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.costs.price_list import (
    fetch,
    filters_of,
    parse,
    request_for,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.costs.usage import usages

Tier = tuple[str, str, str]  # beginRange, unit, USD


def offer(
    usage_type: str,
    *tiers: Tier,
    family: str = "",
    sku: str = "XWCTMRRUJM7TGYST",
    **attributes: str,
) -> str:
    """One element of `PriceList`, as the API answers it."""
    term = f"{sku}.JRTCKXETXF"
    dimensions = {
        f"{term}.{number}": {
            "unit": unit,
            "beginRange": begin,
            "endRange": "Inf",
            "description": "",
            "appliesTo": [],
            "rateCode": f"{term}.{number}",
            "pricePerUnit": {"USD": usd},
        }
        for number, (begin, unit, usd) in enumerate(tiers)
    }
    return json.dumps(
        {
            "product": {
                "productFamily": family,
                "attributes": {"usagetype": usage_type, **attributes},
                "sku": sku,
            },
            "serviceCode": "AmazonEC2",
            "terms": {
                "OnDemand": {
                    term: {
                        "priceDimensions": dimensions,
                        "sku": sku,
                        "effectiveDate": "2024-07-01T00:00:00Z",
                        "offerTermCode": "JRTCKXETXF",
                        "termAttributes": {},
                    }
                }
            },
            "version": "20240705013454",
            "publicationDate": "2024-07-05T01:34:54Z",
        }
    )


def read(key: str, region: str, *answers: str) -> tuple[str, str] | None:
    """USD and unit as parsed, or None."""
    request = request_for(key, region)
    assert request is not None
    price = parse(request, key, region, answers)
    return None if price is None else (str(price.usd), price.unit)


GP3 = {"family": "Storage", "volumeApiName": "gp3", "regionCode": "us-west-2"}
NAT = {"family": "NAT Gateway", "regionCode": "us-east-1"}


def test_an_answer_becomes_a_price_with_its_sku_and_publication_date() -> None:
    request = request_for("ec2.volume.gp3", "us-west-2")
    assert request is not None
    text = offer("USW2-EBS:VolumeUsage.gp3", ("0", "GB-Mo", "0.0800000000"), **GP3)
    price = parse(request, "ec2.volume.gp3", "us-west-2", [text])
    assert price is not None
    assert (price.usd, price.unit, price.origin) == (Decimal("0.08"), "GB-Mo", "api")
    assert (price.source, price.as_of) == ("AmazonEC2 XWCTMRRUJM7TGYST", "2024-07-05")


def test_without_a_publication_date_the_date_is_when_the_price_took_effect() -> None:
    request = request_for("ec2.volume.gp3", "us-west-2")
    assert request is not None
    answer = json.loads(offer("USW2-EBS:VolumeUsage.gp3", ("0", "GB-Mo", "0.08"), **GP3))
    del answer["publicationDate"]
    price = parse(request, "ec2.volume.gp3", "us-west-2", [json.dumps(answer)])
    assert price is not None
    assert price.as_of == "2024-07-01"


def test_a_call_names_the_service_the_region_and_the_product() -> None:
    request = request_for("nat_gateway.hour", "us-west-2")
    assert request is not None
    assert request.service == "AmazonEC2"
    assert filters_of([request]) == [
        {"Type": "TERM_MATCH", "Field": "regionCode", "Value": "us-west-2"},
        {"Type": "TERM_MATCH", "Field": "productFamily", "Value": "NAT Gateway"},
        {"Type": "CONTAINS", "Field": "usagetype", "Value": "NatGateway-Hours"},
    ]


@pytest.mark.parametrize("prefix", ["", "USE1-", "USW2-", "EU-", "EUC1-", "us-west-2-"])
def test_a_usage_type_is_known_behind_the_prefix_of_any_region(prefix: str) -> None:
    answer = offer(f"{prefix}NatGateway-Hours", ("0", "Hrs", "0.0450000000"), **NAT)
    assert read("nat_gateway.hour", "us-east-1", answer) == ("0.0450000000", "Hrs")


@pytest.mark.parametrize("usage_type", ["TS-LoadBalancerUsage", "Outposts-LoadBalancerUsage"])
def test_a_usage_type_that_only_ends_alike_is_another_product(usage_type: str) -> None:
    answer = offer(
        usage_type,
        ("0", "Hrs", "0.0050000000"),
        family="Load Balancer-Application",
        regionCode="us-east-1",
    )
    assert read("load_balancer.application.hour", "us-east-1", answer) is None


def test_a_product_of_another_region_is_not_taken() -> None:
    answer = offer("NatGateway-Hours", ("0", "Hrs", "0.045"), **NAT)
    assert read("nat_gateway.hour", "us-west-2", answer) is None


def test_products_that_differ_in_price_make_no_price() -> None:
    cheap = offer("NatGateway-Hours", ("0", "Hrs", "0.0450000000"), **NAT)
    dear = offer("NatGateway-Hours", ("0", "Hrs", "0.0900000000"), sku="OTHER", **NAT)
    assert read("nat_gateway.hour", "us-east-1", cheap, cheap) == ("0.0450000000", "Hrs")
    assert read("nat_gateway.hour", "us-east-1", cheap, dear) is None


def test_an_empty_answer_makes_no_price() -> None:
    assert read("nat_gateway.hour", "us-east-1") is None


def test_of_tiers_the_first_that_costs_anything_counts() -> None:
    checks = offer(
        "Health-Check-AWS",
        ("50", "Health Checks", "0.5000000000"),
        ("0", "Health Checks", "0.0000000000"),
        family="DNS Health Check",
    )
    assert read("route53.health_check.endpoint", "global", checks) == (
        "0.5000000000",
        "Health Checks",
    )
    stored = offer(
        "TimedStorage-ByteHrs",
        ("512000", "GB-Mo", "0.0210000000"),
        ("0", "GB-Mo", "0.0230000000"),
        ("51200", "GB-Mo", "0.0220000000"),
        family="Storage",
        regionCode="us-east-1",
    )
    assert read("s3.standard", "us-east-1", stored) == ("0.0230000000", "GB-Mo")


def test_a_database_is_known_by_its_class_though_the_usage_type_shortens_it() -> None:
    answer = offer(
        "USW2-Multi-AZUsage:db.m7g.xl",
        ("0", "Hrs", "0.6740000000"),
        family="Database Instance",
        instanceType="db.m7g.xlarge",
        deploymentOption="Multi-AZ",
        databaseEngine="PostgreSQL",
        regionCode="us-west-2",
    )
    key = "rds.instance.postgres.db.m7g.xlarge.multi_az"
    assert read(key, "us-west-2", answer) == ("0.6740000000", "Hrs")
    assert read(key.replace("multi_az", "single_az"), "us-west-2", answer) is None


def test_transfer_to_another_region_is_asked_from_the_region_it_leaves() -> None:
    answer = offer(
        "USE1-USW2-AWS-Out-Bytes",
        ("0", "GB", "0.0200000000"),
        transferType="InterRegion Outbound",
        fromRegionCode="us-east-1",
        toRegionCode="us-west-2",
    )
    assert read("transfer.to.us-west-2", "us-east-1", answer) == ("0.0200000000", "GB")
    assert read("transfer.to.us-east-1", "us-west-2", answer) is None


def test_every_paid_row_of_the_snapshot_can_be_asked_of_the_api() -> None:
    paid = [row for row in snapshot.rows() if row.usd]
    assert [row.key for row in paid if request_for(row.key, row.region) is None] == []


def test_what_is_free_is_not_asked() -> None:
    assert request_for("free.vpc", "global") is None


class Api:
    """Answers each service and usage type with the offers it was given."""

    def __init__(self, **offers: list[str]) -> None:
        self.offers = offers
        self.calls: list[tuple[str, list[dict[str, str]]]] = []

    def __call__(self, service: str, filters: list[dict[str, str]]) -> list[str]:
        self.calls.append((service, filters))
        return self.offers.get(service, [])


def test_each_price_is_asked_once_however_many_objects_need_it() -> None:
    api = Api(AmazonEC2=[offer("NatGateway-Hours", ("0", "Hrs", "0.045"), **NAT)])
    wanted = [use for _ in range(6) for use in usages("nat_gateway", {}, "us-east-1")]
    book = fetch(wanted, api)
    assert len(api.calls) == 1
    assert set(book) == {("nat_gateway.hour", "us-east-1")}


def test_one_call_asks_for_what_differs_in_region_size_or_use_only() -> None:
    api = Api()
    database = {"engine": "postgres", "instance_class": "db.t4g.medium", "storage_type": "gp3"}
    database |= {"allocated_storage": 50}
    fetch(
        [
            *usages("db_instance", {**database, "multi_az": True}, "us-east-1"),
            *usages("db_instance", {**database, "multi_az": False}, "us-west-2"),
        ],
        api,
    )
    asked = {
        next(one["Value"] for one in filters if one["Field"] == "productFamily"): {
            one["Field"]: (one["Type"], one["Value"]) for one in filters
        }
        for _service, filters in api.calls
    }
    assert len(api.calls) == len(asked) == 3
    instances = asked["Database Instance"]
    assert instances["regionCode"] == ("ANY_OF", "us-east-1,us-west-2")
    assert instances["instanceType"] == ("TERM_MATCH", "db.t4g.medium")
    assert instances["deploymentOption"] == ("ANY_OF", "Multi-AZ,Single-AZ")
    assert asked["Database Storage"]["usagetype"] == ("CONTAINS", "GP3-Storage")


def test_an_answer_to_several_requests_gives_each_its_own_price() -> None:
    west = {**NAT, "regionCode": "us-west-2"}
    api = Api(
        AmazonEC2=[
            offer("NatGateway-Hours", ("0", "Hrs", "0.045"), **NAT),
            offer("NatGateway-Bytes", ("0", "GB", "0.046"), **NAT),
            offer("USW2-NatGateway-Hours", ("0", "Hrs", "0.047"), **west),
        ]
    )
    wanted = [use for r in ("us-east-1", "us-west-2") for use in usages("nat_gateway", {}, r)]
    book = fetch(wanted, api)
    assert {where: str(price.usd) for where, price in book.items()} == {
        ("nat_gateway.hour", "us-east-1"): "0.045",
        ("nat_gateway.data", "us-east-1"): "0.046",
        ("nat_gateway.hour", "us-west-2"): "0.047",
    }


def test_whole_things_are_counted_in_our_word_for_them() -> None:
    key = offer(
        "us-east-1-KMS-Keys", ("0", "Keys", "1"), family="Encryption Key", regionCode="us-east-1"
    )
    book = fetch(usages("kms_key", {}, "us-east-1"), Api(awskms=[key]))
    assert book["kms.key", "us-east-1"].unit == "Mo"


def test_a_measure_is_never_taken_for_a_whole_thing() -> None:
    key = offer(
        "us-east-1-KMS-Keys", ("0", "Hrs", "1"), family="Encryption Key", regionCode="us-east-1"
    )
    wanted = usages("kms_key", {}, "us-east-1")
    items = [Item("home", "storage", "kms_key/a", use) for use in wanted]
    assert estimate(items, fetch(wanted, Api(awskms=[key]))).unknown == 1


def test_the_api_goes_before_the_snapshot_and_each_line_says_which() -> None:
    api = Api(AmazonEC2=[offer("NatGateway-Hours", ("0", "Hrs", "0.05"), **NAT)])
    wanted = usages("nat_gateway", {}, "us-east-1")
    prices = merged(fetch(wanted, api), snapshot.prices())
    items = [Item("home", "network", "nat_gateway/a", use) for use in wanted]
    lines = estimate(items, prices).lines
    assert [line.price.origin for line in lines if line.price] == ["api", "snapshot"]


def test_an_error_of_the_call_reaches_the_caller() -> None:
    def down(service: str, filters: list[dict[str, str]]) -> list[str]:
        raise ConnectionError(service, filters)

    wanted: list[Usage] = usages("kms_key", {}, "us-east-1")
    with pytest.raises(ConnectionError):
        fetch(wanted, down)


@pytest.mark.parametrize("answer", [{}, {"product": {}}, {"terms": {}}], ids=str)
def test_an_offer_without_a_price_is_passed_over(answer: dict[str, Any]) -> None:
    assert read("nat_gateway.hour", "us-east-1", json.dumps(answer)) is None
