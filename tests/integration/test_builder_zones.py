# SPDX-License-Identifier: GPL-3.0-or-later
"""A builder stands in the first zone that can launch it, wherever that is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.run import run
from environment import BUILDER, Environment

EAST = {"region": "us-east-1"}


@pytest.fixture
def zones(standing: Environment) -> Environment:
    """The environment without a builder."""
    keep(standing, {"builder": False})
    return standing


@contextmanager
def lacking(environment: Environment, **where: str) -> Iterator[None]:
    """There is no capacity meanwhile, in a zone or in all of the region."""
    environment.handle.strike("no-capacity", **EAST, **where)
    try:
        yield
    finally:
        environment.handle.strike("capacity-returns", **EAST, **where)


def keep(environment: Environment, options: dict[str, Any]) -> dict[str, Any]:
    """Brings tier image at home to what is asked for."""
    params = environment.params("home", **options)
    params.pop("traffic")
    return run(params, "image", dry=False)


def launches(environment: Environment, mark: int) -> int:
    """How many requests for an instance there were since a mark."""
    log = environment.handle.log(mark)
    return sum(entry["action"] == "RunInstances" for entry in log)


def zone(environment: Environment) -> str:
    """Where the builder stands."""
    named = [
        {"Name": "tag:phoenix:id", "Values": ["instance/builder"]},
        {"Name": "instance-state-name", "Values": ["running"]},
    ]
    found = environment.aws("home").client("ec2").describe_instances(Filters=named)
    [item] = [item for answer in found["Reservations"] for item in answer["Instances"]]
    return str(item["Placement"]["AvailabilityZone"])


def test_it_stands_in_the_next_zone_where_one_has_no_capacity_and_stays_there(
    zones: Environment,
) -> None:
    mark = zones.handle.mark()
    with lacking(zones, zone="us-east-1a"):
        assert "instance/builder" in keep(zones, BUILDER)["done"]
    # AWS refuses with status 500, for which a client would ask the same zone again and again.
    assert launches(zones, mark) == 2
    assert zone(zones) == "us-east-1b"
    assert keep(zones, BUILDER)["changed"] is False
    assert zone(zones) == "us-east-1b"


def test_of_a_type_that_no_zone_has_the_next_one_takes_its_place_and_stays(
    zones: Environment,
) -> None:
    wanted = {**BUILDER, "fallback_instance_types": ["t4g.medium", "m7g.medium"]}
    mark = zones.handle.mark()
    with lacking(zones, instance_type="t4g.small"):
        assert "instance/builder" in keep(zones, wanted)["done"]
    assert launches(zones, mark) == 4
    assert keep(zones, wanted)["changed"] is False
    assert keep(zones, BUILDER)["changed"] is False


def test_where_no_zone_has_capacity_all_are_named_at_once_with_a_way_on(
    zones: Environment,
) -> None:
    mark = zones.handle.mark()
    with lacking(zones), pytest.raises(Refusal) as refused:
        keep(zones, BUILDER)
    [failure] = refused.value.result["errors"]
    assert failure["code"] == "no_capacity"
    assert all(f"us-east-1{letter}: " in failure["message"] for letter in "abc")
    assert "web_tier_instance_type" in failure["hint"]
    assert launches(zones, mark) == 3
