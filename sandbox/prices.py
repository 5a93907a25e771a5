# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection's dated price table, as products of AWS's price list.

What a product is called, and its attributes, are those of the price list files that AWS publishes.
"""

from __future__ import annotations

import hashlib
import importlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

# Only the table: it needs nothing but Python's own library.
TABLE: Any = importlib.import_module("plugins.module_utils.costs.snapshot")

# How usage types of a region begin; in us-east-1 most have no such part.
SHORT = {"us-east-1": "USE1", "us-west-2": "USW2"}
ANY_REGION = "global"


@dataclass(frozen=True, slots=True)
class Product:
    """service: its code. usage: the usage type without a region's prefix. unit: AWS's word."""

    service: str
    family: str
    usage: str
    unit: str
    attributes: tuple[tuple[str, str], ...] = ()


def product(service: str, family: str, usage: str, unit: str, **attributes: str) -> Product:
    return Product(service, family, usage, unit, tuple(attributes.items()))


NAT = {"group": "NGW:NatGateway", "operation": "NatGateway"}
SOLD = {
    "nat_gateway.hour": product("AmazonEC2", "NAT Gateway", "NatGateway-Hours", "Hrs", **NAT),
    "nat_gateway.data": product("AmazonEC2", "NAT Gateway", "NatGateway-Bytes", "GB", **NAT),
    "interface_endpoint.hour": product("AmazonVPC", "VpcEndpoint", "VpcEndpoint-Hours", "Hrs"),
    "interface_endpoint.data": product("AmazonVPC", "VpcEndpoint", "VpcEndpoint-Bytes", "GB"),
    "public_ipv4.hour": product(
        "AmazonVPC", "", "PublicIPv4:InUseAddress", "Hrs", group="VPCPublicIPv4Address"
    ),
    "load_balancer.application.hour": product(
        "AWSELB", "Load Balancer-Application", "LoadBalancerUsage", "Hrs"
    ),
    "load_balancer.application.lcu": product(
        "AWSELB", "Load Balancer-Application", "LCUUsage", "LCU-Hrs"
    ),
    "ec2.volume.gp3": product(
        "AmazonEC2", "Storage", "EBS:VolumeUsage.gp3", "GB-Mo", volumeApiName="gp3"
    ),
    "rds.backup": product(
        "AmazonRDS",
        "Storage Snapshot",
        "RDS:ChargedBackupUsage",
        "GB-Mo",
        databaseEngine="PostgreSQL",
    ),
    "kms.key": product("awskms", "Encryption Key", "KMS-Keys", "Keys"),
    "secret": product("AWSSecretsManager", "Secret", "AWSSecretsManager-Secrets", "Secrets"),
    "s3.standard": product(
        "AmazonS3", "Storage", "TimedStorage-ByteHrs", "GB-Mo", volumeType="Standard"
    ),
    "cloudwatch.alarm": product("AmazonCloudWatch", "Alarm", "CW:AlarmMonitorUsage", "Alarms"),
    "cloudwatch.alarm.high_resolution": product(
        "AmazonCloudWatch", "Alarm", "CW:HighResAlarmMonitorUsage", "Alarms"
    ),
    "flow_log.to_s3": product("AmazonCloudWatch", "Data Payload", "S3-Egress-Bytes", "GB"),
    "sns.request": product("AmazonSNS", "API Request", "Requests-Tier1", "Requests"),
    "route53.zone": product("AmazonRoute53", "DNS Zone", "HostedZone", "HostedZone"),
    "route53.health_check.endpoint": product(
        "AmazonRoute53", "DNS Health Check", "Health-Check-AWS", "HealthChecks"
    ),
    "route53.health_check.option": product(
        "AmazonRoute53", "DNS Health Check", "Health-Check-Option-AWS", "HealthChecks"
    ),
}


def _host(size: str) -> Product:
    return product(
        "AmazonEC2",
        "Compute Instance",
        f"BoxUsage:{size}",
        "Hrs",
        instanceType=size,
        operatingSystem="Linux",
        tenancy="Shared",
        preInstalledSw="NA",
        capacitystatus="Used",
    )


def _database(size: str, zones: str) -> Product:
    multi = zones == "multi_az"
    usage = "Multi-AZUsage" if multi else "InstanceUsage"
    return product(
        "AmazonRDS",
        "Database Instance",
        f"{usage}:{size.removesuffix('arge') if size.endswith('xlarge') else size}",
        "Hrs",
        instanceType=size,
        databaseEngine="PostgreSQL",
        deploymentOption="Multi-AZ" if multi else "Single-AZ",
    )


def _disk(kind: str, zones: str) -> Product:
    zone = "Multi-AZ-" if zones == "multi_az" else ""
    return product("AmazonRDS", "Database Storage", f"RDS:{zone}{kind.upper()}-Storage", "GB-Mo")


def _to_region(target: str) -> Product:
    usage = f"{SHORT[target]}-AWS-Out-Bytes"
    kinds = {"transferType": "InterRegion Outbound", "toRegionCode": target}
    return product("AWSDataTransfer", "Data Transfer", usage, "GB", **kinds)


def _to_internet() -> Product:
    kinds = {"transferType": "AWS Outbound", "toLocation": "External"}
    return product("AWSDataTransfer", "Data Transfer", "DataTransfer-Out-Bytes", "GB", **kinds)


PATTERNS: tuple[tuple[str, Callable[..., Product]], ...] = (
    (r"ec2\.instance\.linux\.(.+)", _host),
    (r"rds\.instance\.postgres\.(.+)\.(single_az|multi_az)", _database),
    (r"rds\.storage\.(gp\d)\.(single_az|multi_az)", _disk),
    (r"transfer\.to\.(.+)", _to_region),
    (r"transfer\.internet", _to_internet),
)


def _sold(key: str) -> Product | None:
    for pattern, make in PATTERNS:
        if found := re.fullmatch(pattern, key):
            return make(*found.groups())
    return SOLD.get(key)


@cache
def offers() -> tuple[dict[str, Any], ...]:
    """Every row of the table that AWS sells, as an element of `PriceList`."""
    return tuple(_offers())


def _offers() -> Iterator[dict[str, Any]]:
    for row in TABLE.rows():
        sold = _sold(row.key)
        if sold:
            yield _offer(sold, row)


def _offer(sold: Product, row: Any) -> dict[str, Any]:
    sku = hashlib.sha256(f"{row.key} {row.region}".encode()).hexdigest()[:16].upper()
    term = f"{sku}.JRTCKXETXF"
    dimension = {
        "unit": sold.unit,
        "beginRange": "0",
        "endRange": "Inf",
        "description": f"{row.key} in {row.region}",
        "appliesTo": [],
        "rateCode": f"{term}.6YS6EN2CT7",
        "pricePerUnit": {"USD": f"{row.usd:.10f}"},
    }
    terms = {
        "priceDimensions": {dimension["rateCode"]: dimension},
        "sku": sku,
        "effectiveDate": f"{row.as_of}T00:00:00Z",
        "offerTermCode": "JRTCKXETXF",
        "termAttributes": {},
    }
    body: dict[str, Any] = {"attributes": _attributes(sold, row.region), "sku": sku}
    if sold.family:
        body["productFamily"] = sold.family
    return {
        "product": body,
        "serviceCode": sold.service,
        "terms": {"OnDemand": {term: terms}},
        "version": row.as_of.replace("-", "") + "000000",
        "publicationDate": f"{row.as_of}T00:00:00Z",
    }


def _attributes(sold: Product, region: str) -> dict[str, str]:
    found = {"servicecode": sold.service, **dict(sold.attributes)}
    if region == ANY_REGION:
        return {**found, "usagetype": sold.usage}
    place = "fromRegionCode" if "transferType" in found else "regionCode"
    prefix = "" if region == "us-east-1" and "-AWS-Out" not in sold.usage else f"{SHORT[region]}-"
    if sold.service == "awskms":
        prefix = f"{region}-"
    return {**found, place: region, "usagetype": prefix + sold.usage}
