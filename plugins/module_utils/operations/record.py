# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The record of releases: what ran where, when, and by whom, an object for each.

`records/<application>/<release>/<time>.json` in the bucket of releases, which keeps versions and is
copied to the recovery site. Nothing is ever written over.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping
from typing import Any

from ..aws.errors import Meaning, meaning
from ..aws.session import Aws
from ..converge.holder import who
from ..converge.intake import Params, declared, refusal
from ..converge.run import learn_secrets, refusals, require_sdk
from ..converge.site import Converger
from ..declaration.fields import REQUIRED, Field, read
from .artifact import APPLICATION, RELEASE, key_of, published

SUCCEEDED = "succeeded"
FAILED = "failed"
FIELDS = (
    APPLICATION,
    RELEASE,
    Field("sha256", "str", "the SHA-256 of the artifact", "9f86d081884c7d65...", ""),
    Field("outcome", "str", "what became of it", SUCCEEDED, REQUIRED, choices=(SUCCEEDED, FAILED)),
    Field("reason", "str", "why it failed, in a sentence", "not ready within an hour", ""),
    Field("allowed", "str", "why it may run here", "staging has passed it", ""),
    Field("override", "str", "why it was released all the same", "staging is being rebuilt", ""),
    Field("began", "str", "when, as ISO 8601", "2026-11-27T12:00:00Z", ""),
    Field("operator", "str", "who, and on which machine", "ada@laptop", ""),
    Field("images", "dict", "the image by site", {"home": "ami-0a1b2c3d4e5f60718"}, {}),
    Field("first", "bool", "whether it is the first that is recorded", True, False),
)
Record = Mapping[str, Any]


def write(params: Params, *, dry: bool) -> dict[str, Any]:
    """Adds a record, and answers it with its key. Raises Refusal.

    A run that changed nothing says again what the newest record says, and adds none. With `first`
    none is added either where any release has succeeded before, or this one was tried: what became
    of a release says who released it. Its artifact is the one that is published.
    """
    learn_secrets(params)
    task = declared(params, ())
    options, problems = read(FIELDS, params, only=False)
    if problems:
        raise refusal(problems)
    require_sdk()
    with refusals(task), Converger(task) as converger:
        aws, first = converger.account, options.pop("first")
        bucket, application = aws.scope.bucket("releases"), options["application"]
        done = _before(aws, bucket, application, options["release"]) if first else {}
        if done:
            return {"changed": False, "key": "", "record": done}
        aws.verify_account()
        now = datetime.datetime.now(datetime.UTC)
        artifact = key_of(application, options["release"])
        record = {
            **options,
            "sha256": options["sha256"] or (published(aws, artifact) if first else ""),
            "operator": options["operator"] or who(),
            "environment": aws.scope.environment,
            "ended": now.isoformat(timespec="seconds"),
            "by": str(aws.client("sts").get_caller_identity()["Arn"]),
        }
        last = newest(aws, bucket, application)
        if _says_the_same(last, record):
            return {"changed": False, "key": "", "record": last}
        key = f"{folder(application, options['release'])}{now:%Y%m%dT%H%M%S.%fZ}.json"
        if not dry:
            aws.client("s3").put_object(
                Bucket=bucket,
                Key=key,
                Body=json.dumps(record, indent=2).encode(),
                ContentType="application/json",
                IfNoneMatch="*",
            )
        return {"changed": True, "key": key, "record": record}


def _before(aws: Aws, bucket: str, application: str, release: str) -> Record:
    """The first record of a success, or of this release; {} where there is neither."""
    every = (_read(aws, bucket, key) for key in _keys(aws, bucket, folder(application)))
    return next((r for r in every if r["outcome"] == SUCCEEDED or r["release"] == release), {})


def _says_the_same(last: Record, record: Record) -> bool:
    what = ("release", "sha256", "outcome", "images")
    is_same = all(last.get(name) == record[name] for name in what)
    return record["outcome"] == SUCCEEDED and is_same


def folder(application: str, release: str = "") -> str:
    """Where the records of a release are, or those of all."""
    return f"records/{application}/{release}/" if release else f"records/{application}/"


def records(aws: Aws, bucket: str, application: str, release: str) -> list[Record]:
    """All records of a release in a bucket, the oldest first; none where there is no bucket."""
    keys = _keys(aws, bucket, folder(application, release))
    return [_read(aws, bucket, key) for key in keys]


def newest(aws: Aws, bucket: str, application: str) -> Record:
    """The last record of all releases; {} where there is none."""
    keys = _keys(aws, bucket, folder(application))
    return _read(aws, bucket, keys[-1]) if keys else {}


def passed(found: Iterable[Record], sha256: str) -> bool:
    """Whether these very bytes were released with success."""
    return any(one["outcome"] == SUCCEEDED and one["sha256"] == sha256 for one in found)


def _keys(aws: Aws, bucket: str, prefix: str) -> list[str]:
    """Those of all records below a prefix, by their time."""
    client = aws.client("s3")
    try:
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        found = [item["Key"] for page in pages for item in page.get("Contents", ())]
    except Exception as error:
        if meaning(error) is Meaning.ABSENT:
            return []
        raise
    return sorted(found, key=lambda key: key.rpartition("/")[2])


def _read(aws: Aws, bucket: str, key: str) -> Record:
    body = aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"]
    record: Record = json.loads(body.read())
    return record
