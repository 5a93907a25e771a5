# SPDX-License-Identifier: GPL-3.0-or-later
"""The regions that a site may be in are those of AWS."""

from __future__ import annotations

from typing import Any

import botocore
import botocore.session
import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.declaration.regions import (
    REGIONS,
    SOURCE,
    WITHOUT_SWITCH,
)


@pytest.fixture(scope="module")
def loader() -> Any:
    return botocore.session.Session().get_component("data_loader")


def test_every_region_is_one_of_the_sdk(loader: Any) -> None:
    [partition] = [p for p in loader.load_data("partitions")["partitions"] if p["id"] == "aws"]
    theirs = set(partition["regions"]) - {"aws-global"}
    assert set(REGIONS) <= theirs
    # A newer SDK may know of more.
    assert set(REGIONS) == theirs or botocore.__version__ != SOURCE


def test_the_regions_without_a_switch_are_those_that_route_53_does_not_name(loader: Any) -> None:
    model = loader.load_service_model("route53", "service-2")
    named = set(model["shapes"]["CloudWatchRegion"]["enum"])
    assert set(REGIONS) - set(WITHOUT_SWITCH) <= named
    assert not named & set(WITHOUT_SWITCH) or botocore.__version__ != SOURCE


def test_regions_are_sorted_so_that_of_two_near_misses_the_first_is_meant() -> None:
    assert list(REGIONS) == sorted(set(REGIONS))
