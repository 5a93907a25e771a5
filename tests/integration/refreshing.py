# SPDX-License-Identifier: GPL-3.0-or-later
"""A group whose hosts are replaced while somebody looks."""

from __future__ import annotations

import functools
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.run import run
from drive import Endpoint
from environment import Environment, Result
from keeping import until

GROUP = {"AutoScalingGroupName": "production-home-web"}
LARGER, LARGEST = ({"instance_type": f"t4g.{size}"} for size in ("medium", "large"))
# In this many AWS seconds a second a refresh can be watched.
SLOWLY = 4.0


@pytest.fixture
def environment(built: Environment) -> Environment:
    return built


@functools.cache
def autoscaling(endpoint: str) -> Any:
    """A client that is asked again and again: each new one would keep connections of its own."""
    return Environment(Endpoint(endpoint)).aws("home").client("autoscaling")


def group(environment: Environment) -> dict[str, Any]:
    client = autoscaling(environment.handle.endpoint)
    [found] = client.describe_auto_scaling_groups(
        AutoScalingGroupNames=[GROUP["AutoScalingGroupName"]]
    )["AutoScalingGroups"]
    return dict(found)


def refreshes(environment: Environment) -> list[dict[str, Any]]:
    """The newest first."""
    client = autoscaling(environment.handle.endpoint)
    return list(client.describe_instance_refreshes(**GROUP)["InstanceRefreshes"])


def begun(environment: Environment, count: int) -> None:
    until(lambda: len(refreshes(environment)) == count)
    until(lambda: refreshes(environment)[0]["Status"] == "InProgress")


def at_home(environment: Environment, web_tier: dict[str, str]) -> Result:
    return run(environment.params("home", web_tier=web_tier), "site", dry=False)


def in_background(
    pool: ThreadPoolExecutor, environment: Environment, web_tier: dict[str, str]
) -> Future[Result]:
    environment.handle.speed(SLOWLY)
    return pool.submit(at_home, environment, web_tier)


def image_of_hosts(environment: Environment) -> dict[str, str]:
    """The option that names the image from which the hosts run."""
    [host, *_rest] = group(environment)["Instances"]
    ec2 = environment.aws("home").client("ec2")
    [found] = ec2.describe_instances(InstanceIds=[host["InstanceId"]])["Reservations"]
    return {"image_id": found["Instances"][0]["ImageId"]}
