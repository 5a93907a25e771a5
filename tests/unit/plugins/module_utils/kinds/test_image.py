# SPDX-License-Identifier: GPL-3.0-or-later
"""Images: made of a host or copied, kept as a way back, and one of them the current one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import (
    Scope,
    specification,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.view import View
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Have, Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.image import (
    CURRENT,
    Image,
)
from botocore.awsrequest import AWSResponse
from moto.ec2.models import ec2_backends


def image(scope: Scope, release: str, made_of: dict[str, Any]) -> Want:
    id, name = f"{release}-0a1b2c3d", scope.name("shop", release)
    tags = {
        **scope.marks("image", id, name),
        "phoenix:release": release,
        "phoenix:recipe": "0a1b2c3d",
    }
    return Want("image", id, {"name": name, "made_of": made_of, "tags": tags})


@pytest.fixture
def asked(aws: Aws) -> list[dict[str, Any]]:
    """What is asked of EC2. Tags of snapshots, which the emulator alone does not take, end here."""
    found: list[dict[str, Any]] = []

    def note(params: dict[str, Any], **_more: Any) -> None:
        found.append({**params})
        if "TagSpecifications" in params:
            told = params["TagSpecifications"]
            params["TagSpecifications"] = [s for s in told if s["ResourceType"] != "snapshot"]

    for client in (aws.client("ec2"), aws.once("ec2")):
        client.meta.events.register("provide-client-params.ec2.*", note)
    return found


@pytest.fixture
def host(aws: Aws, asked: list[dict[str, Any]]) -> str:
    answer = aws.client("ec2").run_instances(
        ImageId="ami-0123456789abcdef0", MinCount=1, MaxCount=1
    )
    return str(answer["Instances"][0]["InstanceId"])


@pytest.fixture
def made(scope: Scope, host: str) -> Want:
    return image(scope, "1", {"instance": host})


def launched_from(aws: Aws, number: str, hosts: int = 0) -> None:
    """A group of ours whose template, in its default version, has this image."""
    ec2, scope = aws.client("ec2"), aws.scope
    template = {"LaunchTemplateName": scope.name("web")}
    tags = specification("launch-template", scope.marks("launch_template", "web"))
    ec2.create_launch_template(
        **template, LaunchTemplateData={"ImageId": number}, TagSpecifications=tags
    )
    marks = scope.marks("autoscaling_group", "web").items()
    aws.client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName=scope.name("web"),
        LaunchTemplate={**template, "Version": "1"},
        MinSize=hosts,
        MaxSize=1,
        AvailabilityZones=["us-east-1a"],
        Tags=[{"Key": key, "Value": value, "PropagateAtLaunch": False} for key, value in marks],
    )


def current(aws: Aws, life: Any) -> str:
    have = life(Image()).find(Want("image", CURRENT, {}, given=True))
    return str(have.facts["release"]) if have else ""


def test_a_new_image_is_as_declared_and_tells_its_release(life: Any, made: Want) -> None:
    have = life(Image()).make(made)
    assert life(Image()).differences(made) == {}
    assert have.facts["release"] == "1" and have.facts["recipe"] == "0a1b2c3d"


def test_its_snapshot_bears_the_same_tags(
    life: Any, made: Want, asked: list[dict[str, Any]]
) -> None:
    life(Image()).make(made)
    told = next(params["TagSpecifications"] for params in asked if "InstanceId" in params)
    tags = {spec["ResourceType"]: spec["Tags"] for spec in told}
    assert tags["snapshot"] == tags["image"]
    assert {"Key": "phoenix:release", "Value": "1"} in tags["snapshot"]


def test_an_image_of_another_region_is_copied_with_the_key_of_this_one(
    life: Any, aws: Aws, scope: Scope, asked: list[dict[str, Any]]
) -> None:
    there = aws.client("ec2", "us-west-2")
    host = there.run_instances(ImageId="ami-0123456789abcdef0", MinCount=1, MaxCount=1)
    source = there.create_image(InstanceId=host["Instances"][0]["InstanceId"], Name="their-name")[
        "ImageId"
    ]
    key = "arn:aws:kms:us-east-1:123456789012:key/6a1b"
    copy = image(scope, "1", {"image": source, "region": "us-west-2", "key": key})
    # The emulator alone leaves out the tags of a copy, so what was asked is looked at.
    Image().create(aws, copy)
    told = next(params for params in asked if "SourceImageId" in params)
    assert told["Encrypted"] is True and told["KmsKeyId"] == key
    tags = {tag["Key"]: tag["Value"] for tag in told["TagSpecifications"][0]["Tags"]}
    assert tags == copy.spec["tags"]
    assert told["SourceImageId"] == source and told["SourceRegion"] == "us-west-2"


def test_nobody_removes_an_image_by_not_declaring_it() -> None:
    assert Image.rules.stateful


def test_a_removed_image_is_gone_with_its_snapshot(
    life: Any, made: Want, asked: list[dict[str, Any]]
) -> None:
    life(Image()).make(made)
    life(Image()).remove(made)
    assert life(Image()).find(made) is None
    assert any(params.get("DeleteAssociatedSnapshots") is True for params in asked)


def test_where_nothing_is_launched_yet_the_newest_is_the_current_one(
    life: Any, aws: Aws, scope: Scope, host: str
) -> None:
    assert current(aws, life) == ""
    life(Image()).make(image(scope, "2", {"instance": host}))
    assert current(aws, life) == "2"


def test_the_current_one_is_that_which_the_group_launches(
    life: Any, aws: Aws, scope: Scope, host: str
) -> None:
    number = life(Image()).make(image(scope, "1", {"instance": host})).facts["id"]
    launched_from(aws, number)
    life(Image()).make(image(scope, "2", {"instance": host}))
    assert current(aws, life) == "1"


def test_a_version_of_the_template_that_nothing_brings_to_the_hosts_is_not_the_current_one(
    life: Any, aws: Aws, scope: Scope, host: str
) -> None:
    first = life(Image()).make(image(scope, "1", {"instance": host})).facts["id"]
    launched_from(aws, first)
    second = life(Image()).make(image(scope, "2", {"instance": host})).facts["id"]
    name = scope.name("web")
    ec2 = aws.client("ec2")
    ec2.create_launch_template_version(
        LaunchTemplateName=name, LaunchTemplateData={"ImageId": second}
    )
    assert current(aws, life) == "1"
    aws.client("autoscaling").update_auto_scaling_group(
        AutoScalingGroupName=name, LaunchTemplate={"LaunchTemplateName": name, "Version": "2"}
    )
    assert current(aws, life) == "2"


@pytest.mark.parametrize(
    ("status", "release"),
    [("InProgress", "2"), ("Baking", "2"), ("RollbackInProgress", "1"), ("Cancelled", "1")],
)
def test_while_hosts_are_replaced_it_is_that_of_the_coming_ones_until_they_are_put_back(
    life: Any, aws: Aws, scope: Scope, host: str, status: str, release: str
) -> None:
    launched_from(aws, life(Image()).make(image(scope, "1", {"instance": host})).facts["id"], 1)
    second = life(Image()).make(image(scope, "2", {"instance": host})).facts["id"]
    template = {"LaunchTemplateName": scope.name("web")}
    aws.client("ec2").create_launch_template_version(
        **template, LaunchTemplateData={"ImageId": second}
    )
    told = {"Status": status, "DesiredConfiguration": {"LaunchTemplate": {"Version": "2"}}}

    # The account in this process knows no instance refreshes.
    def answer(**_call: Any) -> tuple[AWSResponse, dict[str, Any]]:
        return AWSResponse("", 200, {}, None), {"InstanceRefreshes": [told]}

    events = aws.client("autoscaling").meta.events
    events.register("before-call.auto-scaling.DescribeInstanceRefreshes", answer)
    assert current(aws, life) == release


def test_an_image_of_somebody_else_is_none_of_ours(life: Any, aws: Aws, host: str) -> None:
    aws.client("ec2").create_image(InstanceId=host, Name="theirs")
    assert life(Image()).undeclared() == []
    assert current(aws, life) == ""


@pytest.mark.parametrize("state", ["failed", "error", "invalid"])
def test_an_image_that_has_failed_is_of_no_use(aws: Aws, life: Any, made: Want, state: str) -> None:
    id = life(Image()).make(made).facts["id"]
    assert not _spent(aws, life(Image()).find(made))
    ec2_backends["123456789012"]["us-east-1"].amis[id].state = state
    assert _spent(aws, life(Image()).find(made))


def test_an_image_that_was_deregistered_and_is_still_listed_is_gone(life: Any, made: Want) -> None:
    id = life(Image()).make(made).facts["id"]
    ec2_backends["123456789012"]["us-east-1"].amis[id].state = "deregistered"
    assert life(Image()).find(made) is None


def test_images_older_than_those_that_are_kept_are_of_no_use(
    aws: Aws, scope: Scope, host: str
) -> None:
    for release in ("1", "2", "3", "4"):
        _made(aws, scope, host, release)
    assert _old(aws, keep=2) == ["1", "2"]
    assert _old(aws, keep=0) == []
    assert _old(aws, keep=4) == []


@pytest.fixture
def refreshes(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The instance refreshes of the group; the emulator alone has none."""
    found: list[dict[str, Any]] = []
    pages = View.pages

    def answered(self: View, service: str, operation: str, key: str, **more: Any) -> list[Any]:
        told = operation == "describe_instance_refreshes"
        return found if told else pages(self, service, operation, key, **more)

    monkeypatch.setattr(View, "pages", answered)
    return found


