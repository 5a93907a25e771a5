# SPDX-License-Identifier: GPL-3.0-or-later
"""What a builder is launched with, and what an image is made of."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.declaration.fields import read
from ansible_collections.operatingdev.phoenix.plugins.module_utils.declaration.site import (
    Site,
    read_site,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine import graph
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Ref, Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.tiers import image, network

PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB"
BUILDER = {
    "builder": True,
    "controller": "198.51.100.7/32",
    "login_public_key": PUBLIC,
    "host_key": "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n",
    "host_public_key": PUBLIC,
}
RELEASE = {"application": "crowdfund", "release": "1.4.0", "recipe": "0a1b2c3d4e5f"}


@pytest.fixture
def site() -> Site:
    declared = {"home": {"region": "us-east-1", "stands": "home", "cidr": "10.20.0.0/16"}}
    found, _problems = read_site(
        {
            "environment": "production",
            "account_id": "123456789012",
            "sites": declared,
            "site": "home",
        }
    )
    assert found is not None
    return found


def options(**given: Any) -> dict[str, Any]:
    found, problems = read(image.FIELDS, given)
    assert problems == []
    return found


def wanted(site: Site, **given: Any) -> dict[str, Want]:
    return {want.address: want for want in image.wants(site, options(**given))}


def mistakes(site: Site, **given: Any) -> set[str]:
    return {problem.path for problem in image.check(site, options(**given))}


def test_where_nothing_is_asked_for_nothing_is_there(site: Site) -> None:
    assert wanted(site) == {}


def test_only_the_controller_reaches_a_builder_and_only_by_ssh(site: Site) -> None:
    rules = [
        want.spec
        for want in wanted(site, **BUILDER).values()
        if want.kind == "security_group_rule" and want.id.startswith("builder/in-")
    ]
    assert [(rule["peer"], rule["from_port"], rule["to_port"]) for rule in rules] == [
        ("198.51.100.7/32", 22, 22)
    ]


def test_the_rules_of_a_builder_are_none_that_the_network_takes_for_its_own(site: Site) -> None:
    covered = {kind.name: kind for kind in network.KINDS}
    shared = [want for want in wanted(site, **BUILDER).values() if want.kind in covered]
    assert len(shared) == 6
    assert not [want.address for want in shared if covered[want.kind].covers(want.id)]


def test_a_builder_knows_its_own_keys_and_its_end(site: Site) -> None:
    text = wanted(site, **BUILDER)["instance/builder"].spec["launch"]["user_data"]
    head, _newline, rest = text.partition("\n")
    told = json.loads(rest)
    assert head == "#cloud-config"
    assert told["ssh_authorized_keys"] == [PUBLIC]
    assert told["ssh_keys"]["ed25519_private"] == BUILDER["host_key"]
    [end] = told["bootcmd"]
    assert end[0] == "systemd-run" and end[-3:] == ["--on-active=2h", "systemctl", "poweroff"]
    # A timer that waits for the end of the early boot would never let it end.
    assert "--timer-property=DefaultDependencies=no" in end


def test_one_that_works_for_longer_ends_itself_later(site: Site) -> None:
    found = wanted(site, **BUILDER, builder_hours=12)["instance/builder"].spec["launch"]
    assert '"--on-active=12h"' in found["user_data"]


def test_other_keys_are_another_builder(site: Site) -> None:
    def launched(**more: Any) -> str:
        return str(wanted(site, **{**BUILDER, **more})["instance/builder"].spec["launched_with"])

    assert launched() == launched()
    assert launched() != launched(login_public_key=PUBLIC + "x")
    assert launched() != launched(image_id="ami-0123456789abcdef0")


def test_a_builder_may_stand_in_each_zone_and_is_the_same_one_there(site: Site) -> None:
    fewer = replace(site, zones=("b", "c"))
    found = wanted(fewer, **BUILDER)["instance/builder"].spec
    assert list(found["subnets"].items()) == [
        ("public-b", Ref("subnet/public-b")),
        ("public-c", Ref("subnet/public-c")),
    ]
    other = wanted(site, **BUILDER)["instance/builder"].spec
    assert found["launched_with"] == other["launched_with"]


def test_an_image_is_made_of_the_builder_once_that_runs(site: Site) -> None:
    found = wanted(site, **BUILDER, **RELEASE)["image/1.4.0-0a1b2c3d"]
    assert found.spec["made_of"] == {"instance": Ref("instance/builder", ready=True)}
    assert found.spec["name"] == "production-home-crowdfund-1.4.0-0a1b2c3d"
    assert found.spec["tags"]["phoenix:release"] == "1.4.0"
    assert found.spec["tags"]["phoenix:recipe"] == "0a1b2c3d4e5f"


def test_a_copy_is_encrypted_with_the_key_of_its_own_site(site: Site) -> None:
    source = {"source_image": "ami-0123456789abcdef0", "source_region": "us-west-2"}
    found = wanted(site, **RELEASE, **source)
    assert set(found) == {"image/1.4.0-0a1b2c3d"}
    made_of = found["image/1.4.0-0a1b2c3d"].spec["made_of"]
    assert made_of["key"] == Ref("kms_key/main", "arn")


def test_what_a_builder_or_an_image_needs_is_asked_for_by_name(site: Site) -> None:
    assert mistakes(site, builder=True) == set(image.BUILDER)
    assert mistakes(site, release="1") == {"application", "recipe", *image.SOURCE}
    assert mistakes(site, **BUILDER, **RELEASE) == set()


def test_everything_a_builder_refers_to_is_of_a_tier_of_the_site_or_its_own(site: Site) -> None:
    own = wanted(site, **BUILDER, **RELEASE)
    others = {target for want in own.values() for target in graph.needs(want)} - own.keys()
    assert others == {
        "instance_profile/builder",
        "kms_key/main",
        "route/public",
        "security_group/database",
        "subnet/public-a",
        "subnet/public-b",
        "subnet/public-c",
        "vpc/main",
    }
