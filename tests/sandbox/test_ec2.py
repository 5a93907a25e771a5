# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2 as AWS has it: what the sandbox mends of the emulator."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.running import Handle

from .conftest import Clients


def tagged(kind: str, **tags: str) -> list[dict[str, Any]]:
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    return [{"ResourceType": kind, "Tags": listed}]


def refusal(call: Any, /, **given: Any) -> str:
    """The code of the error that the call ends with."""
    with pytest.raises(ClientError) as refused:
        call(**given)
    return str(refused.value.response["Error"]["Code"])


@pytest.fixture
def ec2(client: Clients) -> Any:
    return client("ec2")


@pytest.fixture
def vpc(ec2: Any) -> str:
    return str(ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"])


@pytest.fixture
def subnet(ec2: Any, vpc: str) -> str:
    made = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone="us-east-1a")
    return str(made["Subnet"]["SubnetId"])


@pytest.fixture
def door(ec2: Any, vpc: str) -> str:
    """An internet gateway, attached."""
    made = str(ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"])
    ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=vpc)
    return made


@pytest.fixture
def address(ec2: Any) -> str:
    return str(ec2.allocate_address(Domain="vpc")["AllocationId"])


def nat(ec2: Any, number: str) -> dict[str, Any]:
    return dict(ec2.describe_nat_gateways(NatGatewayIds=[number])["NatGateways"][0])


class TestAVpc:
    def test_is_pending_for_its_time(self, cloud: Handle, ec2: Any) -> None:
        cloud.speed(40)  # 12 s take 0.3 s
        made = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]
        assert made["State"] == "pending"
        ec2.get_waiter("vpc_available").wait(
            VpcIds=[made["VpcId"]], WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )

    def test_is_there_at_once_at_speed_0(self, ec2: Any) -> None:
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]
        found = ec2.describe_vpcs(VpcIds=[vpc["VpcId"]])["Vpcs"][0]
        assert (vpc["State"], found["State"]) == ("pending", "available")

    def test_is_not_deleted_with_a_gateway_a_group_or_an_endpoint_in_it(
        self, ec2: Any, vpc: str, door: str
    ) -> None:
        assert refusal(ec2.delete_vpc, VpcId=vpc) == "DependencyViolation"
        ec2.detach_internet_gateway(InternetGatewayId=door, VpcId=vpc)
        group = ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)["GroupId"]
        assert refusal(ec2.delete_vpc, VpcId=vpc) == "DependencyViolation"
        ec2.delete_security_group(GroupId=group)
        endpoint = ec2.create_vpc_endpoint(
            VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3", VpcEndpointType="Gateway"
        )["VpcEndpoint"]["VpcEndpointId"]
        assert refusal(ec2.delete_vpc, VpcId=vpc) == "DependencyViolation"
        ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
        ec2.delete_vpc(VpcId=vpc)
        assert refusal(ec2.describe_vpcs, VpcIds=[vpc]) == "InvalidVpcID.NotFound"

    def test_takes_its_tags_with_it(self, ec2: Any) -> None:
        made = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tagged("vpc", a="b"))
        number = made["Vpc"]["VpcId"]
        mine = [{"Name": "resource-id", "Values": [number]}]
        assert [tag["Key"] for tag in ec2.describe_tags(Filters=mine)["Tags"]] == ["a"]
        ec2.delete_vpc(VpcId=number)
        assert ec2.describe_tags(Filters=mine)["Tags"] == []


