# SPDX-License-Identifier: GPL-3.0-or-later
"""Images have disks of their own in the sandbox, and in the emulator alone they have not.

What AWS does is checked in `tests/conformance/test_images.py`.
"""

from __future__ import annotations

from typing import Any


def image_of(cloud: Any, *kinds: str) -> str:
    """An image of an instance, with tags for things of these kinds."""
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    known = ec2.describe_images(Owners=["amazon"])["Images"] or [{"ImageId": "ami-12345678"}]
    kind = "t4g.micro" if known[0].get("Architecture") == "arm64" else "t3.micro"
    launch = {"ImageId": known[0]["ImageId"], "SubnetId": subnet, "MinCount": 1, "MaxCount": 1}
    launch |= {"InstanceType": kind}
    number = ec2.run_instances(**launch)["Instances"][0]["InstanceId"]
    tags = [{"Key": "release", "Value": "1"}]
    wanted = [{"ResourceType": kind, "Tags": tags} for kind in kinds]
    made = ec2.create_image(InstanceId=number, Name="golden", TagSpecifications=wanted)
    return str(made["ImageId"])


def disk_of(ec2: Any, image: str) -> dict[str, Any]:
    found = ec2.describe_images(ImageIds=[image])["Images"][0]["BlockDeviceMappings"][0]["Ebs"]
    return dict(found)


def test_snapshots_are_tagged_encrypted_and_deleted_with_images(cloud: Any) -> None:
    ec2 = cloud.client("ec2")
    image = image_of(cloud, "image", "snapshot")
    snapshot = disk_of(ec2, image)["SnapshotId"]
    found = ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]
    assert found["Tags"] == [{"Key": "release", "Value": "1"}]
    source = {"SourceImageId": image, "SourceRegion": "us-east-1", "Name": "copy"}
    copy = ec2.copy_image(**source, Encrypted=True)["ImageId"]
    assert disk_of(ec2, copy)["Encrypted"] is True
    told = ec2.deregister_image(ImageId=image, DeleteAssociatedSnapshots=True)
    assert [one["SnapshotId"] for one in told["DeleteSnapshotResults"]] == [snapshot]


def test_the_emulator_alone_knows_nothing_of_them(plain: Any) -> None:
    ec2 = plain.client("ec2")
    image = image_of(plain, "image")
    source = {"SourceImageId": image, "SourceRegion": "us-east-1", "Name": "copy"}
    copy = ec2.copy_image(**source, Encrypted=True)["ImageId"]
    assert "Encrypted" not in disk_of(ec2, copy)
    assert ec2.describe_images(ImageIds=[image])["Images"][0]["RootDeviceType"] == "standard"
    told = ec2.deregister_image(ImageId=image, DeleteAssociatedSnapshots=True)
    assert "DeleteSnapshotResults" not in told
