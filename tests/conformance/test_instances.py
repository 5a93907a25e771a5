# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances of EC2, and the images they are launched from and turned into."""

from __future__ import annotations

from typing import Any

import pytest

from .account import AWAY, HOME, Account, refused, specified, tags


@pytest.fixture
def launch(account: Account) -> dict[str, Any]:
    """The arguments of one instance in the first subnet of a VPC."""
    net = account.network()
    return {
        "ImageId": account.image(),
        "InstanceType": "t3.micro",
        "MinCount": 1,
        "MaxCount": 1,
        "SubnetId": net["subnets"][0],
        "SecurityGroupIds": [net["group"]],
        "ClientToken": "instance-1",
    }


@pytest.fixture
def instance(ec2: Any, launch: dict[str, Any]) -> str:
    return str(ec2.run_instances(**launch)["Instances"][0]["InstanceId"])


def described(ec2: Any, number: str) -> dict[str, Any]:
    found = ec2.describe_instances(InstanceIds=[number])["Reservations"][0]["Instances"]
    return dict(found[0])


def image_of(ec2: Any, number: str) -> dict[str, Any]:
    return dict(ec2.describe_images(ImageIds=[number])["Images"][0])


def test_a_public_parameter_names_the_newest_image_of_amazon(account: Account, ec2: Any) -> None:
    newest = account.image()
    named = [{"Name": "name", "Values": ["al2023-ami-*"]}]
    found = ec2.describe_images(Owners=["amazon"], Filters=named)["Images"]
    assert newest in [image["ImageId"] for image in found]


def test_an_instance_is_pending_first_and_then_runs_with_an_address_of_its_subnet(
    ec2: Any, launch: dict[str, Any]
) -> None:
    made = ec2.run_instances(**launch)["Instances"][0]
    assert made["State"]["Name"] == "pending"
    found = described(ec2, made["InstanceId"])
    assert found["State"]["Name"] == "running"
    assert found["PrivateIpAddress"].startswith("10.1.0.")


def test_an_instance_stops_and_starts_with_the_address_that_it_had(ec2: Any, instance: str) -> None:
    before = described(ec2, instance)
    [told] = ec2.stop_instances(InstanceIds=[instance])["StoppingInstances"]
    assert told["PreviousState"]["Name"] == "running"
    assert described(ec2, instance)["State"]["Name"] == "stopped"
    [told] = ec2.start_instances(InstanceIds=[instance])["StartingInstances"]
    assert told["PreviousState"]["Name"] == "stopped"
    after = described(ec2, instance)
    assert after["State"]["Name"] == "running"
    assert after["PrivateIpAddress"] == before["PrivateIpAddress"]


def test_the_same_token_launches_nothing_more(ec2: Any, launch: dict[str, Any]) -> None:
    first, second = (ec2.run_instances(**launch)["Instances"][0] for _ in range(2))
    assert first["InstanceId"] == second["InstanceId"]


def test_an_image_that_there_is_not_is_refused(ec2: Any) -> None:
    unknown = {"ImageId": "ami-00000000000000000", "MinCount": 1, "MaxCount": 1}
    assert refused(ec2.run_instances, **unknown) == "InvalidAMIID.NotFound"


def test_a_running_instance_passes_its_checks(ec2: Any, instance: str) -> None:
    found = ec2.describe_instance_status(InstanceIds=[instance])["InstanceStatuses"][0]
    assert found["InstanceStatus"]["Status"] == found["SystemStatus"]["Status"] == "ok"


def test_a_type_is_offered_zone_by_zone(ec2: Any) -> None:
    found = ec2.describe_instance_type_offerings(
        LocationType="availability-zone",
        Filters=[{"Name": "instance-type", "Values": ["t3.micro"]}],
    )["InstanceTypeOfferings"]
    assert {offer["Location"] for offer in found} == {f"{HOME}{zone}" for zone in "abc"}


