# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every request to EC2: tokens, dry runs, pages and regions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Clients
from tests.sandbox.ec2.asking import refusal, tagged

TOO_MANY = "TagLimitExceeded"


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


class TestMoreThanFiftyTags:
    def test_are_refused_and_nothing_is_made(self, ec2: Any, subnet: str) -> None:
        image = ec2.describe_images(Owners=["136693071363"])["Images"][0]["ImageId"]
        most = {f"t{number}": "x" for number in range(50)}
        launch = {"ImageId": image, "MinCount": 1, "MaxCount": 1, "SubnetId": subnet}
        made = ec2.run_instances(**launch, TagSpecifications=tagged("instance", **most))
        [instance] = [item["InstanceId"] for item in made["Instances"]]
        more = {**most, "one": "more"}
        for call, kind, given in (
            (ec2.run_instances, "instance", launch),
            (ec2.run_instances, "volume", launch),
            (ec2.create_image, "image", {"InstanceId": instance, "Name": "golden"}),
            (ec2.create_image, "snapshot", {"InstanceId": instance, "Name": "silver"}),
        ):
            assert refusal(call, **given, TagSpecifications=tagged(kind, **more)) == TOO_MANY
        assert len(ec2.describe_instances()["Reservations"]) == 1
        assert ec2.describe_images(Owners=["self"])["Images"] == []

    def test_are_refused_also_one_after_the_other(self, ec2: Any, vpc: str) -> None:
        for number in range(50):
            ec2.create_tags(Resources=[vpc], Tags=[{"Key": f"t{number}", "Value": "x"}])
        ec2.create_tags(Resources=[vpc], Tags=[{"Key": "t0", "Value": "y"}])
        one = [{"Key": "one", "Value": "more"}]
        assert refusal(ec2.create_tags, Resources=[vpc], Tags=one) == TOO_MANY
