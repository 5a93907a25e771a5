# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2 endpoints of AWS's services in a VPC: gateways in its route tables, and interfaces."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from moto.core.base_backend import BaseBackend
from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend
from moto.ec2.models.vpcs import (
    AWS_ENDPOINT_SERVICES,
    COVERED_ENDPOINT_SERVICES,
    DEFAULT_VPC_ENDPOINT_SERVICES,
    VPCBackend,
    VPCEndPoint,
)
from moto.ec2.responses import EC2Response

from sandbox.shims import Hook
from sandbox.shims._zones import check_zone
from sandbox.shims.ec2 import forget_tags
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "Route tables added to a gateway endpoint get its route, and lose it when removed; a deleted "
    "gateway endpoint is no longer listed.",
    "An interface endpoint is pending for its time, then available. It has a network interface in "
    "each of its subnets, with an address of the subnet and the endpoint's groups; these follow "
    "ModifyVpcEndpoint.",
    "A deleted interface endpoint is deleting for its time; until then its interfaces keep its "
    "subnets and groups from being deleted, and its private name is taken.",
    "DescribeVpcEndpointServices answers without the packages of all services of the emulator, and "
    "tells of those services that need none.",
    "Endpoints of a service are offered in all zones but where `not-offered` was ordered; there "
    "none is made or moved to.",
    "An interface endpoint is in one subnet of a zone at most. Private names need a VPC with DNS "
    "support and host names, and are those of one endpoint of the VPC; they can be switched.",
)
HOOKS: tuple[Hook, ...] = (
    (EC2Response, "create_vpc_endpoint", ()),
    (EC2Response, "modify_vpc_endpoint", ()),
    (VPCBackend, "create_vpc_endpoint", ("vpc_id", "service_name", "endpoint_type")),
    (VPCBackend, "delete_vpc_endpoints", ("vpce_ids",)),
    (
        VPCBackend,
        "describe_vpc_endpoint_services",
        ("service_names", "filters", "max_results", "next_token", "region"),
    ),
    (VPCEndPoint, "modify", ("policy_doc", "add_subnets", "remove_subnets", "add_route_tables")),
)
INTERFACE = "Interface"


def install(world: World) -> None:
    lacking: set[tuple[str, str]] = set()  # service and zone
    world.on_reset(lacking.clear)
    _offer(world, lacking)
    _create(world, lacking)
    _private_names()
    _delete(world)
    _modify(lacking)


def _offer(world: World, lacking: set[tuple[str, str]]) -> None:
    def none(service: str, zone: str) -> None:
        """Let endpoints of a service, as `ssm`, not be offered in a zone."""
        check_zone(world, zone)
        lacking.add((service, zone))

    world.disasters["not-offered"] = none

    @wrap(VPCBackend, "describe_vpc_endpoint_services")
    def describe(original: Callable[..., Any], _self: Any, *args: Any, **kw: Any) -> Any:
        _know(kw["region"])
        answer = original(*args, **kw)
        found = [
            {
                **one,
                "AvailabilityZones": [
                    zone
                    for zone in one["AvailabilityZones"]
                    if (_service(one["ServiceName"]), zone) not in lacking
                ],
            }
            for one in answer["servicesDetails"]
        ]
        return {**answer, "servicesDetails": found}


def _know(region: str) -> None:
    """Have the emulator know the services of a region: it would import those that it emulates."""
    if region not in DEFAULT_VPC_ENDPOINT_SERVICES:
        zones = [zone.name for zone in RegionsAndZonesBackend.zones[region]]
        DEFAULT_VPC_ENDPOINT_SERVICES[region] = [
            one
            for name in AWS_ENDPOINT_SERVICES
            if name not in COVERED_ENDPOINT_SERVICES
            for one in BaseBackend.default_vpc_endpoint_service_factory(region, zones, name)
        ]


def _service(name: str) -> str:
    """ "com.amazonaws.us-east-1.ssm" -> "ssm"."""
    return ".".join(name.split(".")[3:])


