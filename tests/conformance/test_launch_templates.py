# SPDX-License-Identifier: GPL-3.0-or-later
"""Launch templates and their versions."""

from __future__ import annotations

from typing import Any

import pytest

from .account import Account, refused, specified, tags

NAMED = {"LaunchTemplateName": "web"}
USER_DATA = "IyEvYmluL3No"


@pytest.fixture
def data(account: Account) -> dict[str, Any]:
    return {
        "ImageId": account.image(),
        "InstanceType": "t3.micro",
        "UserData": USER_DATA,
        "MetadataOptions": {"HttpTokens": "required"},
    }


def versions(ec2: Any, *wanted: str) -> list[dict[str, Any]]:
    found = ec2.describe_launch_template_versions(**NAMED, Versions=list(wanted))
    return list(found["LaunchTemplateVersions"])


def test_a_version_takes_over_what_its_source_says(ec2: Any, data: dict[str, Any]) -> None:
    ec2.create_launch_template(**NAMED, LaunchTemplateData=data)
    ec2.create_launch_template_version(
        **NAMED, SourceVersion="1", LaunchTemplateData={"InstanceType": "t3.small"}
    )
    newest = versions(ec2, "$Latest")[0]
    found = newest["LaunchTemplateData"]
    assert newest["VersionNumber"] == 2
    assert (found["ImageId"], found["InstanceType"]) == (data["ImageId"], "t3.small")
    assert found["UserData"] == USER_DATA


def test_the_default_version_is_the_one_it_was_set_to(ec2: Any, data: dict[str, Any]) -> None:
    ec2.create_launch_template(**NAMED, LaunchTemplateData=data)
    ec2.create_launch_template_version(**NAMED, LaunchTemplateData=data)
    ec2.modify_launch_template(**NAMED, DefaultVersion="2")
    assert [v["VersionNumber"] for v in versions(ec2, "$Default")] == [2]
    found = ec2.describe_launch_templates(LaunchTemplateNames=["web"])["LaunchTemplates"][0]
    assert (found["DefaultVersionNumber"], found["LatestVersionNumber"]) == (2, 2)


def test_a_name_is_given_once_but_to_the_same_token(ec2: Any, data: dict[str, Any]) -> None:
    asked = {**NAMED, "LaunchTemplateData": data}
    first = ec2.create_launch_template(**asked, ClientToken="t-1")["LaunchTemplate"]
    again = ec2.create_launch_template(**asked, ClientToken="t-1")["LaunchTemplate"]
    assert again["LaunchTemplateId"] == first["LaunchTemplateId"]
    code = refused(ec2.create_launch_template, **asked, ClientToken="t-2")
    assert code == "InvalidLaunchTemplateName.AlreadyExistsException"


def test_a_deleted_template_is_found_no_more(ec2: Any, data: dict[str, Any]) -> None:
    ec2.create_launch_template(
        **NAMED,
        LaunchTemplateData=data,
        TagSpecifications=specified("launch-template", site="home"),
    )
    found = ec2.describe_launch_templates(LaunchTemplateNames=["web"])["LaunchTemplates"][0]
    assert found["Tags"] == tags(site="home")
    ec2.delete_launch_template(**NAMED)
    gone = refused(ec2.describe_launch_templates, LaunchTemplateNames=["web"])
    assert gone == "InvalidLaunchTemplateName.NotFoundException"
