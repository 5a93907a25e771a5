# SPDX-License-Identifier: GPL-3.0-or-later
"""Interface endpoints, their network interfaces, and what these hold."""

from __future__ import annotations

from typing import Any

import pytest

from .account import HOME, Account, refused, until


@pytest.fixture
def net(account: Account, ec2: Any) -> dict[str, Any]:
    found = account.network()
    ec2.modify_vpc_attribute(VpcId=found["vpc"], EnableDnsHostnames={"Value": True})
    return found


@pytest.fixture
def asked(net: dict[str, Any]) -> dict[str, Any]:
    """The arguments of an endpoint in two of three zones."""
    return {
        "VpcEndpointType": "Interface",
        "VpcId": net["vpc"],
        "ServiceName": f"com.amazonaws.{HOME}.ssm",
        "SubnetIds": net["subnets"][:2],
        "SecurityGroupIds": [net["group"]],
        "PrivateDnsEnabled": True,
        "ClientToken": "interface-1",
    }


def made(ec2: Any, asked: dict[str, Any]) -> str:
    return str(ec2.create_vpc_endpoint(**asked)["VpcEndpoint"]["VpcEndpointId"])


def one(ec2: Any, number: str) -> dict[str, Any]:
    return dict(ec2.describe_vpc_endpoints(VpcEndpointIds=[number])["VpcEndpoints"][0])


def cards(ec2: Any, number: str) -> dict[str, dict[str, Any]]:
    """Its network interfaces by subnet."""
    found = ec2.describe_network_interfaces(
        NetworkInterfaceIds=one(ec2, number)["NetworkInterfaceIds"]
    )
    return {card["SubnetId"]: card for card in found["NetworkInterfaces"]}


def test_an_endpoint_is_pending_first_and_available_later(ec2: Any, asked: dict[str, Any]) -> None:
    first = ec2.create_vpc_endpoint(**asked)["VpcEndpoint"]
    assert (first["State"], first["VpcEndpointType"]) == ("pending", "Interface")
    found = one(ec2, first["VpcEndpointId"])
    assert (found["State"], found["PrivateDnsEnabled"]) == ("available", True)
    assert [group["GroupId"] for group in found["Groups"]] == asked["SecurityGroupIds"]
    assert set(found["SubnetIds"]) == set(asked["SubnetIds"])


def test_it_is_told_in_which_zones_a_service_is_offered(ec2: Any, asked: dict[str, Any]) -> None:
    name = asked["ServiceName"]
    [found] = ec2.describe_vpc_endpoint_services(ServiceNames=[name])["ServiceDetails"]
    assert (found["ServiceName"], found["ServiceType"][0]["ServiceType"]) == (name, "Interface")
    assert {f"{HOME}{letter}" for letter in "abc"} <= set(found["AvailabilityZones"])
    missing = refused(ec2.describe_vpc_endpoint_services, ServiceNames=[f"{name}-not"])
    assert missing == "InvalidServiceName"


def test_the_same_token_answers_with_the_same_endpoint(ec2: Any, asked: dict[str, Any]) -> None:
    assert made(ec2, asked) == made(ec2, asked)
    assert len(ec2.describe_vpc_endpoints()["VpcEndpoints"]) == 1
    other = {**asked, "PrivateDnsEnabled": False}
    assert refused(ec2.create_vpc_endpoint, **other) == "IdempotentParameterMismatch"


def test_it_has_an_interface_in_each_subnet_with_its_groups(
    ec2: Any, asked: dict[str, Any]
) -> None:
    number = made(ec2, asked)
    found = cards(ec2, number)
    assert found.keys() == set(asked["SubnetIds"])
    for n, subnet in enumerate(asked["SubnetIds"]):
        assert found[subnet]["PrivateIpAddress"].startswith(f"10.1.{n}.")
        assert found[subnet]["InterfaceType"] == "vpc_endpoint"
        assert [group["GroupId"] for group in found[subnet]["Groups"]] == asked["SecurityGroupIds"]


