# SPDX-License-Identifier: GPL-3.0-or-later
"""Topics: kept as declared; who else reads them is named."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.sns_topic import SnsTopic
from ansible_collections.operatingdev.phoenix.plugins.module_utils.tiers.policies import policy


@pytest.fixture
def want(scope: Scope) -> Want:
    statement = {
        "Sid": "Alarms",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": scope.arn("sns", scope.name("alarms")),
    }
    spec = {
        "key": scope.arn("kms", "key/6a1b"),
        "policy": policy(statement),
        "readers": (("email", "operations@example.org"),),
        "tags": scope.marks("sns_topic", "alarms"),
    }
    return Want("sns_topic", "alarms", spec)


def test_a_new_topic_is_as_declared(life: Any, want: Want) -> None:
    have = life(SnsTopic()).make(want)
    assert life(SnsTopic()).differences(want) == {}
    assert have.facts["arn"] == "arn:aws:sns:us-east-1:123456789012:production-home-alarms"


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [
        ("KmsMasterKeyId", "alias/aws/sns", "key"),
        ("Policy", '{"Version": "2012-10-17", "Statement": []}', "policy"),
    ],
)
def test_a_changed_attribute_is_seen_and_put_right(
    life: Any, aws: Aws, want: Want, name: str, value: str, field: str
) -> None:
    arn = life(SnsTopic()).make(want).facts["arn"]
    aws.client("sns").set_topic_attributes(TopicArn=arn, AttributeName=name, AttributeValue=value)
    assert set(life(SnsTopic()).differences(want)) == {field}
    life(SnsTopic()).repair(want)
    assert life(SnsTopic()).differences(want) == {}


def test_changed_tags_are_seen_and_put_right(life: Any, aws: Aws, want: Want) -> None:
    arn = life(SnsTopic()).make(want).facts["arn"]
    aws.client("sns").tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "else"}])
    aws.client("sns").untag_resource(ResourceArn=arn, TagKeys=["Name"])
    assert set(life(SnsTopic()).differences(want)) == {"tags.team", "tags.Name"}
    life(SnsTopic()).repair(want)
    assert life(SnsTopic()).differences(want) == {}


@pytest.mark.parametrize("readers", [(("email", "operations@example.org"),), ()])
def test_a_subscription_that_is_not_declared_is_named(
    life: Any, aws: Aws, want: Want, readers: tuple[tuple[str, str], ...]
) -> None:
    one, declared = life(SnsTopic()), life(SnsTopic()).another(want, readers=readers)
    arn = one.make(declared).facts["arn"]
    ends = ["operations@example.org", "theirs@example.org"]
    for end in ends:
        aws.client("sns").subscribe(TopicArn=arn, Protocol="email", Endpoint=end)
    others = [end for end in ends if ("email", end) not in readers]
    assert one.find(declared).foreign == tuple(f"email subscription of {end}" for end in others)
    assert one.differences(declared) == {}


def test_a_topic_of_our_name_without_our_tags_is_not_ours(life: Any, aws: Aws, want: Want) -> None:
    aws.client("sns").create_topic(Name="production-home-alarms")
    assert life(SnsTopic()).find(want) is None


def test_a_deleted_topic_is_gone(life: Any, want: Want) -> None:
    life(SnsTopic()).make(want)
    life(SnsTopic()).remove(want)
    assert life(SnsTopic()).find(want) is None
