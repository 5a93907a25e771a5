# SPDX-License-Identifier: GPL-3.0-or-later
"""The Price List API, which the emulator does not have; it answers from `sandbox.prices`."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sandbox.answers import Answer, error, not_emulated
from sandbox.calls import Call
from sandbox.prices import offers

SERVICE = "pricing"
# The API stands in these regions only, and tells the prices of all.
REGIONS = frozenset({"us-east-1", "eu-central-1", "ap-south-1"})
MOST = 100

Asked = Mapping[str, Any]
FILTERS: Mapping[str, Callable[[str, str], bool]] = {
    "TERM_MATCH": lambda have, wanted: have == wanted,
    "EQUALS": lambda have, wanted: have == wanted,
    "CONTAINS": lambda have, wanted: wanted in have,
    "ANY_OF": lambda have, wanted: have in wanted.split(","),
    "NONE_OF": lambda have, wanted: have not in wanted.split(","),
}


class _Refused(Exception):
    """code: AWS's own."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def answer(call: Call, body: bytes) -> Answer:
    """What the API says to a call."""
    work = {
        "GetProducts": _products,
        "DescribeServices": _services,
        "GetAttributeValues": _values,
    }.get(call.action)
    if work is None:
        return not_emulated(call, f"pricing {call.action}")
    try:
        told = work(json.loads(body or b"{}"))
    except _Refused as refused:
        return error(call, 400, refused.code, str(refused))
    headers = [
        ("x-amzn-RequestId", str(uuid.uuid4())),
        ("Content-Type", "application/x-amz-json-1.1"),
    ]
    return Answer(200, headers, json.dumps(told).encode())


def _products(asked: Asked) -> dict[str, Any]:
    filters = asked.get("Filters") or []
    for one in filters:
        if one["Type"] not in FILTERS:
            raise _Refused("InvalidParameterException", f"Invalid filter type {one['Type']}")
    found = [
        json.dumps(offer)
        for offer in _of(asked["ServiceCode"])
        if all(FILTERS[f["Type"]](_field(offer, f["Field"]), f["Value"]) for f in filters)
    ]
    return {"FormatVersion": "aws_v1", **_page("PriceList", found, asked)}


def _services(asked: Asked) -> dict[str, Any]:
    code = asked.get("ServiceCode")
    codes = [code] if code else sorted({offer["serviceCode"] for offer in offers()})
    listed = [
        {"ServiceCode": one, "AttributeNames": sorted(_names(_of(one)) | {"productFamily"})}
        for one in codes
    ]
    return {"FormatVersion": "aws_v1", **_page("Services", listed, asked)}


def _values(asked: Asked) -> dict[str, Any]:
    found = {_field(offer, asked["AttributeName"]) for offer in _of(asked["ServiceCode"])}
    if found <= {""}:
        raise _Refused("NotFoundException", f"No attribute {asked['AttributeName']} found")
    return _page("AttributeValues", [{"Value": value} for value in sorted(found - {""})], asked)


def _of(service: str) -> list[dict[str, Any]]:
    found = [offer for offer in offers() if offer["serviceCode"] == service]
    if not found:
        raise _Refused("InvalidParameterException", f"The service code {service} is invalid.")
    return found


def _names(found: Iterable[Mapping[str, Any]]) -> set[str]:
    return {name for offer in found for name in offer["product"]["attributes"]}


def _field(offer: Mapping[str, Any], name: str) -> str:
    product = offer["product"]
    if name == "productFamily":
        return str(product.get(name, ""))
    return str(product["attributes"].get(name, ""))


def _page(key: str, items: list[Any], asked: Asked) -> dict[str, Any]:
    start, size = str(asked.get("NextToken") or "0"), int(asked.get("MaxResults") or MOST)
    if not 1 <= size <= MOST:
        raise _Refused("InvalidParameterException", f"MaxResults must be from 1 to {MOST}.")
    if not start.isdigit():
        raise _Refused("InvalidNextTokenException", "The next token is invalid.")
    end = int(start) + size
    more = {"NextToken": str(end)} if end < len(items) else {}
    return {key: items[int(start) : end], **more}
