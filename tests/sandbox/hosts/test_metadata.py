# SPDX-License-Identifier: GPL-3.0-or-later
"""What the metadata service answers, without any network."""

from __future__ import annotations

import pytest

from sandbox.hosts.metadata import Facts, Tokens, answer, find

TREE = {"meta-data": {"instance-id": "i-1", "iam": {"info": "{}"}}, "user-data": b"\x1f\x8b"}
STRICT, LAX = Facts("i-1", TREE), Facts("i-1", TREE, tokens_required=False)
TTL = "x-aws-ec2-metadata-token-ttl-seconds"
TOKEN = "x-aws-ec2-metadata-token"
PATH = "/latest/meta-data/instance-id"


def test_a_folder_lists_what_is_in_it_and_marks_folders() -> None:
    assert find(TREE, "meta-data") == "instance-id\niam/"
    assert find(TREE, "meta-data/instance-id/") == "i-1"
    assert find(TREE, "meta-data/instance-id/more") is None
    assert find(TREE, "nothing") is None
    assert find(TREE, "user-data") == b"\x1f\x8b"


def test_a_token_opens_what_is_closed_without_one() -> None:
    tokens = Tokens()
    assert answer(STRICT, tokens, "GET", PATH, {}) == (401, "Unauthorized")
    status, token = answer(STRICT, tokens, "PUT", "/latest/api/token", {TTL: "60"})
    assert status == 200
    assert answer(STRICT, tokens, "GET", PATH, {TOKEN: str(token)}) == (200, "i-1")


def test_version_one_is_answered_only_where_tokens_are_optional() -> None:
    assert answer(LAX, Tokens(), "GET", PATH, {}) == (200, "i-1")
    assert answer(LAX, Tokens(), "GET", PATH, {TOKEN: "wrong"})[0] == 401


@pytest.mark.parametrize("ttl", ["", "0", "21601", "soon"])
def test_a_token_needs_a_life_of_one_second_to_six_hours(ttl: str) -> None:
    assert answer(STRICT, Tokens(), "PUT", "/latest/api/token", {TTL: ttl})[0] == 400


def test_a_token_is_not_given_through_a_proxy_nor_to_nobody() -> None:
    headers = {TTL: "60", "x-forwarded-for": "203.0.113.9"}
    assert answer(STRICT, Tokens(), "PUT", "/latest/api/token", headers)[0] == 403
    assert answer(None, Tokens(), "PUT", "/latest/api/token", {TTL: "60"})[0] == 404


def test_a_token_of_one_instance_is_not_good_for_another() -> None:
    tokens = Tokens()
    token = tokens.give("i-2", 60)
    assert answer(STRICT, tokens, "GET", PATH, {TOKEN: token})[0] == 401


def test_metadata_that_is_switched_off_answers_nothing() -> None:
    off = Facts("i-1", TREE, enabled=False)
    assert answer(off, Tokens(), "GET", PATH, {})[0] == 403
