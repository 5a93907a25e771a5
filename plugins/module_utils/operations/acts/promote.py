# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The replica becomes a primary, which is true once AWS shows no source of it any more."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ...aws.errors import Meaning, meaning
from ...kinds import db_instance_reading as reading
from ..errors import NotDone, OutOfOrder
from .stage import Evidence, Stage

GRACE = 60.0  # seconds within which AWS shows that it has begun what it was asked for
HINT = (
    "no traffic was moved. Look at the instance's events (aws rds describe-events), then run the "
    "same playbook again: it goes on here"
)


def described(stage: Stage) -> Mapping[str, Any]:
    """The instance at the site that is moved to. Raises OutOfOrder where there is none."""
    name = stage.scope.database
    try:
        answer = stage.here.client("rds").describe_db_instances(DBInstanceIdentifier=name)
    except Exception as error:
        if meaning(error) is not Meaning.ABSENT:
            raise
        raise OutOfOrder(
            f"there is no database {name} in {stage.scope.region} that could be promoted",
            "a site of strategy backup_restore is restored from a snapshot instead",
        ) from error
    found: Mapping[str, Any] = answer["DBInstances"][0]
    return found


def look(stage: Stage) -> Evidence | None:
    """What shows that it is a primary by now; None where it is not."""
    item = described(stage)
    return _evidence(item) if _missing(item) == "" else None


def act(stage: Stage) -> Evidence:
    """Raises NotDone where AWS says that it was done and it was not."""
    item = described(stage)
    if reading.source(item):
        if item["DBInstanceStatus"] in reading.OPERATIONAL and not _begins(stage):
            _promote(stage)
        elif reading.failed(item):
            raise NotDone(f"{item['DBInstanceIdentifier']} is {item['DBInstanceStatus']}", HINT)
    stage.wait("the promotion", lambda: _state(stage), HINT)
    return _evidence(described(stage))


def _begins(stage: Stage) -> bool:
    """Whether a run that was cut off has asked for it: AWS answers before it shows anything."""
    if stage.journal.attempts("promote") < 2:
        return False
    end = time.monotonic() + GRACE
    while time.monotonic() < end:
        item = described(stage)
        if not reading.source(item) or item["DBInstanceStatus"] not in reading.OPERATIONAL:
            return True
        time.sleep(1.0)
    return False


def _promote(stage: Stage) -> None:
    try:
        stage.here.client("rds").promote_read_replica(
            DBInstanceIdentifier=stage.scope.database,
            BackupRetentionPeriod=max(1, int(described(stage).get("BackupRetentionPeriod") or 0)),
        )
    except Exception as error:
        if meaning(error) is not Meaning.BLOCKED:
            raise


def _state(stage: Stage) -> str:
    item = described(stage)
    if reading.failed(item):
        raise NotDone(
            f"{item['DBInstanceIdentifier']} is {item['DBInstanceStatus']} and was not promoted",
            HINT,
        )
    return _missing(item)


def _missing(item: Mapping[str, Any]) -> str:
    """What it still lacks of a primary, "" where nothing."""
    status, source = str(item["DBInstanceStatus"]), reading.source(item)
    if source:
        return f"{status}, a replica of {source}"
    return "" if status in reading.OPERATIONAL else status


def _evidence(item: Mapping[str, Any]) -> Evidence:
    return {
        "instance": item["DBInstanceIdentifier"],
        "status": item["DBInstanceStatus"],
        "source": reading.source(item),
        "class": item.get("DBInstanceClass", ""),
        "facts": reading.facts(item),
        "did": [f"rds PromoteReadReplica {item['DBInstanceIdentifier']}"],
    }