class TestANatGateway:
    def test_is_pending_then_available(
        self, cloud: Handle, ec2: Any, subnet: str, door: str, address: str
    ) -> None:
        cloud.speed(200)
        made = ec2.create_nat_gateway(
            SubnetId=subnet, AllocationId=address, TagSpecifications=tagged("natgateway", a="b")
        )["NatGateway"]
        assert (made["State"], made["Tags"]) == ("pending", [{"Key": "a", "Value": "b"}])
        assert cloud.waiting() == [f"NAT gateway {made['NatGatewayId']}"]
        ec2.get_waiter("nat_gateway_available").wait(
            NatGatewayIds=[made["NatGatewayId"]], WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
        held = nat(ec2, made["NatGatewayId"])["NatGatewayAddresses"][0]
        assert held["AllocationId"] == address

    def test_fails_without_an_internet_gateway(self, ec2: Any, subnet: str, address: str) -> None:
        made = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]
        found = nat(ec2, made["NatGatewayId"])
        assert (found["State"], found["FailureCode"]) == ("failed", "Gateway.NotAttached")

    def test_stays_listed_as_deleted_and_lets_its_address_go(
        self, cloud: Handle, ec2: Any, subnet: str, door: str, address: str
    ) -> None:
        number = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"][
            "NatGatewayId"
        ]
        assert refusal(ec2.release_address, AllocationId=address) == "InvalidIPAddress.InUse"
        assert refusal(ec2.delete_subnet, SubnetId=subnet) == "DependencyViolation"
        cloud.speed(100)
        ec2.delete_nat_gateway(NatGatewayId=number)
        assert nat(ec2, number)["State"] == "deleting"
        assert refusal(ec2.release_address, AllocationId=address) == "InvalidIPAddress.InUse"
        ec2.get_waiter("nat_gateway_deleted").wait(
            NatGatewayIds=[number], WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
        assert nat(ec2, number)["State"] == "deleted"
        ec2.release_address(AllocationId=address)
        ec2.delete_subnet(SubnetId=subnet)

    def test_is_found_by_tag_and_unknown_by_a_wrong_id(
        self, ec2: Any, subnet: str, door: str, address: str
    ) -> None:
        ec2.create_nat_gateway(
            SubnetId=subnet, AllocationId=address, TagSpecifications=tagged("natgateway", who="me")
        )

        def count(value: str) -> int:
            by_tag = [{"Name": "tag:who", "Values": [value]}]
            return len(ec2.describe_nat_gateways(Filters=by_tag)["NatGateways"])

        assert (count("me"), count("you")) == (1, 0)
        wrong = ["nat-0123456789abcdef0"]
        assert refusal(ec2.describe_nat_gateways, NatGatewayIds=wrong) == "NatGatewayNotFound"
        assert refusal(ec2.delete_nat_gateway, NatGatewayId=wrong[0]) == "NatGatewayNotFound"

    def test_is_of_the_type_natgateway_where_tags_are_listed(
        self, ec2: Any, subnet: str, door: str, address: str
    ) -> None:
        made = ec2.create_nat_gateway(
            SubnetId=subnet, AllocationId=address, TagSpecifications=tagged("natgateway", who="me")
        )["NatGateway"]["NatGatewayId"]

        def found(kind: str) -> list[dict[str, Any]]:
            filters = [
                {"Name": "resource-id", "Values": [made]},
                {"Name": "resource-type", "Values": [kind]},
            ]
            return list(ec2.describe_tags(Filters=filters)["Tags"])

        mine = {"ResourceId": made, "ResourceType": "natgateway", "Key": "who", "Value": "me"}
        assert found("natgateway") == [mine]
        assert found("nat-gateway") == []

    def test_does_not_take_an_address_in_use(
        self, ec2: Any, subnet: str, door: str, address: str
    ) -> None:
        ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)
        again = refusal(ec2.create_nat_gateway, SubnetId=subnet, AllocationId=address)
        assert again == "Resource.AlreadyAssociated"
        assert len(ec2.describe_nat_gateways()["NatGateways"]) == 1


