# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets: replicated with a key of their own, and out of reach while they wait for deletion."""

from __future__ import annotations

import copy
import json
from typing import Any

from moto.kms.models import kms_backends
from moto.secretsmanager.exceptions import (
    InvalidRequestException,
    SecretNotFoundException,
    SecretsManagerClientError,
)
from moto.secretsmanager.models import FakeSecret, ReplicaSecret, SecretsManagerBackend
from moto.secretsmanager.responses import SecretsManagerResponse

from sandbox.shims import Hook
from sandbox.world import World
from sandbox.wrap import add, wrap

MENDED = (
    "A name whose secret waits for deletion is refused; so are changes of such a secret.",
    "A replica keeps its KmsKeyId, and fails with a key that is not in its region.",
    "Replication is InProgress for a moment.",
    "ReplicateSecretToRegions and RemoveRegionsFromReplication answer with the ARN.",
    "StopReplicationToReplica makes a secret of its own out of a replica.",
    "A resource policy that is no JSON is refused.",
)
HOOKS: tuple[Hook, ...] = (
    (SecretsManagerBackend, "create_secret", ("name",)),
    (SecretsManagerBackend, "put_secret_value", ("secret_id",)),
    (SecretsManagerBackend, "put_resource_policy", ("secret_id", "policy")),
    (SecretsManagerBackend, "tag_resource", ("arn", "tags")),
    (SecretsManagerBackend, "replicate_secret_to_regions", ("secret_id", "replica_regions")),
    (SecretsManagerBackend, "remove_regions_from_replication", ("secret_id", "replica_regions")),
    (FakeSecret, "create_replicas", ("replica_regions", "force_overwrite")),
    (ReplicaSecret, "to_dict", ()),
)
REPLICATION = 5.0  # AWS seconds until a replica is in sync, about.


def refuse_deleted(backend: Any, secret_id: str) -> None:
    secret = backend.secrets.get(secret_id)
    if secret is not None and secret.is_deleted():
        raise InvalidRequestException(
            "You can't perform this operation on the secret because it was marked for deletion."
        )


def deletion() -> None:
    @wrap(SecretsManagerBackend, "create_secret")
    def create_secret(original: Any, self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        secret = self.secrets.get(name)
        if secret is not None and secret.is_deleted():
            raise InvalidRequestException(
                "You can't create this secret because a secret with this name is already scheduled "
                "for deletion."
            )
        return original(name, *args, **kwargs)

    for call in ("put_secret_value", "put_resource_policy", "tag_resource"):

        @wrap(SecretsManagerBackend, call)
        def change(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
            refuse_deleted(self, kwargs.get("secret_id") or kwargs.get("arn") or args[0])
            return original(*args, **kwargs)

    @wrap(SecretsManagerBackend, "put_resource_policy")
    def put_resource_policy(original: Any, _self: Any, secret_id: str, policy: str) -> Any:
        try:
            json.loads(policy)
        except ValueError as error:
            raise SecretsManagerClientError(
                "MalformedPolicyDocumentException", "This resource policy is malformed."
            ) from error
        return original(secret_id, policy)


def replication(world: World) -> None:
    @wrap(FakeSecret, "create_replicas")
    def create_replicas(
        original: Any, self: Any, replica_regions: list[dict[str, str]], force_overwrite: bool
    ) -> Any:
        replicas = original(replica_regions, force_overwrite)
        for replica, wanted in zip(replicas, replica_regions, strict=True):
            if wanted.get("KmsKeyId"):
                replica.config["KmsKeyId"] = wanted["KmsKeyId"]
            if replica.config["Status"] == "InSync":
                synchronise(world, self.account_id, replica)
        return replicas

    @wrap(ReplicaSecret, "to_dict")
    def to_dict(original: Any, self: Any) -> Any:
        return {**original(), "KmsKeyId": self.config["KmsKeyId"]}

    for call in ("replicate_secret_to_regions", "remove_regions_from_replication"):

        @wrap(SecretsManagerBackend, call)
        def change(original: Any, self: Any, secret_id: str, *args: Any, **kwargs: Any) -> Any:
            refuse_deleted(self, secret_id)
            _, statuses = original(secret_id, *args, **kwargs)
            return self.secrets[secret_id].arn, statuses


def synchronise(world: World, account_id: str, replica: Any) -> None:
    replica.config.update(Status="InProgress", StatusMessage="")

    def done() -> None:
        try:
            kms_backends[account_id][replica.region].describe_key(replica.config["KmsKeyId"])
        except Exception:
            text = "Replication failed: KMS key not found."
            replica.config.update(Status="Failed", StatusMessage=text)
        else:
            text = "Replication succeeded"
            replica.config.update(Status="InSync", StatusMessage=text)

    world.later(world.scaled(REPLICATION), done, f"replica {replica.arn} is in sync")


def promotion() -> None:
    @add(SecretsManagerResponse, "stop_replication_to_replica")
    def stop_replication_to_replica(self: Any) -> str:
        secrets = self.backend.secrets
        replica: Any = secrets.get(self._get_param("SecretId"))
        if replica is None:
            raise SecretNotFoundException
        if not isinstance(replica, ReplicaSecret):
            raise InvalidRequestException("Operation not permitted on a secret that is no replica.")
        source = replica.source
        own = copy.copy(source)
        own.arn, own.region, own.kms_key_id = (
            replica.arn,
            replica.region,
            replica.config["KmsKeyId"],
        )
        own.replicas, own.tags = [], list(source.tags or [])
        own.versions = copy.deepcopy(source.versions)
        source.replicas = [other for other in source.replicas if other is not replica]
        secrets[own.arn] = own
        return json.dumps({"ARN": own.arn})


def install(world: World) -> None:
    """Change how the emulator keeps and replicates secrets."""
    deletion()
    replication(world)
    promotion()
