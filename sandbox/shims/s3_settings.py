# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of buckets: what was set is what is told, and conditions are not passed over."""

from __future__ import annotations

import json
from typing import Any

from moto.core.responses import ActionResult
from moto.s3.exceptions import ReplicationConfigurationNotFoundError
from moto.s3.models import FakeBucket, S3Backend
from moto.s3.responses import S3Response

from sandbox.shims import Hook
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "GetBucketReplication tells the rules as they were set, not with a fixed filter.",
    "A statement of a bucket policy that has a condition denies nothing out of hand.",
)
HOOKS: tuple[Hook, ...] = (
    (S3Response, "get_bucket_replication", ()),
    (S3Backend, "get_bucket_replication", ("bucket_name",)),
    (FakeBucket, "get_permission", ("action", "resource")),
)


def rule(stored: dict[str, Any]) -> dict[str, Any]:
    """A replication rule in the form of an answer. The stored one is what XML said."""
    told = {key: value for key, value in stored.items() if key != "Filter"}
    part = stored.get("Filter") or {}
    told["Filter"] = {**part, "Prefix": part["Prefix"] or ""} if "Prefix" in part else part
    return told


def get_bucket_replication(_original: Any, self: S3Response) -> Any:
    """The answer to GetBucketReplication."""
    self.data["Action"] = "GetBucketReplication"
    stored = self.backend.get_bucket_replication(self.bucket_name)
    if not stored:
        raise ReplicationConfigurationNotFoundError(bucket_name=self.bucket_name)
    told = {"Role": stored["Role"], "Rules": [rule(item) for item in stored["Rule"]]}
    return self.serialized(ActionResult({"ReplicationConfiguration": told}))


def unconditional(policy: bytes | None) -> bytes | None:
    """A bucket policy without what it denies on conditions, which the emulator does not read."""
    if policy is None:
        return None
    document = json.loads(policy)
    listed = document["Statement"]
    statements = [listed] if isinstance(listed, dict) else listed
    kept = [s for s in statements if not (s["Effect"] == "Deny" and "Condition" in s)]
    return json.dumps({**document, "Statement": kept}).encode() if kept else None


def install(world: World) -> None:
    """Change how the emulator takes and tells the settings of buckets."""
    wrap(S3Response, "get_bucket_replication")(get_bucket_replication)

    @wrap(FakeBucket, "get_permission")
    def get_permission(original: Any, self: FakeBucket, action: str, resource: str) -> Any:
        policy, self.policy = self.policy, unconditional(self.policy)
        try:
            return original(action, resource)
        finally:
            self.policy = policy
