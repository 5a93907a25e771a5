# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets: replicated with a key of their own, and out of reach while they wait for deletion."""

from __future__ import annotations

import copy
import json
from typing import Any

from moto.secretsmanager.exceptions import (
    InvalidParameterException,
    InvalidRequestException,
    SecretNotFoundException,
    SecretsManagerClientError,
)
from moto.secretsmanager.models import FakeSecret, ReplicaSecret, SecretsManagerBackend
from moto.secretsmanager.responses import SecretsManagerResponse

from sandbox.shims import Hook, _secret_copies, _secret_stages
from sandbox.world import World
from sandbox.wrap import add, wrap

MENDED = (
    "A name whose secret waits for deletion is refused; so are changes of such a secret.",
    "A replica keeps its KmsKeyId, and fails with a key that is not in its region.",
    "Replication is InProgress for a moment. A replica is there, and has what its secret has, when "
    "that is over, and not while nothing passes between their regions.",
    "A second replica in a region that has one is refused, whatever became of the first.",
    "ReplicateSecretToRegions and RemoveRegionsFromReplication answer with the ARN.",
    "StopReplicationToReplica makes a secret of its own out of a replica.",
    "A resource policy that is no JSON is refused.",
    *_secret_stages.MENDED,
)
HOOKS: tuple[Hook, ...] = (
    (SecretsManagerBackend, "create_secret", ("name",)),
    (SecretsManagerBackend, "put_secret_value", ("secret_id",)),
    (SecretsManagerBackend, "put_resource_policy", ("secret_id", "policy")),
    (SecretsManagerBackend, "tag_resource", ("arn", "tags")),
    (SecretsManagerBackend, "untag_resource", ("arn", "tag_keys")),
    (SecretsManagerBackend, "update_secret", ("secret_id",)),
    (SecretsManagerBackend, "rotate_secret", ("secret_id",)),
    (SecretsManagerBackend, "cancel_rotate_secret", ("secret_id",)),
    (SecretsManagerBackend, "replicate_secret_to_regions", ("secret_id", "replica_regions")),
    (SecretsManagerBackend, "remove_regions_from_replication", ("secret_id", "replica_regions")),
    (FakeSecret, "create_replicas", ("replica_regions", "force_overwrite")),
    (ReplicaSecret, "to_dict", ()),
    *_secret_stages.HOOKS,
)
# What changes a secret that its replicas follow.
FOLLOWED = (
    "put_secret_value",
    "update_secret",
    "update_secret_version_stage",
    "rotate_secret",
    "cancel_rotate_secret",
    "tag_resource",
    "untag_resource",
)


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
        _original: Any, self: Any, replica_regions: list[dict[str, str]], force_overwrite: bool
    ) -> Any:
        if any(wanted["Region"] == self.region for wanted in replica_regions):
            raise InvalidParameterException("Invalid replica region.")
        # A secret that is just being made has no such list yet.
        there = {replica.region for replica in getattr(self, "replicas", ())}
        if again := sorted(there.intersection(wanted["Region"] for wanted in replica_regions)):
            raise InvalidRequestException(
                f"The secret is replicated to {', '.join(again)} already."
            )
        return [
            _secret_copies.begin(
                world, self, wanted["Region"], wanted.get("KmsKeyId"), force_overwrite
            )
            for wanted in replica_regions
        ]

    @wrap(ReplicaSecret, "to_dict")
    def to_dict(original: Any, self: Any) -> Any:
        status = [replica.config for replica in self.primary.replicas]
        return {**original(), "KmsKeyId": self.config["KmsKeyId"], "ReplicationStatus": status}

    for call in ("replicate_secret_to_regions", "remove_regions_from_replication"):

        @wrap(SecretsManagerBackend, call)
        def change(original: Any, self: Any, secret_id: str, *args: Any, **kwargs: Any) -> Any:
            refuse_deleted(self, secret_id)
            before = list(getattr(self.secrets.get(secret_id), "replicas", ()))
            _, statuses = original(secret_id, *args, **kwargs)
            secret = self.secrets[secret_id]
            for replica in before:
                if replica not in secret.replicas:
                    _secret_copies.withdraw(replica)
            return secret.arn, statuses


def following(world: World) -> None:
    for call in FOLLOWED:

        @wrap(SecretsManagerBackend, call)
        def change(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
            answer = original(*args, **kwargs)
            secret = self.secrets.get(kwargs.get("secret_id") or kwargs.get("arn") or args[0])
            if isinstance(secret, FakeSecret):
                _secret_copies.spread(world, secret)
            return answer


def promotion() -> None:
    @add(SecretsManagerResponse, "stop_replication_to_replica")
    def stop_replication_to_replica(self: Any) -> str:
        secrets = self.backend.secrets
        found = secrets.get(self._get_param("SecretId"))
        if found is None:
            raise SecretNotFoundException
        if not isinstance(found, ReplicaSecret):
            raise InvalidRequestException("Operation not permitted on a secret that is no replica.")
        replica: Any = found
        # It may be that its primary's region is lost: it goes on with what has come over.
        primary, source = replica.primary, replica.source
        _secret_copies.withdraw(replica)
        own = copy.copy(source)
        own.arn, own.region, own.kms_key_id = (
            replica.arn,
            replica.region,
            replica.config["KmsKeyId"],
        )
        own.replicas, own.tags = [], list(source.tags or [])
        own.versions = copy.deepcopy(source.versions)
        primary.replicas = [other for other in primary.replicas if other is not replica]
        secrets[own.arn] = own
        return json.dumps({"ARN": own.arn})


def install(world: World) -> None:
    """Change how the emulator keeps and replicates secrets."""
    deletion()
    # Replicas get what comes of it.
    _secret_stages.install()
    replication(world)
    following(world)
    promotion()