def _create(world: World, lacking: set[tuple[str, str]]) -> None:
    @wrap(VPCBackend, "create_vpc_endpoint")
    def make(original: Callable[..., Any], self: Any, **given: Any) -> Any:
        if given.get("endpoint_type") != INTERFACE:
            return original(**given)
        subnets = given.get("subnet_ids") or []
        _one_of_a_zone(self, subnets)
        _offered(self, subnets, given["service_name"], lacking)
        if given.get("private_dns_enabled"):
            _private_name_free(self, given["vpc_id"], given["service_name"])
        # Those that the emulator makes have addresses of no subnet, and no groups.
        endpoint = original(**{**given, "subnet_ids": []})
        if not endpoint.security_group_ids:
            default = self.get_default_security_group(endpoint.vpc_id)
            endpoint.security_group_ids = [default.id]
        endpoint.subnet_ids = list(subnets)
        _place(endpoint)
        return endpoint

    @wrap(EC2Response, "create_vpc_endpoint")
    def create(original: Callable[[], ActionResult], self: EC2Response) -> ActionResult:
        answer = original()
        content: Any = answer.result
        endpoint = content["VpcEndpoint"]
        endpoint.vpc_endpoint_type = endpoint.vpc_endpoint_type or "Gateway"
        if endpoint.vpc_endpoint_type == INTERFACE:
            endpoint.state = "pending"
            wait = world.seconds("interface_endpoint")
            world.later(wait, lambda: _settle(endpoint), f"endpoint {endpoint.id}")
        return answer


def _settle(endpoint: Any) -> None:
    if endpoint.state == "pending":
        endpoint.state = "available"


def _one_of_a_zone(ec2: Any, subnets: Iterable[str]) -> None:
    zones: set[str] = set()
    for number in subnets:
        zone = ec2.get_subnet(number).availability_zone
        if zone in zones:
            # Reported with this text in terraform-aws-modules/terraform-aws-vpc#583.
            raise EC2ClientError(
                "DuplicateSubnetsInSameZone",
                f"Found another VPC endpoint subnet in the availability zone of {number}. VPC "
                "endpoint subnets should be in different availability zones supported by the VPC "
                "endpoint service.",
            )
        zones.add(zone)


def _offered(ec2: Any, subnets: Iterable[str], name: str, lacking: set[tuple[str, str]]) -> None:
    for number in subnets:
        if (_service(name), ec2.get_subnet(number).availability_zone) in lacking:
            # Reported with this text in terraform-aws-modules/terraform-aws-vpc#785.
            raise EC2ClientError(
                "InvalidParameter",
                f"The VPC endpoint service {name} does not support the availability zone of the "
                f"subnet: {number}.",
            )


def _private_name_free(ec2: Any, vpc_id: str, service: str, own: str = "") -> None:
    """Raises EC2ClientError where private names of a service cannot be had in a VPC."""
    vpc = ec2.get_vpc(vpc_id)
    if not (vpc.enable_dns_support and vpc.enable_dns_hostnames):
        raise EC2ClientError(
            "InvalidParameter",
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC "
            f"attributes set to true for {vpc_id}",
        )
    for other in ec2.vpc_end_points.values():
        taken = other.vpc_endpoint_type == INTERFACE and other.private_dns_enabled
        if taken and other.id != own and (other.vpc_id, other.service_name) == (vpc_id, service):
            name = ".".join(reversed(service.split(".")[2:]))
            # Reported with this text in hashicorp/terraform-provider-aws#17535.
            raise EC2ClientError(
                "InvalidParameter",
                "private-dns-enabled cannot be set because there is already a conflicting DNS "
                f"domain for {name}.amazonaws.com in the VPC {vpc_id}",
            )


