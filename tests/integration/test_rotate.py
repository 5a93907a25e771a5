# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbook rotate: a login gets a new password, once, and what is wrong is said before anything."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest
from environment import Environment

from playbooks import ROOT, Playbooks, changed
from sandbox.running import Handle
from tests.sandbox.conftest import folder, pytest_runtest_setup, real_cloud

__all__ = ["folder", "pytest_runtest_setup", "real_cloud"]
SECRET = "production/home/application"
ROTATE = ("-e", "database_rotate=application")
# What this checkout's sandbox has of a builder; the rest is as `make site` declares it.
BUILDER = {
    "phoenix_sites": {"home": {"region": "us-east-1", "stands": "home", "cidr": "10.20.0.0/16"}},
    "image_sets_up_database": True,
    "image_controller": "{{ sandbox_account.controller_cidr }}",
    "web_host_database_authorities": "{{ sandbox_account.database_ca }}",
    "web_tier_min_size": 1,
}


@pytest.mark.parametrize("told", ["database_rotate=master", "other=1", '{"database_rotate": []}'])
def test_logins_that_there_are_not_are_refused_before_the_first_write(
    tmp_path: Path, sandbox: Handle, told: str
) -> None:
    sandbox.reset()
    mark = sandbox.mark()
    ran = Playbooks(sandbox, tmp_path).run("rotate", "-e", told)
    assert ran.returncode != 0
    assert "database_rotate" in ran.stdout
    assert "application" in ran.stdout
    assert sandbox.writes_since(mark) == []


@pytest.mark.parametrize("check", [(), ("--check",)])
def test_without_a_database_that_is_set_up_there_is_nothing_to_rotate_and_nothing_is_touched(
    tmp_path: Path, sandbox: Handle, check: tuple[str, ...]
) -> None:
    sandbox.reset()
    mark = sandbox.mark()
    ran = Playbooks(sandbox, tmp_path).run("rotate", *ROTATE, *check)
    assert ran.returncode != 0
    assert "The database of home has not been set up" in ran.stdout
    assert sandbox.writes_since(mark) == []


def versions(client: Any) -> tuple[int, str, set[str]]:
    """How many a secret has, whom the current one names, and the labels in use."""
    told = client.list_secret_version_ids(SecretId=SECRET, IncludeDeprecated=True)["Versions"]
    user = json.loads(client.get_secret_value(SecretId=SECRET)["SecretString"])["username"]
    return len(told), user, {label for version in told for label in version["VersionStages"]}


def current(client: Any) -> str:
    """The version of the secret that is read."""
    return str(client.get_secret_value(SecretId=SECRET)["VersionId"])


def read(client: Any) -> list[str]:
    """The version that each host was launched for."""
    mark = {"Name": "tag:phoenix:id", "Values": ["instance/web"]}
    up = {"Name": "instance-state-name", "Values": ["pending", "running"]}
    found = client.describe_instances(Filters=[mark, up])["Reservations"]
    tags = [one["Tags"] for item in found for one in item["Instances"]]
    return [tag["Value"] for host in tags for tag in host if tag["Key"] == "phoenix:login"]


def statuses(aws: dict[str, Any]) -> list[str]:
    """Those of the instance refreshes at home."""
    told = boto3.client("autoscaling", **aws).describe_instance_refreshes(
        AutoScalingGroupName="production-home-web"
    )
    return [item["Status"] for item in told["InstanceRefreshes"]]


def test_while_a_host_may_have_a_former_login_another_rotation_is_refused_and_nothing_is_touched(
    tmp_path: Path, played: Environment
) -> None:
    playbooks = Playbooks(played.handle, tmp_path)
    access = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    aws = {"region_name": "us-east-1", "endpoint_url": played.handle.endpoint, **access}
    name = "/production/home/database_configuration"
    boto3.client("ssm", **aws).put_parameter(Name=name, Value="set up", Overwrite=True)
    ec2 = boto3.client("ec2", **aws)
    [host, *_rest] = boto3.client("autoscaling", **aws).describe_auto_scaling_instances()[
        "AutoScalingInstances"
    ]
    ec2.create_tags(Resources=[host["InstanceId"]], Tags=[{"Key": "phoenix:login", "Value": "0"}])
    mark = played.handle.mark()
    ran = playbooks.run("rotate", *ROTATE)
    assert ran.returncode != 0
    said = " ".join(ran.stdout.split())
    assert f"{host['InstanceId']} of home may have the login from before the last rotation" in said
    assert played.handle.writes_since(mark) == []


@pytest.mark.real
def test_a_rotation_changes_whom_the_secret_names_once_also_where_it_was_killed(
    tmp_path: Path, real_cloud: Handle, folder: Path
) -> None:
    real_cloud.reset()
    real_cloud.speed(0)
    inventory = tmp_path / "inventory/group_vars"
    inventory.mkdir(parents=True)
    (inventory.parent / "hosts.yml").write_text("production: {hosts: {home: {}}}\n")
    text = (ROOT / "inventories/sandbox/group_vars/all.yml").read_text(encoding="utf-8")
    (inventory / "all.yml").write_text(text, encoding="utf-8")
    proxy = f"{sys.executable} -m sandbox --dir {folder} connect %h %p"
    told = json.dumps({**BUILDER, "image_ssh_args": f"-o ProxyCommand='{proxy}'"})

    class Home(Playbooks):
        """One site alone, with a builder."""

        def call(self, name: str, *options: str) -> tuple[list[str], dict[str, str]]:
            command, environment = super().call(name, *options)
            at = command.index("-i") + 1
            command[at : at + 1] = [str(inventory.parent), "-e", told]
            return command, environment

    playbooks = Home(real_cloud, tmp_path)
    changed(playbooks.run("site"))
    access = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    aws = {"region_name": "us-east-1", "endpoint_url": real_cloud.endpoint, **access}
    secrets = boto3.client("secretsmanager", **aws)
    assert versions(secrets) == (1, "application_application_a", {"AWSCURRENT"})

    ran = playbooks.run("rotate", *ROTATE)
    assert changed(ran)["home"] > 0
    settled = {"AWSCURRENT", "AWSPREVIOUS"}
    assert versions(secrets) == (2, "application_application_b", settled)
    ec2 = boto3.client("ec2", **aws)
    assert read(ec2) == [current(secrets)]
    assert statuses(aws) == ["Successful"]
    assert not any(changed(playbooks.run("site")).values())
    password = json.loads(secrets.get_secret_value(SecretId=SECRET)["SecretString"])["password"]
    assert password not in ran.stdout

    call = {"service": "secretsmanager", "action": "UpdateSecretVersionStage"}
    assert playbooks.killed("rotate", {**call, "mode": "after"}, *ROTATE) != 0
    real_cloud.faults([])
    changed(playbooks.run("rotate", *ROTATE))
    assert versions(secrets) == (3, "application_application_a", settled)
    assert read(ec2) == [current(secrets)]
    assert statuses(aws) == ["Successful", "Successful"]
    tag = {"Name": "tag:phoenix:id", "Values": ["instance/builder"]}
    up = {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}
    assert ec2.describe_instances(Filters=[tag, up])["Reservations"] == []
