# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances and addresses as AWS has them, in the API alone, and as the emulator has them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import ip_address, ip_network
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from sandbox.running import Handle

from .conftest import Clients


@pytest.fixture
def ec2(client: Clients) -> Any:
    return client("ec2")


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with mock_aws():
        yield boto3.client("ec2", region_name="us-east-1")


def subnet_of(ec2: Any) -> str:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    return str(ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"])


def launch(ec2: Any, client: Any = None, **more: Any) -> dict[str, Any]:
    if client:
        name = "/aws/service/debian/release/12/latest/amd64"
        image = client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
    else:
        image = ec2.register_image(Name="debian", RootDeviceName="/dev/xvda")["ImageId"]
    found = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, **more)
    return dict(found["Instances"][0])


def state(ec2: Any, number: str) -> str:
    found = ec2.describe_instances(InstanceIds=[number])["Reservations"][0]["Instances"][0]
    return str(found["State"]["Name"])


def refusal(call: Any, **given: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**given)
    return str(refused.value.response["Error"]["Code"])


def test_public_addresses_are_of_the_sandboxs_own_internet_and_given_once(ec2: Any) -> None:
    found = [ec2.allocate_address(Domain="vpc")["PublicIp"] for _ in range(5)]
    assert len(set(found)) == 5
    assert all(ip_address(one) in ip_network("100.64.0.0/22") for one in found)


def test_the_emulator_gives_out_loopback_addresses(emulator: Any) -> None:
    address = emulator.allocate_address(Domain="vpc")["PublicIp"]
    assert ip_address(address).is_loopback


def test_an_interface_gets_a_free_address_of_its_subnet_and_gives_it_back(ec2: Any) -> None:
    subnet = subnet_of(ec2)
    seen = set()
    for _ in range(300):  # more than the subnet has
        card = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]
        seen.add(card["PrivateIpAddress"])
        ec2.delete_network_interface(NetworkInterfaceId=card["NetworkInterfaceId"])
    assert all(ip_address(one) in ip_network("10.0.1.0/24") for one in seen)


def test_a_nat_gateway_has_an_address_of_its_subnet(ec2: Any) -> None:
    subnet, address = subnet_of(ec2), ec2.allocate_address(Domain="vpc")["AllocationId"]
    made = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]
    place = ip_network("10.0.1.0/24")
    assert ip_address(made["NatGatewayAddresses"][0]["PrivateIp"]) in place


def test_the_emulator_gives_a_nat_gateway_any_address(emulator: Any) -> None:
    subnet = subnet_of(emulator)
    places = []
    for _ in range(4):
        address = emulator.allocate_address(Domain="vpc")["AllocationId"]
        made = emulator.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]
        places.append(ip_address(made["NatGatewayAddresses"][0]["PrivateIp"]))
    assert not all(place in ip_network("10.0.1.0/24") for place in places)


def test_an_instance_without_a_subnet_is_in_the_default_one_of_its_zone(
    ec2: Any, client: Clients
) -> None:
    made = launch(ec2, client, Placement={"AvailabilityZone": "us-east-1b"})
    subnet = ec2.describe_subnets(SubnetIds=[made["SubnetId"]])["Subnets"][0]
    assert (subnet["AvailabilityZone"], subnet["DefaultForAz"]) == ("us-east-1b", True)
    assert ip_address(made["PrivateIpAddress"]) in ip_network(subnet["CidrBlock"])


def test_an_instance_passes_through_the_states_of_aws(
    ec2: Any, client: Clients, cloud: Handle
) -> None:
    cloud.speed(0.1)  # nothing that takes time ends during the test
    number = launch(ec2, client)["InstanceId"]
    assert state(ec2, number) == "pending"
    cloud.speed(0)
    other = launch(ec2, client)["InstanceId"]
    assert state(ec2, other) == "running"
    cloud.speed(0.1)
    ec2.stop_instances(InstanceIds=[other])
    assert state(ec2, other) == "stopping"
    assert refusal(ec2.start_instances, InstanceIds=[other]) == "IncorrectInstanceState"
    assert refusal(ec2.reboot_instances, InstanceIds=[other]) == "IncorrectInstanceState"
    ec2.terminate_instances(InstanceIds=[other])
    assert state(ec2, other) == "shutting-down"
    assert refusal(ec2.stop_instances, InstanceIds=[other]) == "IncorrectInstanceState"


def test_the_emulator_stops_at_once_and_starts_what_is_terminated(emulator: Any) -> None:
    number = launch(emulator, SubnetId=subnet_of(emulator))["InstanceId"]
    emulator.stop_instances(InstanceIds=[number])
    assert state(emulator, number) == "stopped"
    emulator.terminate_instances(InstanceIds=[number])
    emulator.start_instances(InstanceIds=[number])
    assert state(emulator, number) == "running"


def test_the_interface_of_an_instance_goes_with_it(ec2: Any, client: Clients) -> None:
    made = launch(ec2, client, SubnetId=subnet_of(ec2))
    card = made["NetworkInterfaces"][0]["NetworkInterfaceId"]
    ec2.terminate_instances(InstanceIds=[made["InstanceId"]])
    left = [
        one["NetworkInterfaceId"] for one in ec2.describe_network_interfaces()["NetworkInterfaces"]
    ]
    assert card not in left


def test_the_emulator_keeps_the_interfaces_of_the_dead(emulator: Any) -> None:
    made = launch(emulator, SubnetId=subnet_of(emulator))
    card = made["NetworkInterfaces"][0]["NetworkInterfaceId"]
    emulator.terminate_instances(InstanceIds=[made["InstanceId"]])
    left = emulator.describe_network_interfaces()["NetworkInterfaces"]
    assert card in [one["NetworkInterfaceId"] for one in left]


@pytest.mark.parametrize(
    ("disaster", "of"),
    [
        ("host-dies", lambda one: {"region": "us-east-1", "instance": one["InstanceId"]}),
        ("zone-dies", lambda one: {"zone": one["Placement"]["AvailabilityZone"]}),
    ],
)
def test_without_hosts_an_instance_is_well_until_it_is_told_to_die_and_again_once_started(
    ec2: Any, client: Clients, cloud: Handle, disaster: str, of: Callable[[Any], dict[str, str]]
) -> None:
    made = launch(ec2, client)
    number = {"InstanceIds": [made["InstanceId"]]}

    def checks() -> set[str]:
        found = ec2.describe_instance_status(**number)["InstanceStatuses"][0]
        return {found["InstanceStatus"]["Status"], found["SystemStatus"]["Status"]}

    assert checks() == {"ok"}
    cloud.strike(disaster, **of(made))
    assert checks() == {"impaired"}
    if disaster == "zone-dies":
        cloud.strike("zone-returns", **of(made))
        assert checks() == {"impaired"}
    ec2.stop_instances(**number)
    ec2.start_instances(**number)
    assert checks() == {"ok"}