class TestASubnet:
    def test_is_not_deleted_with_an_instance_in_it(self, ec2: Any, subnet: str) -> None:
        image = ec2.describe_images(Owners=["136693071363"])["Images"][0]["ImageId"]
        made = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, SubnetId=subnet)
        assert refusal(ec2.delete_subnet, SubnetId=subnet) == "DependencyViolation"
        ec2.terminate_instances(InstanceIds=[made["Instances"][0]["InstanceId"]])
        ec2.delete_subnet(SubnetId=subnet)

    def test_is_not_deleted_with_a_balancer_in_it(
        self, client: Clients, ec2: Any, vpc: str, subnet: str, door: str
    ) -> None:
        other = ec2.create_subnet(
            VpcId=vpc, CidrBlock="10.0.2.0/24", AvailabilityZone="us-east-1b"
        )["Subnet"]["SubnetId"]
        elb = client("elbv2")
        made = elb.create_load_balancer(Name="b", Subnets=[subnet, other])["LoadBalancers"][0]
        assert refusal(ec2.delete_subnet, SubnetId=subnet) == "DependencyViolation"
        elb.delete_load_balancer(LoadBalancerArn=made["LoadBalancerArn"])
        ec2.delete_subnet(SubnetId=subnet)

    def test_leaves_no_association_in_the_route_table(
        self, ec2: Any, vpc: str, subnet: str
    ) -> None:
        table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        ec2.delete_subnet(SubnetId=subnet)
        found = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]
        assert found["Associations"] == []
        ec2.delete_route_table(RouteTableId=table)


class TestAClientToken:
    def test_gives_the_same_nat_gateway_again_and_refuses_other_arguments(
        self, ec2: Any, subnet: str, door: str, address: str
    ) -> None:
        given = {"SubnetId": subnet, "AllocationId": address, "ClientToken": "t-1"}
        first = ec2.create_nat_gateway(**given)["NatGateway"]["NatGatewayId"]
        assert ec2.create_nat_gateway(**given)["NatGateway"]["NatGatewayId"] == first
        other = {**given, "TagSpecifications": tagged("natgateway", a="b")}
        assert refusal(ec2.create_nat_gateway, **other) == "IdempotentParameterMismatch"
        assert len(ec2.describe_nat_gateways()["NatGateways"]) == 1

    def test_holds_for_route_tables_endpoints_templates_instances_and_flow_logs(
        self, client: Clients, ec2: Any, vpc: str, subnet: str
    ) -> None:
        client("s3").create_bucket(Bucket="logs")
        image = ec2.describe_images(Owners=["136693071363"])["Images"][0]["ImageId"]
        template = ec2.create_launch_template(
            LaunchTemplateName="t", LaunchTemplateData={"ImageId": image}
        )["LaunchTemplate"]["LaunchTemplateId"]
        creates: list[tuple[Any, dict[str, Any], str]] = [
            (ec2.create_route_table, {"VpcId": vpc}, "RouteTable.RouteTableId"),
            (
                ec2.create_vpc_endpoint,
                {
                    "VpcId": vpc,
                    "ServiceName": "com.amazonaws.us-east-1.s3",
                    "VpcEndpointType": "Gateway",
                },
                "VpcEndpoint.VpcEndpointId",
            ),
            (
                ec2.create_launch_template,
                {"LaunchTemplateName": "u", "LaunchTemplateData": {"ImageId": image}},
                "LaunchTemplate.LaunchTemplateId",
            ),
            (
                ec2.create_launch_template_version,
                {"LaunchTemplateId": template, "LaunchTemplateData": {"ImageId": image}},
                "LaunchTemplateVersion.VersionNumber",
            ),
            (
                ec2.run_instances,
                {"ImageId": image, "MinCount": 1, "MaxCount": 1, "SubnetId": subnet},
                "ReservationId",
            ),
            (
                ec2.create_flow_logs,
                {
                    "ResourceIds": [vpc],
                    "ResourceType": "VPC",
                    "TrafficType": "ALL",
                    "LogDestinationType": "s3",
                    "LogDestination": "arn:aws:s3:::logs",
                },
                "FlowLogIds",
            ),
        ]
        for create, given, path in creates:
            first = create(**given, ClientToken="the-token")
            again = create(**given, ClientToken="the-token")
            for step in path.split("."):
                first, again = first[step], again[step]
            assert first == again, path
        versions = ec2.describe_launch_template_versions(LaunchTemplateId=template)
        assert len(versions["LaunchTemplateVersions"]) == 2
        assert len(ec2.describe_instances()["Reservations"]) == 1

    def test_is_of_one_region_only(self, client: Clients) -> None:
        found = set()
        for region in ("us-east-1", "us-west-2"):
            api = client("ec2", region)
            place = api.describe_vpcs()["Vpcs"][0]["VpcId"]
            made = api.create_route_table(VpcId=place, ClientToken="same")
            found.add(made["RouteTable"]["RouteTableId"])
        assert len(found) == 2