def test_a_type_tells_how_many_processors_it_has(ec2: Any) -> None:
    [found] = ec2.describe_instance_types(InstanceTypes=["t3.micro"])["InstanceTypes"]
    assert found["VCpuInfo"]["DefaultVCpus"] == 2
    unknown = refused(ec2.describe_instance_types, InstanceTypes=["t3.tiny"])
    assert unknown == "InvalidInstanceType"


def test_a_command_is_sent_to_an_instance(account: Account, instance: str) -> None:
    told = account.client("ssm").send_command(
        InstanceIds=[instance],
        DocumentName="AWS-RunShellScript",
        Parameters={"commands": ["true"]},
    )["Command"]
    assert told["InstanceIds"] == [instance]


def test_an_image_is_made_of_an_instance_with_its_tags_and_a_name_of_its_own(
    ec2: Any, instance: str
) -> None:
    made = ec2.create_image(
        InstanceId=instance, Name="golden", TagSpecifications=specified("image", release="1")
    )["ImageId"]
    assert image_of(ec2, made)["Tags"] == tags(release="1")
    again = refused(ec2.create_image, InstanceId=instance, Name="golden")
    assert again == "InvalidAMIName.Duplicate"


def test_an_image_takes_its_time(account: Account, ec2: Any, instance: str) -> None:
    account.cloud.speed(1)
    made = ec2.create_image(InstanceId=instance, Name="golden")["ImageId"]
    assert image_of(ec2, made)["State"] == "pending"


def test_an_image_is_copied_to_another_region_and_launches_there(
    account: Account, ec2: Any, instance: str, launch: dict[str, Any]
) -> None:
    abroad = account.client("ec2", AWAY)
    made = ec2.create_image(InstanceId=instance, Name="golden")["ImageId"]
    copied = abroad.copy_image(
        SourceRegion=HOME, SourceImageId=made, Name="golden", Encrypted=True
    )["ImageId"]
    assert image_of(abroad, copied)["State"] == "available"
    assert refused(abroad.describe_images, ImageIds=[made]) == "InvalidAMIID.NotFound"
    there = {**launch, "ImageId": copied, "SubnetId": account.network(AWAY)["subnets"][0]}
    del there["SecurityGroupIds"]
    assert refused(abroad.run_instances, **there) == ""


def test_a_copy_has_the_tags_of_its_source_if_asked_for(
    account: Account, ec2: Any, instance: str
) -> None:
    abroad = account.client("ec2", AWAY)
    made = ec2.create_image(
        InstanceId=instance, Name="golden", TagSpecifications=specified("image", release="1")
    )["ImageId"]
    source = {"SourceRegion": HOME, "SourceImageId": made}
    plain = abroad.copy_image(**source, Name="plain")["ImageId"]
    tagged = abroad.copy_image(**source, Name="tagged", CopyImageTags=True)["ImageId"]
    assert not image_of(abroad, plain).get("Tags")
    assert image_of(abroad, tagged)["Tags"] == tags(release="1")