@pytest.mark.usefixtures("refreshes")
def test_what_hosts_are_launched_from_stays_and_so_does_the_release_before(
    aws: Aws, scope: Scope, host: str
) -> None:
    number = {release: _made(aws, scope, host, release) for release in "123456"}
    launched_from(aws, number["1"])
    template = {"LaunchTemplateName": scope.name("web")}
    ec2 = aws.client("ec2")
    for release in "23":
        ec2.create_launch_template_version(
            **template, LaunchTemplateData={"ImageId": number[release]}
        )
    # The default is what is launched next, and a group may not be there yet.
    ec2.modify_launch_template(**template, DefaultVersion="3")
    group = {"AutoScalingGroupName": scope.name("web")}
    autoscaling = aws.client("autoscaling")
    autoscaling.update_auto_scaling_group(**group, LaunchTemplate={**template, "Version": "3"})
    assert _old(aws, keep=1) == ["1", "4", "5"]
    # One that is put back is launched again, whatever the default is.
    autoscaling.update_auto_scaling_group(**group, LaunchTemplate={**template, "Version": "1"})
    assert _old(aws, keep=1) == ["4", "5"]


@pytest.mark.usefixtures("refreshes")
def test_an_image_of_which_a_copy_that_sleeps_will_launch_its_hosts_stays(
    aws: Aws, scope: Scope, host: str
) -> None:
    number = {release: _made(aws, scope, host, release) for release in "12345"}
    launched_from(aws, number["5"])
    ec2 = aws.client("ec2")
    copy = {"LaunchTemplateName": "staging-a-staging-web"}
    ec2.create_launch_template(**copy, LaunchTemplateData={"ImageId": number["2"]})
    # What is launched next of it is its default, and it may be brought to its newest one.
    ec2.create_launch_template_version(**copy, LaunchTemplateData={"ImageId": number["3"]})
    assert _old(aws, keep=1) == ["1", "4"]


