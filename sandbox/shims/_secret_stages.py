# SPDX-License-Identifier: GPL-3.0-or-later
"""Staging labels of the versions of a secret: each is on one version."""

from __future__ import annotations

from typing import Any

from moto.secretsmanager.exceptions import (
    InvalidParameterException,
    OperationNotPermittedOnReplica,
    ResourceExistsException,
)
from moto.secretsmanager.models import FakeSecret, ReplicaSecret, SecretsManagerBackend

from sandbox.shims import Hook
from sandbox.wrap import wrap

CURRENT, PREVIOUS = "AWSCURRENT", "AWSPREVIOUS"
MENDED = (
    "UpdateSecretVersionStage makes current what it moves AWSCURRENT to, takes a label of another "
    "version only if that is named, and changes no replica.",
    "A version that is to come keeps its value: another one under its token is refused.",
    "A new current version takes its labels from others and leaves the rest of theirs to them.",
    "Versions without a label are not told.",
)
HOOKS: tuple[Hook, ...] = (
    (
        SecretsManagerBackend,
        "update_secret_version_stage",
        ("secret_id", "version_stage", "remove_from_version_id", "move_to_version_id"),
    ),
    (
        SecretsManagerBackend,
        "_check_with_existing_secrets_and_versions",
        ("secret_name", "client_request_token", "secret_string", "secret_binary"),
    ),
    (FakeSecret, "reset_default_version", ("secret_version", "version_id")),
    (FakeSecret, "_form_version_ids_to_stages", ()),
)


def holder(secret: Any, stage: str) -> str | None:
    """The version that has a label."""
    found = (number for number, it in secret.versions.items() if stage in it["version_stages"])
    return next(found, None)


def check_move(secret: Any, stage: str, source: str | None, target: str | None) -> None:
    """Raises InvalidParameterException, before anything is changed."""
    for number in (source, target):
        if number and number not in secret.versions:
            raise InvalidParameterException(f"Not a valid version: {number}")
    if stage == CURRENT and not target:
        raise InvalidParameterException(
            "You can't remove the staging label AWSCURRENT without attaching it to another version."
        )
    held = holder(secret, stage)
    if target and held and held not in (target, source):
        raise InvalidParameterException(
            f"The parameter RemoveFromVersionId can't be empty. Staging label {stage} is currently "
            f"attached to version {held}, so you must explicitly reference that version in "
            "RemoveFromVersionId."
        )


def moving() -> None:
    @wrap(SecretsManagerBackend, "update_secret_version_stage")
    def update_secret_version_stage(
        original: Any,
        self: Any,
        secret_id: str,
        version_stage: str,
        remove_from_version_id: str | None,
        move_to_version_id: str | None,
    ) -> Any:
        secret: Any = self.secrets.get(secret_id)
        if isinstance(secret, ReplicaSecret):
            raise OperationNotPermittedOnReplica
        if secret is not None:
            check_move(secret, version_stage, remove_from_version_id, move_to_version_id)
            there = holder(secret, version_stage) == move_to_version_id
            if there and remove_from_version_id in (None, move_to_version_id):
                return secret.arn, secret.name
        answer = original(secret_id, version_stage, remove_from_version_id, move_to_version_id)
        secret.set_default_version_id(holder(secret, CURRENT))
        return answer


def keeping() -> None:
    @wrap(SecretsManagerBackend, "_check_with_existing_secrets_and_versions")
    def check(
        original: Any,
        self: Any,
        secret_name: str,
        client_request_token: str | None,
        secret_string: str | None,
        secret_binary: str | None,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        secret: Any = self.secrets.get(secret_name)
        values = {"secret_string": secret_string, "secret_binary": secret_binary}
        if isinstance(secret, FakeSecret) and client_request_token in secret.versions:
            version = secret.versions[client_request_token]
            kept = {name: version.get(name) for name in values}
            # A rotation by a function begins with a version that has no value yet.
            if kept == values:
                return secret
            if any(kept.values()):
                raise ResourceExistsException(
                    f"You can't use ClientRequestToken {client_request_token} because that value "
                    f"is already in use for a version of secret {secret.arn}."
                )
        given = (secret_name, client_request_token, secret_string, secret_binary)
        return original(*given, *args, **kwargs)

    @wrap(FakeSecret, "reset_default_version")
    def reset_default_version(
        original: Any, self: Any, secret_version: dict[str, Any], version_id: str
    ) -> None:
        before = {number: set(it["version_stages"]) for number, it in self.versions.items()}
        original(secret_version, version_id)
        taken = {CURRENT, PREVIOUS, *secret_version["version_stages"]}
        for number, stages in before.items():
            if number != version_id:
                version = self.versions[number]
                own = [stage for stage in version["version_stages"] if stage == PREVIOUS]
                version["version_stages"] = [*own, *sorted(stages - taken)]

    @wrap(FakeSecret, "_form_version_ids_to_stages")
    def told(original: Any, _self: Any) -> Any:
        return {number: stages for number, stages in original().items() if stages}


def install() -> None:
    """Change how the emulator labels the versions of secrets."""
    moving()
    keeping()