class TestADryRun:
    def test_says_so_and_does_nothing(self, ec2: Any, vpc: str, subnet: str) -> None:
        assert refusal(ec2.delete_subnet, SubnetId=subnet, DryRun=True) == "DryRunOperation"
        assert refusal(ec2.create_vpc, CidrBlock="10.1.0.0/16", DryRun=True) == "DryRunOperation"
        assert refusal(ec2.create_nat_gateway, SubnetId=subnet, DryRun=True) == "DryRunOperation"
        assert len(ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]) == 1


class TestPages:
    @pytest.mark.parametrize(
        ("method", "items"),
        [
            ("describe_subnets", "Subnets"),
            ("describe_security_groups", "SecurityGroups"),
            ("describe_security_group_rules", "SecurityGroupRules"),
        ],
    )
    def test_follow_one_another_without_gap_or_repeat(
        self, ec2: Any, vpc: str, method: str, items: str
    ) -> None:
        for number in range(12):
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24")
            ec2.create_security_group(GroupName=f"g{number}", Description="d", VpcId=vpc)
        everything = getattr(ec2, method)()[items]
        first = getattr(ec2, method)(MaxResults=5)
        assert len(first[items]) == 5
        assert first["NextToken"]
        pages = ec2.get_paginator(method).paginate(PaginationConfig={"PageSize": 5})
        assert [item for page in pages for item in page[items]] == everything
        assert refusal(getattr(ec2, method), MaxResults=5, NextToken="x") == "InvalidNextToken"


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


class TestAnEndpoint:
    def test_and_its_tags_are_listed_until_it_is_deleted(self, ec2: Any, vpc: str) -> None:
        table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        made = ec2.create_vpc_endpoint(
            VpcId=vpc,
            ServiceName="com.amazonaws.us-east-1.s3",
            TagSpecifications=tagged("vpc-endpoint", a="b"),
        )["VpcEndpoint"]["VpcEndpointId"]
        found = ec2.describe_vpc_endpoints(VpcEndpointIds=[made])["VpcEndpoints"][0]
        assert found["Tags"] == [{"Key": "a", "Value": "b"}]
        assert (found["VpcEndpointType"], found["State"]) == ("Gateway", "available")
        ec2.modify_vpc_endpoint(VpcEndpointId=made, AddRouteTableIds=[table])
        routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
        assert made in [route.get("GatewayId") for route in routes]
        ec2.delete_vpc_endpoints(VpcEndpointIds=[made])
        assert ec2.describe_vpc_endpoints()["VpcEndpoints"] == []


class TestFlowLogs:
    def test_show_their_tags(self, client: Clients, ec2: Any, vpc: str) -> None:
        client("s3").create_bucket(Bucket="logs")
        ec2.create_flow_logs(
            ResourceIds=[vpc],
            ResourceType="VPC",
            TrafficType="ALL",
            LogDestinationType="s3",
            LogDestination="arn:aws:s3:::logs",
            TagSpecifications=tagged("vpc-flow-log", a="b"),
        )
        by_tag = [{"Name": "tag:a", "Values": ["b"]}]
        found = ec2.describe_flow_logs(Filters=by_tag)["FlowLogs"]
        assert found[0]["Tags"] == [{"Key": "a", "Value": "b"}]
        ec2.delete_flow_logs(FlowLogIds=[found[0]["FlowLogId"]])
        assert ec2.describe_flow_logs()["FlowLogs"] == []


