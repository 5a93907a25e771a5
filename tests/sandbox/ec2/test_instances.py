# SPDX-License-Identifier: GPL-3.0-or-later
"""Images, launch templates and instances, as AWS has them."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from sandbox.running import Handle
from tests.sandbox.conftest import Clients
from tests.sandbox.ec2.asking import refusal, tagged

PARAMETER = "/aws/service/debian/release/12/latest/arm64"


def script(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class TestImages:
    @pytest.mark.parametrize("architecture", ["amd64", "arm64"])
    def test_the_public_parameter_names_an_image_that_exists(
        self, client: Clients, architecture: str
    ) -> None:
        names = set()
        for region in ("us-east-1", "us-west-2"):
            name = PARAMETER.replace("arm64", architecture)
            number = client("ssm", region).get_parameter(Name=name)["Parameter"]["Value"]
            image = client("ec2", region).describe_images(ImageIds=[number])["Images"][0]
            assert image["OwnerId"] == "136693071363"
            assert image["Architecture"] == {"amd64": "x86_64"}.get(architecture, architecture)
            names.add(number)
        assert len(names) == 2

    def test_of_amazon_linux_that_a_parameter_names_exist(self, client: Clients) -> None:
        name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.1-arm64"
        number = client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
        assert client("ec2").describe_images(ImageIds=[number])["Images"]

    def test_that_do_not_exist_are_not_launched(self, ec2: Any) -> None:
        wrong = {"ImageId": "ami-0123456789abcdef0", "MinCount": 1, "MaxCount": 1}
        assert refusal(ec2.run_instances, **wrong) == "InvalidAMIID.NotFound"

    def test_are_copied_with_tags_and_not_under_a_name_in_use(self, client: Clients) -> None:
        home, there = client("ec2"), client("ec2", "us-west-2")
        image = home.describe_images(Owners=["136693071363"])["Images"][0]["ImageId"]
        launched = home.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]
        made = home.create_image(
            InstanceId=launched["InstanceId"],
            Name="web-1",
            TagSpecifications=tagged("image", a="b"),
        )["ImageId"]
        given = {"Name": "web-1", "SourceImageId": made, "SourceRegion": "us-east-1"}
        copied = there.copy_image(**given, CopyImageTags=True)["ImageId"]
        assert there.describe_images(ImageIds=[copied])["Images"][0]["Tags"] == [
            {"Key": "a", "Value": "b"}
        ]
        assert refusal(there.copy_image, **given) == "InvalidAMIName.Duplicate"


class TestALaunchTemplate:
    def test_of_version_2_with_user_data_launches_through_an_auto_scaling_group(
        self, client: Clients, ec2: Any, subnet: str
    ) -> None:
        iam = client("iam")
        iam.create_instance_profile(InstanceProfileName="web")
        data = {"ImageId": f"resolve:ssm:{PARAMETER}", "InstanceType": "t4g.micro"}
        made = ec2.create_launch_template(LaunchTemplateName="t", LaunchTemplateData=data)
        number = made["LaunchTemplate"]["LaunchTemplateId"]
        ec2.create_launch_template_version(
            LaunchTemplateId=number,
            SourceVersion="1",
            LaunchTemplateData={
                "UserData": script("#!/bin/sh"),
                "IamInstanceProfile": {"Name": "web"},
                "MetadataOptions": {"HttpTokens": "required"},
            },
        )
        client("autoscaling").create_auto_scaling_group(
            AutoScalingGroupName="g",
            MinSize=1,
            MaxSize=1,
            VPCZoneIdentifier=subnet,
            LaunchTemplate={"LaunchTemplateId": number, "Version": "2"},
        )
        found = ec2.describe_instances()["Reservations"][0]["Instances"][0]
        image = client("ssm").get_parameter(Name=PARAMETER)["Parameter"]["Value"]
        assert (found["ImageId"], found["InstanceType"]) == (image, "t4g.micro")

    def test_gives_an_instance_profile_and_metadata_options(
        self, client: Clients, ec2: Any, subnet: str
    ) -> None:
        client("iam").create_instance_profile(InstanceProfileName="web")
        ec2.create_launch_template(
            LaunchTemplateName="t",
            LaunchTemplateData={
                "ImageId": f"resolve:ssm:{PARAMETER}",
                "InstanceType": "t4g.micro",
                "IamInstanceProfile": {"Name": "web"},
                "MetadataOptions": {"HttpTokens": "required"},
            },
        )
        found = ec2.run_instances(
            LaunchTemplate={"LaunchTemplateName": "t"}, MinCount=1, MaxCount=1, SubnetId=subnet
        )["Instances"][0]
        assert found["IamInstanceProfile"]["Arn"].endswith(":instance-profile/web")
        assert found["MetadataOptions"]["HttpTokens"] == "required"

    def test_has_in_its_versions_what_was_given_and_no_more(self, ec2: Any) -> None:
        data = {
            "InstanceType": "t4g.micro",
            "TagSpecifications": tagged("instance", Name="web"),
        }
        made = ec2.create_launch_template(
            LaunchTemplateName="t",
            LaunchTemplateData=data,
            TagSpecifications=tagged("launch-template", owner="me"),
        )["LaunchTemplate"]
        number = made["LaunchTemplateId"]
        versions = ec2.describe_launch_template_versions(LaunchTemplateId=number)
        assert versions["LaunchTemplateVersions"][0]["LaunchTemplateData"] == data
        ec2.create_tags(Resources=[number], Tags=[{"Key": "later", "Value": "x"}])
        shown = ec2.describe_launch_templates(LaunchTemplateIds=[number])["LaunchTemplates"][0]
        assert {tag["Key"] for tag in shown["Tags"]} == {"owner", "later"}

    def test_refuses_an_unknown_version_and_an_unknown_parameter(self, ec2: Any) -> None:
        ec2.create_launch_template(
            LaunchTemplateName="t", LaunchTemplateData={"ImageId": "resolve:ssm:/no/such"}
        )
        run = {"MinCount": 1, "MaxCount": 1}
        assert (
            refusal(ec2.run_instances, LaunchTemplate={"LaunchTemplateName": "t"}, **run)
            == "InvalidParameterValue"
        )
        code = refusal(
            ec2.run_instances, LaunchTemplate={"LaunchTemplateName": "t", "Version": "9"}, **run
        )
        assert code == "InvalidLaunchTemplateId.VersionNotFound"


class TestAnInstance:
    def test_is_pending_for_its_time(self, cloud: Handle, ec2: Any, subnet: str) -> None:
        image = ec2.describe_images(Owners=["136693071363"])["Images"][0]["ImageId"]
        cloud.speed(50)
        made = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, SubnetId=subnet)
        number = made["Instances"][0]["InstanceId"]
        ec2.get_waiter("instance_running").wait(
            InstanceIds=[number], WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
        assert cloud.waiting() == []
