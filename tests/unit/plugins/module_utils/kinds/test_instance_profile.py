# SPDX-License-Identifier: GPL-3.0-or-later
"""Instance profiles: one role, kept as declared."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.instance_profile import (
    InstanceProfile,
)


@pytest.fixture
def want(aws: Aws, scope: Scope) -> Want:
    for name in ("production-home-web", "theirs"):
        aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")
    spec = {"role": "production-home-web", "tags": scope.marks("instance_profile", "web")}
    return Want("instance_profile", "web", spec)


def test_a_new_profile_is_as_declared(life: Any, want: Want) -> None:
    have = life(InstanceProfile()).make(want)
    assert life(InstanceProfile()).differences(want) == {}
    assert have.facts["arn"] == "arn:aws:iam::123456789012:instance-profile/production-home-web"


def test_another_role_in_it_is_seen_and_put_right(life: Any, aws: Aws, want: Want) -> None:
    name = life(InstanceProfile()).make(want).facts["name"]
    iam = aws.client("iam")
    iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName="production-home-web")
    assert life(InstanceProfile()).differences(want) == {"role": ("", "production-home-web")}
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName="theirs")
    life(InstanceProfile()).repair(want)
    assert life(InstanceProfile()).differences(want) == {}


def test_changed_tags_are_seen_and_put_right(life: Any, aws: Aws, want: Want) -> None:
    name = life(InstanceProfile()).make(want).facts["name"]
    aws.client("iam").tag_instance_profile(
        InstanceProfileName=name, Tags=[{"Key": "team", "Value": "else"}]
    )
    assert life(InstanceProfile()).differences(want) == {"tags.team": ("else", "shop")}
    life(InstanceProfile()).repair(want)
    assert life(InstanceProfile()).differences(want) == {}


def test_a_profile_of_our_name_without_our_tags_is_not_ours(
    life: Any, aws: Aws, want: Want
) -> None:
    aws.client("iam").create_instance_profile(InstanceProfileName="production-home-web")
    assert life(InstanceProfile()).find(want) is None


def test_a_deleted_profile_is_gone_and_its_role_stays(life: Any, aws: Aws, want: Want) -> None:
    life(InstanceProfile()).make(want)
    life(InstanceProfile()).remove(want)
    assert life(InstanceProfile()).find(want) is None
    assert aws.client("iam").get_role(RoleName="production-home-web")
