# SPDX-License-Identifier: GPL-3.0-or-later
"""Launch templates: every change is a new version and the default."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.diff import compare
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.launch_template import (
    LaunchTemplate,
)


@pytest.fixture
def launch() -> dict[str, Any]:
    return {
        "image": "resolve:ssm:/aws/service/debian/release/12/latest/arm64",
        "instance_type": "t4g.small",
        "profile": "arn:aws:iam::123456789012:instance-profile/production-home-web",
        "root_device": "/dev/xvda",
        "root_volume_gb": 20,
        "key": "arn:aws:kms:us-east-1:123456789012:key/6a1b",
        "public_address": False,
        "security_groups": ("sg-0a1b2c3d",),
        "metadata": {"tokens": "required", "hops": 1, "tags": "disabled"},
        "monitoring": True,
        "user_data": "#!/bin/sh\necho ready\n",
        "instance_tags": {"Name": "web"},
        "volume_tags": {"Name": "web"},
        "others": (),
    }


@pytest.fixture
def template(scope: Scope, launch: dict[str, Any]) -> Want:
    spec = {"launch": launch, "tags": scope.marks("launch_template", "web")}
    return Want("launch_template", "web", spec)


def versions(aws: Aws, id: str) -> list[tuple[int, bool]]:
    listed = aws.client("ec2").describe_launch_template_versions(LaunchTemplateId=id)
    found = listed["LaunchTemplateVersions"]
    return sorted((item["VersionNumber"], item["DefaultVersion"]) for item in found)


def test_a_new_template_is_as_declared(life: Any, template: Want) -> None:
    have = life(LaunchTemplate()).make(template)
    assert life(LaunchTemplate()).differences(template) == {}
    assert have.facts["version"] == "1"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("image", "ami-0123456789abcdef0"),
        ("instance_type", "m7g.large"),
        ("profile", "arn:aws:iam::123456789012:instance-profile/else"),
        ("root_device", "/dev/sda1"),
        ("root_volume_gb", 30),
        ("key", "arn:aws:kms:us-east-1:123456789012:key/else"),
        ("public_address", True),
        ("security_groups", ("sg-0a1b2c3d", "sg-else")),
        ("metadata", {"tokens": "optional", "hops": 2, "tags": "enabled"}),
        ("monitoring", False),
        ("user_data", ""),
        ("instance_tags", {"Name": "else"}),
        ("volume_tags", {"Name": "else"}),
    ],
)
def test_a_change_makes_a_new_version_and_that_the_default(
    life: Any, aws: Aws, launch: dict[str, Any], template: Want, key: str, value: Any
) -> None:
    other = life(LaunchTemplate()).another(template, launch={**launch, key: value})
    id = life(LaunchTemplate()).make(other).facts["id"]
    assert life(LaunchTemplate()).differences(template) == {f"launch.{key}": (value, launch[key])}
    have = life(LaunchTemplate()).find(template)
    changes = compare(template.spec, have.spec, LaunchTemplate.rules.partial)
    after = LaunchTemplate().update(aws, template, have, changes)
    assert after and after.facts["version"] == "2"
    assert life(LaunchTemplate()).differences(template) == {}
    assert versions(aws, id) == [(1, False), (2, True)]


def test_a_setting_that_we_do_not_know_is_seen(life: Any, aws: Aws, template: Want) -> None:
    id = life(LaunchTemplate()).make(template).facts["id"]
    ec2 = aws.client("ec2")
    data = ec2.describe_launch_template_versions(LaunchTemplateId=id)["LaunchTemplateVersions"]
    ec2.create_launch_template_version(
        LaunchTemplateId=id,
        LaunchTemplateData={**data[0]["LaunchTemplateData"], "KeyName": "theirs"},
    )
    ec2.modify_launch_template(LaunchTemplateId=id, DefaultVersion="2")
    assert life(LaunchTemplate()).differences(template) == {"launch.others": (("KeyName",), ())}


def test_a_version_of_somebody_else_that_nobody_uses_is_left_alone(
    life: Any, aws: Aws, template: Want
) -> None:
    id = life(LaunchTemplate()).make(template).facts["id"]
    data = {"InstanceType": "t3.nano"}
    aws.client("ec2").create_launch_template_version(LaunchTemplateId=id, LaunchTemplateData=data)
    assert life(LaunchTemplate()).differences(template) == {}


def test_a_tag_alone_makes_no_version(life: Any, aws: Aws, template: Want) -> None:
    id = life(LaunchTemplate()).make(template).facts["id"]
    other = life(LaunchTemplate()).another(template, tags={**template.spec["tags"], "team": "else"})
    assert life(LaunchTemplate()).differences(other) == {"tags.team": ("shop", "else")}
    life(LaunchTemplate()).repair(other)
    tags = aws.client("ec2").describe_tags(Filters=[{"Name": "resource-id", "Values": [id]}])
    assert {tag["Value"] for tag in tags["Tags"] if tag["Key"] == "team"} == {"else"}
    assert versions(aws, id) == [(1, True)]


def test_a_deleted_template_is_gone(life: Any, template: Want) -> None:
    life(LaunchTemplate()).make(template)
    life(LaunchTemplate()).remove(template)
    assert life(LaunchTemplate()).find(template) is None
