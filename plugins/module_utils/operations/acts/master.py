# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The master user gets a new password, which nobody of the old site knows.

AWS does not tell which password an instance has, so the secret says how far it has come, by the
version that the operation names: while that is AWSPENDING it is to come, and once it is AWSCURRENT
the instance has it. A password is in the secret before the instance has it, so none is lost, and a
run that was cut off goes on with the same one.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from typing import Any

from ...aws.errors import Meaning, meaning
from ...aws.session import SECRETS
from ...kinds import db_instance_reading as reading
from ...kinds.login import CURRENT, PENDING, bearer
from ...kinds.secret_reading import password
from ...tiers.login import MASTER, home_of
from . import instance, layers
from .stage import Evidence, Stage

HINT = (
    "the secret and the database have the password of before, or the new one is kept in the secret "
    "as AWSPENDING; run the same playbook again: it goes on here"
)


def look(stage: Stage) -> Evidence | None:
    """What shows that the secret holds the password that this operation has made; None where not.
    It does not before the instance has it.
    """
    labels, version = _labels(stage), _version(stage)
    done = bearer(labels, CURRENT) == version and bearer(labels, PENDING) != version
    return {"secret": _name(stage), "version": version} if done else None


def act(stage: Stage) -> Evidence:
    """Raises NotDone where AWS does not come to an end with it."""
    name, version, did = _name(stage), _version(stage), []
    if bearer(_labels(stage), CURRENT) != version:
        if bearer(_labels(stage), PENDING) != version:
            _propose(stage)
            did.append(f"secretsmanager PutSecretValue {name} {PENDING}")
        _give(stage, _read(stage, VersionId=version)["password"])
        did.append(f"rds ModifyDBInstance {stage.scope.database} MasterUserPassword")
        _move(stage, CURRENT, version)
        did.append(f"secretsmanager UpdateSecretVersionStage {name} {CURRENT}")
    if bearer(_labels(stage), PENDING) == version:
        _move(stage, PENDING, "")
        did.append(f"secretsmanager UpdateSecretVersionStage {name} {PENDING}")
    return {"secret": name, "version": version, "did": did}


def _propose(stage: Stage) -> None:
    """Keeps a new password as one that is to come.

    The version is named after the operation, so that of an attempt whose answer was lost, or that
    is not shown yet, there is no second one: AWS takes no other value for it.
    """
    login = {**_read(stage, VersionStage=CURRENT), "password": SECRETS.learn(password())}
    try:
        stage.here.client("secretsmanager").put_secret_value(
            SecretId=_name(stage),
            ClientRequestToken=_version(stage),
            SecretString=json.dumps(login),
            VersionStages=[PENDING],
        )
    except Exception as error:
        if meaning(error) is not Meaning.EXISTS:
            raise


def _give(stage: Stage, password: str) -> None:
    """Has the instance take the password, as soon as it takes changes, and waits until it has it.

    It is given again by each run: one that has it already has the same one after that.
    """
    asked: float | None = None

    def missing() -> str:
        nonlocal asked
        item = instance.described(stage)
        instance.refuse_failed(item, instance.LOOK)
        if asked is None:
            if item["DBInstanceStatus"] not in reading.OPERATIONAL or not _modify(stage, password):
                return f"{item['DBInstanceStatus']}, so that it takes no change"
            asked = time.monotonic()
        # It may be shown as it was for a moment before it begins.
        early = time.monotonic() - asked < layers.EARLY
        return instance.missing(item) or ("asked for" if early else "")

    stage.wait("the master user's new password", missing, HINT)


def _modify(stage: Stage, password: str) -> bool:
    """Whether AWS took the order: what the instance is shown as may be out of date."""
    try:
        stage.here.client("rds").modify_db_instance(
            DBInstanceIdentifier=stage.scope.database,
            MasterUserPassword=password,
            ApplyImmediately=True,
        )
    except Exception as error:
        if meaning(error) is not Meaning.BLOCKED:
            raise
        return False
    return True


def _move(stage: Stage, label: str, version: str) -> None:
    """Puts a label to a version, "" to none. Repeated by the SDK after a lost answer, the call is
    refused though it was done.
    """
    target = {"MoveToVersionId": version} if version else {}
    try:
        stage.here.client("secretsmanager").update_secret_version_stage(
            SecretId=_name(stage),
            VersionStage=label,
            RemoveFromVersionId=bearer(_labels(stage), label),
            **target,
        )
    except Exception:
        if bearer(_labels(stage), label) != version:
            raise


def _read(stage: Stage, **which: str) -> dict[str, Any]:
    """A version of the login, which nothing that leaves the run may hold."""
    answer = stage.here.client("secretsmanager").get_secret_value(SecretId=_name(stage), **which)
    found: dict[str, Any] = json.loads(answer["SecretString"])
    SECRETS.learn(str(found["password"]))
    return found


def _labels(stage: Stage) -> Mapping[str, Any]:
    told = stage.here.client("secretsmanager").describe_secret(SecretId=_name(stage))
    found: Mapping[str, Any] = told.get("VersionIdsToStages", {})
    return found


def _name(stage: Stage) -> str:
    return home_of(stage.site).secret(MASTER)


def _version(stage: Stage) -> str:
    """The version of the secret that is this operation's, as roles/database/files/rotate.py names
    those of the other logins.
    """
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{stage.journal.id}/{_name(stage)}"))
