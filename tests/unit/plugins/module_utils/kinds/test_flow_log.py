# SPDX-License-Identifier: GPL-3.0-or-later
"""The flow log: nothing of it can be changed, and failures hide in answers that look fine."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.errors import (
    Meaning,
    meaning,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.flow_log import FlowLog
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.unsuccessful import (
    raise_failures,
)


@pytest.fixture
def want(aws: Any, scope: Scope) -> Want:
    vpc = aws.client("ec2").create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    aws.client("s3").create_bucket(Bucket="logs-of-tests")
    return Want(
        "flow_log",
        "main",
        {
            "vpc": vpc,
            "destination": "arn:aws:s3:::logs-of-tests",
            "traffic": "ALL",
            "interval": 600,
            "tags": scope.marks("flow_log", "main"),
        },
    )


def test_a_new_flow_log_is_as_declared(life: Any, want: Want) -> None:
    have = life(FlowLog()).make(want)
    assert life(FlowLog()).differences(want) == {}
    assert have.settled


@pytest.mark.parametrize(
    ("field", "value"), [("interval", 60), ("traffic", "REJECT"), ("destination", "arn:x")]
)
def test_another_declaration_needs_another_flow_log(
    life: Any, want: Want, field: str, value: Any
) -> None:
    one = life(FlowLog())
    one.make(want)
    assert set(one.differences(one.another(want, **{field: value}))) == {field}
    assert field in FlowLog.rules.replace


def test_a_create_that_this_run_repeats_carries_the_same_token(
    life: Any, aws: Any, want: Want
) -> None:
    sent: list[str] = []
    aws.client("ec2").meta.events.register(
        "provide-client-params.ec2.CreateFlowLogs",
        lambda params, **_: sent.append(params["ClientToken"]),
    )
    one = life(FlowLog())
    one.make(want)
    one.remove(want)
    one.make(want)
    assert len(sent) == 2
    assert len(set(sent)) == 1


def test_another_run_has_another_token(aws: Any) -> None:
    later = aws.at(aws.scope)
    assert aws.token("flow_log/main", {"a": 1}) == aws.token("flow_log/main", {"a": 1})
    assert aws.token("flow_log/main", {"a": 1}) != later.token("flow_log/main", {"a": 1})


def test_a_failure_inside_an_answer_is_a_failure() -> None:
    item = {"Error": {"Code": "FlowLogAlreadyExists", "Message": "there is one"}}
    with pytest.raises(Exception, match="there is one") as caught:
        raise_failures({"Unsuccessful": [item]}, "CreateFlowLogs")
    assert meaning(caught.value) is Meaning.EXISTS


def test_an_answer_without_failures_is_none() -> None:
    raise_failures({"Unsuccessful": []}, "CreateFlowLogs")
    raise_failures({}, "CreateFlowLogs")


def test_a_tag_changed_behind_its_back_is_repaired(life: Any, aws: Any, want: Want) -> None:
    one = life(FlowLog())
    log = one.make(want).facts["id"]
    aws.client("ec2").create_tags(Resources=[log], Tags=[{"Key": "team", "Value": "x"}])
    assert one.differences(want) == {"tags.team": ("x", "shop")}
    one.repair(want)
    assert one.differences(want) == {}


def test_a_removed_flow_log_is_gone(life: Any, want: Want) -> None:
    one = life(FlowLog())
    one.make(want)
    one.remove(want)
    assert one.find(want) is None
