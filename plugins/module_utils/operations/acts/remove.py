# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The old database is deleted, once its snapshot is there and somebody has agreed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...aws.errors import Meaning, meaning
from ...converge import active
from ..errors import OutOfOrder
from . import old_database, snapshot
from .stage import Evidence, Stage

HINT = (
    "look at the instance's events (aws rds describe-events); its snapshot is there. Run the same "
    "playbook again: it goes on here"
)


def look(stage: Stage) -> Evidence | None:
    """What shows that it is gone; None where it is there."""
    item = old_database.described(stage)
    gone = item is None or old_database.is_replica(stage, item)
    return {"removed": stage.old.database} if gone else None


def act(stage: Stage) -> Evidence:
    """Raises OutOfOrder where it must not go, and NotDone where it does not."""
    _refuse(stage)

    def missing() -> str:
        item = old_database.described(stage)
        return "" if item is None else _deleted(stage, item)

    stage.wait("the old database to go", missing, HINT)
    return {
        "removed": stage.old.database,
        "did": [f"rds DeleteDBInstance {stage.old.database}"],
    }


def _refuse(stage: Stage) -> None:
    """It is looked at anew, however long ago the steps before were done."""
    serves = active.read(stage.here, stage.there)
    if serves.site != stage.scope.site or serves.moving:
        raise OutOfOrder(
            f"the record says that {serves.site or stage.old.site} serves, so the database of "
            f"{stage.old.site} stays",
            "find out who moved the environment meanwhile",
        )
    if snapshot.status(stage) != snapshot.AVAILABLE:
        raise OutOfOrder(
            f"snapshot {snapshot.name(stage)} is not there any more, so the database of "
            f"{stage.old.site} stays",
            "run the same playbook again: it takes another one",
        )


def _deleted(stage: Stage, item: Mapping[str, Any]) -> str:
    """Asks for what comes next, and again while AWS is busy: what is still the case."""
    rds, name, status = stage.there.client("rds"), stage.old.database, str(item["DBInstanceStatus"])
    told = f"{name} is {status}"
    if status == "deleting":
        return told
    try:
        if item.get("DeletionProtection"):
            rds.modify_db_instance(
                DBInstanceIdentifier=name, DeletionProtection=False, ApplyImmediately=True
            )
            return f"{name} is protected"
        # Its backups stay for as long as they were to be kept.
        rds.delete_db_instance(
            DBInstanceIdentifier=name, SkipFinalSnapshot=True, DeleteAutomatedBackups=False
        )
    except Exception as error:
        if meaning(error) is Meaning.ABSENT:
            return ""
        if meaning(error) is not Meaning.BLOCKED:
            raise
        return f"{told}: {error}"
    return told
