# SPDX-License-Identifier: GPL-3.0-or-later
"""More addresses than the account may have are refused in planning, which asks only if it must."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.run import run
from environment import SITES, Environment, addresses

ADDRESSES = "L-0263D0A3"  # EC2-VPC Elastic IPs, 5 in a new account
ONE = {**SITES, "home": {**SITES["home"], "nat": "one"}}


@pytest.fixture
def crowded(empty: Environment) -> Iterator[Environment]:
    """An account with three addresses of somebody else in the home region."""
    for _number in range(3):
        empty.aws("home").client("ec2").allocate_address(Domain="vpc")
    yield empty
    empty.handle.enforce_permissions(False)


def asked(environment: Environment, mark: int) -> list[str]:
    """The regions in which a quota was asked for since a mark."""
    log = environment.handle.log(mark)
    names = ("servicequotas", "service-quotas")
    return [entry["region"] for entry in log if entry["service"] in names]


@pytest.mark.parametrize("dry", [True, False], ids=["plan", "run"])
def test_more_addresses_than_the_quota_are_refused_before_any_write(
    crowded: Environment, dry: bool
) -> None:
    mark = crowded.handle.mark()
    with pytest.raises(Refusal) as refused:
        run(crowded.params("home", wait_timeout=60), "site", dry=dry)
    assert crowded.handle.writes_since(mark) == []
    assert refused.value.result["code"] == "quota_used_up"
    told = str(refused.value)
    assert "3 elastic IP addresses would be made in us-east-1" in told
    assert "3 are there" in told and "allows 5" in told
    assert "--quota-code L-0263D0A3" in told and "--desired-value 6" in told
    assert "nat: one" in told
    assert "run the same playbook again" not in told


def test_what_fits_into_a_quota_that_was_raised_is_planned(crowded: Environment) -> None:
    crowded.handle.quota("us-east-1", "ec2", ADDRESSES, 6)
    assert "home elastic_ip/nat-a" in addresses(crowded.plan())


def test_fewer_addresses_are_planned_without_asking_for_the_quota(crowded: Environment) -> None:
    mark = crowded.handle.mark()
    assert "home elastic_ip/nat-a" in addresses(crowded.plan(sites=ONE))
    assert asked(crowded, mark) == []


def test_where_the_quota_is_not_told_the_plan_goes_on(crowded: Environment) -> None:
    iam = crowded.aws("home").client("iam")
    iam.create_user(UserName="builder")
    rules = [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "servicequotas:*", "Resource": "*"},
    ]
    iam.put_user_policy(
        UserName="builder",
        PolicyName="all-but-quotas",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": rules}),
    )
    made = iam.create_access_key(UserName="builder")["AccessKey"]
    keys = {"access_key": made["AccessKeyId"], "secret_key": made["SecretAccessKey"]}
    crowded.handle.enforce_permissions()
    mark = crowded.handle.mark()
    planned = run(crowded.params("home", **keys), "site", dry=True)
    assert asked(crowded, mark) == ["us-east-1"]
    assert "elastic_ip/nat-c" in {action["address"] for action in planned["actions"]}


def test_a_run_that_makes_no_address_asks_nothing_about_them(built: Environment) -> None:
    mark = built.handle.mark()
    built.run()
    ours = [entry for entry in built.handle.log(mark) if entry["action"] == "DescribeAddresses"]
    assert len(ours) == 2
    assert asked(built, mark) == []
