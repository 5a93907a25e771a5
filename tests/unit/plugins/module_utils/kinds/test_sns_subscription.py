# SPDX-License-Identifier: GPL-3.0-or-later
"""Subscriptions: ours is made once."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.sns_subscription import (
    SnsSubscription,
)
from botocore.stub import Stubber


@pytest.fixture
def want(aws: Aws) -> Want:
    topic = aws.client("sns").create_topic(Name="production-home-alarms")["TopicArn"]
    spec = {"topic": topic, "protocol": "email", "endpoint": "operations@example.org"}
    return Want("sns_subscription", "email", spec)


def test_asked_for_twice_it_is_made_once(life: Any, aws: Aws, want: Want) -> None:
    life(SnsSubscription()).make(want)
    life(SnsSubscription()).make(want)
    assert life(SnsSubscription()).differences(want) == {}
    listed = aws.client("sns").list_subscriptions_by_topic(TopicArn=want.spec["topic"])
    assert len(listed["Subscriptions"]) == 1


def test_one_that_waits_for_its_reader_holds_nobody_up(aws: Aws, view: Any, want: Want) -> None:
    item = {
        "SubscriptionArn": "PendingConfirmation",
        "Protocol": "email",
        "Endpoint": "operations@example.org",
        "TopicArn": want.spec["topic"],
        "Owner": "123456789012",
    }
    with Stubber(aws.client("sns")) as stub:
        stub.add_response("list_subscriptions_by_topic", {"Subscriptions": [item]})
        [have] = SnsSubscription().find(view(), [want])
    assert have.settled
    SnsSubscription().delete(aws, have)


def test_without_an_address_nothing_is_read(aws: Aws, view: Any) -> None:
    with Stubber(aws.client("sns")):
        assert list(SnsSubscription().find(view(), [])) == []


def test_a_cancelled_subscription_is_gone(life: Any, want: Want) -> None:
    life(SnsSubscription()).make(want)
    life(SnsSubscription()).remove(want)
    assert life(SnsSubscription()).find(want) is None