def _place(endpoint: Any) -> None:
    """Have it have an interface in each of its subnets, and all of its groups at each."""
    ec2 = endpoint.ec2_backend
    standing = {ec2.enis[number].subnet.id: number for number in endpoint.network_interface_ids}
    for subnet_id in sorted(set(standing) - set(endpoint.subnet_ids)):
        _give_back(ec2, standing.pop(subnet_id))
    for subnet_id in sorted(set(endpoint.subnet_ids) - set(standing)):
        standing[subnet_id] = _interface(ec2, endpoint, ec2.get_subnet(subnet_id)).id
    endpoint.network_interface_ids = sorted(standing.values())
    groups = [ec2.get_security_group_from_id(number) for number in endpoint.security_group_ids]
    for number in endpoint.network_interface_ids:
        ec2.enis[number]._group_set = list(groups)


def _interface(ec2: Any, endpoint: Any, subnet: Any) -> Any:
    card: Any = ec2.create_network_interface(
        subnet,
        subnet.get_available_subnet_ip(endpoint),
        group_ids=endpoint.security_group_ids,
        description=f"VPC Endpoint Interface {endpoint.id}",
    )
    card.requester_managed = True
    card.status = "in-use"
    card.interface_type = "vpc_endpoint"
    return card


def _give_back(ec2: Any, number: str) -> None:
    card = ec2.enis.pop(number, None)
    if card is not None:
        card.subnet.del_subnet_ip(card.private_ip_address)


def _private_names() -> None:
    @wrap(EC2Response, "modify_vpc_endpoint")
    def modify(original: Callable[[], ActionResult], self: EC2Response) -> ActionResult:
        wanted = self._get_param("PrivateDnsEnabled")
        ec2 = self.ec2_backend
        found: Any = ec2.vpc_end_points.get(self._get_param("VpcEndpointId"))
        if found is not None and wanted is not None:
            asked = str(wanted).lower() == "true"
            if asked and not found.private_dns_enabled:
                _private_name_free(ec2, found.vpc_id, found.service_name, found.id)
            found.private_dns_enabled = asked
        return original()


def _delete(world: World) -> None:
    @wrap(VPCBackend, "delete_vpc_endpoints")
    def delete(original: Callable[..., None], self: Any, vpce_ids: list[str] | None = None) -> None:
        numbers = vpce_ids or []
        for number in numbers:
            endpoint = self.vpc_end_points.get(number)
            if endpoint is None or endpoint.vpc_endpoint_type != INTERFACE:
                original([number])
                _forget(self, number)
            elif endpoint.state != "deleting":
                endpoint.state = "deleting"
                wait = world.seconds("interface_endpoint_delete")
                world.later(wait, _ending(self, endpoint), f"deletion of endpoint {number}")


def _ending(ec2: Any, endpoint: Any) -> Callable[[], None]:
    def end() -> None:
        for number in endpoint.network_interface_ids:
            _give_back(ec2, number)
        _forget(ec2, endpoint.id)

    return end


def _forget(ec2: Any, number: str) -> None:
    ec2.vpc_end_points.pop(number, None)
    forget_tags(ec2, number)


def _modify(lacking: set[tuple[str, str]]) -> None:
    @wrap(VPCEndPoint, "modify")
    def modify(original: Callable[..., None], self: Any, *args: Any) -> None:
        if self.vpc_endpoint_type == INTERFACE:
            kept = set(self.subnet_ids) - set(args[2] or ())
            _one_of_a_zone(self.ec2_backend, sorted(kept | set(args[1] or ())))
            _offered(self.ec2_backend, args[1] or (), self.service_name, lacking)
            original(*args)
            _place(self)
            return
        before = set(self.route_table_ids)
        original(*args)
        listed = self.destination_prefix_list_id
        if not listed:
            return
        for table in set(self.route_table_ids) - before:
            self.ec2_backend.create_route(
                table, None, gateway_id=self.id, destination_prefix_list_id=listed
            )
        for table in before - set(self.route_table_ids):
            self.ec2_backend.delete_route(table, listed)
