# SPDX-License-Identifier: GPL-3.0-or-later
"""What means the same is equal, however it is spelled."""

from __future__ import annotations

import itertools
import json

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine import canon
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.scrub import (
    HIDDEN,
    Scrubber,
)

STATEMENTS = [
    {
        "Sid": "a",
        "Effect": "Allow",
        "Principal": {"Service": ["b.amazonaws.com", "a.amazonaws.com"]},
        "Action": ["s3:PutObject", "s3:GetObject"],
        "Resource": "arn:aws:s3:::x/*",
    },
    {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::x", "arn:aws:s3:::x/*"],
        "Condition": {"Bool": {"aws:SecureTransport": False}},
    },
]
OTHER = [
    {
        "Condition": {"Bool": {"aws:SecureTransport": ["false"]}},
        "Resource": ["arn:aws:s3:::x/*", "arn:aws:s3:::x"],
        "Action": ["s3:*"],
        "Principal": {"AWS": "*"},
        "Effect": "Deny",
    },
    {
        "Action": ["s3:GetObject", "s3:PutObject"],
        "Resource": ["arn:aws:s3:::x/*"],
        "Principal": {"Service": ["a.amazonaws.com", "b.amazonaws.com"]},
        "Effect": "Allow",
        "Sid": "a",
    },
]


@pytest.mark.parametrize("statements", list(itertools.permutations(OTHER)))
def test_a_policy_is_the_same_in_every_order_and_spelling(statements: tuple[object, ...]) -> None:
    one = canon.policy({"Version": "2012-10-17", "Statement": STATEMENTS})
    two = canon.policy(json.dumps({"Statement": statements, "Version": "2012-10-17"}, indent=2))
    assert one == two


def test_a_policy_that_allows_something_else_is_another_policy() -> None:
    one = canon.policy({"Version": "2012-10-17", "Statement": STATEMENTS[0]})
    two = canon.policy({"Version": "2012-10-17", "Statement": {**STATEMENTS[0], "Action": "s3:*"}})
    assert one != two


@pytest.mark.parametrize("spelling", ["10.0.0.0/16", "10.0.3.7/16", " 10.0.0.0/16 "])
def test_a_network_is_the_same_in_every_spelling(spelling: str) -> None:
    assert canon.cidr(spelling) == "10.0.0.0/16"


def test_tags_that_aws_keeps_are_not_seen() -> None:
    assert canon.tags([{"Key": "aws:x", "Value": "1"}, {"Key": "a", "Value": "2"}]) == {"a": "2"}


def test_a_secret_is_hidden_in_every_spelling_and_depth() -> None:
    scrubber = Scrubber()
    secret = scrubber.learn('p"ss /word+1')
    leaks = {
        "plain": f"x {secret} y",
        "json": [json.dumps({"p": secret})],
        "url": "p%22ss%20%2Fword%2B1",
        "base64": {"deep": ("cCJzcyAvd29yZCsx",)},
        secret: 1,
    }
    text = json.dumps(scrubber.clean(leaks))
    assert "ss /word" not in text and "p%22" not in text and "cCJz" not in text
    assert text.count(HIDDEN) == 5
