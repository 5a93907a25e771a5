# SPDX-License-Identifier: GPL-3.0-or-later
"""A web tier as it is declared, and what it wants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.operatingdev.phoenix.plugins.module_utils.declaration.fields import read
from ansible_collections.operatingdev.phoenix.plugins.module_utils.declaration.site import (
    Site,
    read_site,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.tiers import web_tier

SITES: Mapping[str, Mapping[str, Any]] = {
    "home": {"region": "us-east-1", "stands": "home", "cidr": "10.20.0.0/16"},
    "recovery": {"region": "us-west-2", "stands": "recovery", "cidr": "10.21.0.0/16"},
}
GROUP = "autoscaling_group/web"


def sites(**recovery: Any) -> dict[str, Mapping[str, Any]]:
    return {**SITES, "recovery": {**SITES["recovery"], **recovery}}


def site(name: str = "home", declared: Mapping[str, Any] = SITES, **more: Any) -> Site:
    environment = {"environment": "production", "account_id": "123456789012"}
    found, problems = read_site({**environment, "sites": declared, "site": name, **more})
    if found is None:
        raise LookupError(problems)
    return found


def options(**given: Any) -> dict[str, Any]:
    found, problems = read(web_tier.FIELDS, given)
    if problems:
        raise LookupError(problems)
    return found


def wants(name: str = "home", declared: Mapping[str, Any] = SITES, **given: Any) -> dict[str, Want]:
    return {want.address: want for want in web_tier.wants(site(name, declared), options(**given))}
