# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions of a launch template are deleted one by one, and their numbers are not used again."""

from __future__ import annotations

from typing import Any

import pytest

NAMED = {"LaunchTemplateName": "web"}
CALL = ("ec2", "delete_launch_template_versions")


@pytest.fixture
def ec2(cloud: Any) -> Any:
    """A client; there is a launch template with three versions, of which the first is default."""
    client = cloud.client("ec2")
    client.create_launch_template(**NAMED, LaunchTemplateData={"InstanceType": "t3.micro"})
    for kind in ("t3.small", "t3.medium"):
        client.create_launch_template_version(**NAMED, LaunchTemplateData={"InstanceType": kind})
    return client


def numbers(ec2: Any, **more: Any) -> list[int]:
    found = ec2.describe_launch_template_versions(**NAMED, **more)["LaunchTemplateVersions"]
    return [one["VersionNumber"] for one in found]


def test_a_deleted_version_is_gone_and_the_others_keep_their_numbers(ec2: Any, cloud: Any) -> None:
    told = ec2.delete_launch_template_versions(**NAMED, Versions=["2"])
    gone = told["SuccessfullyDeletedLaunchTemplateVersions"]
    assert [(one["LaunchTemplateName"], one["VersionNumber"]) for one in gone] == [("web", 2)]
    assert told["UnsuccessfullyDeletedLaunchTemplateVersions"] == []
    assert numbers(ec2) == [1, 3]
    third = ec2.describe_launch_template_versions(**NAMED, Versions=["3"])
    data = third["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    assert data["InstanceType"] == "t3.medium"
    asked = {**NAMED, "Versions": ["2"]}
    assert cloud.refused("ec2", "describe_launch_template_versions", **asked) == (
        "InvalidLaunchTemplateId.VersionNotFound"
    )


def test_no_number_is_given_twice(ec2: Any) -> None:
    ec2.delete_launch_template_versions(**NAMED, Versions=["2", "3"])
    made = ec2.create_launch_template_version(
        **NAMED, SourceVersion="1", LaunchTemplateData={"KeyName": "me"}
    )
    assert made["LaunchTemplateVersion"]["VersionNumber"] == 4
    assert numbers(ec2) == [1, 4]
    assert numbers(ec2, MinVersion="2", MaxVersion="4") == [4]
    latest = ec2.describe_launch_templates()["LaunchTemplates"][0]
    assert latest["LatestVersionNumber"] == 4


def test_the_default_and_an_unknown_version_are_not_deleted_but_the_rest_is(ec2: Any) -> None:
    told = ec2.delete_launch_template_versions(**NAMED, Versions=["1", "2", "9"])
    left = {
        one["VersionNumber"]: one["ResponseError"]["Code"]
        for one in told["UnsuccessfullyDeletedLaunchTemplateVersions"]
    }
    assert left == {1: "unexpectedError", 9: "launchTemplateVersionDoesNotExist"}
    assert numbers(ec2) == [1, 3]
    ec2.modify_launch_template(**NAMED, DefaultVersion="3")
    ec2.delete_launch_template_versions(**NAMED, Versions=["1"])
    assert numbers(ec2) == [3]
    default = ec2.describe_launch_template_versions(**NAMED, Versions=["$Default"])
    assert default["LaunchTemplateVersions"][0]["VersionNumber"] == 3


def test_a_template_is_named_in_one_way(ec2: Any, cloud: Any) -> None:
    number = ec2.describe_launch_templates()["LaunchTemplates"][0]["LaunchTemplateId"]
    both = {**NAMED, "LaunchTemplateId": number}
    assert cloud.refused(*CALL, **both, Versions=["2"]) == "InvalidParameterCombination"
    assert cloud.refused(*CALL, Versions=["2"]) == "MissingParameter"
    other = {"LaunchTemplateName": "nobody"}
    assert cloud.refused(*CALL, **other, Versions=["2"]) == (
        "InvalidLaunchTemplateName.NotFoundException"
    )
    assert numbers(ec2) == [1, 2, 3]


def test_of_all_templates_the_default_and_the_newest_version_are_told_and_none_is_left_out(
    ec2: Any,
) -> None:
    for number in range(20):
        ec2.create_launch_template(
            LaunchTemplateName=f"other-{number}", LaunchTemplateData={"InstanceType": "t3.micro"}
        )
    pages = ec2.get_paginator("describe_launch_template_versions").paginate(
        Versions=["$Default", "$Latest"]
    )
    found = [
        (one["LaunchTemplateName"], one["VersionNumber"])
        for page in pages
        for one in page["LaunchTemplateVersions"]
    ]
    assert {number for name, number in found if name == "web"} == {1, 3}
    assert len({name for name, _number in found}) == 21
