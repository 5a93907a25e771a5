# SPDX-License-Identifier: GPL-3.0-or-later
"""An image that only home has is copied, whatever is to be released next."""

from __future__ import annotations

import json
from pathlib import Path

from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import (
    RECIPE,
    RELEASE,
    pairs,
)
from environment import Environment

from playbooks import Playbooks, changed
from sandbox.running import Handle

RUNS = "1-0a1b2c3d"
APPLICATION = {
    "web_tier_application": "shop",
    "web_tier_user_data": "",
    "web_host_start": "./shop",
    # It has no artifact, and needs none: another release runs.
    "image_release": "2",
    "phoenix_wait_timeout": 60,
}


def test_a_run_that_was_killed_before_the_copy_is_finished_by_the_next(
    sandbox: Handle, tmp_path: Path
) -> None:
    sandbox.reset()
    playbooks, environment = Playbooks(sandbox, tmp_path), Environment(sandbox)
    changed(playbooks.run("site"))
    _make_image(environment)
    ran = playbooks.run("site", "-e", json.dumps(APPLICATION))
    assert ran.returncode == 0, ran.stdout[-3000:]
    for site in ("home", "recovery"):
        images = environment.aws(site).client("ec2").describe_images(Owners=["self"])["Images"]
        [tags] = [{tag["Key"]: tag["Value"] for tag in image["Tags"]} for image in images]
        assert (tags[RELEASE], tags["phoenix:id"]) == ("1", f"image/{RUNS}")
    again = playbooks.run("site", "-e", json.dumps(APPLICATION))
    assert again.returncode == 0 and changed(again) == {"home": 0, "recovery": 0}


def test_a_copy_that_has_failed_is_made_anew_and_leaves_nothing(
    sandbox: Handle, tmp_path: Path
) -> None:
    sandbox.reset()
    playbooks, environment = Playbooks(sandbox, tmp_path), Environment(sandbox)
    changed(playbooks.run("site"))
    source = _make_image(environment)
    failed = _copy_in_vain(environment, source)
    options = ("-e", json.dumps(APPLICATION))
    ran = playbooks.run("site", *options)
    assert ran.returncode == 0, ran.stdout[-3000:]
    ec2 = environment.aws("recovery").client("ec2")
    [image] = ec2.describe_images(Owners=["self"])["Images"]
    assert (image["State"], image["ImageId"] != failed) == ("available", True)
    named = [{"Name": "tag:phoenix:id", "Values": [f"image/{RUNS}"]}]
    assert len(ec2.describe_snapshots(OwnerIds=["self"], Filters=named)["Snapshots"]) == 1


def _copy_in_vain(environment: Environment, source: str) -> str:
    """A copy as a run makes it, with a key that is not there."""
    aws = environment.aws("recovery")
    tags = aws.scope.marks("image", RUNS, aws.scope.name("shop", RUNS))
    marks = pairs({**tags, RELEASE: "1", RECIPE: "0a1b2c3d"})
    kinds = ("image", "snapshot")
    ec2 = aws.client("ec2")
    id = ec2.copy_image(
        Name=tags["Name"],
        SourceImageId=source,
        SourceRegion="us-east-1",
        Encrypted=True,
        KmsKeyId="alias/nobody-has-it",
        TagSpecifications=[{"ResourceType": kind, "Tags": marks} for kind in kinds],
    )["ImageId"]
    assert ec2.describe_images(ImageIds=[id])["Images"][0]["State"] == "failed"
    return str(id)


def _make_image(environment: Environment) -> str:
    aws = environment.aws("home")
    ec2 = aws.client("ec2")
    [host, *_rest] = ec2.describe_instances()["Reservations"][0]["Instances"]
    tags = aws.scope.marks("image", RUNS, aws.scope.name("shop", RUNS))
    marks = pairs({**tags, RELEASE: "1", RECIPE: "0a1b2c3d"})
    made = ec2.create_image(
        InstanceId=host["InstanceId"],
        Name=tags["Name"],
        TagSpecifications=[{"ResourceType": "image", "Tags": marks}],
    )
    return str(made["ImageId"])
