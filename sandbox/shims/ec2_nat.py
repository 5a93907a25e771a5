# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2 NAT gateways."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.nat_gateways import NatGateway, NatGatewayBackend
from moto.ec2.models.route_tables import RouteBackend
from moto.ec2.models.tags import TagBackend
from moto.ec2.responses import EC2Response
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, generic_filter

from sandbox.shims import Hook
from sandbox.shims.ec2 import forget_tags
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "A NAT gateway is pending for its time, then available, or failed if its VPC has no internet "
    "gateway by then.",
    "A deleted NAT gateway is deleting for its time and stays listed as deleted for its hour (for "
    "ever at speed 0); when it is deleted its address and its interface are free again.",
    "An address in use cannot be given to a NAT gateway; an unknown gateway answers "
    "NatGatewayNotFound; gateways are found by tag.",
    "A route to a NAT gateway that is not there is neither made nor put in the place of another.",
    "DescribeTags calls a NAT gateway natgateway, and finds its tags by that type.",
)
HOOKS: tuple[Hook, ...] = (
    (NatGateway, "__init__", ("backend", "subnet_id", "allocation_id", "tags")),
    (NatGatewayBackend, "create_nat_gateway", ("subnet_id", "allocation_id", "tags")),
    (NatGatewayBackend, "delete_nat_gateway", ("nat_gateway_id",)),
    (NatGatewayBackend, "describe_nat_gateways", ("filters", "nat_gateway_ids")),
    (EC2Response, "create_nat_gateway", ()),
    (RouteBackend, "create_route", ("route_table_id", "destination_cidr_block")),
    (RouteBackend, "replace_route", ("route_table_id", "destination_cidr_block")),
    (TagBackend, "describe_tags", ("filters",)),
)


def install(world: World) -> None:
    _create(world)
    _delete(world)
    _describe()
    for name in ("create_route", "replace_route"):
        _routes(name)
    EC2_PREFIX_TO_RESOURCE["nat"] = "natgateway"


def _routes(name: str) -> None:
    signature = inspect.signature(getattr(RouteBackend, name))

    @wrap(RouteBackend, name)
    def act(original: Callable[..., Any], self: Any, *args: Any, **kwargs: Any) -> Any:
        number = signature.bind(self, *args, **kwargs).arguments.get("nat_gateway_id")
        if number is not None and number not in self.nat_gateways:
            # Reported with this text in boto/boto3#779.
            raise EC2ClientError(
                "InvalidNatGatewayID.NotFound", f"The natGateway ID '{number}' does not exist"
            )
        return original(*args, **kwargs)


def _create(world: World) -> None:
    @wrap(EC2Response, "create_nat_gateway")
    def create(original: Callable[[], ActionResult], self: EC2Response) -> ActionResult:
        allocation = self._get_param("AllocationId")
        private = self._get_param("ConnectivityType") == "private"
        if not private:
            if not allocation:
                raise EC2ClientError(
                    "MissingParameter", "The request must contain the parameter allocationId"
                )
            address = self.ec2_backend.address_by_allocation([allocation])[0]
            if address.association_id:
                raise EC2ClientError(
                    "Resource.AlreadyAssociated",
                    f"Elastic IP address [{allocation}] is already associated",
                )
        answer = original()
        content: Any = answer.result
        gateway = content["NatGateway"]
        gateway.connectivity_type = "private" if private else "public"
        gateway.state = "pending"
        ec2 = self.ec2_backend
        label = f"NAT gateway {gateway.id}"
        world.later(world.seconds("nat_gateway"), lambda: _settle(ec2, gateway, private), label)
        return answer


def _settle(ec2: Any, gateway: Any, private: bool) -> None:
    if gateway.state != "pending":
        return
    reachable = any(
        door.vpc and door.vpc.id == gateway.vpc_id for door in ec2.internet_gateways.values()
    )
    if private or reachable:
        gateway.state = "available"
        return
    gateway.state = "failed"
    gateway.failure_code = "Gateway.NotAttached"
    gateway.failure_message = f"Network {gateway.vpc_id} has no Internet gateway attached"
    _let_go(ec2, gateway)


def _let_go(ec2: Any, gateway: Any) -> None:
    """Its address and its interface are free again."""
    for address in ec2.addresses:
        if address.eni is gateway._eni:
            ec2.disassociate_address(association_id=address.association_id)
    ec2.enis.pop(gateway._eni.id, None)


def _delete(world: World) -> None:
    @wrap(NatGatewayBackend, "delete_nat_gateway")
    def delete(original: Callable[[str], Any], self: Any, nat_gateway_id: str) -> Any:
        gateway = self.nat_gateways.get(nat_gateway_id)
        if gateway is None or gateway.state == "deleted":
            raise _not_found(nat_gateway_id)
        if gateway.state == "deleting":
            return gateway
        original(nat_gateway_id)
        gateway.state = "deleting"
        gateway.delete_time = world.now()

        def gone() -> None:
            self.nat_gateways.pop(nat_gateway_id, None)
            forget_tags(self, nat_gateway_id)

        def deleted() -> None:
            gateway.state = "deleted"
            _let_go(self, gateway)
            # At speed 0 there is no while: a deleted gateway that is still listed is the trap.
            if wait := world.seconds("nat_gateway_listed"):
                world.later(wait, gone, f"deleted NAT gateway {nat_gateway_id}")

        wait = world.seconds("nat_gateway_delete")
        world.later(wait, deleted, f"deletion of NAT gateway {nat_gateway_id}")
        return gateway


def _describe() -> None:
    @wrap(NatGatewayBackend, "describe_nat_gateways")
    def describe(
        original: Callable[..., list[Any]], self: Any, filters: Any, nat_gateway_ids: Any
    ) -> list[Any]:
        for number in nat_gateway_ids or []:
            if number not in self.nat_gateways:
                raise _not_found(number)
        own = {"nat-gateway-id", "vpc-id", "subnet-id", "state"}
        asked = filters or {}
        rest = {name: values for name, values in asked.items() if name not in own}
        found = original({k: v for k, v in asked.items() if k in own}, nat_gateway_ids)
        return generic_filter(rest, found)


def _not_found(number: str) -> EC2ClientError:
    return EC2ClientError("NatGatewayNotFound", f"NAT gateway {number} was not found")
