# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator without the shims: each of these fails once it has learned what a shim mends."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws


@pytest.fixture
def ec2(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with mock_aws():
        yield boto3.client("ec2", region_name="us-east-1")


@pytest.fixture
def vpc(ec2: Any) -> str:
    return str(ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"])


@pytest.fixture
def subnet(ec2: Any, vpc: str) -> str:
    made = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")
    return str(made["Subnet"]["SubnetId"])


@pytest.fixture
def address(ec2: Any) -> str:
    return str(ec2.allocate_address(Domain="vpc")["AllocationId"])


@pytest.fixture
def gateway(ec2: Any, subnet: str, address: str) -> str:
    made = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)
    return str(made["NatGateway"]["NatGatewayId"])


@pytest.fixture
def group(ec2: Any, vpc: str) -> str:
    made = ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)
    return str(made["GroupId"])


def by_group(group: str, text: str) -> list[dict[str, Any]]:
    pair = {"GroupId": group, "Description": text}
    return [{"IpProtocol": "-1", "UserIdGroupPairs": [pair]}]


def test_it_ignores_dry_runs(ec2: Any) -> None:
    assert ec2.create_vpc(CidrBlock="10.0.0.0/16", DryRun=True)["Vpc"]


def test_it_ignores_client_tokens(ec2: Any, vpc: str) -> None:
    made = {
        ec2.create_route_table(VpcId=vpc, ClientToken="t")["RouteTable"]["RouteTableId"]
        for _ in range(2)
    }
    assert len(made) == 2


def test_it_ignores_page_sizes(ec2: Any) -> None:
    for number in range(8):
        ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")
    assert len(ec2.describe_vpcs(MaxResults=5)["Vpcs"]) > 5


def test_it_keeps_the_tags_of_what_is_deleted(ec2: Any, vpc: str) -> None:
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "a", "Value": "b"}])
    ec2.delete_vpc(VpcId=vpc)
    assert ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [vpc]}])["Tags"]


def test_a_nat_gateway_needs_no_internet_gateway(ec2: Any, gateway: str) -> None:
    found = ec2.describe_nat_gateways(NatGatewayIds=[gateway])["NatGateways"][0]
    assert found["State"] == "available"


def test_a_nat_gateway_is_deleted_at_once_and_keeps_its_interface(ec2: Any, gateway: str) -> None:
    before = len(ec2.describe_network_interfaces()["NetworkInterfaces"])
    ec2.delete_nat_gateway(NatGatewayId=gateway)
    found = ec2.describe_nat_gateways(NatGatewayIds=[gateway])["NatGateways"][0]
    assert found["State"] == "deleted"
    assert len(ec2.describe_network_interfaces()["NetworkInterfaces"]) == before


def test_nat_gateways_are_not_found_by_tag(ec2: Any, gateway: str) -> None:
    nobody = [{"Name": "tag:no", "Values": ["such"]}]
    assert ec2.describe_nat_gateways(Filters=nobody)["NatGateways"]


def test_the_tags_of_a_nat_gateway_are_of_another_type(ec2: Any, gateway: str) -> None:
    ec2.create_tags(Resources=[gateway], Tags=[{"Key": "a", "Value": "b"}])
    mine = [{"Name": "resource-id", "Values": [gateway]}]
    assert ec2.describe_tags(Filters=mine)["Tags"][0]["ResourceType"] == "nat-gateway"


def test_an_unknown_nat_gateway_is_an_empty_list(ec2: Any) -> None:
    assert ec2.describe_nat_gateways(NatGatewayIds=["nat-1"])["NatGateways"] == []


def test_an_address_in_use_is_released(ec2: Any, gateway: str, address: str) -> None:
    ec2.release_address(AllocationId=address)


def test_a_subnet_with_a_nat_gateway_is_deleted(ec2: Any, gateway: str, subnet: str) -> None:
    ec2.delete_subnet(SubnetId=subnet)


def test_a_vpc_with_a_gateway_and_a_group_is_deleted(ec2: Any, vpc: str, group: str) -> None:
    door = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=door, VpcId=vpc)
    ec2.delete_vpc(VpcId=vpc)


def test_a_gateway_is_detached_under_addresses_in_use(ec2: Any, vpc: str, gateway: str) -> None:
    door = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=door, VpcId=vpc)
    ec2.detach_internet_gateway(InternetGatewayId=door, VpcId=vpc)


def test_a_deleted_endpoint_stays_listed_and_added_tables_get_no_route(ec2: Any, vpc: str) -> None:
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    made = ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3", VpcEndpointType="Gateway"
    )["VpcEndpoint"]["VpcEndpointId"]
    ec2.modify_vpc_endpoint(VpcEndpointId=made, AddRouteTableIds=[table])
    routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    assert made not in [route.get("GatewayId") for route in routes]
    ec2.modify_vpc_endpoint(VpcEndpointId=made, RemoveRouteTableIds=[table])
    ec2.delete_vpc_endpoints(VpcEndpointIds=[made])
    assert ec2.describe_vpc_endpoints()["VpcEndpoints"]


def test_a_rule_from_a_group_has_no_description_and_is_added_twice(ec2: Any, group: str) -> None:
    for text in ("one", "two"):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=by_group(group, text))
    found = ec2.describe_security_group_rules()["SecurityGroupRules"]
    mine = [rule for rule in found if rule.get("ReferencedGroupInfo")]
    assert len(mine) == 2
    assert not any(rule.get("Description") for rule in mine)


