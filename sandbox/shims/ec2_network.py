# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2 networks: VPCs, subnets, gateways and addresses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import DependencyViolationError, EC2ClientError
from moto.ec2.models.elastic_ip_addresses import ElasticAddressBackend
from moto.ec2.models.flow_logs import FlowLogsBackend
from moto.ec2.models.internet_gateways import InternetGatewayBackend
from moto.ec2.models.route_tables import RouteBackend
from moto.ec2.models.subnets import SubnetBackend
from moto.ec2.models.vpcs import VPCBackend
from moto.ec2.responses import EC2Response

from sandbox.shims import Hook
from sandbox.shims._ec2_users import users_of_subnet
from sandbox.shims.ec2 import forget_tags
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "A VPC is pending for its time, then available.",
    "A VPC with a gateway, an endpoint, a NAT gateway or a group of its own cannot be deleted.",
    "A subnet with a NAT gateway, an interface, an instance, a balancer or a database in it "
    "cannot be deleted.",
    "An internet gateway cannot be detached while the VPC has addresses in use behind it.",
    "An address in use cannot be released, and that of a NAT gateway not be taken from it.",
)
HOOKS: tuple[Hook, ...] = (
    (EC2Response, "create_vpc", ()),
    (EC2Response, "detach_internet_gateway", ()),
    (VPCBackend, "delete_vpc", ("vpc_id",)),
    (SubnetBackend, "delete_subnet", ("subnet_id",)),
    (InternetGatewayBackend, "delete_internet_gateway", ("internet_gateway_id",)),
    (RouteBackend, "create_route", ("route_table_id", "destination_cidr_block")),
    (RouteBackend, "delete_route", ("route_table_id", "destination_cidr_block")),
    (ElasticAddressBackend, "release_address", ("address", "allocation_id")),
    (ElasticAddressBackend, "disassociate_address", ("address", "association_id")),
    (FlowLogsBackend, "delete_flow_logs", ("flow_log_ids",)),
)


def install(world: World) -> None:
    _vpcs(world)
    _subnets()
    _internet_gateways()
    _addresses()
    _flow_logs()


def _vpcs(world: World) -> None:
    @wrap(EC2Response, "create_vpc")
    def create(original: Callable[[], ActionResult], self: EC2Response) -> ActionResult:
        answer = original()
        content: Any = answer.result
        vpc = content["Vpc"]
        vpc.state = "pending"
        wait = world.seconds("vpc")
        world.later(wait, lambda: setattr(vpc, "state", "available"), f"VPC {vpc.id}")
        return answer

    @wrap(VPCBackend, "delete_vpc")
    def delete(original: Callable[[str], Any], self: Any, vpc_id: str) -> Any:
        if vpc_id in self.vpcs and _keeps_vpc(self, vpc_id):
            raise DependencyViolationError(
                f"The vpc '{vpc_id}' has dependencies and cannot be deleted."
            )
        vpc = original(vpc_id)
        forget_tags(self, vpc_id)
        return vpc


def _keeps_vpc(ec2: Any, vpc_id: str) -> bool:
    return (
        any(gateway.vpc and gateway.vpc.id == vpc_id for gateway in ec2.internet_gateways.values())
        or any(not group.is_default for group in ec2.groups[vpc_id].values())
        or any(
            endpoint.vpc_id == vpc_id and endpoint.state != "deleted"
            for endpoint in ec2.vpc_end_points.values()
        )
        or any(
            gateway.vpc_id == vpc_id and gateway.state not in {"deleted", "failed"}
            for gateway in ec2.nat_gateways.values()
        )
    )


def _subnets() -> None:
    @wrap(SubnetBackend, "delete_subnet")
    def delete(original: Callable[[str], Any], self: Any, subnet_id: str) -> Any:
        if users_of_subnet(self, subnet_id):
            raise DependencyViolationError(
                f"The subnet '{subnet_id}' has dependencies and cannot be deleted."
            )
        subnet = original(subnet_id)
        # AWS drops the associations with the subnet; the emulator would go on to show them.
        for table in self.route_tables.values():
            table._associations = {
                number: target
                for number, target in table._associations.items()
                if target != subnet_id
            }
        forget_tags(self, subnet_id)
        return subnet


def _internet_gateways() -> None:
    @wrap(EC2Response, "detach_internet_gateway")
    def detach(original: Callable[[], Any], self: EC2Response) -> Any:
        vpc_id = self._get_param("VpcId")
        for address in self.ec2_backend.addresses:
            if address.eni is not None and address.eni.subnet.vpc_id == vpc_id:
                raise DependencyViolationError(
                    f"Network {vpc_id} has some mapped public address(es). Please unmap those "
                    "public address(es) before detaching the gateway."
                )
        return original()

    @wrap(InternetGatewayBackend, "delete_internet_gateway")
    def delete(original: Callable[[str], Any], self: Any, internet_gateway_id: str) -> Any:
        answer = original(internet_gateway_id)
        forget_tags(self, internet_gateway_id)
        return answer


def _addresses() -> None:
    @wrap(ElasticAddressBackend, "release_address")
    def release(original: Callable[..., None], self: Any, *args: Any, **kwargs: Any) -> None:
        address = kwargs.get("address", args[0] if args else None)
        allocation = kwargs.get("allocation_id", args[1] if len(args) > 1 else None)
        found = (
            self.address_by_allocation([allocation])
            if allocation
            else self.address_by_ip([address])
        )
        if found[0].association_id or found[0].instance:
            raise EC2ClientError(
                "InvalidIPAddress.InUse", f"Address {found[0].public_ip} is in use."
            )
        original(*args, **kwargs)
        forget_tags(self, str(found[0].id), str(allocation))

    @wrap(ElasticAddressBackend, "disassociate_address")
    def disassociate(original: Callable[..., None], self: Any, *args: Any, **kwargs: Any) -> None:
        association = kwargs.get("association_id", args[1] if len(args) > 1 else None)
        for gateway in self.nat_gateways.values():
            held = {entry.get("associationId") for entry in gateway.address_set}
            if association in held and gateway.state in {"pending", "available"}:
                raise EC2ClientError(
                    "AuthFailure", "You do not have permission to access the specified resource."
                )
        original(*args, **kwargs)


def _flow_logs() -> None:
    @wrap(FlowLogsBackend, "delete_flow_logs")
    def delete(original: Callable[[list[str]], None], self: Any, flow_log_ids: list[str]) -> None:
        original(flow_log_ids)
        forget_tags(self, *flow_log_ids)
