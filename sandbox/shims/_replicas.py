# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies of objects in other buckets, as replication makes them."""

from __future__ import annotations

import copy
from typing import Any

from moto.kms.models import kms_backends
from moto.s3.models import FakeDeleteMarker, FakeKey

from sandbox.replication.rules import Rule


class Failed(Exception):
    """A copy can't be made, and trying again would not help; the text says why."""


def tags_of(backend: Any, item: Any) -> dict[str, str]:
    """The tags of an object; a delete marker has none."""
    if isinstance(item, FakeDeleteMarker):
        return {}
    return dict(backend.tagger.get_tag_dict_for_resource(item.arn))


def find(bucket: Any, name: str, version: str) -> Any:
    """An object or a delete marker by its version; None if there is none."""
    return next((i for i in bucket.keys.getlist(name, []) if i.version_id == version), None)


def make(backend: Any, item: Any, rule: Rule) -> None:
    """Have a bucket hold the same version of an object, or the same delete marker.

    What is there already gets the tags and locks that the object has by now. Raises Failed.
    """
    bucket = backend.buckets.get(rule.bucket)
    if bucket is None:
        raise Failed("the destination bucket does not exist")
    if not bucket.is_versioned:
        raise Failed("the destination bucket has no versioning")
    there = find(bucket, item.name, item.version_id)
    if there is None:
        there = _marker(item) if isinstance(item, FakeDeleteMarker) else _key(bucket, item, rule)
        versions = [*bucket.keys.getlist(item.name, []), there]
        # The latest is the one that is told without a version; replication may overtake itself.
        bucket.keys.setlist(item.name, sorted(versions, key=lambda one: one.last_modified))
    if isinstance(there, FakeKey):
        backend.tagger.delete_all_tags_for_resource(there.arn)
        backend.tagger.copy_tags(item.arn, there.arn)
        for name in ("lock_mode", "lock_legal_status", "lock_until"):
            setattr(there, name, getattr(item, name))


def _marker(item: Any) -> Any:
    made: Any = copy.copy(item)
    made.replica = True
    return made


def _key(bucket: Any, item: Any, rule: Rule) -> Any:
    encryption, key, bucket_key = item.encryption, item.kms_key_id, item.bucket_key_enabled
    if encryption == "aws:kms":
        # One that is not named is S3's own, which can always be used.
        if item.kms_key_id:
            _usable(bucket.account_id, item.kms_key_id)
        key = rule.replica_key
        if key:
            key = _usable(bucket.account_id, key, bucket.region_name)
    made: Any = FakeKey(
        name=item.name,
        bucket_name=bucket.name,
        value=item.value,
        account_id=item.account_id,
        region_name=bucket.region_name,
        storage=rule.storage or item.storage_class,
        etag=item.etag.strip('"'),
        is_versioned=True,
        version_id=item.version_id,
        multipart=item.multipart,
        encryption=encryption,
        kms_key_id=key,
        bucket_key_enabled=bucket_key,
        checksum_value=item.checksum_value,
        checksum_type=item.checksum_type,
        checksum_parts=item.checksum_parts,
    )
    made.checksum_algorithm = item.checksum_algorithm
    made.last_modified = item.last_modified
    made.website_redirect_location = item.website_redirect_location
    made.set_metadata(dict(item.metadata))
    made.replica = True
    return made


def _usable(account: str, name: str, region: str = "") -> str:
    """The ARN of a key by its ARN, its id or an alias; an id that nobody knows stays as it is.

    Raises Failed where it cannot be used.
    """
    where = name.split(":")[3] if name.startswith("arn:") else ""
    if region and where != region:
        raise Failed(f"the key {name} is not in {region}")
    known = [
        _key_of(backend, name)
        for place, backend in list(kms_backends[account].items())
        if where in ("", place)
    ]
    found = [key for key in known if key]
    if where and not found:
        raise Failed(f"the key {name} does not exist")
    if found and found[0].key_state != "Enabled":
        raise Failed(f"the key {name} is {found[0].key_state}")
    return str(found[0].arn) if found else name


def _key_of(backend: Any, name: str) -> Any:
    alias = backend.get_alias_name(name)
    named = alias.startswith("alias/")
    number = backend.get_key_id_from_alias(alias) if named else backend.get_key_id(name)
    return backend.keys.get(number or "")
