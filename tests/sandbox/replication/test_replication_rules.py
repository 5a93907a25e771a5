# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of replication take what S3 documents, and are refused where S3 refuses them."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.replication.rules import rules, taking, wrong


def rule(to: str = "west", **more: Any) -> dict[str, Any]:
    return {
        "ID": f"to-{to}",
        "Priority": "1",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{to}"},
        **more,
    }


def taken(*given: dict[str, Any], name: str = "logs/a", **tags: str) -> list[str]:
    return [one.id for one in taking(rules({"Rule": list(given)}), name, tags)]


TAG = {"Key": "keep", "Value": "yes"}


@pytest.mark.parametrize(
    ("part", "tags", "expected"),
    [
        ({"Prefix": "logs/"}, {}, True),
        ({"Prefix": "data/"}, {}, False),
        ({"Prefix": None}, {}, True),
        ({"Tag": TAG}, {"keep": "yes", "more": "x"}, True),
        ({"Tag": TAG}, {"keep": "no"}, False),
        ({"And": {"Prefix": "logs/", "Tag": [TAG]}}, {"keep": "yes"}, True),
        ({"And": {"Prefix": "data/", "Tag": TAG}}, {"keep": "yes"}, False),
        ({"And": {"Prefix": "logs/", "Tag": [TAG]}}, {}, False),
    ],
)
def test_a_filter_takes_by_prefix_and_tags(
    part: dict[str, Any], tags: dict[str, str], expected: bool
) -> None:
    assert bool(taken(rule(Filter=part), **tags)) is expected


def test_a_rule_that_is_off_takes_nothing() -> None:
    assert taken(rule(Status="Disabled")) == []


def test_of_each_destination_the_highest_priority_decides() -> None:
    low = rule(ID="low", Priority="1")
    high = rule(ID="high", Priority="7")
    other = rule("south", Priority="3")
    assert sorted(taken(high, low, other)) == ["high", "to-south"]
    assert sorted(taken({**high, "Status": "Disabled"}, low, other)) == ["low", "to-south"]


def test_a_rule_of_the_first_version_takes_delete_markers_and_its_own_prefix() -> None:
    old = rule(Prefix="logs/")
    del old["Filter"], old["DeleteMarkerReplication"]
    [found] = rules({"Rule": old})
    assert (found.markers, found.prefix) == (True, "logs/")


KMS = {"SseKmsEncryptedObjects": {"Status": "Enabled"}}
TARGET = {"Bucket": "arn:aws:s3:::west"}


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ([rule("east")], "source bucket"),
        ([rule(Filter={"Tag": TAG}, DeleteMarkerReplication={"Status": "Enabled"})], "Tag filter"),
        ([rule(SourceSelectionCriteria=KMS)], "ReplicaKmsKeyID"),
        (
            [rule(Destination={**TARGET, "EncryptionConfiguration": {"ReplicaKmsKeyID": "k"}})],
            "SseKmsEncryptedObjects",
        ),
        ([rule(Destination={**TARGET, "ReplicationTime": {"Status": "Enabled"}})], "Metrics"),
        ([rule(), rule("south")], "priority"),
        ([rule(), rule("south", ID="to-west", Priority="2")], "Id"),
        ([{k: v for k, v in rule().items() if k != "DeleteMarkerReplication"}], "DeleteMarker"),
        ([rule(), rule("south", Priority="2")], ""),
    ],
)
def test_what_s3_does_not_take_is_named(given: list[dict[str, Any]], reason: str) -> None:
    found = wrong({"Rule": given}, "east")
    assert reason in found if reason else found == ""
