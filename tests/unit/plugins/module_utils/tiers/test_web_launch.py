# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts bear the marks of what they have read at their launch, and make way where it changes."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.declaration.fields import read
from ansible_collections.operatingdev.phoenix.plugins.module_utils.declaration.site import MOST_TAGS
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine import graph
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Ref, Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.tiers import image, web_tier

from .web import GROUP, SITES, options, site, sites, wants


def test_hosts_are_launched_for_the_login_that_is_current_in_their_region() -> None:
    for name in SITES:
        found = wants(name, application="shop")
        tags = found["launch_template/web"].spec["launch"]["instance_tags"]
        assert tags["phoenix:login"] == Ref("login/application", "version")
        login = found["login/application"]
        assert login.given
        assert login.spec["name"] == "production/home/application"
        assert "login/taken" not in found
    found = wants("recovery", application="shop")
    assert "secret/application" not in graph.needs(found["login/application"])


def test_with_as_many_tags_as_may_be_declared_hosts_and_images_bear_what_aws_takes() -> None:
    tags = {f"t{number}": "x" for number in range(MOST_TAGS)}
    at = site(tags=tags)
    given = options(application="shop", parameters={"theme": "dark"})
    found = {want.address: want for want in web_tier.wants(at, given)}
    host = found["launch_template/web"].spec["launch"]["instance_tags"]
    release = {"application": "shop", "release": "1", "recipe": "0a1b2c3d"}
    source = {"source_image": "ami-0123456789abcdef0", "source_region": "us-west-2"}
    [golden] = image.wants(at, read(image.FIELDS, {**release, **source})[0])
    assert max(len(host), len(golden.spec["tags"])) == 50


def test_where_no_host_of_an_application_starts_no_copy_of_its_login_is_needed() -> None:
    found = wants("recovery")
    assert "login/application" not in found
    launch = found["launch_template/web"]
    assert "phoenix:login" not in launch.spec["launch"]["instance_tags"]
    assert "login/application" not in graph.needs(launch)


@pytest.mark.parametrize(
    ("place", "given"),
    [({}, {"application": "shop"}), ({"strategy": "warm_standby"}, {})],
    ids=["application", "warm standby"],
)
def test_hosts_that_would_find_no_copy_of_their_login_are_refused(
    place: dict[str, str], given: dict[str, str]
) -> None:
    there = site("recovery", sites(**place))
    for replicate, refused in ((False, ["replicate"]), (True, [])):
        found = web_tier.check_copies(there, {"replicate": replicate}, options(**given))
        assert [problem.path for problem in found] == refused
    assert not list(web_tier.check_copies(site("recovery"), {"replicate": False}, options()))


def test_hosts_of_an_application_make_way_when_a_parameter_that_they_have_read_changes() -> None:
    def launch(**given: Any) -> Want:
        return wants(**{"application": "shop", **given})["launch_template/web"]

    def tag(**given: Any) -> str:
        return str(launch(**given).spec["launch"]["instance_tags"].get("phoenix:configuration"))

    light, dark = {"theme": "light"}, {"theme": "dark"}
    assert len({tag(), tag(parameters=light), tag(parameters=dark)}) == 3
    both = {"a": "1", "b": "2"}
    assert tag(parameters=both) == tag(parameters=dict(reversed(both.items())))
    assert "ssm_parameter/theme" in graph.needs(launch(parameters=dark))
    # An image of one's own may ask for them at any time.
    assert tag(application="", parameters=dark) == "None"


def test_after_a_rotation_its_version_is_awaited_and_then_that_all_hosts_have_read_it() -> None:
    version = "0" * 32
    found = wants("recovery", application="shop", login_version=version)
    launch = found["launch_template/web"]
    assert launch.spec["launch"]["instance_tags"]["phoenix:login"] == version
    assert graph.needs(launch)["login/application"] is True
    assert found["login/application"].spec["version"] == version
    taken = found["login/taken"]
    assert taken.given and taken.spec["taken"]
    assert graph.needs(taken)[GROUP] is True
