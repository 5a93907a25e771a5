# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that do not do are put back, by AWS or by the next run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import specification
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.run import run
from environment import Environment
from keeping import until
from refreshing import (
    GROUP,
    LARGER,
    LARGEST,
    SLOWLY,
    at_home,
    autoscaling,
    begun,
    environment,
    group,
    image_of_hosts,
    in_background,
    refreshes,
)

__all__ = ["environment"]
# So many where all of a refresh is to be seen.
BRISKLY = 20.0


@pytest.mark.sweep
def test_what_is_not_wanted_any_more_is_put_back_before_something_else_is_brought(
    environment: Environment,
) -> None:
    # Only from an image, not from a parameter that names one, can AWS go back.
    image = image_of_hosts(environment)
    at_home(environment, image)
    environment.handle.speed(SLOWLY)
    run(environment.params("home", web_tier={**image, **LARGER}, wait=False), "site", dry=False)
    begun(environment, 2)
    with ThreadPoolExecutor(1) as pool:
        running = in_background(pool, environment, {**image, **LARGEST})
        until(lambda: refreshes(environment)[0]["Status"].startswith("Rollback"))
        environment.handle.speed(0)
        running.result()
    states = [item["Status"] for item in refreshes(environment)]
    assert states == ["Successful", "RollbackSuccessful", "Successful"]
    assert {one["InstanceType"] for one in group(environment)["Instances"]} == {"t4g.large"}


def test_hosts_that_answer_with_errors_are_put_back(environment: Environment) -> None:
    image = image_of_hosts(environment)
    at_home(environment, image)
    before = group(environment)["LaunchTemplate"]
    with ThreadPoolExecutor(1) as pool:
        running = in_background(pool, environment, {**image, **LARGER})
        begun(environment, 2)
        ring(environment, "ALARM")
        environment.handle.speed(0)
        with pytest.raises(Refusal, match=r"RollbackSuccessful: .*production-home-host-errors"):
            running.result()
    assert group(environment)["LaunchTemplate"] == before
    assert {one["InstanceType"] for one in group(environment)["Instances"]} == {"t4g.small"}


@pytest.mark.sweep
def test_hosts_that_answer_with_errors_once_all_are_replaced_are_put_back_too(
    environment: Environment,
) -> None:
    image = image_of_hosts(environment)
    at_home(environment, image)
    before = group(environment)["LaunchTemplate"]

    def status() -> str:
        return str(refreshes(environment)[0]["Status"])

    with ThreadPoolExecutor(1) as pool:
        environment.handle.speed(BRISKLY)
        running = pool.submit(at_home, environment, {**image, **LARGER})
        until(lambda: len(refreshes(environment)) == 2)
        until(lambda: status() in ("Baking", "Successful"))
        # It stays so only until it is evaluated.
        until(lambda: ring(environment, "ALARM") or status() != "Baking")
        environment.handle.speed(0)
        with pytest.raises(Refusal, match=r"RollbackSuccessful: .*production-home-host-errors"):
            running.result()
    assert group(environment)["LaunchTemplate"] == before
    assert {one["InstanceType"] for one in group(environment)["Instances"]} == {"t4g.small"}


@pytest.mark.sweep
def test_an_alarm_that_rings_already_does_not_stop_what_is_to_mend_it(
    environment: Environment,
) -> None:
    # As long as it stays what it is told to be, which is until it is evaluated.
    environment.handle.speed(1.0)
    ring(environment, "ALARM")
    run(environment.params("home", web_tier=LARGER, wait=False), "site", dry=False)
    environment.handle.speed(0)
    at_home(environment, LARGER)
    [refresh] = refreshes(environment)
    assert refresh["Status"] == "Successful"
    assert not refresh["Preferences"].get("AlarmSpecification", {}).get("Alarms")
    # Nobody would ring while it waits.
    assert refresh["Preferences"]["BakeTime"] == 0


@pytest.mark.sweep
def test_aws_may_go_back_only_to_an_image_that_is_named(environment: Environment) -> None:
    image = image_of_hosts(environment)
    at_home(environment, image)
    at_home(environment, {**image, **LARGER})
    at_home(environment, LARGEST)
    third, second, first = refreshes(environment)
    assert not first["Preferences"]["AutoRollback"]
    assert second["Preferences"]["AutoRollback"]
    assert not third["Preferences"]["AutoRollback"]


def ring(environment: Environment, state: str) -> None:
    environment.aws("home").client("cloudwatch").set_alarm_state(
        AlarmName="production-home-host-errors", StateValue=state, StateReason="tried"
    )


@pytest.mark.sweep
def test_what_runs_is_declared_again_after_a_refresh_that_was_given_up(
    environment: Environment,
) -> None:
    image = image_of_hosts(environment)
    at_home(environment, image)
    before = group(environment)["LaunchTemplate"]
    with ThreadPoolExecutor(1) as pool:
        running = in_background(pool, environment, {**image, **LARGER})
        begun(environment, 2)
        autoscaling(environment.handle.endpoint).rollback_instance_refresh(**GROUP)
        environment.handle.speed(0)
        with pytest.raises(Refusal):
            running.result()
    at_home(environment, image)
    assert group(environment)["LaunchTemplate"] == before
    assert len(refreshes(environment)) == 2
    planned = run(environment.params("home", web_tier=image), "site_info", dry=True)
    assert not planned["drift"]
    assert "autoscaling_group/web" in planned["known"]


def test_a_release_that_is_still_under_way_is_put_back_for_the_image_that_the_group_has(
    environment: Environment,
) -> None:
    """As role release does where its hosts did not serve in time."""
    old, new = (named(environment, release) for release in "12")
    at_home(environment, {"application": "shop", "release_image": "1-0a1b2c3d"})
    environment.handle.speed(SLOWLY)
    release = {"application": "shop", "release_image": "2-0a1b2c3d"}
    run(environment.params("home", web_tier=release, wait=False), "site", dry=False)
    begun(environment, 2)
    assert standing(environment) == (old, new)
    with ThreadPoolExecutor(1) as pool:
        back = {"application": "shop", "release_image": old}
        running = in_background(pool, environment, back)
        until(lambda: refreshes(environment)[0]["Status"].startswith("Rollback"))
        environment.handle.speed(0)
        running.result()
    assert standing(environment) == (old, old)
    again = run(environment.params("home", web_tier={"application": "shop"}), "site", dry=False)
    assert not again["changed"]


def named(environment: Environment, release: str) -> str:
    """The id of an image of ours of a release."""
    aws = environment.aws("home")
    tags = {
        **aws.scope.marks("image", f"{release}-0a1b2c3d"),
        "phoenix:release": release,
        "phoenix:recipe": "0a1b2c3d",
    }
    host = group(environment)["Instances"][0]["InstanceId"]
    answer = aws.client("ec2").create_image(
        InstanceId=host, Name=f"shop-{release}", TagSpecifications=specification("image", tags)
    )
    return str(answer["ImageId"])


def standing(environment: Environment) -> tuple[str, str]:
    """The ids of the image that the group has, and of that which a refresh is to bring."""
    told = run(environment.params("home", web_tier={"application": "shop"}), "site_info", dry=True)
    [found] = [it for it in told["resources"] if it["address"] == "autoscaling_group/web"]
    return found["facts"]["image"], found["spec"]["launch"]["image"]
