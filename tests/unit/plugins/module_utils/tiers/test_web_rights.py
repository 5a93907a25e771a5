# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts and the builder may do, and which logins they read."""

from __future__ import annotations

import pytest

from .web import SITES, wants


@pytest.mark.parametrize("name", SITES)
def test_the_builder_writes_what_the_database_was_set_up_with_and_new_passwords_and_nothing_else(
    name: str,
) -> None:
    [document] = wants(name)["iam_role/builder"].spec["policies"].values()
    reads = ("Get", "Describe", "List", "Decrypt")
    written = {
        (action, resource)
        for item in document["Statement"]
        for action in item["Action"]
        for resource in item["Resource"]
        if item["Sid"] != "Sessions" and not action.partition(":")[2].startswith(reads)
    }
    account = f"{SITES[name]['region']}:123456789012"
    secrets = f"arn:aws:secretsmanager:{account}:secret:production/home"
    rotated = [f"{secrets}/{it}-??????" for it in ("application", "migration", "reader")]
    path = f"arn:aws:ssm:{account}:parameter/production/{name}/database_configuration"
    assert {pair for pair in written if pair[0] != "kms:GenerateDataKey"} == {
        *(("secretsmanager:PutSecretValue", secret) for secret in rotated),
        *(("secretsmanager:UpdateSecretVersionStage", secret) for secret in rotated),
        ("ssm:PutParameter", path),
    }
    assert wants(name)["instance_profile/builder"].spec["role"].target == "iam_role/builder"


@pytest.mark.parametrize("name", SITES)
def test_hosts_may_change_nothing_of_the_account(name: str) -> None:
    [document] = wants(name)["iam_role/web"].spec["policies"].values()
    actions = {action for item in document["Statement"] for action in item["Action"]}
    assert not [action for action in actions if "*" in action]
    assert not {action for action in actions if action.startswith(("iam:", "ec2:", "rds:", "sts:"))}
    free = {
        item["Sid"]: item.get("Condition")
        for item in document["Statement"]
        if "*" in item["Resource"]
    }
    assert set(free) == {"Metrics", "Sessions"}
    namespaces = ("Phoenix/Application", "Phoenix/Heartbeat")
    assert free["Metrics"] == {"StringEquals": {"cloudwatch:namespace": namespaces}}


@pytest.mark.parametrize(
    ("role", "logins"),
    [("web", ["application"]), ("builder", ["application", "database", "migration", "reader"])],
)
def test_logins_are_read_in_the_region_of_who_reads_them_and_hosts_read_one_only(
    role: str, logins: list[str]
) -> None:
    [document] = wants("recovery")[f"iam_role/{role}"].spec["policies"].values()
    [secret] = [item for item in document["Statement"] if item["Sid"] == "DatabaseLogins"]
    top = "arn:aws:secretsmanager:us-west-2:123456789012:secret:production/home"
    assert secret["Resource"] == tuple(f"{top}/{login}-??????" for login in logins)
