# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones that have no capacity left for a type of instance, when that is ordered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.instances import InstanceBackend
from moto.ec2.responses import EC2Response

from sandbox.shims import Hook
from sandbox.shims._zones import check_zone
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "A launch or a start is refused with InsufficientInstanceCapacity in a zone that is dead, and "
    "where `no-capacity` was ordered for the region, a zone or a type.",
)
HOOKS: tuple[Hook, ...] = (
    (InstanceBackend, "run_instances", ("image_id", "count", "user_data", "security_group_names")),
    (InstanceBackend, "start_instances", ("instance_ids",)),
    (InstanceBackend, "_get_template_from_args", ("launch_template_arg",)),
    (EC2Response, "call_action", ()),
)


CODE = "InsufficientInstanceCapacity"


def install(world: World) -> None:
    """Have launches refused on order."""
    short: set[tuple[str, str, str]] = set()  # region, zone and type; "" is each
    world.on_reset(short.clear)

    def none(region: str, zone: str = "", instance_type: str = "") -> None:
        """Let there be no capacity for launches of a region, or only of a zone or type in it."""
        if zone:
            check_zone(world, zone)
        if not zone.startswith(region if zone else ""):
            raise ValueError(f"zone must be one of {region}, e.g. {region}a, not {zone!r}")
        short.add((region, zone, instance_type))

    def some(region: str, zone: str = "", instance_type: str = "") -> None:
        """Let there be capacity again where it was taken away, said in the same words."""
        words = (region, zone, instance_type)
        if words not in short:
            said = ", ".join(" ".join(filter(None, one)) for one in sorted(short)) or "nothing"
            raise ValueError(f"{said} was taken away, not {' '.join(filter(None, words))}")
        short.remove(words)

    world.disasters["no-capacity"] = none
    world.disasters["capacity-returns"] = some

    def lacks(region: str, zone: str, kind: str) -> bool:
        if zone in world.dead_zones:
            return True
        return any((region, one, other) in short for one in ("", zone) for other in ("", kind))

    world.short_of = lacks

    _launches(lacks)

    @wrap(EC2Response, "call_action")
    def answer(original: Callable[[], Any], self: EC2Response) -> Any:
        status, headers, body = original()
        # AWS says so with status 500, and clients try again.
        return (500 if status == 400 and f"<Code>{CODE}<" in body else status), headers, body


def _launches(lacks: Callable[[str, str, str], bool]) -> None:
    @wrap(InstanceBackend, "run_instances")
    def run(
        original: Callable[..., Any],
        self: Any,
        image_id: str,
        count: int,
        user_data: Any,
        groups: list[str],
        **kwargs: Any,
    ) -> Any:
        kind, zone = asked(self, kwargs)
        if lacks(self.region_name, zone, kind):
            all_zones = {one.name for one in self.describe_availability_zones()}
            refuse(kind, zone, {z for z in all_zones if not lacks(self.region_name, z, kind)})
        return original(image_id, count, user_data, groups, **kwargs)

    @wrap(InstanceBackend, "start_instances")
    def start(original: Callable[[list[str]], Any], self: Any, instance_ids: list[str]) -> Any:
        for instance in self.get_multi_instances_by_id(instance_ids):
            kind, zone = instance.instance_type, instance.availability_zone
            if instance.state == "stopped" and lacks(self.region_name, zone, kind):
                refuse(kind, zone, set())
        return original(instance_ids)


def asked(ec2: Any, kwargs: dict[str, Any]) -> tuple[str, str]:
    """The type and the zone that a launch is for."""
    kind, template = kwargs.get("instance_type"), kwargs.get("launch_template")
    if template and kwargs.get("is_instance_type_default", True):
        kind = ec2._get_template_from_args(template).data.get("InstanceType") or kind
    cards = kwargs.get("nics") or []
    subnet = kwargs.get("subnet_id") or next(
        (n["SubnetId"] for n in cards if "SubnetId" in n), None
    )
    zone = ec2.get_subnet(subnet).availability_zone if subnet else kwargs.get("placement")
    return str(kind or ""), str(zone or f"{ec2.region_name}a")


def refuse(kind: str, zone: str, others: set[str]) -> None:
    """Say in AWS's words that there is no capacity."""
    hint = f" or choosing {', '.join(sorted(others))}" if others else ""
    more = (
        f" You can currently get {kind} capacity by not specifying an Availability Zone in your "
        f"request{hint}."
        if others
        else ""
    )
    raise EC2ClientError(
        CODE,
        f"We currently do not have sufficient {kind} capacity in the Availability Zone you "
        f"requested ({zone}). Our system will be working on provisioning additional "
        f"capacity.{more}",
    )
