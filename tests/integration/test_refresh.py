# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts make way for others by an instance refresh; the group is what it was until they have."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.run import run
from environment import Environment
from refreshing import (
    GROUP,
    LARGER,
    SLOWLY,
    at_home,
    autoscaling,
    begun,
    environment,
    group,
    in_background,
    refreshes,
)

__all__ = ["environment"]


def test_hosts_of_another_type_serve_before_the_group_is_another(environment: Environment) -> None:
    before = group(environment)
    mark = environment.handle.mark()
    environment.run(web_tier=LARGER)
    writes = environment.handle.writes_since(mark)
    sent = [entry["action"] for entry in writes if entry["region"] == "us-east-1"]
    assert "StartInstanceRefresh" in sent and "UpdateAutoScalingGroup" not in sent
    after = group(environment)
    [refresh] = refreshes(environment)
    assert refresh["Status"] == "Successful"
    asked = refresh["DesiredConfiguration"]["LaunchTemplate"]["Version"]
    assert asked.isdigit() and asked != before["LaunchTemplate"]["Version"]
    assert after["LaunchTemplate"]["Version"] == asked
    assert {one["InstanceType"] for one in after["Instances"]} == {LARGER["instance_type"]}
    old = {one["InstanceId"] for one in before["Instances"]}
    assert not old & {one["InstanceId"] for one in after["Instances"]}
    again = environment.run(web_tier=LARGER)
    assert not any(result["changed"] for result in again.values())


def test_a_group_without_hosts_is_changed_at_once(environment: Environment) -> None:
    mark = environment.handle.mark()
    environment.run(web_tier=LARGER)
    writes = environment.handle.writes_since(mark)
    sent = [entry["action"] for entry in writes if entry["region"] == "us-west-2"]
    assert "UpdateAutoScalingGroup" in sent and "StartInstanceRefresh" not in sent


def test_a_refresh_that_is_given_up_fails_the_run_with_its_reason(environment: Environment) -> None:
    before = group(environment)
    with ThreadPoolExecutor(1) as pool:
        running = in_background(pool, environment, LARGER)
        begun(environment, 1)
        autoscaling(environment.handle.endpoint).cancel_instance_refresh(**GROUP)
        environment.handle.speed(0)
        with pytest.raises(Refusal, match="instance refresh to version 2: Cancelled") as refused:
            running.result()
    assert "autoscaling_group/web" in str(refused.value)
    assert group(environment)["LaunchTemplate"] == before["LaunchTemplate"]


@pytest.mark.sweep
def test_after_a_refresh_that_was_given_up_the_same_run_tries_again(
    environment: Environment,
) -> None:
    with ThreadPoolExecutor(1) as pool:
        running = in_background(pool, environment, LARGER)
        begun(environment, 1)
        autoscaling(environment.handle.endpoint).cancel_instance_refresh(**GROUP)
        environment.handle.speed(0)
        with pytest.raises(Refusal):
            running.result()
    at_home(environment, LARGER)
    assert {one["InstanceType"] for one in group(environment)["Instances"]} == {"t4g.medium"}
    assert [item["Status"] for item in refreshes(environment)] == ["Successful", "Cancelled"]


def test_a_run_after_a_killed_one_goes_on_with_the_refresh_that_it_began(
    environment: Environment,
) -> None:
    environment.handle.speed(SLOWLY)
    started = run(environment.params("home", web_tier=LARGER, wait=False), "site", dry=False)
    assert "instance refresh" in started["waiting"]["autoscaling_group/web"]
    begun(environment, 1)
    environment.handle.speed(0)
    at_home(environment, LARGER)
    assert [item["Status"] for item in refreshes(environment)] == ["Successful"]
