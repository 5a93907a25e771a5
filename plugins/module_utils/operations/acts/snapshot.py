# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A snapshot of the old database, which stays until somebody deletes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...aws.errors import Meaning, meaning
from ...aws.scope import pairs
from ..errors import NotDone
from . import old_database
from .stage import Evidence, Stage

HINT = "look at the instance's events (aws rds describe-events), then run the same playbook again"
AVAILABLE = "available"


def look(stage: Stage) -> Evidence | None:
    """What shows that it is there; None where it is not."""
    return _evidence(stage) if status(stage) == AVAILABLE else None


def act(stage: Stage) -> Evidence:
    """Raises NotDone where it fails or does not come about. Without a database there is none."""
    item = old_database.described(stage)
    if item is None or old_database.is_replica(stage, item):
        return {"snapshot": "", "said": f"{stage.old.site} has no database of before"}

    def missing() -> str:
        found = status(stage) or _taken(stage)
        if found == "failed":
            raise NotDone(f"snapshot {name(stage)} has failed", HINT)
        return "" if found == AVAILABLE else f"{name(stage)} is {found}"

    stage.wait("the snapshot", missing, HINT)
    return {**_evidence(stage), "did": [f"rds CreateDBSnapshot {name(stage)}"]}


def name(stage: Stage) -> str:
    """It carries the operation's id, so that none of before is taken for it."""
    return f"{stage.old.database}-{stage.journal.id.lower()}"


def status(stage: Stage) -> str:
    """ "" where there is none."""
    found = _described(stage)
    return str(found["Status"]) if found else ""


def _described(stage: Stage) -> Mapping[str, Any] | None:
    try:
        answer = stage.there.client("rds").describe_db_snapshots(
            DBSnapshotIdentifier=name(stage), SnapshotType="manual"
        )
    except Exception as error:
        if meaning(error) is Meaning.ABSENT:
            return None
        raise
    found: Mapping[str, Any] = answer["DBSnapshots"][0]
    return found


def _taken(stage: Stage) -> str:
    """Asks for it, and again while AWS is busy with the instance: what is still the case."""
    try:
        stage.there.client("rds").create_db_snapshot(
            DBSnapshotIdentifier=name(stage),
            DBInstanceIdentifier=stage.old.database,
            Tags=pairs({**stage.old.tags, "Name": name(stage)}),
        )
    except Exception as error:
        if meaning(error) not in (Meaning.BLOCKED, Meaning.EXISTS):
            raise
        return str(error)
    return "creating"


def _evidence(stage: Stage) -> Evidence:
    found = _described(stage) or {}
    made = found.get("SnapshotCreateTime")
    return {
        "snapshot": name(stage),
        "arn": str(found.get("DBSnapshotArn", "")),
        "at": made.isoformat() if made else "",
        "region": stage.old.region,
    }
