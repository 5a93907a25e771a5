# SPDX-License-Identifier: GPL-3.0-or-later
"""A release on its way to the hosts: what does not serve in time is put back before it is told."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from environment import Environment

from playbooks import Playbooks, changed

GROUP = "production-home-web"
RECIPE = "0a1b2c3d"
PLAY = """
- hosts: all
  gather_facts: false
  module_defaults:
    group/operatingdev.phoenix.aws: "{{ phoenix_aws }}"
  tasks:
    - ansible.builtin.import_role:
        name: operatingdev.phoenix.release
        tasks_from: roll
    - ansible.builtin.import_role:
        name: operatingdev.phoenix.site
        tasks_from: end
"""
# In this many AWS seconds a second no refresh ends while a run waits for it.
BRISKLY = 20.0


class Shop(Playbooks):
    """An environment whose hosts are launched from images of an application."""

    def client(self, service: str, region: str = "us-east-1") -> Any:
        access = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(
            service, region_name=region, endpoint_url=self.handle.endpoint, **access
        )

    def call(self, name: str, *options: str) -> tuple[list[str], dict[str, str]]:
        command, environment = super().call(name, *options)
        if name == "roll":
            command[1] = str(self.folder / "roll.yml")
        return command, environment

    def image(self, release: str, host: str) -> str:
        """Its id at home; there is a copy in the other region."""
        id = f"{release}-{RECIPE}"
        owner = {"phoenix:environment": "production", "phoenix:id": f"image/{id}"}
        made = {"phoenix:release": release, "phoenix:recipe": RECIPE}

        def tags(site: str) -> list[dict[str, Any]]:
            told = {**owner, **made, "phoenix:site": site}
            listed = [{"Key": key, "Value": value} for key, value in told.items()]
            return [{"ResourceType": "image", "Tags": listed}]

        number = self.client("ec2").create_image(
            InstanceId=host, Name=id, TagSpecifications=tags("home")
        )["ImageId"]
        self.client("ec2", "us-west-2").copy_image(
            Name=id,
            SourceImageId=number,
            SourceRegion="us-east-1",
            TagSpecifications=tags("recovery"),
        )
        return str(number)

    def told(self, release: str, timeout: int = 600) -> tuple[str, str]:
        """The options by which a release is rolled out."""
        variables = {
            "image_name": f"image/{release}-{RECIPE}",
            "release_version": release,
            "web_tier_application": "shop",
            "web_tier_user_data": "",
            "phoenix_wait_timeout": timeout,
        }
        return "-e", json.dumps(variables)

    def releases(self, site: str, region: str) -> str:
        """The image that a site launches its hosts from by default."""
        [latest] = self.client("ec2", region).describe_launch_template_versions(
            LaunchTemplateName=f"production-{site}-web", Versions=["$Default"]
        )["LaunchTemplateVersions"]
        image = latest["LaunchTemplateData"]["ImageId"]
        [found] = self.client("ec2", region).describe_images(ImageIds=[image])["Images"]
        return next(tag["Value"] for tag in found["Tags"] if tag["Key"] == "phoenix:release")

    def refreshes(self) -> list[str]:
        """The states of the instance refreshes at home, the newest first."""
        told = self.client("autoscaling").describe_instance_refreshes(AutoScalingGroupName=GROUP)
        return [item["Status"] for item in told["InstanceRefreshes"]]


@pytest.fixture
def shop(tmp_path: Path, played: Environment) -> Shop:
    """Release 1 runs, and there is an image of release 2."""
    (tmp_path / "roll.yml").write_text(PLAY, encoding="utf-8")
    shop = Shop(played.handle, tmp_path)
    [group] = shop.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    host = group["Instances"][0]["InstanceId"]
    for release in "12":
        shop.image(release, host)
    changed(shop.run("roll", *shop.told("1")))
    assert places(shop) == ("1", "1")
    return shop


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 300
    while not true():
        assert time.monotonic() < end
        time.sleep(0.2)


def places(shop: Shop) -> tuple[str, str]:
    return shop.releases("home", "us-east-1"), shop.releases("recovery", "us-west-2")


@pytest.mark.parametrize("attached", [False, pytest.param(True, marks=pytest.mark.sweep)])
def test_what_does_not_serve_in_time_is_put_back_and_goes_nowhere_else(
    shop: Shop, attached: bool
) -> None:
    """attached: to the refresh of a run that was killed."""
    shop.handle.speed(BRISKLY)
    if attached:
        call = {"service": "autoscaling", "action": "StartInstanceRefresh", "mode": "after"}
        assert shop.killed("roll", call, *shop.told("2")) != 0
        shop.handle.faults([])
        assert len(shop.refreshes()) == 2
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(shop.run, "roll", *shop.told("2", 5))
        until(lambda: running.done() or shop.refreshes()[0].startswith("Rollback"))
        shop.handle.speed(0)
        told = running.result()
    assert told.returncode != 0
    assert "as declared: site home: after 5 s, still waiting: autoscaling_group/web" in told.stdout
    assert shop.refreshes() == ["RollbackSuccessful", "Successful"]
    assert places(shop) == ("1", "1")
    # In time it serves, at home first and then elsewhere.
    changed(shop.run("roll", *shop.told("2")))
    assert places(shop) == ("2", "2")


BACK = """
- hosts: home
  gather_facts: false
  module_defaults:
    group/operatingdev.phoenix.aws: "{{ phoenix_aws }}"
  tasks:
    - block:
        - ansible.builtin.fail:
            msg: its hosts are not ready
      rescue:
        - ansible.builtin.include_role:
            name: operatingdev.phoenix.release
            tasks_from: back
          vars:
            phoenix_account_id: "210987654321"
            web_tier_min_size: 3
    - ansible.builtin.import_role:
        name: operatingdev.phoenix.site
        tasks_from: end
"""


def test_what_cannot_be_put_back_either_is_told_beside_why_it_was_to_be(shop: Shop) -> None:
    (shop.folder / "roll.yml").write_text(BACK, encoding="utf-8")
    told = shop.run("roll", *shop.told("2"))
    assert told.returncode != 0
    [end] = [line for line in told.stdout.splitlines() if line.startswith("fatal: [home]")][-1:]
    assert "its hosts are not ready" in end and "210987654321" in end
