# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The copies of the logins become secrets of their own, which the old region cannot overwrite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...aws.errors import Meaning, meaning
from ...aws.scope import pairs
from ...tiers.login import LOGINS, home_of
from ..errors import OutOfOrder
from .stage import Evidence, Stage


def look(stage: Stage) -> Evidence | None:
    """What shows that all are secrets of this region; None where one is not."""
    found = {name: _described(stage, name) for name in names(stage)}
    whole = all(_own(stage, data) for data in found.values())
    return {"secrets": sorted(found)} if whole else None


def ready(stage: Stage) -> None:
    """Raises OutOfOrder where the region has no copy of a login."""
    for name in names(stage):
        _described(stage, name)


def act(stage: Stage) -> Evidence:
    """Raises OutOfOrder where the region has no copy of a login."""
    did, client = [], stage.here.client("secretsmanager")
    for login, name in zip(LOGINS, names(stage), strict=True):
        if not _of_here(stage, _described(stage, name)):
            _release(stage, name)
            did.append(f"secretsmanager StopReplicationToReplica {name}")
        client.tag_resource(SecretId=name, Tags=pairs(stage.scope.marks("secret", login)))
    return {"secrets": list(names(stage)), "did": did}


def names(stage: Stage) -> list[str]:
    return [home_of(stage.site).secret(login) for login in LOGINS]


def _release(stage: Stage, name: str) -> None:
    try:
        stage.here.client("secretsmanager").stop_replication_to_replica(SecretId=name)
    except Exception:
        # The answer of an attempt that was repeated may have been lost.
        if not _of_here(stage, _described(stage, name)):
            raise


def _of_here(stage: Stage, data: Mapping[str, Any]) -> bool:
    return bool(data.get("PrimaryRegion", stage.scope.region) == stage.scope.region)


def _own(stage: Stage, data: Mapping[str, Any]) -> bool:
    tags = {tag["Key"]: tag["Value"] for tag in data.get("Tags", [])}
    return _of_here(stage, data) and stage.scope.owns(tags, "secret")


def _described(stage: Stage, name: str) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = stage.here.client("secretsmanager").describe_secret(
            SecretId=name
        )
    except Exception as error:
        if meaning(error) is not Meaning.ABSENT:
            raise
        raise OutOfOrder(
            f"{stage.scope.region} has no copy of secret {name}",
            "without it nobody logs in to the new database: storage_replicate makes it, while the "
            "region that it is copied from is there",
        ) from error
    return found