PARAMETER = "/aws/service/debian/release/12/latest/arm64"


def script(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class TestImages:
    @pytest.mark.parametrize("architecture", ["amd64", "arm64"])
    def test_the_public_parameter_names_an_image_that_exists(
        self, client: Clients, architecture: str
    ) -> None:
        names = set()
        for region in ("us-east-1", "us-west-2"):
            name = PARAMETER.replace("arm64", architecture)
            number = client("ssm", region).get_parameter(Name=name)["Parameter"]["Value"]
            image = client("ec2", region).describe_images(ImageIds=[number])["Images"][0]
            assert image["OwnerId"] == "136693071363"
            assert image["Architecture"] == {"amd64": "x86_64"}.get(architecture, architecture)
            names.add(number)
        assert len(names) == 2

    def test_of_amazon_linux_that_a_parameter_names_exist(self, client: Clients) -> None:
        name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.1-arm64"
        number = client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
        assert client("ec2").describe_images(ImageIds=[number])["Images"]

    def test_that_do_not_exist_are_not_launched(self, ec2: Any) -> None:
        wrong = {"ImageId": "ami-0123456789abcdef0", "MinCount": 1, "MaxCount": 1}
        assert refusal(ec2.run_instances, **wrong) == "InvalidAMIID.NotFound"

    def test_are_copied_with_tags_and_not_under_a_name_in_use(self, client: Clients) -> None:
        home, there = client("ec2"), client("ec2", "us-west-2")
        image = home.describe_images(Owners=["136693071363"])["Images"][0]["ImageId"]
        launched = home.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]
        made = home.create_image(
            InstanceId=launched["InstanceId"],
            Name="web-1",
            TagSpecifications=tagged("image", a="b"),
        )["ImageId"]
        given = {"Name": "web-1", "SourceImageId": made, "SourceRegion": "us-east-1"}
        copied = there.copy_image(**given, CopyImageTags=True)["ImageId"]
        assert there.describe_images(ImageIds=[copied])["Images"][0]["Tags"] == [
            {"Key": "a", "Value": "b"}
        ]
        assert refusal(there.copy_image, **given) == "InvalidAMIName.Duplicate"


