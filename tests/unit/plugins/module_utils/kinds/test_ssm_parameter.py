# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameters: kept as declared, those of others are named."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.ssm_parameter import (
    SsmParameter,
)
from botocore.exceptions import ClientError


@pytest.fixture
def want(scope: Scope) -> Want:
    tags = scope.marks("ssm_parameter", "domain")
    spec = {"value": "www.example.org", "type": "String", "tags": tags}
    return Want("ssm_parameter", "domain", spec)


def test_a_new_parameter_is_as_declared(life: Any, want: Want) -> None:
    have = life(SsmParameter()).make(want)
    assert life(SsmParameter()).differences(want) == {}
    assert have.facts["name"] == "/production/home/domain"


def test_a_changed_value_is_seen_and_put_right(life: Any, aws: Aws, want: Want) -> None:
    name = life(SsmParameter()).make(want).facts["name"]
    aws.client("ssm").put_parameter(Name=name, Value="else", Type="String", Overwrite=True)
    assert life(SsmParameter()).differences(want) == {"value": ("else", "www.example.org")}
    life(SsmParameter()).repair(want)
    assert life(SsmParameter()).differences(want) == {}


def test_changed_tags_are_seen_and_put_right(life: Any, aws: Aws, want: Want) -> None:
    name = life(SsmParameter()).make(want).facts["name"]
    target = {"ResourceType": "Parameter", "ResourceId": name}
    aws.client("ssm").add_tags_to_resource(**target, Tags=[{"Key": "team", "Value": "else"}])
    assert life(SsmParameter()).differences(want) == {"tags.team": ("else", "shop")}
    life(SsmParameter()).repair(want)
    assert life(SsmParameter()).differences(want) == {}


def test_a_parameter_of_somebody_else_is_named_and_not_overwritten(
    life: Any, aws: Aws, want: Want
) -> None:
    ssm = aws.client("ssm")
    ssm.put_parameter(Name="/production/home/theirs", Value="1", Type="String")
    ssm.put_parameter(Name="/production/homeless/x", Value="1", Type="String")
    assert life(SsmParameter()).make(want).foreign == ("parameter /production/home/theirs",)


def test_a_name_that_is_taken_is_not_overwritten(life: Any, aws: Aws, want: Want) -> None:
    aws.client("ssm").put_parameter(Name="/production/home/domain", Value="1", Type="String")
    assert life(SsmParameter()).find(want) is None
    with pytest.raises(ClientError, match="ParameterAlreadyExists"):
        SsmParameter().create(aws, want)


def test_more_parameters_than_a_page_holds_are_all_found(
    life: Any, aws: Aws, view: Any, scope: Scope, want: Want
) -> None:
    for number in range(23):
        tags = scope.marks("ssm_parameter", f"set/{number}")
        spec = {**want.spec, "tags": tags}
        SsmParameter().create(aws, Want("ssm_parameter", f"set/{number}", spec))
    assert len(list(SsmParameter().find(view(), []))) == 23


def test_a_deleted_parameter_is_gone(life: Any, want: Want) -> None:
    life(SsmParameter()).make(want)
    life(SsmParameter()).remove(want)
    assert life(SsmParameter()).find(want) is None


def test_a_value_that_others_write_is_told_and_left_alone(
    life: Any, aws: Aws, scope: Scope
) -> None:
    tags = scope.marks("ssm_parameter", "state")
    left = Want("ssm_parameter", "state", {"initial": "none", "type": "String", "tags": tags})
    one = life(SsmParameter())
    assert one.make(left).facts["value"] == "none"
    name = "/production/home/state"
    aws.client("ssm").put_parameter(Name=name, Value="some", Type="String", Overwrite=True)
    assert one.differences(left) == {}
    assert one.find(left).facts["value"] == "some"
    aws.client("ssm").remove_tags_from_resource(
        ResourceType="Parameter", ResourceId=name, TagKeys=["team"]
    )
    one.repair(left)
    assert one.find(left).facts["value"] == "some"
