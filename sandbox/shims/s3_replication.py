# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects are replicated between buckets."""

from __future__ import annotations

import sys
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.s3.exceptions import S3ClientError as Refusal
from moto.s3.models import FakeDeleteMarker, FakeKey, S3Backend, s3_backends
from moto.s3.responses import S3Response

from sandbox.replication.rules import Rule, rules, taking, wrong
from sandbox.shims import Hook, _replicas
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "New objects are copied as the rules of their bucket say, with version, metadata and tags; "
    "delete markers too, where a rule takes them. Deleted versions stay in the copy.",
    "HeadObject and GetObject tell the replication status: PENDING, COMPLETED, FAILED, REPLICA.",
    "Objects under SSE-KMS are copied only by rules that name the key of the copy.",
    "What goes from, to or between regions that cannot be reached waits, and then goes on.",
    "AWS/S3 of the source's region has latency, backlog and failures of the rules that are to be "
    "measured, every minute.",
    "Rules that S3 does not take are refused, and a source bucket keeps its versioning.",
)
HOOKS: tuple[Hook, ...] = (
    (S3Backend, "put_object", ("bucket_name", "key_name", "value")),
    (S3Backend, "put_object_tagging", ("key", "tags")),
    (S3Backend, "put_object_retention", ("bucket_name", "key_name", "version_id")),
    (S3Backend, "put_object_legal_hold", ("bucket_name", "key_name", "version_id")),
    (S3Backend, "delete_object_tagging", ("bucket_name", "key_name", "version_id")),
    (S3Backend, "_set_delete_marker", ("bucket_name", "key_name")),
    (S3Backend, "put_bucket_replication", ("bucket_name", "replication")),
    (S3Backend, "put_bucket_versioning", ("bucket_name", "status")),
    (S3Response, "_key_response", ("request", "full_url")),
    (S3Response, "_bucket_response", ("request", "full_url")),
    (FakeKey, "response_dict", ()),
    (FakeDeleteMarker, "version_id", ()),
)
_PENDING, _DONE, _FAILED = "PENDING", "COMPLETED", "FAILED"


def status(item: Any) -> str:
    """What HeadObject tells of an object's replication; "" for one that no rule takes."""
    if getattr(item, "replica", False):
        return "REPLICA"
    states = set(getattr(item, "replication", {}).values())
    return next((one for one in (_FAILED, _PENDING, _DONE) if one in states), "")


