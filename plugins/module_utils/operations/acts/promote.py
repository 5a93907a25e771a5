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

GRACE = 60.0  # seconds within which AWS shows what another run asked for
IDLE = 300.0  # seconds after which what was asked for is taken for not begun
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


def ready(stage: Stage) -> None:
    """Raises OutOfOrder where there is no instance, and NotDone where it has failed."""
    _refuse_failed(described(stage))


def look(stage: Stage) -> Evidence | None:
    """What shows that it is a primary by now; None where it is not. One that was promoted may be
    busy with a later step.
    """
    item = described(stage)
    busy = not reading.source(item) and stage.journal.done("promote") is not None
    return _evidence(item) if busy or not _missing(item) else None


def act(stage: Stage) -> Evidence:
    """Raises NotDone where AWS says that it was done and it was not.

    A replica that is backed up or changed at the moment cannot be promoted, and is when it can be.
    """
    if stage.journal.attempts("promote") > 1:
        _let_begin(stage)
    asked: float | None = None

    def missing() -> str:
        nonlocal asked
        item = described(stage)
        _refuse_failed(item)
        if _promotable(item):
            if asked is None:
                asked = time.monotonic() if _promote(stage, item) else None
            elif time.monotonic() - asked > IDLE:
                raise NotDone(
                    f"AWS took the order to promote {item['DBInstanceIdentifier']}, and after "
                    f"{IDLE:.0f} s it is {_missing(item)}",
                    HINT,
                )
        return _missing(item)

    stage.wait("the promotion", missing, HINT)
    return _evidence(described(stage))


def _let_begin(stage: Stage) -> None:
    """Gives AWS time to show what a run that was cut off may have asked for."""
    end = time.monotonic() + GRACE
    while _promotable(described(stage)) and time.monotonic() < end:
        time.sleep(1.0)


def _promote(stage: Stage, item: Mapping[str, Any]) -> bool:
    """Whether AWS took the order: what the instance is shown as may be out of date."""
    try:
        stage.here.client("rds").promote_read_replica(
            DBInstanceIdentifier=stage.scope.database,
            BackupRetentionPeriod=max(1, int(item.get("BackupRetentionPeriod") or 0)),
        )
    except Exception as error:
        if meaning(error) is not Meaning.BLOCKED:
            raise
        return False
    return True


def _promotable(item: Mapping[str, Any]) -> bool:
    return bool(reading.source(item)) and item["DBInstanceStatus"] in reading.OPERATIONAL


def _refuse_failed(item: Mapping[str, Any]) -> None:
    if reading.failed(item):
        raise NotDone(
            f"{item['DBInstanceIdentifier']} is {item['DBInstanceStatus']}, from which it does not "
            "come back by itself",
            HINT,
        )


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
