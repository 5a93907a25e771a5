# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that have read a login make way for those that read the next."""

from __future__ import annotations

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.run import run
from environment import Environment
from refreshing import GROUP, SLOWLY, at_home, autoscaling, begun, environment, group, refreshes

__all__ = ["environment"]


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


@pytest.mark.sweep
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
