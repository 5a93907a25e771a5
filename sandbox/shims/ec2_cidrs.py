# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2: the address ranges of networks and routes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from ipaddress import IPv4Network
from typing import Any

from moto.ec2.exceptions import InvalidCIDRBlockParameterError, InvalidVPCRangeError
from moto.ec2.models.route_tables import RouteBackend
from moto.ec2.models.subnets import SubnetBackend
from moto.ec2.models.vpcs import VPCBackend

from sandbox.shims import Hook
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "The ranges of VPCs, subnets and routes are made canonical: 100.68.0.18/18 is 100.68.0.0/18.",
    "A VPC is given no further range that is malformed, or larger or smaller than its first may "
    "be.",
)
HOOKS: tuple[Hook, ...] = (
    (VPCBackend, "create_vpc", ("cidr_block",)),
    (VPCBackend, "associate_vpc_cidr_block", ("vpc_id", "cidr_block")),
    (SubnetBackend, "create_subnet", ("vpc_id", "cidr_block")),
    (RouteBackend, "create_route", ("route_table_id", "destination_cidr_block")),
)
_LARGEST, _SMALLEST = 16, 28  # of a VPC, in bits


def install(world: World) -> None:
    _further_ranges()
    for cls, name, parameters in HOOKS:
        _canonical(cls, name, parameters[-1])


def _canonical(cls: type, name: str, parameter: str) -> None:
    """Have a method called with a range in its canonical form; it refuses what is none itself."""
    signature = inspect.signature(getattr(cls, name))

    @wrap(cls, name)
    def act(original: Callable[..., Any], self: Any, *args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(self, *args, **kwargs)
        if given := bound.arguments.get(parameter):
            bound.arguments[parameter] = _without_host_bits(str(given))
        return original(*bound.args[1:], **bound.kwargs)


def _without_host_bits(block: str) -> str:
    try:
        return str(IPv4Network(block, strict=False))
    except ValueError:
        return block


def _further_ranges() -> None:
    @wrap(VPCBackend, "associate_vpc_cidr_block")
    def associate(
        original: Callable[..., Any], self: Any, vpc_id: str, cidr_block: Any, ipv6: bool
    ) -> Any:
        if not ipv6:
            try:
                size = IPv4Network(str(cidr_block), strict=False).prefixlen
            except ValueError:
                raise InvalidCIDRBlockParameterError(cidr_block) from None
            if not _LARGEST <= size <= _SMALLEST:
                raise InvalidVPCRangeError(cidr_block)
        return original(vpc_id, cidr_block, ipv6)