def test_a_second_subnet_of_a_zone_is_refused(
    ec2: Any, asked: dict[str, Any], net: dict[str, Any]
) -> None:
    same = ec2.create_subnet(
        VpcId=net["vpc"], CidrBlock="10.1.9.0/24", AvailabilityZone=f"{HOME}a"
    )["Subnet"]["SubnetId"]
    both = {**asked, "SubnetIds": [net["subnets"][0], same]}
    assert refused(ec2.create_vpc_endpoint, **both) == "DuplicateSubnetsInSameZone"
    number = made(ec2, asked)
    more = {"VpcEndpointId": number, "AddSubnetIds": [same]}
    assert refused(ec2.modify_vpc_endpoint, **more) == "DuplicateSubnetsInSameZone"


def test_its_subnets_and_groups_follow_what_is_modified(
    ec2: Any, asked: dict[str, Any], net: dict[str, Any]
) -> None:
    number = made(ec2, asked)
    other = ec2.create_security_group(GroupName="other", Description="d", VpcId=net["vpc"])
    ec2.modify_vpc_endpoint(
        VpcEndpointId=number,
        AddSubnetIds=[net["subnets"][2]],
        RemoveSubnetIds=[net["subnets"][0]],
        AddSecurityGroupIds=[other["GroupId"]],
        RemoveSecurityGroupIds=[net["group"]],
    )
    found = cards(ec2, number)
    assert found.keys() == set(net["subnets"][1:])
    for card in found.values():
        assert [group["GroupId"] for group in card["Groups"]] == [other["GroupId"]]
    assert refused(ec2.delete_security_group, GroupId=other["GroupId"]) == "DependencyViolation"
    assert refused(ec2.delete_security_group, GroupId=net["group"]) == ""
    assert refused(ec2.delete_subnet, SubnetId=net["subnets"][0]) == ""


def test_private_names_need_host_names_in_the_vpc(
    ec2: Any, asked: dict[str, Any], net: dict[str, Any]
) -> None:
    ec2.modify_vpc_attribute(VpcId=net["vpc"], EnableDnsHostnames={"Value": False})
    assert refused(ec2.create_vpc_endpoint, **asked) == "InvalidParameter"
    assert refused(ec2.create_vpc_endpoint, **{**asked, "PrivateDnsEnabled": False}) == ""


def test_private_names_are_those_of_one_endpoint_of_the_vpc(
    ec2: Any, asked: dict[str, Any]
) -> None:
    first = made(ec2, asked)
    second = {**asked, "ClientToken": "interface-2"}
    assert refused(ec2.create_vpc_endpoint, **second) == "InvalidParameter"
    nameless = made(ec2, {**second, "PrivateDnsEnabled": False})
    wanted = {"VpcEndpointId": nameless, "PrivateDnsEnabled": True}
    assert refused(ec2.modify_vpc_endpoint, **wanted) == "InvalidParameter"
    ec2.modify_vpc_endpoint(VpcEndpointId=first, PrivateDnsEnabled=False)
    assert refused(ec2.modify_vpc_endpoint, **wanted) == ""
    assert one(ec2, nameless)["PrivateDnsEnabled"] is True


def test_one_that_is_being_deleted_holds_its_subnets_groups_and_name_until_it_is_gone(
    account: Account, ec2: Any, asked: dict[str, Any], net: dict[str, Any]
) -> None:
    number = made(ec2, asked)
    account.cloud.speed(30)  # 90 s take three
    assert ec2.delete_vpc_endpoints(VpcEndpointIds=[number])["Unsuccessful"] == []
    assert one(ec2, number)["State"] == "deleting"
    held = "DependencyViolation"
    assert refused(ec2.delete_subnet, SubnetId=net["subnets"][0]) == held
    assert refused(ec2.delete_security_group, GroupId=net["group"]) == held
    assert refused(ec2.delete_vpc, VpcId=net["vpc"]) == held
    again = {**asked, "ClientToken": "interface-2"}
    assert refused(ec2.create_vpc_endpoint, **again) == "InvalidParameter"
    until(lambda: ec2.describe_vpc_endpoints()["VpcEndpoints"] == [])
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []
    assert refused(ec2.delete_subnet, SubnetId=net["subnets"][0]) == ""
    assert refused(ec2.delete_security_group, GroupId=net["group"]) == ""
