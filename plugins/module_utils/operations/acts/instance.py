# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The database at the site that is moved to, as AWS shows it, and what it lacks of a primary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...aws.errors import Meaning, meaning
from ...kinds import db_copies
from ...kinds import db_instance_reading as reading
from ..errors import NotDone, OutOfOrder
from .stage import Evidence, Stage

LOOK = (
    "look at the instance's events (aws rds describe-events), then run the same playbook again: it "
    "goes on here"
)
# Of what is done to it before visitors come.
HINT = f"no traffic was moved; {LOOK}"
LOGIN = "MasterUserPassword"
Item = Mapping[str, Any]


def found(stage: Stage) -> Item | None:
    """The instance, None where there is none."""
    name = stage.scope.database
    try:
        answer = stage.here.client("rds").describe_db_instances(DBInstanceIdentifier=name)
    except Exception as error:
        if meaning(error) is not Meaning.ABSENT:
            raise
        return None
    item: Item = answer["DBInstances"][0]
    return item


def described(stage: Stage) -> Item:
    """The instance. Raises OutOfOrder where there is none."""
    item = found(stage)
    if item is None:
        raise OutOfOrder(
            f"there is no database {stage.scope.database} in {stage.scope.region} any more",
            "see by whom it was removed: aws rds describe-events",
        )
    return item


def is_restored(item: Item) -> bool:
    """Whether it is being made of a copy: it is not there yet, or has the login of before."""
    return db_copies.due(reading.facts(item)["restored"])


def refuse_failed(item: Item, hint: str = HINT) -> None:
    """Raises NotDone where it does not come back by itself."""
    if reading.failed(item):
        raise NotDone(
            f"{item['DBInstanceIdentifier']} is {item['DBInstanceStatus']}, from which it does not "
            "come back by itself",
            hint,
        )


def missing(item: Item) -> str:
    """What it still lacks of a primary, "" where nothing."""
    status, source = str(item["DBInstanceStatus"]), reading.source(item)
    if source:
        return f"{status}, a replica of {source}"
    if status not in reading.OPERATIONAL:
        return status
    pending = item.get("PendingModifiedValues") or {}
    return f"{status}, with the login of before" if is_restored(item) or LOGIN in pending else ""


def evidence(item: Item) -> Evidence:
    """What shows that it is a primary. copy: of what and as of when, where it was made of one."""
    name, facts = str(item["DBInstanceIdentifier"]), reading.facts(item)
    copy = db_copies.told(facts["restored"])
    did = f"restored {name} from {copy['from']} as of {copy['at']}" if copy else f"promoted {name}"
    return {
        "instance": name,
        "status": item["DBInstanceStatus"],
        "source": reading.source(item),
        "class": item.get("DBInstanceClass", ""),
        "facts": facts,
        **({"copy": copy} if copy else {}),
        "did": [did],
    }
