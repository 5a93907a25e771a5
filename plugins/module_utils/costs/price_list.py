# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The AWS Price List API in our words: which products to ask for, and what its answer says.

No SDK here. The caller passes a function that makes one paginated `GetProducts` call and answers
its `PriceList`, a list of JSON texts. The API stands in a few regions only, us-east-1 among them,
and is asked there for the prices of every region.

Usage types carry a prefix that differs from region to region and from service to service ("USW2-",
"EU-", "us-west-2-", none), so they are asked for as a part and compared without it.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from .model import GLOBAL, Price, Usage

# (ServiceCode, Filters) -> the PriceList of all pages.
GetProducts = Callable[[str, list[dict[str, str]]], list[str]]


@dataclass(frozen=True, slots=True)
class Request:
    """One `GetProducts` call, and which of the products it answers are meant.

    match: attribute -> exact value, asked of the API and checked in the answer.
    usage_type: the product's usage type without its region's prefix, a regular expression;
    asks_for: a literal part of it, asked of the API. Both "" where the attributes are enough.
    """

    service: str
    match: Mapping[str, str]
    usage_type: str
    asks_for: str


@dataclass(frozen=True, slots=True)
class _Product:
    """What to ask for a key: service, product family, usage type and further attributes."""

    service: str
    family: str
    usage_type: str
    more: Mapping[str, str] | None = None


_FAMILY: Final = "productFamily"
_POSTGRES: Final = {"databaseEngine": "PostgreSQL"}
_DEPLOYMENT: Final = {"single_az": "Single-AZ", "multi_az": "Multi-AZ"}
_RDS_STORAGE: Final = {
    ("gp2", "single_az"): "RDS:GP2-Storage",
    ("gp2", "multi_az"): "RDS:Multi-AZ-GP2-Storage",
    ("gp3", "single_az"): "RDS:GP3-Storage",
    ("gp3", "multi_az"): "RDS:Multi-AZ-GP3-Storage",
}
_PRODUCTS: Final[Mapping[str, _Product]] = {
    "nat_gateway.hour": _Product("AmazonEC2", "NAT Gateway", "NatGateway-Hours"),
    "nat_gateway.data": _Product("AmazonEC2", "NAT Gateway", "NatGateway-Bytes"),
    "interface_endpoint.hour": _Product("AmazonVPC", "VpcEndpoint", "VpcEndpoint-Hours"),
    "interface_endpoint.data": _Product("AmazonVPC", "VpcEndpoint", "VpcEndpoint-Bytes"),
    "public_ipv4.hour": _Product("AmazonVPC", "", "PublicIPv4:InUseAddress"),
    "load_balancer.application.hour": _Product(
        "AWSELB", "Load Balancer-Application", "LoadBalancerUsage"
    ),
    "load_balancer.application.lcu": _Product("AWSELB", "Load Balancer-Application", "LCUUsage"),
    "ec2.volume.gp3": _Product(
        "AmazonEC2", "Storage", "EBS:VolumeUsage.gp3", {"volumeApiName": "gp3"}
    ),
    "rds.backup": _Product("AmazonRDS", "Storage Snapshot", "RDS:ChargedBackupUsage", _POSTGRES),
    "kms.key": _Product("awskms", "Encryption Key", "KMS-Keys"),
    "secret": _Product("AWSSecretsManager", "Secret", "AWSSecretsManager-Secrets"),
    "s3.standard": _Product("AmazonS3", "Storage", "TimedStorage-ByteHrs"),
    "cloudwatch.alarm": _Product("AmazonCloudWatch", "Alarm", "CW:AlarmMonitorUsage"),
    "cloudwatch.alarm.high_resolution": _Product(
        "AmazonCloudWatch", "Alarm", "CW:HighResAlarmMonitorUsage"
    ),
    "flow_log.to_s3": _Product("AmazonCloudWatch", "", "S3-Egress-Bytes"),
    "sns.request": _Product("AmazonSNS", "API Request", "Requests-Tier1"),
    "route53.zone": _Product("AmazonRoute53", "DNS Zone", "HostedZone"),
    "route53.health_check.endpoint": _Product(
        "AmazonRoute53", "DNS Health Check", "Health-Check-AWS"
    ),
    "route53.health_check.option": _Product(
        "AmazonRoute53", "DNS Health Check", "Health-Check-Option-AWS"
    ),
}
_INSTANCE: Final = "ec2.instance.linux."
_DATABASE: Final = re.compile(r"rds\.instance\.postgres\.(db\..+)\.(single_az|multi_az)")
_DATABASE_STORAGE: Final = re.compile(r"rds\.storage\.(gp2|gp3)\.(single_az|multi_az)")
_TRANSFER: Final = "transfer.to."
_INTERNET: Final = "transfer.internet"
_PREFIX: Final = r"(?:(?:[A-Z]{2,3}\d+|EU)-|[a-z]{2}(?:-[a-z]+)+-\d+-)?"
# What the API calls the units, in ours. Any other word of its counts whole things: "Keys".
_UNITS: Final[Mapping[str, str]] = {
    "gb": "GB",
    "gb-mo": "GB-Mo",
    "gb-month": "GB-Mo",
    "hour": "Hrs",
    "hours": "Hrs",
    "hrs": "Hrs",
    "lcu-hrs": "LCU-Hrs",
}


