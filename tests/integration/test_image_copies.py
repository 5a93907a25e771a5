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


def _make_image(environment: Environment) -> None:
    aws = environment.aws("home")
    ec2 = aws.client("ec2")
    [host, *_rest] = ec2.describe_instances()["Reservations"][0]["Instances"]
    tags = aws.scope.marks("image", RUNS, aws.scope.name("shop", RUNS))
    marks = pairs({**tags, RELEASE: "1", RECIPE: "0a1b2c3d"})
    ec2.create_image(
        InstanceId=host["InstanceId"],
        Name=tags["Name"],
        TagSpecifications=[{"ResourceType": "image", "Tags": marks}],
    )
