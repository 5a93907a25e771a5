# SPDX-License-Identifier: GPL-3.0-or-later
"""Buckets: closed and encrypted from the first moment, and choosy about policies."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

from moto.s3.exceptions import S3ClientError as Refusal
from moto.s3.models import PublicAccessBlock, S3Backend
from moto.s3.responses import S3Response

from sandbox.shims import Hook
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "CreateBucket takes the tags of its configuration.",
    "A new bucket blocks public access, is owned by its owner only, and encrypts with SSE-S3.",
    "A bucket policy that is no JSON, or a public one where these are blocked, is refused.",
    "What a new bucket policy allows other services is not allowed at once.",
    "Replication wants a destination that exists and has versions.",
    "ExpectedBucketOwner is honoured.",
)
HOOKS: tuple[Hook, ...] = (
    (S3Backend, "create_bucket", ("bucket_name", "region_name")),
    (S3Backend, "put_bucket_policy", ("bucket_name", "policy")),
    (S3Backend, "put_bucket_replication", ("bucket_name", "replication")),
    (S3Backend, "delete_bucket_encryption", ("bucket_name",)),
    (S3Backend, "put_bucket_tagging", ("bucket_name", "tags")),
    (S3Response, "_bucket_response_put", ("request", "bucket_name", "querystring")),
    (S3Response, "_authenticate_and_authorize_s3_action", ()),
)
OWNER = "x-amz-expected-bucket-owner"
SSE_S3 = {
    "Rule": {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
        "BucketKeyEnabled": "false",
    }
}


def creation() -> None:
    @wrap(S3Backend, "create_bucket")
    def create_bucket(original: Any, _self: Any, *args: Any, **kwargs: Any) -> Any:
        bucket = original(*args, **kwargs)
        bucket.public_access_block = PublicAccessBlock("true", "true", "true", "true")
        bucket.ownership_rule = "BucketOwnerEnforced"
        bucket.encryption = SSE_S3
        return bucket

    @wrap(S3Response, "_bucket_response_put")
    def put(original: Any, self: Any, request: Any, bucket_name: str, querystring: Any) -> Any:
        new = bucket_name not in self.backend.buckets
        answer = original(request, bucket_name, querystring)
        if new and bucket_name in self.backend.buckets:
            wanted = tags(self.body)
            if wanted:
                self.backend.put_bucket_tagging(bucket_name, wanted)
        return answer

    @wrap(S3Backend, "delete_bucket_encryption")
    def delete_bucket_encryption(_original: Any, self: Any, bucket_name: str) -> None:
        self.get_bucket(bucket_name).encryption = SSE_S3


def tags(body: bytes | str) -> dict[str, str]:
    """The tags of a CreateBucketConfiguration."""
    if not body:
        return {}
    root = ElementTree.fromstring(body)
    found = {}
    for tag in root.iter():
        if tag.tag.rpartition("}")[2] == "Tag":
            fields = {child.tag.rpartition("}")[2]: child.text or "" for child in tag}
            found[fields["Key"]] = fields["Value"]
    return found


def policy_seen(world: World, bucket: Any) -> Any:
    """The policy of a bucket as other services go by it: for a while it is the one before."""
    before, until = getattr(bucket, "policy_spreads", (None, world.now()))
    return before if world.now() < until else bucket.policy


def public(policy: dict[str, Any]) -> bool:
    """Whether a policy lets anyone in, by the simple rule: everybody, without a condition."""
    statements = policy.get("Statement", [])
    return any(
        one.get("Effect") == "Allow"
        and one.get("Principal") in ("*", {"AWS": "*"})
        and not one.get("Condition")
        for one in (statements if isinstance(statements, list) else [statements])
    )


def rules(world: World) -> None:
    @wrap(S3Backend, "put_bucket_policy")
    def put_bucket_policy(original: Any, self: Any, bucket_name: str, policy: Any) -> None:
        try:
            wanted = json.loads(policy)
        except ValueError as error:
            raise Refusal("MalformedPolicy", "Policies must be valid JSON") from error
        if not isinstance(wanted, dict) or "Statement" not in wanted:
            raise Refusal("MalformedPolicy", "Missing required field Statement")
        block = self.get_bucket(bucket_name).public_access_block
        if block and block.block_public_policy and public(wanted):
            raise Refusal("AccessDenied", "Public policies are blocked by BlockPublicPolicy")
        bucket: Any = self.get_bucket(bucket_name)
        before = policy_seen(world, bucket)
        original(bucket_name, policy)
        seconds = timedelta(seconds=world.seconds("bucket_policy_visible"))
        bucket.policy_spreads = before, world.now() + seconds

    @wrap(S3Backend, "put_bucket_replication")
    def put_bucket_replication(
        original: Any, self: Any, bucket_name: str, replication: dict[str, Any]
    ) -> None:
        found = replication["Rule"]
        for rule in found if isinstance(found, list) else [found]:
            name = rule["Destination"]["Bucket"].split(":")[-1]
            destination = self.buckets.get(name)
            if destination is None:
                raise Refusal("InvalidRequest", "Destination bucket must exist.")
            if destination.versioning_status != "Enabled":
                raise Refusal("InvalidRequest", "Destination bucket must have versioning enabled.")
        original(bucket_name, replication)


def owners() -> None:
    @wrap(S3Response, "_authenticate_and_authorize_s3_action")
    def authorize(original: Any, self: Any, *args: Any, **kwargs: Any) -> None:
        original(*args, **kwargs)
        wanted = self.headers.get(OWNER)
        name = kwargs.get("bucket_name") or (args[0] if args else None)
        bucket = self.backend.buckets.get(name) if wanted and name else None
        if bucket is not None and bucket.account_id != wanted:
            raise Refusal("AccessDenied", "Access Denied")


def install(world: World) -> None:
    """Change how the emulator keeps buckets."""
    creation()
    rules(world)
    owners()
