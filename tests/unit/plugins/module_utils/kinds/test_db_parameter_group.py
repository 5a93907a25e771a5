# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameter groups: what is declared is set, static parameters wait for a reboot."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.db_parameter_group import (
    DbParameterGroup,
)


@pytest.fixture
def want(scope: Scope) -> Want:
    return Want(
        "db_parameter_group",
        "main",
        {
            "name": "production-home-database",
            "family": "postgres16",
            "parameters": {"log_min_duration_statement": "1000", "rds.force_ssl": "1"},
            "tags": scope.marks("db_parameter_group", "main"),
        },
    )


def change(aws: Any, name: str, value: str) -> None:
    parameter = {"ParameterName": name, "ParameterValue": value, "ApplyMethod": "pending-reboot"}
    aws.client("rds").modify_db_parameter_group(
        DBParameterGroupName="production-home-database", Parameters=[parameter]
    )


@pytest.fixture
def sent(aws: Any) -> list[dict[str, Any]]:
    """Every parameter that is sent from here on, call by call."""
    calls: list[dict[str, Any]] = []
    aws.client("rds").meta.events.register(
        "before-parameter-build.rds.ModifyDBParameterGroup",
        lambda params, **_: calls.append(dict(params)),
    )
    return calls


def test_a_new_group_is_as_declared(life: Any, want: Want) -> None:
    life(DbParameterGroup()).make(want)
    assert life(DbParameterGroup()).differences(want) == {}


def test_a_parameter_changed_behind_its_back_is_seen_and_repaired(
    life: Any, aws: Any, want: Want
) -> None:
    one = life(DbParameterGroup())
    one.make(want)
    change(aws, "rds.force_ssl", "0")
    assert one.differences(want) == {"parameters.rds.force_ssl": ("0", "1")}
    one.repair(want)
    assert one.differences(want) == {}


def test_a_tag_changed_behind_its_back_is_seen_and_repaired(
    life: Any, aws: Any, want: Want
) -> None:
    one = life(DbParameterGroup())
    arn = one.make(want).facts["arn"]
    aws.client("rds").remove_tags_from_resource(ResourceName=arn, TagKeys=["Name"])
    assert set(one.differences(want)) == {"tags.Name"}
    one.repair(want)
    assert one.differences(want) == {}


def test_a_parameter_that_nobody_declared_is_named_and_left(
    life: Any, aws: Any, want: Want
) -> None:
    one = life(DbParameterGroup())
    one.make(want)
    change(aws, "work_mem", "16384")
    assert one.differences(want) == {}
    assert one.find(want).foreign == ("parameter work_mem of production-home-database",)


def test_dynamic_parameters_are_set_at_once_and_all_others_at_a_reboot(
    life: Any, aws: Any, want: Want, sent: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    rds = aws.client("rds")
    kinds = [
        {"ParameterName": "work_mem", "ApplyType": "dynamic"},
        {"ParameterName": "max_connections", "ApplyType": "static"},
    ]
    rds.meta.events.register(
        "after-call.rds.DescribeDBParameters",
        lambda parsed, **_: parsed.update(Parameters=kinds),
    )
    one = life(DbParameterGroup())
    values = {"work_mem": "4096", "max_connections": "200", "unheard.of": "1"}
    one.kind.create(aws, one.another(want, parameters=values))
    methods = {p["ParameterName"]: p["ApplyMethod"] for p in sent[0]["Parameters"]}
    assert methods == {
        "work_mem": "immediate",
        "max_connections": "pending-reboot",
        "unheard.of": "pending-reboot",
    }


def test_more_parameters_than_aws_takes_at_once_are_sent_in_parts(
    life: Any, want: Want, sent: list[dict[str, Any]]
) -> None:
    values = {f"auto_explain.p{number:02}": "1" for number in range(45)}
    one = life(DbParameterGroup())
    one.make(one.another(want, parameters=values))
    assert [len(call["Parameters"]) for call in sent] == [20, 20, 5]
    assert one.differences(one.another(want, parameters=values)) == {}


def test_a_group_of_somebody_else_is_not_ours(life: Any, aws: Any, want: Want) -> None:
    aws.client("rds").create_db_parameter_group(
        DBParameterGroupName=want.spec["name"],
        DBParameterGroupFamily="postgres16",
        Description="theirs",
    )
    assert life(DbParameterGroup()).find(want) is None


def test_a_removed_group_is_absent(life: Any, want: Want) -> None:
    one = life(DbParameterGroup())
    one.make(want)
    one.remove(want)
    assert one.find(want) is None


def test_one_that_is_no_longer_declared_is_seen(life: Any, want: Want) -> None:
    assert life(DbParameterGroup()).undeclared() == []
    made = life(DbParameterGroup()).make(want)
    [have] = life(DbParameterGroup()).undeclared()
    assert (have.address, have.facts) == (made.address, made.facts)
