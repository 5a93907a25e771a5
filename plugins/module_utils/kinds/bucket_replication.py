# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Replication of a bucket's objects into a bucket of another region."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ..aws.session import Aws
from ..aws.view import View
from ..engine.model import Change, Have, Rules, Want
from .base import Kind, have_for, sought
from .bucket_settings import call
from .iam_role_reading import listed

# The buckets that may be copied, and the role that S3 does it in.
COPIED = ("releases", "backups")
ROLE = "replication"
RULE = "phoenix"
PRIORITY = 1


class BucketReplication(Kind):
    """spec: bucket, role (ARN), destination (ARN), key (ARN or alias ARN), delete_markers,
    enabled (bool). facts: id (the bucket). Rules of others in the same bucket stay.
    """

    name: ClassVar[str] = "bucket_replication"
    rules: ClassVar[Rules] = Rules(replace=frozenset({"bucket"}), rank=40)
    services: ClassVar[tuple[str, ...]] = ("s3", "iam")

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        for want in sought(wants, self.name, *(COPIED if _copies(view) else ())):
            bucket = want.spec.get("bucket", view.scope.bucket(want.id))
            found = _configuration(view, bucket)
            ours = [rule for rule in found.get("Rules", []) if rule.get("ID") == RULE]
            others = [str(rule.get("ID", "")) for rule in found.get("Rules", [])]
            if ours:
                yield Have(
                    self.name,
                    want.id,
                    {"bucket": bucket, "role": found.get("Role", ""), **_spec(ours[0])},
                    {"id": bucket},
                    foreign=tuple(
                        f"replication rule {name} of {bucket}" for name in others if name != RULE
                    ),
                )

    def create(self, aws: Aws, want: Want) -> Have:
        _put(aws, want.spec)
        return have_for(want, {"id": want.spec["bucket"]})

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        _put(aws, want.spec)
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        bucket = have.facts["id"]
        found = _configuration(View(aws), bucket)
        others = [rule for rule in found.get("Rules", []) if rule.get("ID") != RULE]
        if others:
            left = {"Role": found["Role"], "Rules": others}
            call(aws, "put_bucket_replication", bucket, ReplicationConfiguration=left)
        else:
            call(aws, "delete_bucket_replication", bucket)


def _copies(view: View) -> bool:
    """Whether this site is copied from, or has been: S3 copies in a role, which goes last."""
    name = view.scope.name(ROLE)
    return view.scope.stands == "home" or any(r["RoleName"] == name for r in listed(view))


def _configuration(view: View, bucket: str) -> Mapping[str, Any]:
    owner = view.scope.account
    answer = view.call("s3", "get_bucket_replication", Bucket=bucket, ExpectedBucketOwner=owner)
    found: Mapping[str, Any] = answer["ReplicationConfiguration"] if answer else {}
    return found


def _spec(rule: Mapping[str, Any]) -> dict[str, Any]:
    target = rule.get("Destination", {})
    part = rule.get("Prefix") or any((rule.get("Filter") or {}).values())
    return {
        "destination": target.get("Bucket", ""),
        "key": target.get("EncryptionConfiguration", {}).get("ReplicaKmsKeyID", ""),
        "delete_markers": rule.get("DeleteMarkerReplication", {}).get("Status") == "Enabled",
        "enabled": rule.get("Status") == "Enabled" and not part,
    }


def _put(aws: Aws, spec: Mapping[str, Any]) -> None:
    """S3 replaces all rules at once, so those of others are read first and written back."""
    found = _configuration(View(aws), spec["bucket"])
    others = [rule for rule in found.get("Rules", []) if rule.get("ID") != RULE]
    ours = {
        "ID": RULE,
        "Priority": PRIORITY,
        "Status": "Enabled" if spec["enabled"] else "Disabled",
        "Filter": {"Prefix": ""},
        # Without this, S3 leaves out objects that are encrypted with a customer key.
        "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
        "DeleteMarkerReplication": {"Status": "Enabled" if spec["delete_markers"] else "Disabled"},
        "Destination": {
            "Bucket": spec["destination"],
            "EncryptionConfiguration": {"ReplicaKmsKeyID": spec["key"]},
        },
    }
    configuration = {"Role": spec["role"], "Rules": [*others, ours]}
    call(aws, "put_bucket_replication", spec["bucket"], ReplicationConfiguration=configuration)