def test_a_new_default_group_lets_nobody_in(ec2: Any, vpc: str) -> None:
    mine = [{"Name": "vpc-id", "Values": [vpc]}]
    found = ec2.describe_security_groups(Filters=mine)["SecurityGroups"][0]
    assert found["IpPermissions"] == []


def test_a_rule_for_every_protocol_cannot_be_changed(ec2: Any, group: str) -> None:
    made = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=by_group(group, "x"))
    number = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    wanted = {"IpProtocol": "-1", "ReferencedGroupId": group}
    with pytest.raises(ClientError):
        ec2.modify_security_group_rules(
            GroupId=group,
            SecurityGroupRules=[{"SecurityGroupRuleId": number, "SecurityGroupRule": wanted}],
        )


def test_a_refused_authorization_leaves_what_came_before(ec2: Any, group: str) -> None:
    port = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1}
    one, two = ({**port, "IpRanges": [{"CidrIp": cidr}]} for cidr in ("10.0.0.0/8", "11.0.0.0/8"))
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[one])
    with pytest.raises(ClientError):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[two, one])
    found = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    assert len(found["IpPermissions"][0]["IpRanges"]) == 2


def test_a_group_in_use_by_a_rule_is_deleted(ec2: Any, vpc: str, group: str) -> None:
    other = ec2.create_security_group(GroupName="o", Description="d", VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=by_group(group, "x"))
    ec2.delete_security_group(GroupId=group)


def test_the_debian_parameter_is_missing(ec2: Any) -> None:
    ssm = boto3.client("ssm", region_name="us-east-1")
    name = "/aws/service/debian/release/12/latest/arm64"
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        ssm.get_parameter(Name=name)


def test_two_images_share_a_name_and_copies_lose_their_tags(ec2: Any) -> None:
    image = ec2.register_image(Name="base")["ImageId"]
    number = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    first = ec2.create_image(InstanceId=number, Name="same")["ImageId"]
    assert ec2.create_image(InstanceId=number, Name="same")["ImageId"] != first
    ec2.create_tags(Resources=[first], Tags=[{"Key": "a", "Value": "b"}])
    there = boto3.client("ec2", region_name="us-west-2")
    copied = there.copy_image(
        Name="copy", SourceImageId=first, SourceRegion="us-east-1", CopyImageTags=True
    )["ImageId"]
    assert not there.describe_images(ImageIds=[copied])["Images"][0].get("Tags")


def test_a_template_shows_its_own_tags_in_its_version_and_forgets_later_ones(ec2: Any) -> None:
    made = ec2.create_launch_template(
        LaunchTemplateName="t",
        LaunchTemplateData={"InstanceType": "t4g.micro"},
        TagSpecifications=[
            {"ResourceType": "launch-template", "Tags": [{"Key": "a", "Value": "b"}]}
        ],
    )["LaunchTemplate"]["LaunchTemplateId"]
    found = ec2.describe_launch_template_versions(LaunchTemplateId=made)
    assert "TagSpecifications" in found["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    ec2.create_tags(Resources=[made], Tags=[{"Key": "later", "Value": "x"}])
    shown = ec2.describe_launch_templates()["LaunchTemplates"][0]
    assert [tag["Key"] for tag in shown["Tags"]] == ["a"]


def test_version_2_with_user_data_breaks_a_group_and_sources_are_not_merged(
    ec2: Any, subnet: str
) -> None:
    ec2.create_launch_template(
        LaunchTemplateName="tpl", LaunchTemplateData={"InstanceType": "t4g.micro"}
    )
    text = base64.b64encode(b"x").decode()
    made = ec2.create_launch_template_version(
        LaunchTemplateName="tpl", SourceVersion="1", LaunchTemplateData={"UserData": text}
    )["LaunchTemplateVersion"]
    assert "InstanceType" not in made["LaunchTemplateData"]
    group = {"AutoScalingGroupName": "g", "MinSize": 1, "MaxSize": 1, "VPCZoneIdentifier": subnet}
    template = {"LaunchTemplateName": "tpl", "Version": "2"}
    with pytest.raises(AssertionError):
        boto3.client("autoscaling", region_name="us-east-1").create_auto_scaling_group(
            **group, LaunchTemplate=template
        )


def test_a_template_gives_no_instance_profile_and_no_metadata_options(ec2: Any) -> None:
    iam = boto3.client("iam", region_name="us-east-1")
    iam.create_instance_profile(InstanceProfileName="web")
    image = ec2.register_image(Name="base")["ImageId"]
    ec2.create_launch_template(
        LaunchTemplateName="t",
        LaunchTemplateData={
            "ImageId": image,
            "IamInstanceProfile": {"Name": "web"},
            "MetadataOptions": {"HttpTokens": "required"},
        },
    )
    found = ec2.run_instances(LaunchTemplate={"LaunchTemplateName": "t"}, MinCount=1, MaxCount=1)[
        "Instances"
    ][0]
    assert "IamInstanceProfile" not in found
    assert found["MetadataOptions"]["HttpTokens"] == "optional"


def test_it_tells_regions_of_all_partitions_and_those_that_are_not_enabled(ec2: Any) -> None:
    states = {
        region["RegionName"]: region["OptInStatus"] for region in ec2.describe_regions()["Regions"]
    }
    assert {"cn-north-1", "us-gov-west-1"} <= states.keys()
    assert states["me-south-1"] == "not-opted-in"
    assert states["af-south-1"] == "opt-in-not-required"