class Replication:
    """What is on its way between buckets. Every call is made under the world's lock.

    What is noted in a request is planned at its end, when an object has its metadata and its tags.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._noted: list[tuple[Any, str, Any]] = []
        self._held: list[tuple[Any, str, Any, Rule]] = []
        self._begun: dict[tuple[int, str], float] = {}
        self._latencies: dict[tuple[str, str, str], list[float]] = {}
        self._failures: dict[tuple[str, str, str], int] = {}
        world.on_reset(self._forget)
        world.on_disturbance(self._resume)
        self._ticking = world.ticking(60.0, self._measure)

    def note(self, backend: Any, bucket: str, item: Any) -> None:
        """An object or a delete marker is new, or was changed."""
        if not any(item is noted for _, _, noted in self._noted):
            self._noted.append((backend, bucket, item))

    def plan(self) -> None:
        """Have what was noted be copied, if a rule takes it."""
        noted, self._noted = self._noted, []
        for backend, name, item in noted:
            bucket = backend.buckets.get(name)
            configuration = getattr(bucket, "replication", None)
            if not configuration or not bucket.is_versioned or getattr(item, "replica", False):
                continue
            tags = _replicas.tags_of(backend, item)
            for rule in taking(rules(configuration), item.name, tags):
                if self._wanted(item, rule):
                    self._begin(backend, name, item, rule)

    @staticmethod
    def _wanted(item: Any, rule: Rule) -> bool:
        if isinstance(item, FakeDeleteMarker):
            return rule.markers
        return item.encryption != "aws:kms" or rule.kms

    def _begin(self, backend: Any, bucket: str, item: Any, rule: Rule) -> None:
        item.__dict__.setdefault("replication", {})[rule.bucket] = _PENDING
        self._begun.setdefault((id(item), rule.bucket), self._world.now().timestamp())
        if rule.measured:
            self._ticking.start("replication metrics")
        self._send(backend, bucket, item, rule)

    def _send(self, backend: Any, bucket: str, item: Any, rule: Rule) -> None:
        label = f"{item.name} is copied from {bucket} to {rule.bucket}"

        def arrive() -> None:
            self._arrive(backend, bucket, item, rule)

        self._world.later(self._world.seconds("s3_replication"), arrive, label)

    def _arrive(self, backend: Any, bucket: str, item: Any, rule: Rule) -> None:
        if self._unreachable(backend, bucket, rule.bucket):
            self._held.append((backend, bucket, item, rule))
            return
        begun = self._begun.pop((id(item), rule.bucket), self._world.now().timestamp())
        source = backend.buckets.get(bucket)
        if source is None or _replicas.find(source, item.name, item.version_id) is not item:
            return  # It was deleted meanwhile.
        try:
            _replicas.make(backend, item, rule)
        except _replicas.Failed as problem:
            # S3 does not try again; "You must upload the object again", says its guide.
            item.replication[rule.bucket] = _FAILED
            print(f"sandbox: {item.name} stays out of {rule.bucket}: {problem}", file=sys.stderr)
            place = (bucket, rule.bucket, rule.id)
            self._failures[place] = self._failures.get(place, 0) + 1
        else:
            item.replication[rule.bucket] = _DONE
        if rule.measured:
            latency = self._world.now().timestamp() - begun
            # As long as it would have been on AWS.
            latency *= self._world.speed or 1.0
            self._latencies.setdefault((bucket, rule.bucket, rule.id), []).append(latency)

    def _unreachable(self, backend: Any, source: str, target: str) -> bool:
        found = (backend.buckets.get(name) for name in (source, target))
        regions = [bucket.region_name for bucket in found if bucket is not None]
        return bool(regions) and self._world.severed(regions[0], regions[-1])

    def _resume(self) -> None:
        held, self._held = self._held, []
        for backend, bucket, item, rule in held:
            if self._unreachable(backend, bucket, rule.bucket):
                self._held.append((backend, bucket, item, rule))
            else:
                self._send(backend, bucket, item, rule)

    def _forget(self) -> None:
        self._noted, self._held = [], []
        self._begun.clear()
        self._latencies.clear()
        self._failures.clear()

    def _measure(self) -> None:
        for account, partitions in list(s3_backends.items()):
            for backend in list(partitions.values()):
                for bucket in list(backend.buckets.values()):
                    for rule in rules(getattr(bucket, "replication", None) or {}):
                        if rule.measured and bucket.region_name not in self._world.dark:
                            data = self._data(bucket, rule)
                            region = cloudwatch_backends[account][bucket.region_name]
                            region.put_metric_data("AWS/S3", data)

    def _data(self, bucket: Any, rule: Rule) -> list[dict[str, Any]]:
        """The metrics of one rule since they were asked for last."""
        items = [
            item
            for versions in dict.values(bucket.keys)
            for item in versions
            if getattr(item, "replication", {}).get(rule.bucket) == _PENDING
        ]
        place = (bucket.name, rule.bucket, rule.id)
        latencies = self._latencies.pop(place, [])
        now = self._world.now().timestamp()
        waiting = [
            (now - self._begun.get((id(item), rule.bucket), now)) * (self._world.speed or 1.0)
            for item in items
        ]
        size = sum(item.size for item in items if isinstance(item, FakeKey))
        values = {
            "ReplicationLatency": (max([*latencies, *waiting], default=0.0), "Seconds"),
            "OperationsPendingReplication": (float(len(items)), "Count"),
            "BytesPendingReplication": (float(size), "Bytes"),
            "OperationsFailedReplication": (float(self._failures.pop(place, 0)), "Count"),
        }
        dimensions = [
            {"Name": "SourceBucket", "Value": bucket.name},
            {"Name": "DestinationBucket", "Value": rule.bucket},
            {"Name": "RuleId", "Value": rule.id},
        ]
        return [
            {"MetricName": name, "Value": value, "Unit": unit, "Dimensions": dimensions}
            for name, (value, unit) in values.items()
        ]


def noting(replication: Replication) -> None:
    @wrap(S3Backend, "put_object")
    def put_object(original: Any, self: Any, bucket_name: str, *args: Any, **kwargs: Any) -> Any:
        key = original(bucket_name, *args, **kwargs)
        replication.note(self, bucket_name, key)
        return key

    @wrap(S3Backend, "put_object_tagging")
    def put_object_tagging(original: Any, self: Any, key: Any, *args: Any, **kwargs: Any) -> Any:
        answer = original(key, *args, **kwargs)
        note_change(self, key)
        return answer

    for name in ("put_object_retention", "put_object_legal_hold", "delete_object_tagging"):

        @wrap(S3Backend, name)
        def change(
            original: Any,
            self: Any,
            bucket_name: str,
            key_name: str,
            version_id: str | None = None,
            *args: Any,
            **kwargs: Any,
        ) -> None:
            original(bucket_name, key_name, version_id, *args, **kwargs)
            note_change(self, self.get_object(bucket_name, key_name, version_id))

    @wrap(S3Backend, "_set_delete_marker")
    def set_delete_marker(original: Any, self: Any, bucket_name: str, key_name: str) -> Any:
        marker = original(bucket_name, key_name)
        replication.note(self, bucket_name, marker)
        return marker

    def note_change(backend: Any, key: Any) -> None:
        # Only of what is replicated: what was there before the rules stays where it is.
        if key is not None and getattr(key, "replication", None):
            replication.note(backend, key.bucket_name, key)

    for name in ("_key_response", "_bucket_response"):

        @wrap(S3Response, name)
        def respond(original: Any, _self: Any, request: Any, full_url: str) -> Any:
            answer = original(request, full_url)
            replication.plan()
            return answer


def telling() -> None:
    before: Any = FakeKey.response_dict

    def response_dict(self: Any) -> dict[str, Any]:
        told: dict[str, Any] = before.fget(self)
        found = status(self)
        return {**told, "x-amz-replication-status": found} if found else told

    FakeKey.response_dict = property(response_dict)  # type: ignore[method-assign,assignment]


def refusing() -> None:
    @wrap(S3Backend, "put_bucket_replication")
    def put_bucket_replication(
        original: Any, self: Any, bucket_name: str, replication: dict[str, Any]
    ) -> None:
        reason = wrong(replication, bucket_name)
        if reason:
            raise Refusal("InvalidRequest", reason)
        original(bucket_name, replication)

    @wrap(S3Backend, "put_bucket_versioning")
    def put_bucket_versioning(original: Any, self: Any, bucket_name: str, status: str) -> None:
        bucket = self.get_bucket(bucket_name)
        if status != "Enabled" and getattr(bucket, "replication", None):
            raise Refusal(
                "InvalidBucketState",
                "A replication configuration is present on this bucket, so the versioning state "
                "cannot be changed.",
            )
        original(bucket_name, status)


def install(world: World) -> None:
    """Have the emulator's buckets replicate."""
    noting(Replication(world))
    telling()
    refusing()
