# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The database of the site that served, as AWS has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...aws.errors import Meaning, meaning
from ...kinds import db_instance_reading as reading
from .stage import Stage


def described(stage: Stage) -> Mapping[str, Any] | None:
    """None where there is none."""
    try:
        answer = stage.there.client("rds").describe_db_instances(
            DBInstanceIdentifier=stage.old.database
        )
    except Exception as error:
        if meaning(error) is Meaning.ABSENT:
            return None
        raise
    found: Mapping[str, Any] = answer["DBInstances"][0]
    return found


def is_replica(stage: Stage, item: Mapping[str, Any]) -> bool:
    """Whether it is one of the database that serves now."""
    return reading.source(item).endswith(f":{stage.scope.database}")
