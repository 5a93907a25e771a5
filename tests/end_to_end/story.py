# SPDX-License-Identifier: GPL-3.0-or-later
"""A checkout whose sites stand, and what a story looks at in its emulated account."""

from __future__ import annotations

import gzip
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3

from sandbox import visit
from sandbox.ground.podman import Podman
from tests.end_to_end.traffic import Shop
from tools.standing import Standing, sites
from tools.twin import Twin

NAME = "shop.example.com"
SITES = ("home", "recovery")
REGIONS = ("us-east-1", "us-west-2")
# AWS seconds in a second: what AWS gives up after an hour is given up in 18 s.
SPEED = 200.0


@dataclass
class Story(Standing):
    """A checkout whose sites stand, and all pledges that were acknowledged, but those that were
    lost with a region.

    left: those that the old primary has and the new one has not, as both tell. dark: a region that
    does not answer.
    """

    url: str
    shop: Shop
    ledger: dict[str, int] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    left: set[str] = field(default_factory=set)
    dark: str = ""

    def aws(self, service: str, region: str) -> Any:
        keys = json.loads((self.twin.identity.folder / "connection.json").read_text("ascii"))
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=keys["endpoint_url"],
            aws_access_key_id=keys["access_key"],
            aws_secret_access_key=keys["secret_key"],
        )

    def reports(self, *operations: str) -> list[dict[str, Any]]:
        """The steps by name of the newest reports, oldest first, which are of these operations."""
        paths = sorted((self.twin.folder / ".cache/reports").glob("*Z-*-*.json"))
        found = [json.loads(path.read_text("utf-8")) for path in paths[-len(operations) :]]
        assert [one["operation"] for one in found] == list(operations)
        return [{step["name"]: step for step in one["steps"]} for one in found]

    def kept(self, table: str) -> list[dict[str, Any]]:
        """The rows of a table that were found at the old primary only, in all files of them."""
        paths = (self.twin.folder / ".cache/reports").glob(f"*-reprotect-*/{table}.jsonl.gz")
        texts = [gzip.decompress(path.read_bytes()).decode() for path in paths]
        return [json.loads(line) for text in texts for line in text.splitlines()]

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

    def pledged(self, region: str = REGIONS[0]) -> list[str]:
        """The keys of the pledges that a region's database has, oldest first."""
        return self.ask("select idempotency_key from pledges order by created_at", region).split()

    def copied(self, site: str) -> dict[str, Any]:
        """The backups of a site's database that the other region has a copy of, as AWS tells."""
        away = dict(zip(SITES, reversed(REGIONS), strict=True))[site]
        [found] = self.aws("rds", away).describe_db_instance_automated_backups(
            DBInstanceIdentifier=f"production-{site}-database"
        )["DBInstanceAutomatedBackups"]
        return dict(found)

    def page(self, operation: str) -> str:
        """The newest report of an operation, as people see it."""
        path = self.twin.folder / ".cache/reports" / f"{self.whole(operation)['id']}.html"
        return path.read_text("utf-8")

    def strike(self, disaster: str, **details: str) -> None:
        self.call("POST", "disasters", {"disaster": disaster, **details})

    def release(self, version: int | str) -> str:
        return self.twin.make("release", *self.values, f"VERSION={version}")

    def play(self, playbook: str, *words: str) -> str:
        """What a playbook printed. Raises RuntimeError with it if it failed."""
        return self.twin.make(
            "play", *self.values, f"PLAYBOOK={playbook}", f"WITH={' '.join(words)}"
        )

    def found(self) -> Shop:
        """The shop, as somebody finds it who looks its name up now."""
        told = visit.page(self.call("GET", "balancers"), self.call("GET", "names"), NAME)
        return Shop(page_of(told), NAME)

    def declare(self, strategy: str) -> None:
        """What the recovery site lives from, from the next run on."""
        declare(self.twin, strategy)

    def site(self) -> str:
        return self.twin.make("site", *self.values)

    def changed_by_site(self) -> set[str]:
        """What another `make site` counts as changes, at all hosts."""
        return set(re.findall(r"changed=(\d+)", self.site()))


def page_of(told: str) -> str:
    """Where on this machine a page of the site is, as `make` told at its end."""
    return str(re.findall(rf"^(https://\S+)/ is https://{NAME}/", told, re.MULTILINE)[-1])


def declare(twin: Twin, strategy: str) -> None:
    """As a person does it, in the inventory of the checkout."""
    inventory = twin.folder / "inventories/sandbox/group_vars/all.yml"
    text, count = re.subn(r"strategy: \w+", f"strategy: {strategy}", inventory.read_text("utf-8"))
    assert count == 1
    inventory.write_text(text, "utf-8")


@contextmanager
def standing(*values: str, strategy: str = "pilot_light") -> Iterator[Story]:
    """A story that begins when `make site` has ended. values: what `make` is told, NAME=value."""
    with sites("shop", SPEED, *values, before=lambda twin: declare(twin, strategy)) as made:
        page = page_of(made.told)
        yield Story(made.values, made.twin, made.told, page, Shop(page, NAME))


def until(true: Callable[[], bool], told: Callable[[], Any]) -> float:
    """When it became true. Waits for ten minutes at the most, and then says what is told."""
    end = time.monotonic() + 600
    while not true():
        assert time.monotonic() < end, told()
        time.sleep(0.1)
    return time.monotonic()
