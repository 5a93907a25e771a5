# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is in a bucket, for the operation that destroys a site and for nothing else."""

from __future__ import annotations

from collections.abc import Callable

from ..aws.errors import Conflict
from ..aws.session import Aws

BATCH = 1000


def empty(aws: Aws, name: str, guard: Callable[[], None] = lambda: None) -> int:
    """Deletes every object, version, marker and unfinished upload of a bucket, and counts them.

    guard: asked before each batch; raises where nothing may be written any more.
    """
    s3, owner = aws.client("s3"), {"ExpectedBucketOwner": aws.scope.account}
    count = 0
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name, **owner):
        listed = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        objects = [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in listed]
        for start in range(0, len(objects), BATCH):
            guard()
            batch = {"Objects": objects[start : start + BATCH], "Quiet": True}
            failed = s3.delete_objects(Bucket=name, Delete=batch, **owner).get("Errors", [])
            if failed:
                first = failed[0]
                raise Conflict(f"bucket {name}: {first['Key']} stays: {first.get('Message', '')}")
        count += len(objects)
    for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=name, **owner):
        for upload in page.get("Uploads", []):
            guard()
            s3.abort_multipart_upload(
                Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"], **owner
            )
            count += 1
    return count
