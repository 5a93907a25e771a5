# SPDX-License-Identifier: GPL-3.0-or-later
"""Service quotas: defaults from our own dated table, and requests to raise them."""

from __future__ import annotations

import json
import uuid
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.servicequotas.models import ServiceQuotasBackend, servicequotas_backends
from moto.servicequotas.responses import ServiceQuotasResponse

from sandbox.emulator_settings import ACCOUNT
from sandbox.quotas import QUOTAS, Quota
from sandbox.shims import Hook
from sandbox.world import World
from sandbox.wrap import add, wrap

MENDED = (
    "GetServiceQuota, GetAWSDefaultServiceQuota and the lists know what a site is made of.",
    "RequestServiceQuotaIncrease is decided after a while, then the applied quota is the new one.",
    "GetRequestedServiceQuotaChange and ListRequestedServiceQuotaChangeHistory.",
)
HOOKS: tuple[Hook, ...] = (
    (ServiceQuotasBackend, "list_aws_default_service_quotas", ("service_code",)),
    (ServiceQuotasBackend, "get_service_quota", ("service_code", "quota_code")),
    (ServiceQuotasResponse, "get_service_quota", ()),
)
STEP = "quota_increase"


class _Missing(JsonRESTError):
    def __init__(self, what: str) -> None:
        super().__init__("NoSuchResourceException", f"The request failed because {what}.")


def _quota(service: str, code: str) -> Quota:
    for quota in QUOTAS:
        if (quota.service, quota.code) == (service, code):
            return quota
    raise _Missing(f"the quota {code} of {service} does not exist")


def _state(backend: ServiceQuotasBackend) -> tuple[dict[str, float], list[dict[str, Any]]]:
    """Values that differ from the defaults, by code, and all requests, in one region."""
    kept: Any = backend.__dict__
    return kept.setdefault("applied", {}), kept.setdefault("requests", [])


def applied(backend: ServiceQuotasBackend, service: str, code: str) -> float:
    """The quota in force in a region. Raises AWS's refusal for one that is not in the table."""
    quota = _quota(service, code)
    return _state(backend)[0].get(code, quota.granted or quota.value)


def _described(
    backend: ServiceQuotasBackend, quota: Quota, default: bool = False
) -> dict[str, Any]:
    region, account = backend.region_name, backend.account_id
    value = quota.value if default else applied(backend, quota.service, quota.code)
    return {
        "ServiceCode": quota.service,
        "ServiceName": quota.service,
        "QuotaArn": f"arn:aws:servicequotas:{region}:{account}:{quota.service}/{quota.code}",
        "QuotaCode": quota.code,
        "QuotaName": quota.name,
        "Value": value,
        "Unit": "None",
        "Adjustable": quota.adjustable,
        "GlobalQuota": False,
    }


def _asked(response: ServiceQuotasResponse) -> tuple[ServiceQuotasBackend, dict[str, Any]]:
    asked: dict[str, Any] = json.loads(response.body or "{}")
    return servicequotas_backends[response.current_account][response.region], asked


def _page(key: str, items: list[dict[str, Any]], asked: dict[str, Any]) -> str:
    start, size = int(asked.get("NextToken") or 0), int(asked.get("MaxResults") or 100)
    answer: dict[str, Any] = {key: items[start : start + size]}
    if start + size < len(items):
        answer["NextToken"] = str(start + size)
    return json.dumps(answer)


def _lists() -> None:
    @wrap(ServiceQuotasBackend, "list_aws_default_service_quotas")
    def defaults(_original: Any, self: ServiceQuotasBackend, service_code: str) -> Any:
        found = [_described(self, q, default=True) for q in QUOTAS if q.service == service_code]
        if not found:
            raise _Missing(f"the service {service_code} has no quotas here")
        return found

    @wrap(ServiceQuotasBackend, "get_service_quota")
    def get(_original: Any, self: ServiceQuotasBackend, service_code: str, quota_code: str) -> Any:
        return _described(self, _quota(service_code, quota_code))

    @add(ServiceQuotasResponse, "get_aws_default_service_quota")
    def default(self: ServiceQuotasResponse) -> str:
        backend, asked = _asked(self)
        quota = _quota(asked["ServiceCode"], asked["QuotaCode"])
        return json.dumps({"Quota": _described(backend, quota, default=True)})

    @add(ServiceQuotasResponse, "list_service_quotas")
    def listed(self: ServiceQuotasResponse) -> str:
        backend, asked = _asked(self)
        service = asked["ServiceCode"]
        found = [_described(backend, quota) for quota in QUOTAS if quota.service == service]
        if not found:
            raise _Missing(f"the service {service} has no quotas here")
        return _page("Quotas", found, asked)


def _requests(world: World) -> None:
    @add(ServiceQuotasResponse, "request_service_quota_increase")
    def increase(self: ServiceQuotasResponse) -> str:
        backend, asked = _asked(self)
        quota = _quota(asked["ServiceCode"], asked["QuotaCode"])
        values, requests = _state(backend)
        if asked["DesiredValue"] <= applied(backend, quota.service, quota.code):
            raise JsonRESTError(
                "IllegalArgumentException", "The desired value is not above the applied one."
            )
        if any(r["QuotaCode"] == quota.code and r["Status"] == "PENDING" for r in requests):
            raise JsonRESTError(
                "ResourceAlreadyExistsException", "Only one open request per quota is allowed."
            )
        now = world.now().timestamp()
        request = {
            "Id": uuid.uuid4().hex,
            "ServiceCode": quota.service,
            "ServiceName": quota.service,
            "QuotaCode": quota.code,
            "QuotaName": quota.name,
            "DesiredValue": asked["DesiredValue"],
            "Status": "PENDING",
            "Created": now,
            "LastUpdated": now,
            "GlobalQuota": False,
            "Unit": "None",
        }
        requests.append(request)

        def granted() -> None:
            values[quota.code] = request["DesiredValue"]
            request.update(Status="APPROVED", LastUpdated=world.now().timestamp())

        answer = json.dumps({"RequestedQuota": request})
        world.later(world.seconds(STEP), granted, f"quota {quota.name} is raised")
        return answer

    @add(ServiceQuotasResponse, "get_requested_service_quota_change")
    def change(self: ServiceQuotasResponse) -> str:
        backend, asked = _asked(self)
        for request in _state(backend)[1]:
            if request["Id"] == asked["RequestId"]:
                return json.dumps({"RequestedQuota": request})
        raise _Missing(f"the request {asked['RequestId']} does not exist")

    @add(ServiceQuotasResponse, "list_requested_service_quota_change_history")
    def history(self: ServiceQuotasResponse) -> str:
        backend, asked = _asked(self)
        wanted = {"ServiceCode": asked.get("ServiceCode"), "Status": asked.get("Status")}
        found = [
            request
            for request in _state(backend)[1]
            if all(value in (None, request[key]) for key, value in wanted.items())
        ]
        return _page("RequestedQuotas", found, asked)


def install(world: World) -> None:
    """Give the emulator quotas for more than VPCs."""
    _lists()
    _requests(world)

    def set_quota(region: str, service: str, code: str, value: float) -> None:
        quota = _quota_or_error(service, code)
        _state(servicequotas_backends[ACCOUNT][region])[0][quota.code] = float(value)

    world.controls["quotas"] = set_quota


def _quota_or_error(service: str, code: str) -> Quota:
    try:
        return _quota(service, code)
    except _Missing as problem:
        known = ", ".join(f"{quota.service} {quota.code}" for quota in QUOTAS)
        raise ValueError(f"there is no quota {code} of {service}; known are {known}") from problem
