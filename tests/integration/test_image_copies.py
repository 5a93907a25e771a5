# SPDX-License-Identifier: GPL-3.0-or-later
"""An image that only home has is copied, whatever is to be released next."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import (
    RECIPE,
    RELEASE,
    pairs,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws
from environment import Environment

from playbooks import Playbooks, changed

RUNS = "1-0a1b2c3d"
APPLICATION = {
    "web_tier_application": "shop",
    "web_tier_user_data": "",
    "web_host_start": "./shop",
    # It has no artifact, and needs none: another release runs.
    "image_release": "2",
    "phoenix_wait_timeout": 60,
}


@pytest.mark.sweep
def test_a_run_that_was_killed_before_the_copy_is_finished_by_the_next(
    played: Environment, tmp_path: Path
) -> None:
    playbooks, environment = Playbooks(played.handle, tmp_path), played
    _make_image(environment)
    ran = playbooks.run("site", "-e", json.dumps(APPLICATION))
    assert ran.returncode == 0, ran.stdout[-3000:]
    for site in ("home", "recovery"):
        images = environment.aws(site).client("ec2").describe_images(Owners=["self"])["Images"]
        [tags] = [{tag["Key"]: tag["Value"] for tag in image["Tags"]} for image in images]
        assert (tags[RELEASE], tags["phoenix:id"]) == ("1", f"image/{RUNS}")
    again = playbooks.run("site", "-e", json.dumps(APPLICATION))
    assert again.returncode == 0 and changed(again) == {"home": 0, "recovery": 0}


@pytest.mark.sweep
def test_a_copy_that_has_failed_is_made_anew_and_leaves_nothing(
    played: Environment, tmp_path: Path
) -> None:
    playbooks, environment = Playbooks(played.handle, tmp_path), played
    source = _make_image(environment)
    failed = _copy(environment, source, "1", "alias/nobody-has-it")
    there = environment.aws("recovery").client("ec2").describe_images(ImageIds=[failed])
    assert there["Images"][0]["State"] == "failed"
    options = ("-e", json.dumps(APPLICATION))
    ran = playbooks.run("site", *options)
    assert ran.returncode == 0, ran.stdout[-3000:]
    ec2 = environment.aws("recovery").client("ec2")
    [image] = ec2.describe_images(Owners=["self"])["Images"]
    assert (image["State"], image["ImageId"] != failed) == ("available", True)
    named = [{"Name": "tag:phoenix:id", "Values": [f"image/{RUNS}"]}]
    assert len(ec2.describe_snapshots(OwnerIds=["self"], Filters=named)["Snapshots"]) == 1


@pytest.mark.sweep
def test_older_images_go_from_both_regions_and_the_plan_shows_it(
    played: Environment, tmp_path: Path
) -> None:
    playbooks, environment = Playbooks(played.handle, tmp_path), played
    for release in ("1", "2", "3"):
        source = _make_image(environment, release)
        if release != "2":
            _copy(environment, source, release, "alias/aws/ebs")
        # Which one is newer AWS tells to the second.
        time.sleep(1.1)
    options = ("-e", json.dumps({**APPLICATION, "web_tier_keep_images": 1}))
    looked = playbooks.run("site", "--check", *options)
    assert looked.returncode == 0, looked.stdout[-3000:]
    gone = {"home image/1-0a1b2c3d", "home image/2-0a1b2c3d", "recovery image/1-0a1b2c3d"}
    assert set(re.findall(r"^- (.*)$", looked.stdout, re.MULTILINE)) == gone
    assert _releases(environment) == {"home": ["1", "2", "3"], "recovery": ["1", "3"]}
    ran = playbooks.run("site", *options)
    assert ran.returncode == 0, ran.stdout[-3000:]
    assert _releases(environment) == {"home": ["3"], "recovery": ["3"]}
    snapshots = (
        environment.aws("recovery")
        .client("ec2")
        .describe_snapshots(Filters=[{"Name": "tag-key", "Values": [RELEASE]}])["Snapshots"]
    )
    assert len(snapshots) == 1
    assert changed(playbooks.run("site", *options)) == {"home": 0, "recovery": 0}


def _releases(environment: Environment) -> dict[str, list[str]]:
    """Of which releases there are images, by site."""
    return {
        site: sorted(
            tag["Value"]
            for image in environment.aws(site)
            .client("ec2")
            .describe_images(Owners=["self"])["Images"]
            for tag in image["Tags"]
            if tag["Key"] == RELEASE
        )
        for site in ("home", "recovery")
    }


def _marks(aws: Aws, release: str) -> tuple[str, list[dict[str, str]]]:
    """Name and tags of an image of a release, as a run makes it."""
    id = f"{release}-0a1b2c3d"
    tags = aws.scope.marks("image", id, aws.scope.name("shop", id))
    return tags["Name"], pairs({**tags, RELEASE: release, RECIPE: "0a1b2c3d"})


def _copy(environment: Environment, source: str, release: str, key: str) -> str:
    """A copy of an image of home at the recovery site."""
    aws = environment.aws("recovery")
    name, marks = _marks(aws, release)
    return str(
        aws.client("ec2").copy_image(
            Name=name,
            SourceImageId=source,
            SourceRegion="us-east-1",
            Encrypted=True,
            KmsKeyId=key,
            TagSpecifications=[
                {"ResourceType": kind, "Tags": marks} for kind in ("image", "snapshot")
            ],
        )["ImageId"]
    )


def _make_image(environment: Environment, release: str = "1") -> str:
    aws = environment.aws("home")
    ec2 = aws.client("ec2")
    [host, *_rest] = ec2.describe_instances()["Reservations"][0]["Instances"]
    name, marks = _marks(aws, release)
    made = ec2.create_image(
        InstanceId=host["InstanceId"],
        Name=name,
        TagSpecifications=[{"ResourceType": "image", "Tags": marks}],
    )
    return str(made["ImageId"])
