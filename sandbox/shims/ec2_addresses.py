# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2 addresses: which ones are given out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.elastic_ip_addresses import ElasticAddress
from moto.ec2.models.elastic_network_interfaces import (
    NetworkInterface,
    NetworkInterfaceBackend,
)
from moto.ec2.models.nat_gateways import NatGateway

from sandbox.shims import Hook
from sandbox.shims._network_picture import backends
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "A public address is given out once at a time, and is one of the sandbox's own internet.",
    "A network interface that asks for no address gets a free one of its subnet, and gives it back "
    "when it is deleted; so does a NAT gateway.",
)
HOOKS: tuple[Hook, ...] = (
    (ElasticAddress, "__init__", ("ec2_backend", "domain", "address", "tags")),
    (NetworkInterface, "check_auto_public_ip", ()),
    (NetworkInterfaceBackend, "create_network_interface", ("subnet", "private_ip_address")),
    (NetworkInterfaceBackend, "delete_network_interface", ("eni_id",)),
    (NatGateway, "__init__", ("backend", "subnet_id", "allocation_id", "tags")),
)
# The first ones are for what the sandbox itself has in its internet.
_RESERVED = 64


def install(world: World) -> None:
    _public(world)
    _private()
    _nat_gateways()


def _public(world: World) -> None:
    last = [_RESERVED]
    world.on_reset(lambda: last.__setitem__(0, _RESERVED))

    def free() -> str:
        taken = set(_taken())
        room = world.public.num_addresses - _RESERVED - 1
        for step in range(1, room + 1):
            # The next one rather than the lowest, so that none is someone else's at once.
            number = _RESERVED + (last[0] - _RESERVED + step) % room
            address = str(world.public.network_address + number)
            if address not in taken:
                last[0] = number
                return address
        raise EC2ClientError(
            "InsufficientFreeAddressesInSubnet", "There are no free public addresses left"
        )

    @wrap(ElasticAddress, "__init__")
    def init(
        original: Callable[..., None],
        self: Any,
        ec2_backend: Any,
        domain: str,
        address: str | None = None,
        tags: Any = None,
    ) -> None:
        original(ec2_backend, domain, address or free(), tags)

    @wrap(NetworkInterface, "check_auto_public_ip")
    def check(original: Callable[[], None], self: Any) -> None:
        before = self.public_ip
        original()
        if self.public_ip and self.public_ip != before:
            self.public_ip = free()


def _taken() -> Any:
    for ec2 in backends():
        yield from (address.public_ip for address in ec2.addresses)
        yield from (card.public_ip for card in ec2.enis.values() if card.public_ip)


def _private() -> None:
    @wrap(NetworkInterfaceBackend, "create_network_interface")
    def create(
        original: Callable[..., Any],
        self: Any,
        subnet: Any,
        private_ip_address: Any,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        place = self.get_subnet(subnet) if isinstance(subnet, str) else subnet
        listed = args[0] if args else kwargs.get("private_ip_addresses")
        if not private_ip_address and not listed:
            private_ip_address = place.get_available_subnet_ip(None)
        return original(place, private_ip_address, *args, **kwargs)

    @wrap(NetworkInterfaceBackend, "delete_network_interface")
    def delete(original: Callable[[str], None], self: Any, eni_id: str) -> None:
        card = self.enis.get(eni_id)
        original(eni_id)
        card.subnet.del_subnet_ip(card.private_ip_address)


def _nat_gateways() -> None:
    @wrap(NatGateway, "__init__")
    def init(original: Callable[..., None], self: Any, *args: Any, **kwargs: Any) -> None:
        original(*args, **kwargs)
        card = self._eni
        address = card.subnet.get_available_subnet_ip(None)
        self.private_ip = card.private_ip_address = address
        for one in card.private_ip_addresses:
            one["PrivateIpAddress"] = address
