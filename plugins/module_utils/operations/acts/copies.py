# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The logins are copied to the site that served before, over those that it had."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...aws.errors import Meaning, meaning
from ..errors import NotDone
from . import secrets
from .stage import Evidence, Stage

COPIED, FAILED = "InSync", "Failed"
HINT = "run the same playbook again: it goes on here"


def look(stage: Stage) -> Evidence | None:
    """What shows that all are copied; None where one is not."""
    names = secrets.names(stage)
    whole = all(_copy(stage, name).get("Status") == COPIED for name in names)
    return {"secrets": names, "region": stage.old.region} if whole else None


def act(stage: Stage) -> Evidence:
    """Raises NotDone where AWS does not come to an end with a copy."""
    names = secrets.names(stage)
    for name in names:
        if _copy(stage, name).get("Status") != COPIED:
            _begin(stage, name)

    def missing() -> str:
        states = {name: _copy(stage, name) for name in names}
        failed = {name: s for name, s in states.items() if s.get("Status") == FAILED}
        if failed:
            said = "; ".join(f"{name}: {s.get('StatusMessage', '')}" for name, s in failed.items())
            raise NotDone(f"logins were not copied to {stage.old.region}: {said}", HINT)
        return ", ".join(name for name, s in states.items() if s.get("Status") != COPIED)

    stage.wait("the copies of the logins", missing, HINT)
    did = [f"secretsmanager ReplicateSecretToRegions {name}" for name in names]
    return {"secrets": names, "region": stage.old.region, "did": did}


def _begin(stage: Stage, name: str) -> None:
    """A copy that is there already, or on its way, is told as one that exists."""
    try:
        stage.here.client("secretsmanager").replicate_secret_to_regions(
            SecretId=name,
            AddReplicaRegions=[{"Region": stage.old.region, "KmsKeyId": stage.old.key_alias}],
            ForceOverwriteReplicaSecret=True,
        )
    except Exception as error:
        if meaning(error) is not Meaning.EXISTS:
            raise


def _copy(stage: Stage, name: str) -> Mapping[str, Any]:
    """What AWS tells of the copy in the other region, {} where there is none."""
    told = stage.here.client("secretsmanager").describe_secret(SecretId=name)
    copies = {one["Region"]: one for one in told.get("ReplicationStatus", [])}
    found: Mapping[str, Any] = copies.get(stage.old.region, {})
    return found
