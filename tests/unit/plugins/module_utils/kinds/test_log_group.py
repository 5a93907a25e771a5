# SPDX-License-Identifier: GPL-3.0-or-later
"""Log groups: made before RDS makes them, and kept as declared."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.log_group import LogGroup

NAME = "/aws/rds/instance/production-home-database/postgresql"


@pytest.fixture
def want(scope: Scope) -> Want:
    spec = {
        "name": NAME,
        "key": scope.arn("kms", "key/6a1b"),
        "retention": 90,
        "tags": scope.marks("log_group", "postgresql"),
    }
    return Want("log_group", "postgresql", spec)


def test_a_new_group_is_as_declared(life: Any, want: Want) -> None:
    life(LogGroup()).make(want)
    assert life(LogGroup()).differences(want) == {}


def test_what_is_changed_is_seen_and_put_right(life: Any, aws: Aws, want: Want) -> None:
    arn = life(LogGroup()).make(want).facts["arn"]
    logs = aws.client("logs")
    logs.delete_retention_policy(logGroupName=NAME)
    logs.tag_resource(resourceArn=arn, tags={"Name": "other"})
    assert set(life(LogGroup()).differences(want)) == {"retention", "tags.Name"}
    life(LogGroup()).repair(want)
    assert life(LogGroup()).differences(want) == {}


def test_a_group_that_rds_made_is_taken_over(life: Any, aws: Aws, want: Want) -> None:
    aws.client("logs").create_log_group(logGroupName=NAME, kmsKeyId=want.spec["key"])
    assert "retention" in life(LogGroup()).differences(want)
    life(LogGroup()).repair(want)
    assert life(LogGroup()).differences(want) == {}


def test_a_group_with_somebodys_tags_is_not_ours(life: Any, aws: Aws, want: Want) -> None:
    aws.client("logs").create_log_group(logGroupName=NAME, tags={"owner": "theirs"})
    assert life(LogGroup()).find(want) is None
