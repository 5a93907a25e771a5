# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bucket. Its name says whose it is; every call names the account that must own it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

from ..aws.errors import not_ours
from ..aws.scope import pairs
from ..aws.session import Aws
from ..aws.view import View
from ..engine import canon
from ..engine.model import Change, Have, Rules, Want
from . import bucket_settings as settings
from .arn_tags import tags_of
from .base import Kind, changed, have_for, tag_edits

# CreateBucket knows no constraint of this name: the region without one.
DEFAULT_REGION = "us-east-1"


class Bucket(Kind):
    """spec: name, versioning (bool), encryption {algorithm, key, bucket_key}, policy (document),
    private (bool, all four blocks of public access), lifecycle {abort_days, noncurrent_days,
    expire_days; 0 is never}, tags. facts: id, name, arn. Settled: versioned.
    """

    name: ClassVar[str] = "bucket"
    rules: ClassVar[Rules] = Rules(replace=frozenset({"name"}), stateful=True, rank=20)
    services: ClassVar[tuple[str, ...]] = ("s3", "resourcegroupstaggingapi")

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        if not wants:
            return []
        with ThreadPoolExecutor(len(wants)) as pool:
            return [have for have in pool.map(lambda want: _find(view, want), wants) if have]

    def taken(self, view: View, want: Want) -> str:
        name = str(want.spec["name"])
        if settings.versioned(view, name) is None:
            return ""
        return "" if _may_adopt(view, name, bucket_tags(view, name)) else name

    def create(self, aws: Aws, want: Want) -> Have:
        name, tags = want.spec["name"], want.spec["tags"]
        found = bucket_tags(View(aws), name)
        if not _may_adopt(View(aws), name, found):
            raise not_ours(f"bucket {name}", aws.scope.prefix)
        configuration: dict[str, Any] = {"Tags": pairs(tags)}
        if aws.scope.region != DEFAULT_REGION:
            configuration["LocationConstraint"] = aws.scope.region
        aws.once("s3").create_bucket(
            Bucket=name,
            CreateBucketConfiguration=configuration,
            ObjectOwnership="BucketOwnerEnforced",
        )
        # A bucket that was there is answered like a new one where AWS has always done so.
        settings.call(aws, "put_bucket_tagging", name, Tagging={"TagSet": pairs(tags)})
        settings.write(aws, name, want.spec, settings.KEYS)
        return have_for(want, _facts(want))

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        settings.write(aws, have.facts["name"], want.spec, changed(changes))
        put, drop = tag_edits(changes)
        if put or drop:
            # S3 replaces all tags at once, so those of others are read first and written back.
            tags = {**(bucket_tags(View(aws), have.facts["name"]) or {}), **put}
            kept = {key: value for key, value in tags.items() if key not in drop}
            settings.call(
                aws, "put_bucket_tagging", have.facts["name"], Tagging={"TagSet": pairs(kept)}
            )
        return Have(self.name, want.id, dict(want.spec), have.facts, True, "versioned")

    def delete(self, aws: Aws, have: Have) -> None:
        """Removes an empty bucket; bucket_content.empty is an act of its own."""
        settings.call(aws, "delete_bucket", have.facts["name"])


def bucket_tags(view: View, name: str) -> dict[str, str] | None:
    """The tags as S3 itself tells them; None for no tags, or no bucket."""
    owner = {"ExpectedBucketOwner": view.scope.account}
    answer = view.call("s3", "get_bucket_tagging", Bucket=name, **owner)
    return canon.tags(answer["TagSet"]) if answer else None


def _find(view: View, want: Want) -> Have | None:
    name = want.spec["name"]
    versioned = settings.versioned(view, name)
    if versioned is None:
        return None
    status = "versioned" if versioned else "not versioned"
    if want.given:
        return Have("bucket", want.id, {}, _facts(want), versioned, status)
    arn = view.scope.arn("s3", name, regional=False)
    tags = tags_of(view, arn, [want], lambda: bucket_tags(view, name) or {})
    if not _may_adopt(view, name, tags):
        return None
    spec = {"name": name, **settings.read(view, name), "versioning": versioned, "tags": tags}
    foreign = settings.foreign(view, name)
    return Have("bucket", want.id, spec, _facts(want), versioned, status, foreign)


def _may_adopt(view: View, name: str, tags: Mapping[str, str] | None) -> bool:
    """Ours, or the rest of a killed run: of our exact name, and with no tag and no object."""
    if tags:
        return view.scope.owns(tags, "bucket")
    owner = {"ExpectedBucketOwner": view.scope.account}
    found = view.call("s3", "list_object_versions", Bucket=name, MaxKeys=1, **owner) or {}
    return not (found.get("Versions") or found.get("DeleteMarkers"))


def _facts(want: Want) -> dict[str, str]:
    name = want.spec["name"]
    return {"id": name, "name": name, "arn": f"arn:aws:s3:::{name}"}
