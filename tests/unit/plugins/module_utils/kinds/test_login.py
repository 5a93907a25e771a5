# SPDX-License-Identifier: GPL-3.0-or-later
"""The login that hosts read: which version is current, and which hosts have read another one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import LOGIN, pairs
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Have, Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.login import Login

NAME = "production/home/application"
SPEC = {"name": NAME, "version": "", "hosts": "web", "taken": False}
WANT = Want("login", "application", SPEC, given=True)
OLD, NEW = "0" * 32, "1" * 32


@pytest.fixture
def secret(aws: Aws) -> Any:
    """Its client; one version, OLD, is current."""
    client = aws.client("secretsmanager")
    client.create_secret(Name=NAME, SecretString="a", ClientRequestToken=OLD)
    return client


def launch(aws: Aws, version: str, id: str = "web") -> str:
    """A host of ours that was launched for this version; "" for none."""
    told = {LOGIN: version} if version else {}
    tags = pairs({**aws.scope.marks("instance", id), **told})
    answer = aws.client("ec2").run_instances(
        ImageId="ami-0123456789abcdef0",
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
    )
    return str(answer["Instances"][0]["InstanceId"])


def find(view: Any, **spec: Any) -> Have:
    [have] = Login().find(view(), [replace(WANT, spec={**SPEC, **spec})])
    return have


def rotate(secret: Any, *labels: str) -> None:
    secret.put_secret_value(
        SecretId=NAME, SecretString="b", ClientRequestToken=NEW, VersionStages=list(labels)
    )


def test_without_the_secret_there_is_no_login(aws: Aws, view: Any) -> None:
    assert list(Login().find(view(), [WANT])) == []


def test_it_is_the_version_that_is_current(secret: Any, view: Any) -> None:
    assert find(view).facts["version"] == OLD
    rotate(secret, "AWSPENDING")
    assert find(view).facts["version"] == OLD
    rotate(secret, "AWSCURRENT")
    assert find(view).facts["version"] == NEW


def test_a_rotation_that_the_secret_names_already_is_told_apart_from_one_that_begins(
    secret: Any, view: Any
) -> None:
    assert find(view).facts["adopted"] is False
    rotate(secret, "AWSPENDING")
    assert find(view).facts["adopted"] is False
    secret.update_secret_version_stage(
        SecretId=NAME, VersionStage="AWSCURRENT", RemoveFromVersionId=OLD, MoveToVersionId=NEW
    )
    assert find(view).facts["adopted"] is True


def test_hosts_that_have_read_another_version_are_behind(aws: Aws, secret: Any, view: Any) -> None:
    launch(aws, OLD)
    launch(aws, NEW, "builder")
    assert find(view).facts["behind"] == []
    unmarked, other = launch(aws, ""), launch(aws, NEW)
    assert find(view).facts["behind"] == sorted((unmarked, other))
    assert find(view).settled
    aws.client("ec2").stop_instances(InstanceIds=[other])
    aws.client("ec2").terminate_instances(InstanceIds=[unmarked])
    assert find(view).facts["behind"] == [other]


def test_where_all_are_to_have_read_it_those_that_have_not_are_waited_for(
    aws: Aws, secret: Any, view: Any
) -> None:
    host = launch(aws, NEW)
    assert not find(view, taken=True).settled
    assert find(view, taken=True).status == f"still to be read by {host}"
    aws.client("ec2").terminate_instances(InstanceIds=[host])
    assert find(view, taken=True).settled


def test_a_version_that_has_not_come_yet_is_waited_for(secret: Any, view: Any) -> None:
    assert not find(view, version=NEW).settled
    assert find(view, version=NEW).status == f"still to come as version {NEW}"
    rotate(secret, "AWSCURRENT")
    assert find(view, version=NEW).settled