def request_for(key: str, region: str) -> Request | None:
    """The call that answers this price, or None: the API is not asked for what is free, say.

    region: AWS region code, or "global" for Route 53.
    """
    place = {} if region == GLOBAL else {"regionCode": region}
    if key in _PRODUCTS:
        asked = _PRODUCTS[key]
        family = {_FAMILY: asked.family} if asked.family else {}
        match = place | family | dict(asked.more or {})
        return Request(asked.service, match, re.escape(asked.usage_type), asked.usage_type)
    if key.startswith(_INSTANCE):
        return _instance(key.removeprefix(_INSTANCE), place)
    if found := _DATABASE.fullmatch(key):
        return _database(found[1], found[2], place)
    if found := _DATABASE_STORAGE.fullmatch(key):
        usage = _RDS_STORAGE[found[1], found[2]]
        match = place | {_FAMILY: "Database Storage"}
        return Request("AmazonRDS", match, re.escape(usage), usage)
    if key == _INTERNET:
        match = {_FAMILY: "Data Transfer", "transferType": "AWS Outbound", "fromRegionCode": region}
        return Request("AWSDataTransfer", match, "DataTransfer-Out-Bytes", "DataTransfer-Out-Bytes")
    if key.startswith(_TRANSFER):
        return _transfer(region, key.removeprefix(_TRANSFER))
    return None


def parse(request: Request, key: str, region: str, price_list: Iterable[str]) -> Price | None:
    """The price in an answer to the request; None where it holds none, or several that differ.

    Of tiers the first that costs anything counts: free allowances belong to the account as a
    whole. Raises ValueError for a text that is not JSON.
    """
    found: dict[tuple[Decimal, str], Price] = {}
    for text in price_list:
        offer = json.loads(text)
        product = offer.get("product", {})
        if not _meant(request, product):
            continue
        as_of = str(offer.get("publicationDate", ""))
        source = f"{request.service} {product.get('sku', '')}".strip()
        for usd, unit, effective in _first_tiers(offer):
            date = (as_of or effective)[:10]
            found.setdefault((usd, unit), Price(key, region, unit, usd, source, date, "api"))
    return next(iter(found.values())) if len(found) == 1 else None


def fetch(usages: Iterable[Usage], get_products: GetProducts) -> dict[tuple[str, str], Price]:
    """Asks the API for the prices these usages need, in few calls; answers those it has.

    What `get_products` raises is not caught: whoever makes the call knows what its errors mean.
    """
    book: dict[tuple[str, str], Price] = {}
    for wanted in together(usages):
        requests = [request for _use, request in wanted]
        answer = get_products(requests[0].service, filters_of(requests))
        for use, request in wanted:
            price = parse(request, use.key, use.region, answer)
            if price is not None:
                book[use.key, use.region] = _in_unit(price, use.unit)
    return book


def together(usages: Iterable[Usage]) -> list[list[tuple[Usage, Request]]]:
    """Each price once, with its request; grouped by what one call can answer.

    These are products of one family that differ in region, size or usage type only. Where there is
    no family the usage type holds the answer small, so it must be the same.
    """
    groups: dict[tuple[str, ...], list[tuple[Usage, Request]]] = {}
    once = {(use.key, use.region, use.unit): use for use in usages}
    for _name, use in sorted(once.items()):
        request = request_for(use.key, use.region)
        if request is not None:
            family = request.match.get(_FAMILY) or request.asks_for
            kind = (request.service, family, *sorted(request.match))
            groups.setdefault(kind, []).append((use, request))
    return list(groups.values())


