# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is in a bucket, for the operation that destroys a site and for nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..aws.errors import Conflict
from ..aws.session import Aws

BATCH = 1000
# Below it is what is found out anew by each run, and of no use without the site.
DERIVED = "manifest/"


def holds(aws: Aws, name: str) -> bool:
    """Whether a bucket has anything in it, but what is derived."""
    return any(
        not item["Key"].startswith(DERIVED)
        for page in _versions(aws, name, "")
        for item in _listed(page)
    )


def empty(aws: Aws, name: str, guard: Callable[[], None] = lambda: None, prefix: str = "") -> int:
    """Deletes every object, version, marker and unfinished upload of a bucket, and counts them.

    guard: asked before each batch; raises where nothing may be written any more. prefix: of the
    keys of what is deleted.
    """
    s3, owner = aws.client("s3"), {"ExpectedBucketOwner": aws.scope.account}
    count = 0
    for page in _versions(aws, name, prefix):
        listed = _listed(page)
        objects = [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in listed]
        for start in range(0, len(objects), BATCH):
            guard()
            batch = {"Objects": objects[start : start + BATCH], "Quiet": True}
            failed = s3.delete_objects(Bucket=name, Delete=batch, **owner).get("Errors", [])
            if failed:
                first = failed[0]
                raise Conflict(f"bucket {name}: {first['Key']} stays: {first.get('Message', '')}")
        count += len(objects)
    uploads = s3.get_paginator("list_multipart_uploads")
    for page in uploads.paginate(Bucket=name, Prefix=prefix, **owner):
        for upload in page.get("Uploads", []):
            guard()
            s3.abort_multipart_upload(
                Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"], **owner
            )
            count += 1
    return count


def _versions(aws: Aws, name: str, prefix: str) -> Iterator[Mapping[str, Any]]:
    pages = aws.client("s3").get_paginator("list_object_versions")
    owner = {"ExpectedBucketOwner": aws.scope.account}
    yield from pages.paginate(Bucket=name, Prefix=prefix, **owner)


def _listed(page: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
