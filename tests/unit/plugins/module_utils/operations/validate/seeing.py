# SPDX-License-Identifier: GPL-3.0-or-later
"""A look at a recovery site at which all is as declared, and what a test has otherwise."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.active import Active
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.catalog import TIERS
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import declared
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.task import RULES, Task
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Have
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.validate import (
    rows,
    verdict,
)

NOW = datetime.datetime(2026, 11, 28, 12, tzinfo=datetime.UTC)
SITES: dict[str, Any] = {
    "home": {"region": "us-east-1", "stands": "home", "cidr": "10.20.0.0/16"},
    "recovery": {"region": "us-west-2", "stands": "recovery", "cidr": "10.21.0.0/16"},
}
OBJECTIVES = {
    "recovery_point_seconds": 60,
    "recovery_time_seconds": 3600,
    "drill_days": 90,
    "commit": "1f3a5c7",
    "smoke_write": "/ready",
    "controller": "203.0.113.7/32",
    "switchover": False,
}
# What is not there where all is well.
NOTHING: dict[str, Any] = {"lease": [], "active:lease": [], "active:objects": []}
COPY = {
    "DBInstanceIdentifier": "production-recovery-database",
    "DBInstanceStatus": "available",
    "DBInstanceClass": "db.t4g.medium",
    "EngineVersion": "16.10",
    "AllocatedStorage": 50,
    "BackupRetentionPeriod": 7,
    "DeletionProtection": True,
    "MaxAllocatedStorage": 200,
    "KmsKeyId": "arn:aws:kms:us-west-2:123456789012:key/1",
    "ReadReplicaSourceDBInstanceIdentifier": "arn:aws:rds:us-east-1:123456789012:db:x",
    "StatusInfos": [{"StatusType": "read replication", "Normal": True, "Status": "replicating"}],
    "DBParameterGroups": [{"DBParameterGroupName": "own", "ParameterApplyStatus": "in-sync"}],
}


def ago(**length: float) -> datetime.datetime:
    return NOW - datetime.timedelta(**length)


def task(site: str, strategy: str, application: str) -> Task:
    sites = {**SITES, "recovery": {**SITES["recovery"], "strategy": strategy}}
    return declared(
        {
            "environment": "production",
            "account_id": "123456789012",
            "sites": sites,
            "site": site,
            "traffic": {"domain": "shop.example.com"},
            "web_tier": {"application": application},
        },
        TIERS,
    )


def look(
    facts: Mapping[str, Any] | None = None,
    *,
    strategy: str = "pilot_light",
    application: str = "",
    protected: bool = True,
) -> verdict.Seen:
    """facts: instead of those of a site that is as declared, or beside them."""
    own, other = (task(site, strategy, application) for site in ("recovery", "home"))
    own = replace(own, site=replace(own.site, protected=protected))
    peer = own.site.peer
    if peer is None:
        raise LookupError("recovery")
    wants = {want.address: want for want in own.wants if not want.site}
    wants |= {f"{verdict.ACTIVE}{want.address}": want for want in other.wants if not want.site}
    haves = {name: Have(want.kind, want.id, want.spec, {}) for name, want in wants.items()}
    return verdict.Seen(
        site=own.site,
        peer=peer,
        options=own.options,
        wants=wants,
        objectives=OBJECTIVES,
        rules=RULES,
        now=NOW,
        facts={"active": Active(), **NOTHING, **haves, **(facts or {})},
    )


def told(what: str, seen: verdict.Seen) -> verdict.Row | None:
    """The row of a check."""
    [check] = [check for check in rows.CHECKS if check.what == what]
    return verdict.row(check, seen)
