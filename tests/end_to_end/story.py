# SPDX-License-Identifier: GPL-3.0-or-later
"""A checkout whose sites stand, and what a story looks at in its emulated account."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest

from sandbox import visit
from sandbox.background import Background
from sandbox.ground.podman import Podman
from tests.end_to_end.traffic import Shop
from tools.twin import Twin, twins

NAME = "shop.example.com"
REGIONS = ("us-east-1", "us-west-2")
# AWS seconds in a second: what AWS gives up after an hour is given up in 18 s.
SPEED = "200"


@dataclass
class Story:
    """A checkout whose sites stand, and all pledges that were acknowledged.

    values: what `make` is told each time, NAME=value.
    """

    values: tuple[str, ...]
    twin: Twin
    url: str
    shop: Shop
    ledger: dict[str, int] = field(default_factory=dict)

    def call(self, method: str, name: str, content: Any = None) -> Any:
        background = Background(self.twin.identity.folder)
        found = background.status()
        assert found is not None
        return background.client(found["endpoint"]).call(method, name, content)

    def aws(self, service: str, region: str) -> Any:
        keys = json.loads((self.twin.identity.folder / "connection.json").read_text("ascii"))
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=keys["endpoint_url"],
            aws_access_key_id=keys["access_key"],
            aws_secret_access_key=keys["secret_key"],
        )

    def serving(self) -> dict[str, str]:
        """The hosts at home that the balancer sends requests to, with their zones."""
        balancer = next(
            one
            for one in self.call("GET", "balancers")
            if one["name"].startswith("production-home")
        )
        healthy = {one["id"] for one in balancer["targets"] if one["health"] == "healthy"}
        return {one["id"]: one["zone"] for one in self.call("GET", "hosts") if one["id"] in healthy}

    def releases(self) -> dict[str, str]:
        """Region -> the release on the image that the group there launches hosts from."""
        return {region: self._release(region) for region in REGIONS}

    def _release(self, region: str) -> str:
        [group] = self.aws("autoscaling", region).describe_auto_scaling_groups()[
            "AutoScalingGroups"
        ]
        chosen = group["LaunchTemplate"]
        ec2 = self.aws("ec2", region)
        [version] = ec2.describe_launch_template_versions(
            LaunchTemplateId=chosen["LaunchTemplateId"], Versions=[chosen["Version"]]
        )["LaunchTemplateVersions"]
        [found] = ec2.describe_images(ImageIds=[version["LaunchTemplateData"]["ImageId"]])["Images"]
        return next(tag["Value"] for tag in found["Tags"] if tag["Key"] == "phoenix:release")

    def ask(self, text: str, region: str = REGIONS[0]) -> str:
        """What the database server of a region answers."""
        database = next(one for one in self.call("GET", "databases") if one["region"] == region)
        words = (*visit.psql(database, "application", terminal=False), "-Atc", text)
        return Podman(self.twin.identity)(*words).strip()

    def strike(self, disaster: str, **details: str) -> None:
        self.call("POST", "disasters", {"disaster": disaster, **details})

    def release(self, version: int | str) -> str:
        return self.twin.make("release", *self.values, f"VERSION={version}")

    def site(self) -> str:
        return self.twin.make("site", *self.values)

    def changed_by_site(self) -> set[str]:
        """What another `make site` counts as changes, at all hosts."""
        return set(re.findall(r"changed=(\d+)", self.site()))


def page_of(told: str) -> str:
    """Where on this machine a page of the site is, as `make` told at its end."""
    return str(re.findall(rf"^(https://\S+)/ is https://{NAME}/", told, re.MULTILINE)[-1])


@contextmanager
def standing(*values: str) -> Iterator[Story]:
    """A story that begins when `make site` has ended. values: what `make` is told, NAME=value."""
    with twins("shop") as [twin], pytest.MonkeyPatch.context() as patch:
        patch.setenv("SANDBOX_SPEED", SPEED)
        twin.give_images()
        page = page_of(twin.make("site", *values))
        yield Story(values, twin, page, Shop(page, NAME))


def until(true: Callable[[], bool], told: Callable[[], Any]) -> float:
    """When it became true. Waits for ten minutes at the most, and then says what is told."""
    end = time.monotonic() + 600
    while not true():
        assert time.monotonic() < end, told()
        time.sleep(0.1)
    return time.monotonic()
