# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be read of the preconditions of a failover."""

from __future__ import annotations

from typing import Any

from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.entries import Entry
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.holder import Holder
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Have
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.db_copies import Copy
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.journal import (
    CLOSED,
    OPENED,
    Journal,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.validate import (
    standing,
    verdict,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.reports import evidence

from tests.unit.plugins.module_utils.operations.validate.seeing import COPY, NOW, ago, look

DARK = verdict.unknown("us-east-1 does not answer")
LOGINS = ("application", "database", "migration", "reader")
BEATS = NOW.timestamp()


def journal(kind: str, ended: bool, at: Any = NOW, **facts: Any) -> Journal:
    opened = {"operation": kind, "operator": "ada@laptop", "commit": "1f3a5c7"}
    entries: list[dict[str, Any]] = [
        {"step": "open", "state": OPENED, "at": NOW.isoformat(), "facts": opened}
    ]
    if ended:
        entries.append({"step": "close", "state": CLOSED, "at": at.isoformat(), "facts": facts})
    return Journal(f"20261128T101500Z-{kind}-3f2a", list(entries))


def report(kind: str, days: float = 1, took: float | None = 601.0, **more: Any) -> dict[str, Any]:
    """The sealed one of an operation that ended so many days ago."""
    found = {
        "id": f"{ago(days=days):%Y%m%dT%H%M%SZ}-{kind}-3f2a",
        "operation": kind,
        "outcome": "succeeded",
        "ended": ago(days=days).isoformat(),
        "commit": "1f3a5c7",
        "measured": {"recovery_time_seconds": took},
        **more,
    }
    return evidence.sealed(found, "")


def refresh(days: float = 1, **more: Any) -> dict[str, Any]:
    """The report of a refresh of staging, as `report` has that of others."""
    copy = {
        "as_of": ago(days=days, hours=1).isoformat(),
        "rows": 7,
        "tables": 2,
        "seconds": {"restore": 842.0, "mask": 60.0, "prove": 30.0, "swap": 1200.0},
        "until": ago(days=days - 14).isoformat(),
        "usd_per_day": None,
    }
    loss = {"seconds": 301.0, "rows": {}, "how": "expected"}
    given = {"environment": "staging-a", "from": "home", "to": "staging"}
    measured = {"recovery_time_seconds": None, "loss": loss, "copy": copy}
    return report("refresh", days, **{**given, "measured": measured, **more})


def entry(age: float) -> Entry:
    return Entry(1, 1, age, Holder("there/1/1", "there/2/1", "bob@there"))


def credentials(method: str, **more: Any) -> dict[str, Any]:
    own = {"arn": "arn:aws:iam::123456789012:user/ada", "method": method, "region": ""}
    kept = {"temporary": True, "expires": None, "renewed": False}
    return {**own, **kept, **more}


def manifest(active: str = "home", lacks: str = "", image: str = "") -> dict[str, Any]:
    known = {
        site: {name: {"id": "x"} for name in standing.NEEDED[side] if name != lacks}
        for site, side in (("recovery", "to"), ("home", "from"))
    }
    if image:
        known["recovery"]["image/current"] = {"id": image}
    return {
        "active": active,
        "written": ago(days=2).isoformat(),
        "sites": {site: {"known": names} for site, names in known.items()},
    }


def secret(version: str = "v1", status: str = "InSync") -> dict[str, Any]:
    return {
        "LastChangedDate": ago(days=3),
        "VersionIdsToStages": {version: ["AWSCURRENT"]},
        "ReplicationStatus": [{"Region": "us-west-2", "Status": status, "StatusMessage": "no key"}],
    }


def logins(**one: Any) -> dict[str, Any]:
    return {login: secret() for login in LOGINS} | one


def alarm(state: str) -> dict[str, Any]:
    return {"StateValue": state, "StateUpdatedTimestamp": ago(hours=1)}


def image(release: str, state: str = "available") -> dict[str, str]:
    created = ago(days=1).isoformat()
    return {"id": "ami-1", "release": release, "created": created, "state": state}


def copied(
    version: str = "16.10", username: str = "phoenix_owner", key: str = "key", **length: float
) -> Copy:
    """A copy of the database as it was so long ago."""
    return Copy({"snapshot": "x"}, "snapshot x", ago(**length), version, key, username)


def offer(*zones: str, twice: bool = True) -> dict[str, Any]:
    return {"AvailabilityZones": [{"Name": zone} for zone in zones], "MultiAZCapable": twice}


def have(address: str, status: str = "", settled: bool = True) -> Have:
    kind, _slash, id = address.partition("/")
    return Have(kind, id, dict(look().wants[address].spec), {}, settled, status)


def differs(address: str, **spec: Any) -> Have:
    found = have(address)
    return Have(found.kind, found.id, {**found.spec, **spec}, {}, status="Enabled")


ZONES = ("us-west-2a", "us-west-2b", "us-west-2c")
ROOM = {"vcpus": 2, "other vcpus": 8}
VALIDATION = "certificate_validation/main"
PRIMARY = {**COPY, "DBInstanceIdentifier": "production-home-database"}
