# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The settings of a bucket, each with calls of its own, read and written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..aws.session import Aws
from ..aws.view import View
from ..engine import canon
from .documents import document

KEYS = frozenset({"versioning", "encryption", "policy", "private", "lifecycle"})
RULE = "phoenix"
BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def call(aws: Aws, operation: str, bucket: str, **arguments: Any) -> Any:
    """One S3 call about a bucket, refused by AWS if another account owns it."""
    return getattr(aws.client("s3"), operation)(
        Bucket=bucket, ExpectedBucketOwner=aws.scope.account, **arguments
    )


def versioned(view: View, bucket: str) -> bool | None:
    """Whether versions are kept; None where there is no such bucket."""
    answer = _get(view, "get_bucket_versioning", bucket)
    return None if answer is None else answer.get("Status") == "Enabled"


def read(view: View, bucket: str) -> dict[str, Any]:
    """All settings but versioning, of a bucket that is there. Four requests."""
    policy = _get(view, "get_bucket_policy", bucket)
    access = _get(view, "get_public_access_block", bucket) or {}
    blocks = access.get("PublicAccessBlockConfiguration", {})
    return {
        "encryption": _encryption(_get(view, "get_bucket_encryption", bucket)),
        "policy": canon.policy(policy["Policy"]) if policy else {},
        "private": all(blocks.get(name) for name in BLOCKS),
        "lifecycle": _lifecycle(view, bucket),
    }


def foreign(view: View, bucket: str) -> tuple[str, ...]:
    """Names of lifecycle rules that are not ours; no request after `read`."""
    answer = _get(view, "get_bucket_lifecycle_configuration", bucket) or {}
    names = [str(rule.get("ID", "")) for rule in answer.get("Rules", [])]
    return tuple(f"lifecycle rule {name} of {bucket}" for name in names if name != RULE)


def write(aws: Aws, bucket: str, spec: Mapping[str, Any], keys: frozenset[str]) -> None:
    """Sets what is among the keys. Access is closed first; a policy may need it to be."""
    if "private" in keys:
        blocks = dict.fromkeys(BLOCKS, spec["private"])
        call(aws, "put_public_access_block", bucket, PublicAccessBlockConfiguration=blocks)
    if "policy" in keys:
        call(aws, "put_bucket_policy", bucket, Policy=document(spec["policy"]))
    if "versioning" in keys:
        status = {"Status": "Enabled" if spec["versioning"] else "Suspended"}
        call(aws, "put_bucket_versioning", bucket, VersioningConfiguration=status)
    if "encryption" in keys:
        rules = {"Rules": [_encryption_rule(spec["encryption"])]}
        call(aws, "put_bucket_encryption", bucket, ServerSideEncryptionConfiguration=rules)
    if "lifecycle" in keys:
        _write_lifecycle(aws, bucket, spec["lifecycle"])


def _get(view: View, operation: str, bucket: str) -> Any:
    owner = view.scope.account
    return view.call("s3", operation, Bucket=bucket, ExpectedBucketOwner=owner)


def _encryption(answer: Any) -> dict[str, Any]:
    rules = answer["ServerSideEncryptionConfiguration"]["Rules"] if answer else [{}]
    default = rules[0].get("ApplyServerSideEncryptionByDefault", {})
    return {
        "algorithm": default.get("SSEAlgorithm", ""),
        "key": default.get("KMSMasterKeyID", ""),
        "bucket_key": bool(rules[0].get("BucketKeyEnabled")),
    }


def _encryption_rule(spec: Mapping[str, Any]) -> dict[str, Any]:
    default = {"SSEAlgorithm": spec["algorithm"]}
    if spec["key"]:
        default["KMSMasterKeyID"] = spec["key"]
    return {
        "ApplyServerSideEncryptionByDefault": default,
        "BucketKeyEnabled": spec["bucket_key"],
    }


def _lifecycle(view: View, bucket: str) -> dict[str, int]:
    """Our rule in days; nothing if it is off, or not for the whole bucket. Others' are theirs."""
    answer = _get(view, "get_bucket_lifecycle_configuration", bucket) or {}
    for rule in answer.get("Rules", []):
        part = rule.get("Prefix") or any((rule.get("Filter") or {}).values())
        if rule.get("ID") == RULE and rule["Status"] == "Enabled" and not part:
            unfinished = rule.get("AbortIncompleteMultipartUpload", {})
            noncurrent = rule.get("NoncurrentVersionExpiration", {})
            return {
                "abort_days": unfinished.get("DaysAfterInitiation", 0),
                "noncurrent_days": noncurrent.get("NoncurrentDays", 0),
                "expire_days": rule.get("Expiration", {}).get("Days", 0),
            }
    return {}


def _write_lifecycle(aws: Aws, bucket: str, spec: Mapping[str, int]) -> None:
    """S3 replaces all rules at once, so those of others are read first and written back."""
    answer = _get(View(aws), "get_bucket_lifecycle_configuration", bucket) or {}
    others = [rule for rule in answer.get("Rules", []) if rule.get("ID") != RULE]
    days = spec["expire_days"]
    ours = {
        "ID": RULE,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": spec["abort_days"]},
        "NoncurrentVersionExpiration": {"NoncurrentDays": spec["noncurrent_days"]},
        "Expiration": {"Days": days} if days else {"ExpiredObjectDeleteMarker": True},
    }
    rules = {"Rules": [*others, ours]}
    call(aws, "put_bucket_lifecycle_configuration", bucket, LifecycleConfiguration=rules)
