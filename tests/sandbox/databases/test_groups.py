# SPDX-License-Identifier: GPL-3.0-or-later
"""A database is reached by those whom its security groups let in."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.ground import namespaces

pytestmark = pytest.mark.real


def test_a_database_is_reached_by_its_groups_rules_and_no_longer_than_they_last(
    estate: Any,
) -> None:
    ec2 = estate.client("ec2")
    subnet = ec2.describe_subnets(Filters=[{"Name": "cidr", "Values": ["10.10.0.0/24"]}])
    vpc = subnet["Subnets"][0]["VpcId"]
    group = ec2.create_security_group(GroupName="db", Description="d", VpcId=vpc)["GroupId"]
    estate.create(VpcSecurityGroupIds=[group])
    estate.settle()
    server, host = estate.status(), estate.visitor("eu-west-1")

    def reached() -> bool:
        try:
            namespaces.connect(host, server["address"], server["port"], 1.0).close()
        except TimeoutError:
            return False
        return True

    rule = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432}
    rule["IpRanges"] = [{"CidrIp": "10.10.0.0/16"}]  # type: ignore[assignment]
    assert not reached()
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    estate.until(reached)
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[rule])
    estate.until(lambda: not reached())
