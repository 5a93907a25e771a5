# SPDX-License-Identifier: GPL-3.0-or-later
"""A failover that was killed once, went on and succeeded, as facts of schema 1."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

BEGAN = datetime.datetime(2026, 11, 28, 10, 15, tzinfo=datetime.UTC)


def at(seconds: float) -> str:
    return (BEGAN + datetime.timedelta(seconds=seconds)).isoformat()


def step(
    name: str,
    title: str,
    start: float | None,
    seconds: float | None,
    planned: float,
    predicted: float | None,
    outcome: str = "done",
) -> dict[str, Any]:
    return {
        "name": name,
        "title": title,
        "reversible": True,
        "planned_seconds": planned,
        "predicted_seconds": predicted,
        "began": "" if start is None else at(start),
        "ended": "" if start is None or seconds is None else at(start + seconds),
        "seconds": seconds,
        "outcome": outcome,
        "said": "",
        "evidence": {},
        "did": [],
    }


@pytest.fixture
def facts() -> dict[str, Any]:
    """Eight minutes and a half, two attempts with a gap between them, five rows lost."""
    promote = step("promote", "Promote the replica", 74, 142, 300, 128) | {
        "reversible": False,
        "said": "It is a primary, and took a write.",
        "evidence": {"role": "primary", "writes": {"last": 88214}, "in_recovery": False},
        "did": ["POST rds PromoteReadReplica production-recovery-database"],
    }
    return {
        "schema": 1,
        "operation": "failover",
        "id": "20261128T101500Z-failover-3f2a",
        "environment": "production",
        "from": "home",
        "to": "recovery",
        "regions": {"home": "us-east-1", "recovery": "us-west-2"},
        "operator": "ada@laptop",
        "caller": "arn:aws:sts::123456789012:assumed-role/break-glass/ada",
        "reason": "us-east-1 does not answer",
        "version": "0.1.0",
        "commit": "58976e1",
        "began": at(0),
        "ended": at(530),
        "outcome": "succeeded",
        "attempts": [
            {"began": at(0), "ended": "", "operator": "ada@laptop"},
            {"began": at(315), "ended": at(530), "operator": "grace@desk"},
        ],
        "targets": {"recovery_time_seconds": 3600, "recovery_point_seconds": 60},
        "measured": {
            "recovery_time_seconds": 512.3,
            "write_outage_seconds": None,
            "loss": {
                "seconds": 2.1,
                "rows": {"public.backer": 1, "public.pledge": 4},
                "how": "counted",
            },
        },
        "steps": [
            step("fence", "Fence the old primary", 10, 60, 120, 61),
            promote,
            step("harden", "Make the database fit for production", 216, 0.4, 600, None, "already"),
            step("scale", "Scale the web tier", 320, 96, 240, 88),
            step("traffic", "Move the traffic", 421, 91, 120, 75),
            step("reprotect", "Protect the new home again", None, None, 900, None, "skipped"),
        ],
        "findings": ["home is fenced by its lease only"],
        "before": "",
    }
