# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What has become of the newest objects that S3 is to copy to the other site."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import Any

from ...aws.view import View
from .. import journal as journals
from .. import manifest

NEWEST = 3  # objects of a bucket that are looked at, for S3 tells it of one at a time
PAGE = 1000
LOOKED_BACK = datetime.timedelta(days=30)
FAILED = "FAILED"
NEVER = datetime.datetime.min.replace(tzinfo=datetime.UTC)


def failed(here: View, there: View, now: datetime.datetime) -> list[tuple[str, str]]:
    """Purpose of the bucket and key of those that S3 was to copy from there, has failed to and
    tries no more, and that nobody has copied since.
    """
    return [
        (purpose, key)
        for purpose, key in _newest(there, now)
        if (source := _told(there, purpose, key)).get("ReplicationStatus") == FAILED
        and _told(here, purpose, key).get("LastModified", NEVER) < source["LastModified"]
    ]


def _told(view: View, purpose: str, key: str) -> Mapping[str, Any]:
    """What S3 tells of an object, {} where it is not there."""
    bucket = view.scope.bucket(purpose)
    found: Mapping[str, Any] | None = view.call("s3", "head_object", Bucket=bucket, Key=key)
    return found or {}


def _newest(view: View, now: datetime.datetime) -> Iterator[tuple[str, str]]:
    for key in _listed(view, "releases", "", "")[:NEWEST]:
        yield "releases", key
    yield "backups", manifest.key(view.aws)
    # The names of what operations keep begin with a time. Others there are copies themselves.
    own = journals.folder(view.aws)
    since = f"{own}{now - LOOKED_BACK:{journals.STAMP}}"
    for key in _listed(view, "backups", own, since)[: NEWEST - 1]:
        yield "backups", key


def _listed(view: View, purpose: str, prefix: str, after: str) -> list[str]:
    """The keys of one page, the newest object first."""
    bucket = view.scope.bucket(purpose)
    answer = view.call(
        "s3", "list_objects_v2", Bucket=bucket, Prefix=prefix, StartAfter=after, MaxKeys=PAGE
    )
    found = answer.get("Contents", []) if answer else []
    return [item["Key"] for item in sorted(found, key=lambda one: one["LastModified"])[::-1]]
