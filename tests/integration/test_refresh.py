# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts make way for others by an instance refresh; the group is what it was until they have."""

from __future__ import annotations

import functools
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import specification
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.run import run
from drive import Endpoint
from environment import Environment, Result
from keeping import until

from sandbox.running import Handle

GROUP = {"AutoScalingGroupName": "production-home-web"}
LARGER, LARGEST = ({"instance_type": f"t4g.{size}"} for size in ("medium", "large"))
# In this many AWS seconds a second a refresh can be watched.
SLOWLY = 4.0
# So many where all of a refresh is to be seen.
BRISKLY = 20.0


@pytest.fixture
def environment(sandbox: Handle) -> Environment:
    sandbox.reset()
    stands = Environment(sandbox)
    stands.run()
    return stands


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


@pytest.mark.sweep
def test_what_is_not_wanted_any_more_is_put_back_before_something_else_is_brought(
    environment: Environment,
) -> None:
    # Only from an image, not from a parameter that names one, can AWS go back.
    image = _image(environment)
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
    image = _image(environment)
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
    image = _image(environment)
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
    image = _image(environment)
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


def _image(environment: Environment) -> dict[str, str]:
    [host, *_rest] = group(environment)["Instances"]
    ec2 = environment.aws("home").client("ec2")
    [found] = ec2.describe_instances(InstanceIds=[host["InstanceId"]])["Reservations"]
    return {"image_id": found["Instances"][0]["ImageId"]}


@pytest.mark.sweep
def test_what_runs_is_declared_again_after_a_refresh_that_was_given_up(
    environment: Environment,
) -> None:
    image = _image(environment)
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


def rotate(environment: Environment) -> str:
    """Have the secret name another login, as a rotation does; the id of that version."""
    answer = (
        environment.aws("home")
        .client("secretsmanager")
        .put_secret_value(
            SecretId="production/home/application",
            SecretString='{"username": "b", "password": "b"}',
            VersionStages=["AWSCURRENT", "AWSPENDING"],
        )
    )
    return str(answer["VersionId"])


def logins(environment: Environment, site: str) -> set[str]:
    """Of which logins there are hosts at a site."""
    up = {"Name": "instance-state-name", "Values": ["pending", "running"]}
    answer = environment.aws(site).client("ec2").describe_instances(Filters=[up])
    hosts = [one for item in answer["Reservations"] for one in item["Instances"]]
    return {tag["Value"] for one in hosts for tag in one["Tags"] if tag["Key"] == "phoenix:login"}


def stand_warm(environment: Environment) -> None:
    """Declares hosts for the recovery site too."""
    recovery = {**environment.declared["sites"]["recovery"], "strategy": "warm_standby"}
    environment.declared["sites"] = {**environment.declared["sites"], "recovery": recovery}


def test_hosts_that_have_read_a_login_make_way_for_those_that_read_the_next(
    environment: Environment,
) -> None:
    stand_warm(environment)
    environment.run()
    version = rotate(environment)
    read = {"login_version": version}
    environment.run(web_tier=read)
    for site in ("home", "recovery"):
        assert logins(environment, site) == {version}
    [refresh] = refreshes(environment)
    assert refresh["Status"] == "Successful"
    for again in (read, {}):
        assert not any(result["changed"] for result in environment.run(web_tier=again).values())
    assert len(refreshes(environment)) == 1


def test_a_site_without_hosts_launches_its_first_ones_for_the_new_login(
    environment: Environment,
) -> None:
    stand_warm(environment)
    version = rotate(environment)
    read = {"login_version": version, "min_size": 0}
    environment.run(web_tier=read)
    told = (
        environment.aws("recovery")
        .client("ec2")
        .describe_launch_template_versions(
            LaunchTemplateName="production-recovery-web", Versions=["$Default"]
        )
    )
    [latest] = told["LaunchTemplateVersions"]
    specified = latest["LaunchTemplateData"]["TagSpecifications"]
    assert all(
        {"Key": "phoenix:login", "Value": version} in one["Tags"]
        for one in specified
        if one["ResourceType"] == "instance"
    )
    assert not any(result["changed"] for result in environment.run(web_tier=read).values())


@pytest.mark.sweep
def test_a_run_that_was_killed_while_hosts_take_a_login_is_finished_by_the_same_one(
    environment: Environment,
) -> None:
    read = {"login_version": rotate(environment)}
    environment.handle.speed(SLOWLY)
    run(environment.params("home", web_tier=read, wait=False), "site", dry=False)
    begun(environment, 1)
    environment.handle.speed(0)
    at_home(environment, read)
    assert logins(environment, "home") == {read["login_version"]}
    assert [item["Status"] for item in refreshes(environment)] == ["Successful"]


def test_a_host_that_left_its_group_with_a_login_is_waited_for_by_name(
    environment: Environment,
) -> None:
    [host, *_rest] = group(environment)["Instances"]
    autoscaling(environment.handle.endpoint).detach_instances(
        InstanceIds=[host["InstanceId"]], ShouldDecrementDesiredCapacity=False, **GROUP
    )
    read = {"login_version": rotate(environment)}
    params = environment.params("home", web_tier=read, wait_timeout=20)
    awaited = f"login/taken is still to be read by {host['InstanceId']}"
    with pytest.raises(Refusal, match=awaited):
        run(params, "site", dry=False)
    environment.aws("home").client("ec2").terminate_instances(InstanceIds=[host["InstanceId"]])
    at_home(environment, read)


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
