# SPDX-License-Identifier: GPL-3.0-or-later
"""Replication of a bucket into another region."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.view import View
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.bucket_replication import (
    BucketReplication,
)
from moto.s3.responses import S3Response

from sandbox.shims import s3_settings


@pytest.fixture(autouse=True)
def rules_as_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """The emulator tells every rule with the same filter, and no delete markers."""
    monkeypatch.setattr(
        S3Response,
        "get_bucket_replication",
        lambda self: s3_settings.get_bucket_replication(None, self),
    )


@pytest.fixture
def want(aws: Any, scope: Scope) -> Want:
    s3 = aws.client("s3")
    names = [scope.bucket("releases"), "production-recovery-releases-123456789012-us-west-2"]
    for name in names:
        s3.create_bucket(Bucket=name)
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return Want(
        "bucket_replication",
        "releases",
        {
            "bucket": names[0],
            "role": "arn:aws:iam::123456789012:role/production-home-replication",
            "destination": f"arn:aws:s3:::{names[1]}",
            "key": "arn:aws:kms:us-west-2:123456789012:alias/phoenix-production-recovery",
            "delete_markers": True,
            "enabled": True,
        },
    )


def rules(aws: Any, want: Want) -> Any:
    answer = aws.client("s3").get_bucket_replication(Bucket=want.spec["bucket"])
    return answer["ReplicationConfiguration"]


def test_a_new_replication_is_as_declared_and_takes_encrypted_objects_along(
    life: Any, aws: Any, want: Want
) -> None:
    life(BucketReplication()).make(want)
    assert life(BucketReplication()).differences(want) == {}
    [rule] = rules(aws, want)["Rules"]
    assert rule["SourceSelectionCriteria"]["SseKmsEncryptedObjects"]["Status"] == "Enabled"


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (("Status",), "Disabled", "enabled"),
        (("Filter",), {"Prefix": "only/"}, "enabled"),
        (("DeleteMarkerReplication", "Status"), "Disabled", "delete_markers"),
        (
            ("Destination", "Bucket"),
            "arn:aws:s3:::production-home-releases-123456789012-us-east-1",
            "destination",
        ),
        (("Destination", "EncryptionConfiguration", "ReplicaKmsKeyID"), "alias/other", "key"),
    ],
)
def test_a_change_behind_its_back_is_seen_and_repaired(
    life: Any, aws: Any, want: Want, path: tuple[str, ...], value: Any, field: str
) -> None:
    one = life(BucketReplication())
    one.make(want)
    changed = rules(aws, want)
    place = changed["Rules"][0]
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    aws.client("s3").put_bucket_replication(
        Bucket=want.spec["bucket"], ReplicationConfiguration=changed
    )
    assert set(one.differences(want)) == {field}
    one.repair(want)
    assert one.differences(want) == {}


def test_rules_of_others_stay_and_are_named(life: Any, aws: Any, want: Want) -> None:
    one = life(BucketReplication())
    one.make(want)
    both = rules(aws, want)
    both["Rules"].append({**both["Rules"][0], "ID": "audit", "Priority": 9})
    aws.client("s3").put_bucket_replication(
        Bucket=want.spec["bucket"], ReplicationConfiguration=both
    )
    one.kind.update(aws, want, one.find(want), ())
    assert one.find(want).foreign == (f"replication rule audit of {want.spec['bucket']}",)
    one.remove(want)
    assert one.find(want) is None
    assert [rule["ID"] for rule in rules(aws, want)["Rules"]] == ["audit"]


def test_a_removed_replication_is_absent_and_its_removal_may_be_repeated(
    life: Any, want: Want
) -> None:
    one = life(BucketReplication())
    have = one.make(want)
    one.remove(want)
    assert one.find(want) is None
    one.kind.delete(one.aws, have)


def test_one_that_is_no_longer_declared_is_seen_and_goes(life: Any, aws: Any, want: Want) -> None:
    one = life(BucketReplication())
    assert one.undeclared() == []
    one.make(want)
    [have] = one.undeclared()
    assert have.address == want.address
    one.kind.delete(aws, have)
    assert one.undeclared() == []


def test_a_site_that_stood_home_is_looked_at_while_the_role_is_there(
    life: Any, aws: Any, scope: Scope, want: Want
) -> None:
    life(BucketReplication()).make(want)
    recovery = aws.at(replace(scope, stands="recovery"))
    assert list(BucketReplication().find(View(recovery), [])) == []
    aws.client("iam").create_role(RoleName=scope.name("replication"), AssumeRolePolicyDocument="{}")
    [have] = BucketReplication().find(View(recovery), [])
    assert have.address == want.address