def filters_of(requests: list[Request]) -> list[dict[str, str]]:
    """The `Filters` of one call that answers all of these requests, of one group.

    Several values of a field are asked for as any of them; of several usage types, what they have
    in common.
    """
    asked = []
    for field in requests[0].match:
        values = list(dict.fromkeys(request.match[field] for request in requests))
        kind = "TERM_MATCH" if len(values) == 1 else "ANY_OF"
        asked.append(_filter(kind, field, ",".join(values)))
    common = _common([request.asks_for for request in requests])
    return [*asked, *([_filter("CONTAINS", "usagetype", common)] if common else [])]


def _common(texts: list[str]) -> str:
    """The longer of what these texts begin with and what they end with."""
    ends = _beginning([text[::-1] for text in texts])[::-1]
    return max(_beginning(texts), ends, key=len)


def _beginning(texts: list[str]) -> str:
    same = itertools.takewhile(lambda letters: len(set(letters)) == 1, zip(*texts, strict=False))
    return "".join(letters[0] for letters in same)


def _instance(name: str, place: Mapping[str, str]) -> Request:
    match = dict(place) | {
        "instanceType": name,
        "operatingSystem": "Linux",
        "tenancy": "Shared",
        "preInstalledSw": "NA",
        "capacitystatus": "Used",
    }
    return Request("AmazonEC2", match, f"BoxUsage:{re.escape(name)}", "")


def _database(name: str, zones: str, place: Mapping[str, str]) -> Request:
    # Usage types shorten the class ("db.m7g.xl"), so the class is compared as an attribute.
    match = dict(place) | {
        _FAMILY: "Database Instance",
        "instanceType": name,
        "deploymentOption": _DEPLOYMENT[zones],
        **_POSTGRES,
    }
    return Request("AmazonRDS", match, r"(?:InstanceUsage|Multi-AZUsage):db\..+", "")


def _transfer(source: str, target: str) -> Request:
    match = {
        "transferType": "InterRegion Outbound",
        "fromRegionCode": source,
        "toRegionCode": target,
    }
    return Request("AWSDataTransfer", match, r"[A-Z0-9]+-AWS-Out-Bytes", "AWS-Out-Bytes")


def _filter(kind: str, field: str, value: str) -> dict[str, str]:
    return {"Type": kind, "Field": field, "Value": value}


def _meant(request: Request, product: Mapping[str, Any]) -> bool:
    attributes = product.get("attributes", {})
    for field, wanted in request.match.items():
        have = product.get(field) if field == _FAMILY else attributes.get(field)
        if have != wanted:
            return False
    return re.fullmatch(_PREFIX + request.usage_type, attributes.get("usagetype", "")) is not None


def _first_tiers(offer: Mapping[str, Any]) -> Iterator[tuple[Decimal, str, str]]:
    """USD, unit and effective date of the first tier that costs anything, of each term."""
    for term in offer.get("terms", {}).get("OnDemand", {}).values():
        tiers = sorted(
            (begin, usd, str(dimension.get("unit", "")))
            for dimension in term.get("priceDimensions", {}).values()
            if (usd := _decimal(dimension.get("pricePerUnit", {}).get("USD"))) is not None
            and (begin := _decimal(dimension.get("beginRange", "0"))) is not None
        )
        if tiers:
            _begin, usd, unit = next((tier for tier in tiers if tier[1]), tiers[0])
            yield usd, unit, str(term.get("effectiveDate", ""))


def _decimal(text: object) -> Decimal | None:
    try:
        return Decimal(str(text))
    except InvalidOperation:
        return None


def _in_unit(price: Price, unit: str) -> Price:
    """The price in our word for its unit; of another measure it keeps its own, and is not used."""
    theirs = _UNITS.get(price.unit.lower())
    if theirs is None and unit in ("Mo", "Requests"):
        theirs = unit
    return Price(
        price.key,
        price.region,
        theirs or price.unit,
        price.usd,
        price.source,
        price.as_of,
        price.origin,
    )