def test_the_release_before_is_that_which_served_and_not_one_that_was_tried(
    aws: Aws, scope: Scope, host: str, refreshes: list[dict[str, Any]]
) -> None:
    number = {release: _made(aws, scope, host, release) for release in "1234"}
    launched_from(aws, number["1"])
    template = {"LaunchTemplateName": scope.name("web")}
    ec2 = aws.client("ec2")
    for release in "234":
        ec2.create_launch_template_version(
            **template, LaunchTemplateData={"ImageId": number[release]}
        )
    ec2.modify_launch_template(**template, DefaultVersion="4")
    aws.client("autoscaling").update_auto_scaling_group(
        AutoScalingGroupName=scope.name("web"), LaunchTemplate={**template, "Version": "4"}
    )
    # 2 served, 3 was put back, 4 serves.
    ended = (("4", "Successful"), ("3", "RollbackSuccessful"), ("2", "Successful"))
    refreshes += [
        {
            "Status": status,
            "StartTime": datetime(2026, 1, int(version), tzinfo=UTC),
            "DesiredConfiguration": {"LaunchTemplate": {"Version": version}},
        }
        for version, status in ended
    ]
    assert _old(aws, keep=1) == ["1"]


def _made(aws: Aws, scope: Scope, host: str, release: str) -> str:
    """An image, each a day younger than the one before."""
    have = Image().create(aws, image(scope, release, {"instance": host}))
    made = ec2_backends["123456789012"]["us-east-1"].amis[have.facts["id"]]
    made.creation_date = datetime(2026, 1, int(release), tzinfo=UTC)
    return str(have.facts["id"])


def _old(aws: Aws, keep: int) -> list[str]:
    """The releases whose images go."""
    view = View(aws)
    haves = list(Image().find(view, []))
    return sorted(
        have.facts["release"] for have in Image().spent(view, haves, {"keep_images": keep})
    )


def _spent(aws: Aws, have: Have) -> list[Have]:
    return list(Image().spent(View(aws), [have], {"keep_images": 0}))
