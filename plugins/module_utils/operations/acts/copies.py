# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The logins are copied to the site that served before, over those that it had."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...kinds import secret_replica
from ...kinds.secret_replica import FAILED, READY
from ..errors import NotDone
from . import secrets
from .stage import Evidence, Stage

HINT = "run the same playbook again: it goes on here"
ANEW = "mend what it tells, and run the same playbook again: it makes a copy that failed anew"


def look(stage: Stage) -> Evidence | None:
    """What shows that all are copied; None where one is not."""
    names = secrets.names(stage)
    whole = all(_copy(stage, name).get("Status") == READY for name in names)
    return {"secrets": names, "region": stage.old.region} if whole else None


def act(stage: Stage) -> Evidence:
    """Raises NotDone where AWS does not come to an end with a copy."""
    names = secrets.names(stage)
    did = [line for name in names for line in _begun(stage, name)]

    def missing() -> str:
        states = {name: _copy(stage, name) for name in names}
        failed = {name: s for name, s in states.items() if s.get("Status") == FAILED}
        if failed:
            said = "; ".join(f"{name}: {s.get('StatusMessage', '')}" for name, s in failed.items())
            raise NotDone(f"logins were not copied to {stage.old.region}: {said}", ANEW)
        return ", ".join(name for name, s in states.items() if s.get("Status") != READY)

    stage.wait("the copies of the logins", missing, HINT)
    return {"secrets": names, "region": stage.old.region, "did": did}


def _begun(stage: Stage, name: str) -> list[str]:
    """Asks for a copy where there is none or one that failed, and answers what was done."""
    found, region, did = _copy(stage, name), stage.old.region, list[str]()
    if found.get("Status") == FAILED:
        secret_replica.remove(stage.here, name, region)
        did.append(f"secretsmanager RemoveRegionsFromReplication {name}")
    elif found:
        return []
    client = stage.here.client("secretsmanager")
    try:
        secret_replica.begin(client, name, region, stage.old.key_alias, over=True)
    except Exception:
        # The answer of an attempt that was repeated may have been lost.
        if not _copy(stage, name):
            raise
    return [*did, f"secretsmanager ReplicateSecretToRegions {name}"]


def _copy(stage: Stage, name: str) -> Mapping[str, Any]:
    """What AWS tells of the copy in the other region, {} where there is none."""
    told = stage.here.client("secretsmanager").describe_secret(SecretId=name)
    copies = {one["Region"]: one for one in told.get("ReplicationStatus", [])}
    found: Mapping[str, Any] = copies.get(stage.old.region, {})
    return found
