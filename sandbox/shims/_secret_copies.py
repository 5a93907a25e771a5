# SPDX-License-Identifier: GPL-3.0-or-later
"""Replicas of secrets: each holds what has come over so far, which is not what its primary has."""

from __future__ import annotations

import copy
from typing import Any

from moto.kms.models import kms_backends
from moto.secretsmanager.models import ReplicaSecret, secretsmanager_backends

from sandbox.world import World

REPLICATION = 5.0  # AWS seconds until a replica is in sync, about.


def begin(world: World, primary: Any, region: str, key: str | None, overwrite: bool) -> Any:
    """A replica of a secret; its region has it when its first copy has come over.

    key: its own, of that region; None for the one of Secrets Manager.
    overwrite: whether it takes the place of a secret there that has its name.
    """
    replica: Any = ReplicaSecret(primary, region)
    # The emulator reads what a replica tells out of its `source`.
    replica.primary, replica.source, replica.overwrite = primary, _content(primary), overwrite
    replica.has_replica = replica.withdrawn = False
    replica.sent = replica.arrived = 0
    if key:
        replica.config["KmsKeyId"] = key
    send(world, replica)
    return replica


def spread(world: World, primary: Any) -> None:
    """Send what a secret is by now to its replicas; one that was never made is not tried again."""
    for replica in primary.replicas:
        if replica.config["Status"] != "Failed" or replica.has_replica:
            send(world, replica)


def send(world: World, replica: Any) -> None:
    """Have a replica hold what its primary is now, once that has come over.

    Nothing comes over while nothing passes between their regions: AWS copies in the background and
    tries again.
    """
    primary, content = replica.primary, _content(replica.primary)
    replica.sent += 1
    number = replica.sent
    replica.config.update(Status="InProgress", StatusMessage="")
    label = f"replica {replica.arn} is in sync"

    def come() -> None:
        if not replica.withdrawn and number > replica.arrived:
            replica.arrived = number
            problem = _keep(replica, content)
            if number == replica.sent:
                status = "Failed" if problem else "InSync"
                told = f"Replication failed: {problem}" if problem else "Replication succeeded"
                replica.config.update(Status=status, StatusMessage=told)

    def arrive() -> None:
        world.once(lambda: not world.severed(primary.region, replica.region), come, label)

    world.later(world.scaled(REPLICATION), arrive, label)


def withdraw(replica: Any) -> None:
    """Let nothing come over to a replica any more."""
    replica.withdrawn = True


def _keep(replica: Any, content: Any) -> str:
    """Have a replica hold this; why that is not possible, else ""."""
    account, region = content.account_id, replica.region
    secrets = secretsmanager_backends[account][region].secrets
    if not replica.has_replica and content.name in secrets:
        if not replica.overwrite:
            return f"Secret name {content.name} already exists in region {region}."
        secrets.pop(content.name)
    try:
        kms_backends[account][region].describe_key(replica.config["KmsKeyId"])
    except Exception:
        return "KMS key not found."
    replica.source, replica.has_replica = content, True
    secrets[replica.arn] = replica
    return ""


def _content(primary: Any) -> Any:
    content = copy.copy(primary)
    content.versions = copy.deepcopy(primary.versions)
    content.tags = list(primary.tags) if primary.tags is not None else None
    content.replicas = []
    return content
