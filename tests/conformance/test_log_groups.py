# SPDX-License-Identifier: GPL-3.0-or-later
"""Log groups of CloudWatch."""

from __future__ import annotations

from typing import Any

import pytest

from .account import ACCOUNT, HOME, Account, refused

NAMED = {"logGroupName": "/aws/rds/instance/shop/postgresql"}
ARN = {"resourceArn": f"arn:aws:logs:{HOME}:{ACCOUNT}:log-group:{NAMED['logGroupName']}"}


@pytest.fixture
def logs(account: Account) -> Any:
    """CloudWatch Logs, with a group."""
    logs = account.client("logs")
    logs.create_log_group(**NAMED, kmsKeyId=account.key(), tags={"site": "home"})
    return logs


def group(logs: Any) -> dict[str, Any]:
    asked = {"logGroupNamePrefix": "/aws/rds/instance/shop/"}
    return dict(logs.describe_log_groups(**asked)["logGroups"][0])


def test_a_group_is_made_once_and_found_by_the_beginning_of_its_name(logs: Any) -> None:
    assert refused(logs.create_log_group, **NAMED) == "ResourceAlreadyExistsException"
    assert group(logs)["logGroupName"] == NAMED["logGroupName"]
    assert logs.describe_log_groups(logGroupNamePrefix="/aws/other")["logGroups"] == []


def test_a_group_keeps_for_ever_until_told_otherwise(logs: Any) -> None:
    assert "retentionInDays" not in group(logs)
    logs.put_retention_policy(**NAMED, retentionInDays=30)
    assert group(logs)["retentionInDays"] == 30
    wrong = {**NAMED, "retentionInDays": 31}
    assert refused(logs.put_retention_policy, **wrong) == "InvalidParameterException"


def test_a_group_gets_another_key(account: Account, logs: Any) -> None:
    other = account.key()
    assert group(logs)["kmsKeyId"] != other
    logs.associate_kms_key(**NAMED, kmsKeyId=other)
    assert group(logs)["kmsKeyId"] == other


def test_tags_of_a_group_are_added_removed_and_listed(logs: Any) -> None:
    logs.tag_resource(**ARN, tags={"own": "me"})
    logs.untag_resource(**ARN, tagKeys=["site"])
    assert logs.list_tags_for_resource(**ARN)["tags"] == {"own": "me"}


def test_a_deleted_group_is_gone(logs: Any) -> None:
    logs.delete_log_group(**NAMED)
    assert refused(logs.delete_log_group, **NAMED) == "ResourceNotFoundException"


def test_the_streams_of_a_group_are_told_and_of_one_that_is_gone_not(logs: Any) -> None:
    logs.create_log_stream(**NAMED, logStreamName="one")
    [stream] = logs.describe_log_streams(**NAMED)["logStreams"]
    assert stream["logStreamName"] == "one"
    logs.delete_log_group(**NAMED)
    assert refused(logs.describe_log_streams, **NAMED) == "ResourceNotFoundException"
