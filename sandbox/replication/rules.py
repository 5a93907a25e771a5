# SPDX-License-Identifier: GPL-3.0-or-later
"""Which rule of a bucket's replication takes an object.

After https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-add-config.html and
replication-what-is-isnot-replicated.html there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `markers` is whether it takes delete markers, `kms` objects under SSE-KMS.

    `bucket` is the destination's name, `replica_key` the key (ARN) for its copies of objects under
    SSE-KMS, `storage` their storage class ("" keeps it), `measured` whether there are metrics.
    """

    id: str
    priority: int
    enabled: bool
    bucket: str
    prefix: str = ""
    tags: frozenset[tuple[str, str]] = frozenset()
    markers: bool = False
    kms: bool = False
    replica_key: str = ""
    storage: str = ""
    measured: bool = False

    def takes(self, name: str, tags: Mapping[str, str]) -> bool:
        """Whether an object with this key and these tags is replicated."""
        return self.enabled and name.startswith(self.prefix) and self.tags <= set(tags.items())


def listed(value: Any) -> list[Any]:
    """What XML holds once or several times, as a list."""
    return [] if value is None else list(value) if isinstance(value, (list, tuple)) else [value]


def rules(configuration: Mapping[str, Any]) -> list[Rule]:
    """The rules of a configuration as XML says it."""
    return [_rule(given) for given in listed(configuration.get("Rule"))]


def _rule(given: Mapping[str, Any]) -> Rule:
    part = given.get("Filter") or {}
    both = part.get("And") or {}
    tags = [*listed(part.get("Tag")), *listed(both.get("Tag"))]
    target = given["Destination"]
    return Rule(
        id=str(given.get("ID", "")),
        priority=int(given.get("Priority") or 0),
        enabled=given.get("Status") == "Enabled",
        bucket=str(target["Bucket"]).rpartition(":")[2],
        prefix=given.get("Prefix") or part.get("Prefix") or both.get("Prefix") or "",
        tags=frozenset((tag["Key"], tag.get("Value") or "") for tag in tags),
        # Without a filter a rule is of the first version, which takes delete markers.
        markers=_on(given, "DeleteMarkerReplication") if "Filter" in given else True,
        kms=_on(given.get("SourceSelectionCriteria"), "SseKmsEncryptedObjects"),
        replica_key=(target.get("EncryptionConfiguration") or {}).get("ReplicaKmsKeyID") or "",
        storage=target.get("StorageClass") or "",
        measured=_on(target, "Metrics"),
    )


def _on(given: Mapping[str, Any] | None, name: str) -> bool:
    return ((given or {}).get(name) or {}).get("Status") == "Enabled"


def taking(every: Iterable[Rule], name: str, tags: Mapping[str, str]) -> list[Rule]:
    """The rules that take an object: of each destination the one with the highest priority."""
    best: dict[str, Rule] = {}
    for rule in sorted(every, key=lambda one: one.priority):
        if rule.takes(name, tags):
            best[rule.bucket] = rule
    return list(best.values())


def wrong(configuration: Mapping[str, Any], source: str) -> str:
    """Why S3 refuses a configuration for the bucket `source`; "" where it does not."""
    given = listed(configuration.get("Rule"))
    found = rules(configuration)
    for raw, rule in zip(given, found, strict=True):
        reason = _wrong_rule(raw, rule, source)
        if reason:
            return reason
    return _wrong_together(found)


def _wrong_rule(raw: Mapping[str, Any], rule: Rule, source: str) -> str:
    if rule.bucket == source:
        return "Destination bucket cannot be the same as the source bucket."
    if "Filter" in raw and "DeleteMarkerReplication" not in raw:
        return "DeleteMarkerReplication must be specified for this version of the configuration."
    if rule.tags and rule.markers:
        return "Delete marker replication is not supported if any Tag filter is specified."
    if rule.kms and not rule.replica_key:
        return "ReplicaKmsKeyID must be specified if SseKmsEncryptedObjects tag is present."
    if rule.replica_key and "SseKmsEncryptedObjects" not in (
        raw.get("SourceSelectionCriteria") or {}
    ):
        return "SseKmsEncryptedObjects must be specified if EncryptionConfiguration is present."
    if _on(raw["Destination"], "ReplicationTime") and not rule.measured:
        return "Metrics must be specified if ReplicationTime is present."
    return ""


def _wrong_together(found: Sequence[Rule]) -> str:
    if len({rule.id for rule in found if rule.id}) < sum(bool(rule.id) for rule in found):
        return "Rule Id must be unique."
    priorities = [rule.priority for rule in found if rule.priority]
    if len(set(priorities)) < len(priorities):
        return "Rule priority must be unique."
    return ""