class TestALaunchTemplate:
    def test_of_version_2_with_user_data_launches_through_an_auto_scaling_group(
        self, client: Clients, ec2: Any, subnet: str
    ) -> None:
        iam = client("iam")
        iam.create_instance_profile(InstanceProfileName="web")
        data = {"ImageId": f"resolve:ssm:{PARAMETER}", "InstanceType": "t4g.micro"}
        made = ec2.create_launch_template(LaunchTemplateName="t", LaunchTemplateData=data)
        number = made["LaunchTemplate"]["LaunchTemplateId"]
        ec2.create_launch_template_version(
            LaunchTemplateId=number,
            SourceVersion="1",
            LaunchTemplateData={
                "UserData": script("#!/bin/sh"),
                "IamInstanceProfile": {"Name": "web"},
                "MetadataOptions": {"HttpTokens": "required"},
            },
        )
        client("autoscaling").create_auto_scaling_group(
            AutoScalingGroupName="g",
            MinSize=1,
            MaxSize=1,
            VPCZoneIdentifier=subnet,
            LaunchTemplate={"LaunchTemplateId": number, "Version": "2"},
        )
        found = ec2.describe_instances()["Reservations"][0]["Instances"][0]
        image = client("ssm").get_parameter(Name=PARAMETER)["Parameter"]["Value"]
        assert (found["ImageId"], found["InstanceType"]) == (image, "t4g.micro")

    def test_gives_an_instance_profile_and_metadata_options(
        self, client: Clients, ec2: Any, subnet: str
    ) -> None:
        client("iam").create_instance_profile(InstanceProfileName="web")
        ec2.create_launch_template(
            LaunchTemplateName="t",
            LaunchTemplateData={
                "ImageId": f"resolve:ssm:{PARAMETER}",
                "IamInstanceProfile": {"Name": "web"},
                "MetadataOptions": {"HttpTokens": "required"},
            },
        )
        found = ec2.run_instances(
            LaunchTemplate={"LaunchTemplateName": "t"}, MinCount=1, MaxCount=1, SubnetId=subnet
        )["Instances"][0]
        assert found["IamInstanceProfile"]["Arn"].endswith(":instance-profile/web")
        assert found["MetadataOptions"]["HttpTokens"] == "required"

    def test_has_in_its_versions_what_was_given_and_no_more(self, ec2: Any) -> None:
        data = {
            "InstanceType": "t4g.micro",
            "TagSpecifications": tagged("instance", Name="web"),
        }
        made = ec2.create_launch_template(
            LaunchTemplateName="t",
            LaunchTemplateData=data,
            TagSpecifications=tagged("launch-template", owner="me"),
        )["LaunchTemplate"]
        number = made["LaunchTemplateId"]
        versions = ec2.describe_launch_template_versions(LaunchTemplateId=number)
        assert versions["LaunchTemplateVersions"][0]["LaunchTemplateData"] == data
        ec2.create_tags(Resources=[number], Tags=[{"Key": "later", "Value": "x"}])
        shown = ec2.describe_launch_templates(LaunchTemplateIds=[number])["LaunchTemplates"][0]
        assert {tag["Key"] for tag in shown["Tags"]} == {"owner", "later"}

    def test_refuses_an_unknown_version_and_an_unknown_parameter(self, ec2: Any) -> None:
        ec2.create_launch_template(
            LaunchTemplateName="t", LaunchTemplateData={"ImageId": "resolve:ssm:/no/such"}
        )
        run = {"MinCount": 1, "MaxCount": 1}
        assert (
            refusal(ec2.run_instances, LaunchTemplate={"LaunchTemplateName": "t"}, **run)
            == "InvalidParameterValue"
        )
        code = refusal(
            ec2.run_instances, LaunchTemplate={"LaunchTemplateName": "t", "Version": "9"}, **run
        )
        assert code == "InvalidLaunchTemplateId.VersionNotFound"


class TestAnInstance:
    def test_is_pending_for_its_time(self, cloud: Handle, ec2: Any, subnet: str) -> None:
        image = ec2.describe_images(Owners=["136693071363"])["Images"][0]["ImageId"]
        cloud.speed(50)
        made = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, SubnetId=subnet)
        number = made["Instances"][0]["InstanceId"]
        ec2.get_waiter("instance_running").wait(
            InstanceIds=[number], WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
        assert cloud.waiting() == []


def test_the_regions_are_those_of_the_commercial_partition_and_can_all_be_used(
    ec2: Any, client: Clients
) -> None:
    states = {
        region["RegionName"]: region["OptInStatus"] for region in ec2.describe_regions()["Regions"]
    }
    assert states["us-east-1"] == "opt-in-not-required"
    assert states["af-south-1"] == states["ap-southeast-3"] == "opted-in"
    for name in states:
        assert client("ec2", name).describe_vpcs()["Vpcs"]


def test_a_region_is_told_by_its_name_and_one_of_another_partition_is_not(ec2: Any) -> None:
    found = ec2.describe_regions(RegionNames=["us-west-2", "cn-north-1"])["Regions"]
    assert [region["RegionName"] for region in found] == ["us-west-2"]
    assert found[0]["Endpoint"] == "ec2.us-west-2.amazonaws.com"