def test_an_image_and_its_snapshot_go_one_after_the_other(ec2: Any, instance: str) -> None:
    made = ec2.create_image(InstanceId=instance, Name="golden")["ImageId"]
    snapshot = image_of(ec2, made)["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    assert refused(ec2.delete_snapshot, SnapshotId=snapshot) == "InvalidSnapshot.InUse"
    ec2.deregister_image(ImageId=made)
    assert refused(ec2.delete_snapshot, SnapshotId=snapshot) == ""
    # For a short while a deregistered image is still told, as such.
    found = ec2.describe_images(ImageIds=[made])["Images"]
    assert [image["State"] for image in found] in ([], ["deregistered"])


def test_a_terminated_instance_stays_listed_as_terminated(ec2: Any, instance: str) -> None:
    told = ec2.terminate_instances(InstanceIds=[instance])["TerminatingInstances"][0]
    assert told["PreviousState"]["Name"] == "running"
    assert described(ec2, instance)["State"]["Name"] in ("shutting-down", "terminated")


def test_a_subnet_that_has_an_instance_is_not_deleted(
    ec2: Any, instance: str, launch: dict[str, Any]
) -> None:
    assert instance
    code = refused(ec2.delete_subnet, SubnetId=launch["SubnetId"])
    assert code == "DependencyViolation"


def test_an_instance_is_launched_with_an_interface_of_its_own_wishes(
    ec2: Any, launch: dict[str, Any]
) -> None:
    subnet, groups = launch.pop("SubnetId"), launch.pop("SecurityGroupIds")
    card = {
        "DeviceIndex": 0,
        "SubnetId": subnet,
        "Groups": groups,
        "AssociatePublicIpAddress": True,
        "DeleteOnTermination": True,
    }
    made = ec2.run_instances(
        **launch,
        NetworkInterfaces=[card],
        MetadataOptions={"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
        InstanceInitiatedShutdownBehavior="terminate",
        TagSpecifications=[*specified("instance", role="builder"), *specified("volume", own="1")],
    )["Instances"][0]
    found = described(ec2, made["InstanceId"])
    assert found["MetadataOptions"]["HttpTokens"] == "required"
    assert found["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
    assert found["Tags"] == tags(role="builder")
    assert [group["GroupId"] for group in found["SecurityGroups"]] == groups
    [told] = found["NetworkInterfaces"]
    assert told["SubnetId"] == found["SubnetId"] == subnet
    assert told["Association"]["PublicIp"] == found["PublicIpAddress"]
    attribute = "instanceInitiatedShutdownBehavior"
    kept = ec2.describe_instance_attribute(InstanceId=made["InstanceId"], Attribute=attribute)
    assert kept["InstanceInitiatedShutdownBehavior"]["Value"] == "terminate"
    disk = found["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    assert ec2.describe_volumes(VolumeIds=[disk])["Volumes"][0]["Tags"] == tags(own="1")


def test_an_interface_says_where_an_instance_is_and_nothing_else_does(
    ec2: Any, launch: dict[str, Any]
) -> None:
    card = {"DeviceIndex": 0, "SubnetId": launch["SubnetId"]}
    both = refused(ec2.run_instances, **launch, NetworkInterfaces=[card])
    assert both == "InvalidParameterCombination"


def test_a_token_belongs_to_one_request(ec2: Any, launch: dict[str, Any]) -> None:
    ec2.run_instances(**launch)
    other = {**launch, "InstanceType": "t3.small"}
    assert refused(ec2.run_instances, **other) == "IdempotentParameterMismatch"


def test_instances_are_found_by_their_tags_and_their_state(
    ec2: Any, launch: dict[str, Any]
) -> None:
    tagged = specified("instance", role="builder")
    made = ec2.run_instances(**launch, TagSpecifications=tagged)["Instances"][0]["InstanceId"]
    ec2.run_instances(**{**launch, "ClientToken": "instance-2"})

    def found(state: str) -> list[str]:
        names = {"tag:role": "builder", "instance-state-name": state}
        filters = [{"Name": name, "Values": [value]} for name, value in names.items()]
        told = ec2.describe_instances(Filters=filters)["Reservations"]
        return [one["InstanceId"] for group in told for one in group["Instances"]]

    assert found("running") == [made]
    ec2.terminate_instances(InstanceIds=[made])
    assert found("running") == []
    assert found("terminated") == [made]


def test_the_status_of_what_does_not_run_is_told_if_asked_for(ec2: Any, instance: str) -> None:
    ec2.stop_instances(InstanceIds=[instance])
    assert ec2.describe_instance_status(InstanceIds=[instance])["InstanceStatuses"] == []
    asked = {"InstanceIds": [instance], "IncludeAllInstances": True}
    [found] = ec2.describe_instance_status(**asked)["InstanceStatuses"]
    assert found["InstanceState"]["Name"] == "stopped"
    assert found["InstanceStatus"]["Status"] == "not-applicable"


def test_an_unknown_instance_is_not_terminated(ec2: Any) -> None:
    unknown = ["i-00000000000000000"]
    assert refused(ec2.terminate_instances, InstanceIds=unknown) == "InvalidInstanceID.NotFound"
