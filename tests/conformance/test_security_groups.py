# SPDX-License-Identifier: GPL-3.0-or-later
"""Security groups and their rules."""

from __future__ import annotations

from typing import Any

import pytest

from .account import Account, refused, tags


@pytest.fixture
def net(account: Account) -> dict[str, Any]:
    """A VPC with a group `group` and another `data`."""
    net = account.network()
    group = account.client("ec2").create_security_group(
        GroupName="data", Description="d", VpcId=net["vpc"]
    )
    return {**net, "data": group["GroupId"]}


def allow(net: dict[str, Any], **source: Any) -> dict[str, Any]:
    """PostgreSQL into the group `data`."""
    source = source or {"UserIdGroupPairs": [{"GroupId": net["group"]}]}
    permission = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, **source}
    return {"GroupId": net["data"], "IpPermissions": [permission]}


def rules(ec2: Any, group: str) -> list[dict[str, Any]]:
    found = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])
    return list(found["SecurityGroupRules"])


def test_a_rule_from_a_group_is_answered_with_its_id(ec2: Any, net: dict[str, Any]) -> None:
    told = ec2.authorize_security_group_ingress(**allow(net))["SecurityGroupRules"]
    assert [rule["ReferencedGroupInfo"]["GroupId"] for rule in told] == [net["group"]]
    assert told[0]["SecurityGroupRuleId"].startswith("sgr-")


def test_a_rule_that_is_there_is_refused(ec2: Any, net: dict[str, Any]) -> None:
    ec2.authorize_security_group_ingress(**allow(net))
    again = refused(ec2.authorize_security_group_ingress, **allow(net))
    assert again == "InvalidPermission.Duplicate"


def test_a_rule_whose_ports_cannot_be_is_refused(ec2: Any, net: dict[str, Any]) -> None:
    asked = allow(net)
    permission = asked["IpPermissions"][0]
    for ports in ({"ToPort": 80}, {"ToPort": 70000}, {"IpProtocol": "bogus"}):
        wrong = {**asked, "IpPermissions": [{**permission, **ports}]}
        assert refused(ec2.authorize_security_group_ingress, **wrong) == "InvalidParameterValue"


def test_the_range_of_a_rule_is_canonical(ec2: Any, net: dict[str, Any]) -> None:
    asked = allow(net, IpRanges=[{"CidrIp": "100.68.0.18/18"}])
    told = ec2.authorize_security_group_ingress(**asked)["SecurityGroupRules"]
    assert [rule["CidrIpv4"] for rule in told] == ["100.68.0.0/18"]


def test_rules_in_and_out_are_listed_together(ec2: Any, net: dict[str, Any]) -> None:
    ec2.authorize_security_group_ingress(**allow(net))
    assert sorted(rule["IsEgress"] for rule in rules(ec2, net["data"])) == [False, True]


def test_rules_are_revoked_by_their_id(ec2: Any, net: dict[str, Any]) -> None:
    group = net["data"]
    ec2.authorize_security_group_ingress(**allow(net))
    sides = {False: ec2.revoke_security_group_ingress, True: ec2.revoke_security_group_egress}
    for rule in rules(ec2, group):
        revoke = sides[rule["IsEgress"]]
        revoke(GroupId=group, SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])
    assert rules(ec2, group) == []


def test_a_rule_out_is_made_and_changed(ec2: Any, net: dict[str, Any]) -> None:
    group, cidr = net["data"], {"IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    told = ec2.authorize_security_group_egress(**allow(net, **cidr))["SecurityGroupRules"][0]
    wanted = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIpv4": "10.0.0.0/8"}
    number = told["SecurityGroupRuleId"]
    ec2.modify_security_group_rules(
        GroupId=group,
        SecurityGroupRules=[{"SecurityGroupRuleId": number, "SecurityGroupRule": wanted}],
    )
    changed = [r for r in rules(ec2, group) if r["SecurityGroupRuleId"] == number]
    assert [(r["FromPort"], r["CidrIpv4"]) for r in changed] == [(443, "10.0.0.0/8")]


def test_a_group_that_another_s_rule_names_is_not_deleted(ec2: Any, net: dict[str, Any]) -> None:
    ec2.authorize_security_group_ingress(**allow(net))
    assert refused(ec2.delete_security_group, GroupId=net["group"]) == "DependencyViolation"
    ec2.delete_security_group(GroupId=net["data"])
    assert refused(ec2.delete_security_group, GroupId=net["group"]) == ""


def test_groups_come_in_pages(ec2: Any, net: dict[str, Any]) -> None:
    for n in range(8):
        ec2.create_security_group(GroupName=f"g{n}", Description="d", VpcId=net["vpc"])
    first = ec2.describe_security_groups(MaxResults=5)
    assert (len(first["SecurityGroups"]), bool(first["NextToken"])) == (5, True)


def test_a_name_is_given_once_in_a_vpc(ec2: Any, net: dict[str, Any]) -> None:
    again = {"GroupName": "web", "Description": "d", "VpcId": net["vpc"]}
    assert refused(ec2.create_security_group, **again) == "InvalidGroup.Duplicate"


def test_a_rule_has_tags_of_its_own(ec2: Any, net: dict[str, Any]) -> None:
    told = ec2.authorize_security_group_ingress(**allow(net))["SecurityGroupRules"][0]
    ec2.create_tags(Resources=[told["SecurityGroupRuleId"]], Tags=tags(site="home"))
    found = [r["Tags"] for r in rules(ec2, net["data"]) if not r["IsEgress"]]
    assert found == [tags(site="home")]
