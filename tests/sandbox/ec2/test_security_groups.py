# SPDX-License-Identifier: GPL-3.0-or-later
"""Security groups and their rules, as AWS has them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.ec2.asking import refusal, tagged


def web(cidr: str = "10.0.0.0/8", **more: Any) -> dict[str, Any]:
    port = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    return {**port, "IpRanges": [{"CidrIp": cidr, **more}]}


@pytest.fixture
def group(ec2: Any, vpc: str) -> str:
    made = ec2.create_security_group(GroupName="web", Description="d", VpcId=vpc)
    return str(made["GroupId"])


def rules(ec2: Any, group: str) -> list[dict[str, Any]]:
    found = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])
    return [rule for rule in found["SecurityGroupRules"] if not rule["IsEgress"]]


class TestSecurityGroupRules:
    def test_are_tagged_when_they_are_made_and_all_come_back(
        self, ec2: Any, vpc: str, group: str
    ) -> None:
        other = ec2.create_security_group(GroupName="o", Description="d", VpcId=vpc)["GroupId"]
        by_group = {
            "IpProtocol": "tcp",
            "FromPort": 5432,
            "ToPort": 5432,
            "UserIdGroupPairs": [{"GroupId": other, "Description": "from o"}],
        }
        made = ec2.authorize_security_group_ingress(
            GroupId=group,
            IpPermissions=[web(Description="from all"), by_group],
            TagSpecifications=tagged("security-group-rule", mine="yes"),
        )["SecurityGroupRules"]
        found = rules(ec2, group)
        assert [rule["SecurityGroupRuleId"] for rule in made] == [
            rule["SecurityGroupRuleId"] for rule in found
        ]
        assert [rule["Description"] for rule in found] == ["from all", "from o"]
        assert all(rule["Tags"] == [{"Key": "mine", "Value": "yes"}] for rule in found)
        assert found[1]["ReferencedGroupInfo"]["GroupId"] == other
        by_tag = [{"Name": "tag:mine", "Values": ["yes"]}]
        listed = ec2.describe_security_group_rules(Filters=by_tag)["SecurityGroupRules"]
        assert len(listed) == 2

    def test_are_refused_when_there_already_and_then_none_is_added(
        self, ec2: Any, group: str
    ) -> None:
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[web()])
        twice = [web("10.1.0.0/16"), web(Description="another text")]
        code = refusal(ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=twice)
        assert code == "InvalidPermission.Duplicate"
        assert len(rules(ec2, group)) == 1

    def test_from_a_group_are_duplicates_whatever_their_description(
        self, ec2: Any, group: str
    ) -> None:
        def add(text: str) -> Any:
            pair = {"GroupId": group, "Description": text}
            permission = {"IpProtocol": "-1", "UserIdGroupPairs": [pair]}
            return ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])

        add("one")
        with pytest.raises(ClientError, match="Duplicate"):
            add("two")

    def test_change_their_description_by_id(self, ec2: Any, group: str) -> None:
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[web(Description="a")])
        number = rules(ec2, group)[0]["SecurityGroupRuleId"]
        ec2.update_security_group_rule_descriptions_ingress(
            GroupId=group,
            SecurityGroupRuleDescriptions=[{"SecurityGroupRuleId": number, "Description": "b"}],
        )
        assert rules(ec2, group)[0]["Description"] == "b"

    def test_change_port_source_and_description_whatever_they_are(
        self, ec2: Any, vpc: str, group: str
    ) -> None:
        other = ec2.create_security_group(GroupName="o", Description="d", VpcId=vpc)["GroupId"]
        pair = {"GroupId": group, "Description": "mine"}
        by_group = {"IpProtocol": "-1", "UserIdGroupPairs": [pair]}
        ec2.authorize_security_group_ingress(
            GroupId=group, IpPermissions=[web(Description="a"), by_group]
        )
        first, second = (rule["SecurityGroupRuleId"] for rule in rules(ec2, group))
        tcp = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80}

        def change(number: str, **wanted: Any) -> None:
            ec2.modify_security_group_rules(
                GroupId=group,
                SecurityGroupRules=[{"SecurityGroupRuleId": number, "SecurityGroupRule": wanted}],
            )

        change(first, **tcp, CidrIpv4="10.2.0.0/16", Description="b")
        change(second, IpProtocol="-1", ReferencedGroupId=other)
        cidr, named = rules(ec2, group)
        assert (cidr["FromPort"], cidr["CidrIpv4"], cidr["Description"]) == (
            80,
            "10.2.0.0/16",
            "b",
        )
        assert named["ReferencedGroupInfo"]["GroupId"] == other
        assert "Description" not in named
        with pytest.raises(ClientError, match="Invalid rule type"):
            change(second, **tcp, CidrIpv4="10.2.0.0/16")

    @pytest.mark.parametrize(
        ("asked", "told"),
        [
            ({"IpProtocol": "tcp", "FromPort": 90, "ToPort": 80}, "port range"),
            ({"IpProtocol": "tcp", "FromPort": 80, "ToPort": 70000}, "to.* port .70000. out of"),
            ({"IpProtocol": "udp", "FromPort": -1, "ToPort": -1}, "from.* port .-1. out of range"),
            ({"IpProtocol": "tcp"}, "Must specify both from and to ports with TCP/UDP"),
            ({"IpProtocol": "6", "FromPort": 80}, "Must specify both from and to ports"),
            ({"IpProtocol": "icmp"}, "Must specify both from and to ports with ICMP"),
            ({"IpProtocol": "icmp", "FromPort": 300, "ToPort": -1}, "ICMP type .300. out of range"),
            ({"IpProtocol": "icmp", "FromPort": 3, "ToPort": 300}, "ICMP code .300. out of range"),
            ({"IpProtocol": "icmp", "FromPort": -1, "ToPort": 0}, "ICMP"),
            ({"IpProtocol": "bogus", "FromPort": 1, "ToPort": 1}, "Unknown protocol"),
            ({"IpProtocol": "256", "FromPort": 1, "ToPort": 1}, "Unknown protocol"),
            ({"FromPort": 1, "ToPort": 1}, "explicitly"),
            ({"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/33"}]}, "malformed"),
            ({"IpProtocol": "-1", "Ipv6Ranges": [{"CidrIpv6": "fd00::/129"}]}, "malformed"),
        ],
    )
    def test_that_cannot_hold_are_refused(
        self, ec2: Any, group: str, asked: dict[str, Any], told: str
    ) -> None:
        source = {} if "-1" in asked.values() else {"IpRanges": [{"CidrIp": "10.0.0.0/16"}]}
        for side in ("ingress", "egress"):
            authorize = getattr(ec2, f"authorize_security_group_{side}")
            with pytest.raises(ClientError, match=f"InvalidParameterValue.*{told}"):
                authorize(GroupId=group, IpPermissions=[web(), {**source, **asked}])
        assert rules(ec2, group) == []

    def test_that_cannot_hold_are_not_made_of_others(self, ec2: Any, group: str) -> None:
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[web()])
        before = rules(ec2, group)

        def change(**wanted: Any) -> str:
            one = {"SecurityGroupRuleId": before[0]["SecurityGroupRuleId"]}
            changed = [{**one, "SecurityGroupRule": wanted}]
            return refusal(
                ec2.modify_security_group_rules, GroupId=group, SecurityGroupRules=changed
            )

        cidr, ports = {"CidrIpv4": "10.0.0.0/8"}, {"FromPort": 90, "ToPort": 80}
        assert change(IpProtocol="tcp", **ports, **cidr) == "InvalidParameterValue"
        assert change(IpProtocol="tcp", **cidr) == "InvalidParameterValue"
        assert change(IpProtocol="bogus", **cidr) == "InvalidParameterValue"
        assert change(IpProtocol="-1", CidrIpv4="10.0.0.0") == "InvalidParameterValue"
        assert rules(ec2, group) == before

    def test_of_a_protocol_without_ports_take_none_and_tell_its_name(
        self, ec2: Any, group: str
    ) -> None:
        asked = [
            {"IpProtocol": name, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}
            for name in ("50", "58", "-1")
        ]
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=asked)
        assert [rule["IpProtocol"] for rule in rules(ec2, group)] == ["50", "icmpv6", "-1"]
        again = [{**asked[0], "FromPort": 1, "ToPort": 2}]
        code = refusal(ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=again)
        assert code == "InvalidPermission.Duplicate"

    def test_have_their_range_in_canonical_form(self, ec2: Any, group: str) -> None:
        six = {"IpProtocol": "-1", "Ipv6Ranges": [{"CidrIpv6": "FD00:0::5/64"}]}
        ec2.authorize_security_group_ingress(
            GroupId=group, IpPermissions=[web("100.68.0.18/18"), six]
        )
        first, second = rules(ec2, group)
        assert (first["CidrIpv4"], second["CidrIpv6"]) == ("100.68.0.0/18", "fd00::/64")
        same = [web("100.68.0.0/18")]
        code = refusal(ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=same)
        assert code == "InvalidPermission.Duplicate"
        wanted = {"IpProtocol": "-1", "CidrIpv4": "10.0.0.5/16"}
        change = {"SecurityGroupRuleId": first["SecurityGroupRuleId"], "SecurityGroupRule": wanted}
        ec2.modify_security_group_rules(GroupId=group, SecurityGroupRules=[change])
        assert rules(ec2, group)[0]["CidrIpv4"] == "10.0.0.0/16"
        ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[six])
        assert len(rules(ec2, group)) == 1


class TestASecurityGroup:
    def test_of_a_new_vpc_lets_its_members_in_and_can_be_stripped(self, ec2: Any, vpc: str) -> None:
        mine = [{"Name": "vpc-id", "Values": [vpc]}]
        found = ec2.describe_security_groups(Filters=mine)["SecurityGroups"][0]
        pairs = found["IpPermissions"][0]["UserIdGroupPairs"]
        assert [pair["GroupId"] for pair in pairs] == [found["GroupId"]]
        number = rules(ec2, found["GroupId"])[0]["SecurityGroupRuleId"]
        ec2.revoke_security_group_ingress(GroupId=found["GroupId"], SecurityGroupRuleIds=[number])
        assert rules(ec2, found["GroupId"]) == []

    def test_is_not_deleted_while_a_rule_of_another_names_it(
        self, ec2: Any, vpc: str, group: str
    ) -> None:
        other = ec2.create_security_group(GroupName="o", Description="d", VpcId=vpc)["GroupId"]
        permission = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}
        ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=[permission])
        assert refusal(ec2.delete_security_group, GroupId=group) == "DependencyViolation"
        ec2.revoke_security_group_ingress(GroupId=other, IpPermissions=[permission])
        ec2.delete_security_group(GroupId=group)

    def test_may_name_itself_and_be_deleted(self, ec2: Any, group: str) -> None:
        permission = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
        ec2.delete_security_group(GroupId=group)

    def test_is_not_deleted_while_an_instance_uses_it_nor_if_it_is_the_default(
        self, ec2: Any, vpc: str, subnet: str, group: str
    ) -> None:
        image = ec2.describe_images(Owners=["136693071363"])["Images"][0]["ImageId"]
        made = ec2.run_instances(
            ImageId=image, MinCount=1, MaxCount=1, SubnetId=subnet, SecurityGroupIds=[group]
        )["Instances"][0]["InstanceId"]
        assert refusal(ec2.delete_security_group, GroupId=group) == "DependencyViolation"
        ec2.terminate_instances(InstanceIds=[made])
        ec2.delete_security_group(GroupId=group)
        mine = [
            {"Name": "vpc-id", "Values": [vpc]},
            {"Name": "group-name", "Values": ["default"]},
        ]
        default = ec2.describe_security_groups(Filters=mine)["SecurityGroups"][0]["GroupId"]
        assert refusal(ec2.delete_security_group, GroupId=default) == "CannotDelete"
