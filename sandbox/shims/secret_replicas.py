# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets copied to other regions, and secrets that wait for their deletion."""

from __future__ import annotations

from typing import Any

from moto.secretsmanager.exceptions import InvalidRequestException
from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend

from sandbox.shims import Hook
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "A replica of a secret tells the key that it was given.",
    "ReplicateSecretToRegions answers the secret's ARN, however the secret was named.",
    "CreateSecret of a name that waits for its deletion is an InvalidRequestException.",
)
HOOKS: tuple[Hook, ...] = (
    (FakeSecret, "create_replicas", ("replica_regions", "force_overwrite")),
    (
        SecretsManagerBackend,
        "replicate_secret_to_regions",
        ("secret_id", "replica_regions", "force_overwrite"),
    ),
    (SecretsManagerBackend, "create_secret", ("name",)),
    (SecretsManagerBackend, "describe_secret", ("secret_id",)),
)


def create_replicas(
    original: Any, _self: FakeSecret, replica_regions: Any, force_overwrite: bool
) -> Any:
    """The replicas that were made, each with its key."""
    replicas = original(replica_regions, force_overwrite)
    for replica, asked in zip(replicas, replica_regions or [], strict=True):
        if asked.get("KmsKeyId"):
            replica.config["KmsKeyId"] = asked["KmsKeyId"]
    return replicas


def install(world: World) -> None:
    """Change how the emulator copies secrets and refuses names."""
    wrap(FakeSecret, "create_replicas")(create_replicas)

    @wrap(SecretsManagerBackend, "replicate_secret_to_regions")
    def replicate_secret_to_regions(
        original: Any, self: SecretsManagerBackend, secret_id: str, *args: Any, **kwargs: Any
    ) -> Any:
        _named, statuses = original(secret_id, *args, **kwargs)
        return self.describe_secret(secret_id).arn, statuses

    @wrap(SecretsManagerBackend, "create_secret")
    def create_secret(
        original: Any, self: SecretsManagerBackend, name: str, *args: Any, **kwargs: Any
    ) -> Any:
        if name in self.secrets and self.secrets[name].is_deleted():
            raise InvalidRequestException(
                "You can't create this secret because a secret with this name is already "
                "scheduled for deletion."
            )
        return original(name, *args, **kwargs)
