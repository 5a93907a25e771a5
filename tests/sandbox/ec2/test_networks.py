# SPDX-License-Identifier: GPL-3.0-or-later
"""VPCs, subnets, ways out of them and flow logs, as AWS has them."""

from __future__ import annotations

from typing import Any

from sandbox.running import Handle
from tests.sandbox.conftest import Clients
from tests.sandbox.ec2.asking import refusal, tagged


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

    def test_has_its_ranges_in_canonical_form_and_what_is_in_it_too(self, ec2: Any) -> None:
        vpc = ec2.create_vpc(CidrBlock="100.68.0.18/18")["Vpc"]
        assert vpc["CidrBlock"] == "100.68.0.0/18"
        more = {"VpcId": vpc["VpcId"], "CidrBlock": "100.70.9.9/16"}
        made = ec2.associate_vpc_cidr_block(**more)["CidrBlockAssociation"]
        assert made["CidrBlock"] == "100.70.0.0/16"
        inside = {"VpcId": vpc["VpcId"], "CidrBlock": "100.68.3.9/24"}
        assert ec2.create_subnet(**inside)["Subnet"]["CidrBlock"] == "100.68.3.0/24"

    def test_takes_no_more_range_than_a_new_one_may_have(self, ec2: Any, vpc: str) -> None:
        def add(block: str) -> str:
            return refusal(ec2.associate_vpc_cidr_block, VpcId=vpc, CidrBlock=block)

        assert add("100.0.0.0/8") == "InvalidVpc.Range"
        assert add("100.68.0.0/33") == "InvalidParameterValue"
        found = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["CidrBlockAssociationSet"]
        assert [one["CidrBlock"] for one in found] == ["10.0.0.0/16"]

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


class TestARoute:
    def test_has_its_destination_in_canonical_form(self, ec2: Any, vpc: str, door: str) -> None:
        table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        route = {"RouteTableId": table, "GatewayId": door}
        ec2.create_route(**route, DestinationCidrBlock="100.68.0.18/18")
        same = refusal(ec2.create_route, **route, DestinationCidrBlock="100.68.0.0/18")
        assert same == "RouteAlreadyExists"
        found = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
        blocks = [one["DestinationCidrBlock"] for one in found]
        assert blocks == ["10.0.0.0/16", "100.68.0.0/18"]


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
