# SPDX-License-Identifier: GPL-3.0-or-later
"""From what AWS launches nothing, neither an instance nor a group, nor a refresh of one."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.sandbox.shims.web_group import GROUP, activities, make, numbered, states, versions

UNKNOWN_IMAGE = "ami-0123456789abcdef0"
UNKNOWN_GROUP = "sg-0123456789abcdef0"
INVALID = "InvalidParameterValue"
# What is wrong, and how RunInstances refuses it.
MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "unknown image": ({"ImageId": UNKNOWN_IMAGE}, "InvalidAMIID.NotFound"),
    "unknown type": ({"InstanceType": "t3.bogus"}, INVALID),
    "another architecture": ({"InstanceType": "t4g.micro"}, INVALID),
    "unknown key pair": ({"KeyName": "nobody"}, "InvalidKeyPair.NotFound"),
    "unknown group": ({"SecurityGroupIds": [UNKNOWN_GROUP]}, "InvalidGroup.NotFound"),
    "unknown profile": ({"IamInstanceProfile": {"Name": "nobody"}}, INVALID),
    "large user data": ({"UserData": "x" * 16385}, INVALID),
}
CASES = pytest.mark.parametrize("case", MISTAKES)


def launch(cloud: Any, net: dict[str, Any], **more: Any) -> dict[str, Any]:
    usual = {"ImageId": cloud.image(), "InstanceType": "t3.micro"}
    return {**usual, "SubnetId": net["subnets"][0], "MinCount": 1, "MaxCount": 1, **more}


def template(cloud: Any, name: str = "web", source: str = "1", **data: Any) -> dict[str, str]:
    """A new version of a launch template; how a group names it."""
    if "UserData" in data:
        data["UserData"] = base64.b64encode(data["UserData"].encode()).decode()
    made = cloud.client("ec2").create_launch_template_version(
        LaunchTemplateName=name, SourceVersion=source, LaunchTemplateData=data
    )
    return numbered(int(made["LaunchTemplateVersion"]["VersionNumber"]))


@CASES
def test_run_instances_refuses(cloud: Any, case: str) -> None:
    wrong, code = MISTAKES[case]
    asked = launch(cloud, cloud.network(), **wrong)
    assert cloud.refused("ec2", "run_instances", **asked) == code
    assert cloud.client("ec2").describe_instances()["Reservations"] == []


def test_run_instances_refuses_what_has_no_image(cloud: Any) -> None:
    asked = launch(cloud, cloud.network())
    del asked["ImageId"]
    assert cloud.refused("ec2", "run_instances", **asked) == "MissingParameter"


def test_run_instances_refuses_a_group_of_another_network(cloud: Any) -> None:
    here, other = cloud.network(), cloud.network()
    asked = launch(cloud, here, SecurityGroupIds=[other["group"]])
    assert cloud.refused("ec2", "run_instances", **asked) == "InvalidParameter"
    del asked["SecurityGroupIds"], asked["SubnetId"]
    card = {"DeviceIndex": 0, "SubnetId": here["subnets"][0], "Groups": [other["group"]]}
    asked["NetworkInterfaces"] = [card]
    assert cloud.refused("ec2", "run_instances", **asked) == "InvalidParameter"
    card["Groups"] = [here["group"]]
    assert cloud.refused("ec2", "run_instances", **asked) == ""


def test_run_instances_takes_as_much_user_data_as_there_may_be(cloud: Any) -> None:
    asked = launch(cloud, cloud.network(), UserData="x" * 16384)
    assert cloud.refused("ec2", "run_instances", **asked) == ""


@CASES
def test_a_group_is_not_made_from_a_template_that_cannot_be_launched(cloud: Any, case: str) -> None:
    make(cloud, DesiredCapacity=0)
    asg = cloud.client("autoscaling")
    asg.delete_auto_scaling_group(**GROUP, ForceDelete=True)
    bad = template(cloud, **MISTAKES[case][0])
    subnet = cloud.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    asked = {**GROUP, "MinSize": 0, "MaxSize": 1, "VPCZoneIdentifier": subnet}
    call = ("autoscaling", "create_auto_scaling_group")
    assert cloud.refused(*call, **asked, LaunchTemplate=bad) == "ValidationError"
    mixed = {"LaunchTemplate": {"LaunchTemplateSpecification": bad}}
    assert cloud.refused(*call, **asked, MixedInstancesPolicy=mixed) == "ValidationError"
    assert asg.describe_auto_scaling_groups()["AutoScalingGroups"] == []


def test_a_group_is_not_changed_to_a_template_that_cannot_be_launched(cloud: Any) -> None:
    make(cloud, LaunchTemplate=numbered(1))
    bad = template(cloud, SecurityGroupIds=[UNKNOWN_GROUP])
    call = ("autoscaling", "update_auto_scaling_group")
    assert cloud.refused(*call, **GROUP, LaunchTemplate=bad, MaxSize=5) == "ValidationError"
    assert (
        cloud.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"][0][
            "MaxSize"
        ]
        == 6
    )
    good = template(cloud, InstanceType="t3.small")
    assert cloud.refused(*call, **GROUP, LaunchTemplate=good) == ""


def test_a_group_is_not_moved_to_subnets_that_its_security_groups_are_not_of(cloud: Any) -> None:
    net = make(cloud, LaunchTemplate=numbered(1), DesiredCapacity=0)
    grouped = template(cloud, SecurityGroupIds=[net["group"]])
    call = ("autoscaling", "update_auto_scaling_group")
    assert cloud.refused(*call, **GROUP, LaunchTemplate=grouped) == ""
    elsewhere = cloud.network()["subnets"][0]
    assert cloud.refused(*call, **GROUP, VPCZoneIdentifier=elsewhere) == "ValidationError"


def test_a_refresh_to_what_cannot_be_launched_does_not_begin(cloud: Any) -> None:
    make(cloud, LaunchTemplate=numbered(1))
    wanted = {"DesiredConfiguration": {"LaunchTemplate": template(cloud, ImageId=UNKNOWN_IMAGE)}}
    call = ("autoscaling", "start_instance_refresh")
    assert cloud.refused(*call, **GROUP, **wanted) == "ValidationError"
    assert states(cloud) == {"InService": 3}
    assert versions(cloud) == {"1": 3}


def test_what_a_deregistered_image_was_is_not_launched_any_more(cloud: Any) -> None:
    net = make(cloud, LaunchTemplate=numbered(1), DesiredCapacity=1)
    ec2, asg = cloud.client("ec2"), cloud.client("autoscaling")
    own = asg.describe_auto_scaling_instances()["AutoScalingInstances"][0]["InstanceId"]
    image = ec2.create_image(InstanceId=own, Name="release")["ImageId"]
    asg.update_auto_scaling_group(**GROUP, LaunchTemplate=template(cloud, ImageId=image))
    ec2.deregister_image(ImageId=image)
    asked = launch(cloud, net, ImageId=image)
    assert cloud.refused("ec2", "run_instances", **asked) == "InvalidAMIID.Unavailable"
    asg.set_desired_capacity(**GROUP, DesiredCapacity=2)
    newest = activities(cloud, "Launching")[0]
    assert newest["StatusCode"] == "Failed"
    assert image in newest["StatusMessage"]
    assert states(cloud) == {"InService": 1}
