# SPDX-License-Identifier: GPL-3.0-or-later
"""Images made of instances: their tags, their snapshots, their copies and their end."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from .account import AWAY, HOME, Account, refused, specified, tags, until


@pytest.fixture
def instance(account: Account, ec2: Any) -> str:
    net = account.network()
    launch = {"ImageId": account.image(), "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    made = ec2.run_instances(**launch, SubnetId=net["subnets"][0])
    return str(made["Instances"][0]["InstanceId"])


@pytest.fixture
def image(ec2: Any, instance: str) -> str:
    return str(ec2.create_image(InstanceId=instance, Name="golden")["ImageId"])


@pytest.fixture
def abroad(account: Account) -> Any:
    return account.client("ec2", AWAY)


def failed(ec2: Any, number: str) -> bool:
    return bool(image_of(ec2, number)["State"] == "failed")


def image_of(ec2: Any, number: str) -> dict[str, Any]:
    return dict(ec2.describe_images(ImageIds=[number])["Images"][0])


def snapshot_of(ec2: Any, number: str) -> dict[str, Any]:
    disk = image_of(ec2, number)["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    return dict(ec2.describe_snapshots(SnapshotIds=[disk])["Snapshots"][0])


def test_an_image_and_its_snapshot_are_tagged_as_they_are_made(ec2: Any, instance: str) -> None:
    wanted = [*specified("image", release="1"), *specified("snapshot", release="1", disk="root")]
    made = ec2.create_image(InstanceId=instance, Name="golden", TagSpecifications=wanted)
    assert image_of(ec2, made["ImageId"])["Tags"] == tags(release="1")
    found = snapshot_of(ec2, made["ImageId"])["Tags"]
    assert sorted(found, key=lambda tag: str(tag["Key"])) == tags(disk="root", release="1")


def test_other_things_are_not_tagged_with_an_image(ec2: Any, instance: str) -> None:
    wanted = specified("instance", release="1")
    code = refused(ec2.create_image, InstanceId=instance, Name="golden", TagSpecifications=wanted)
    assert code == "InvalidParameterValue"
    assert ec2.describe_images(Owners=["self"])["Images"] == []


def test_an_image_of_an_instance_is_on_a_disk(ec2: Any, image: str) -> None:
    found = image_of(ec2, image)
    assert found["RootDeviceType"] == "ebs"
    assert found["RootDeviceName"] == found["BlockDeviceMappings"][0]["DeviceName"]
    assert found["Public"] is False
    assert "KmsKeyId" not in found["BlockDeviceMappings"][0]["Ebs"]


def test_own_images_are_found_by_their_tags(ec2: Any, instance: str) -> None:
    numbers = [
        ec2.create_image(
            InstanceId=instance, Name=f"golden-{n}", TagSpecifications=specified("image", release=n)
        )["ImageId"]
        for n in ("1", "2")
    ]

    def found(name: str, *values: str) -> list[str]:
        told = ec2.describe_images(
            Owners=["self"], Filters=[{"Name": name, "Values": list(values)}]
        )
        return [one["ImageId"] for one in told["Images"]]

    assert found("tag:release", "2") == numbers[1:]
    assert found("tag:release", "1", "2") == numbers
    assert found("tag-key", "release") == numbers
    assert found("name", "golden-1") == numbers[:1]
    assert found("tag:release", "3") == []


def test_nothing_is_made_of_an_instance_that_is_gone(ec2: Any, instance: str) -> None:
    unknown = {"InstanceId": "i-00000000000000000", "Name": "golden"}
    assert refused(ec2.create_image, **unknown) == "InvalidInstanceID.NotFound"
    ec2.terminate_instances(InstanceIds=[instance])
    code = refused(ec2.create_image, InstanceId=instance, Name="golden")
    assert code == "IncorrectInstanceState"


def test_an_image_that_is_pending_is_neither_launched_nor_copied(
    account: Account, ec2: Any, abroad: Any, instance: str
) -> None:
    account.cloud.speed(1)
    made = ec2.create_image(InstanceId=instance, Name="golden")["ImageId"]
    launch = refused(ec2.run_instances, ImageId=made, MinCount=1, MaxCount=1)
    assert launch == "InvalidAMIID.Unavailable"
    source = {"SourceRegion": HOME, "SourceImageId": made, "Name": "golden"}
    assert refused(abroad.copy_image, **source) == "InvalidAMIID.Unavailable"


def test_a_copy_is_encrypted_with_a_key_of_its_region(
    account: Account, ec2: Any, abroad: Any, image: str
) -> None:
    key = account.key(AWAY)
    source = {"SourceRegion": HOME, "SourceImageId": image}
    copy = abroad.copy_image(**source, Name="golden", Encrypted=True, KmsKeyId=key)["ImageId"]
    disk = image_of(abroad, copy)["BlockDeviceMappings"][0]["Ebs"]
    assert disk["Encrypted"] is True
    found = snapshot_of(abroad, copy)
    assert (found["Encrypted"], found["KmsKeyId"]) == (True, key)
    plain = abroad.copy_image(**source, Name="plain")["ImageId"]
    assert snapshot_of(abroad, plain)["Encrypted"] is False
    assert image_of(ec2, image)["BlockDeviceMappings"][0]["Ebs"]["Encrypted"] is False


def test_a_key_without_encryption_is_refused(account: Account, abroad: Any, image: str) -> None:
    source = {"SourceRegion": HOME, "SourceImageId": image, "Name": "golden"}
    code = refused(abroad.copy_image, **source, KmsKeyId=account.key(AWAY))
    assert code == "InvalidParameterDependency"


def test_a_copy_with_a_key_that_is_not_in_its_region_fails_afterwards(
    account: Account, abroad: Any, image: str
) -> None:
    source = {"SourceRegion": HOME, "SourceImageId": image, "Encrypted": True}
    account.cloud.speed(1000)
    for name, key in (("golden", account.key(HOME)), ("other", "alias/none")):
        copy = abroad.copy_image(**source, Name=name, KmsKeyId=key)["ImageId"]
        assert image_of(abroad, copy)["State"] == "pending"
        until(partial(failed, abroad, copy))
        assert image_of(abroad, copy)["StateReason"]["Message"]


def test_the_same_token_copies_once(abroad: Any, image: str) -> None:
    asked = {"SourceRegion": HOME, "SourceImageId": image, "Name": "golden", "ClientToken": "c-1"}
    first, second = (abroad.copy_image(**asked)["ImageId"] for _ in range(2))
    assert first == second
    assert len(abroad.describe_images(Owners=["self"])["Images"]) == 1
    assert refused(abroad.copy_image, **{**asked, "ClientToken": "c-2"}) == (
        "InvalidAMIName.Duplicate"
    )
    other = {**asked, "Name": "other"}
    assert refused(abroad.copy_image, **other) == "IdempotentParameterMismatch"


def test_a_copy_and_its_snapshot_have_tags_of_their_own(
    ec2: Any, abroad: Any, instance: str
) -> None:
    given = specified("image", release="1")
    image = ec2.create_image(InstanceId=instance, Name="golden", TagSpecifications=given)["ImageId"]
    copy = abroad.copy_image(
        SourceRegion=HOME,
        SourceImageId=image,
        Name="golden",
        CopyImageTags=True,
        TagSpecifications=[*specified("image", site="away"), *specified("snapshot", site="away")],
    )["ImageId"]
    found = sorted(image_of(abroad, copy)["Tags"], key=lambda tag: str(tag["Key"]))
    assert found == tags(release="1", site="away")
    assert snapshot_of(abroad, copy)["Tags"] == tags(site="away")


def test_an_image_goes_with_its_snapshots_if_asked_to(ec2: Any, instance: str) -> None:
    made = ec2.create_image(InstanceId=instance, Name="golden")["ImageId"]
    snapshot = snapshot_of(ec2, made)["SnapshotId"]
    told = ec2.deregister_image(ImageId=made, DeleteAssociatedSnapshots=True)
    assert told["Return"] is True
    assert told["DeleteSnapshotResults"] == [{"SnapshotId": snapshot, "ReturnCode": "success"}]
    gone = refused(ec2.describe_snapshots, SnapshotIds=[snapshot])
    assert gone == "InvalidSnapshot.NotFound"


def test_an_image_goes_once_and_its_snapshot_stays(ec2: Any, image: str) -> None:
    snapshot = snapshot_of(ec2, image)["SnapshotId"]
    assert "DeleteSnapshotResults" not in ec2.deregister_image(ImageId=image)
    assert refused(ec2.deregister_image, ImageId=image) == "InvalidAMIID.Unavailable"
    unknown = refused(ec2.deregister_image, ImageId="ami-00000000000000000")
    assert unknown == "InvalidAMIID.NotFound"
    assert refused(ec2.delete_snapshot, SnapshotId=snapshot) == ""
    assert refused(ec2.delete_snapshot, SnapshotId=snapshot) == "InvalidSnapshot.NotFound"
