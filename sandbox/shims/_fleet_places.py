# SPDX-License-Identifier: GPL-3.0-or-later
"""What a group launches, and where: launch templates, mixed instances, zones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from moto.autoscaling.exceptions import ValidationError
from moto.core.exceptions import ServiceException

from sandbox.shims._fleet_members import capacity, live, zones
from sandbox.shims._launch_rules import check, of_template

Spec = Mapping[str, Any]


@dataclass(frozen=True)
class Launch:
    """One way to launch an instance. template: None for a launch configuration."""

    template: Any
    version: Any
    instance_type: str
    weight: int | None

    @property
    def launched(self) -> dict[str, str] | None:
        if self.template is None:
            return None
        return {
            "LaunchTemplateId": self.template.id,
            "LaunchTemplateName": self.template.name,
            "Version": str(self.version.number),
        }


def source(group: Any) -> dict[str, Any]:
    """What a group launches from by its own settings, as a desired configuration says it."""
    if group.mixed_instances_policy:
        return {"MixedInstancesPolicy": group.mixed_instances_policy}
    if group.ec2_launch_template:
        template = group.ec2_launch_template
        version = group.launch_template_version
        spec = {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name}
        return {"LaunchTemplate": {**spec, "Version": version}}
    return {}


def template_of(group: Any, spec: Spec) -> tuple[Any, Any]:
    """The launch template and the version that a specification names; AWS's refusal if none is."""
    if not spec.get("LaunchTemplateId") and not spec.get("LaunchTemplateName"):
        raise ValidationError(
            "Valid requests must contain either launchTemplateId or LaunchTemplateName"
        )
    try:
        if spec.get("LaunchTemplateId"):
            template = group.ec2_backend.get_launch_template(spec["LaunchTemplateId"])
        else:
            template = group.ec2_backend.get_launch_template_by_name(spec["LaunchTemplateName"])
        return template, template.get_version(spec.get("Version") or "$Default")
    except ServiceException as problem:
        raise ValidationError(f"You must use a valid launch template. {problem.message}") from None


def ways(group: Any, configuration: Spec) -> list[Launch]:
    """The ways in which a configuration lets a group launch, the preferred first."""
    if "MixedInstancesPolicy" in configuration:
        mixed = configuration["MixedInstancesPolicy"]["LaunchTemplate"]
        overrides = mixed.get("Overrides") or [{}]
        return [_override(group, mixed["LaunchTemplateSpecification"], one) for one in overrides]
    if "LaunchTemplate" in configuration:
        template, version = template_of(group, configuration["LaunchTemplate"])
        return [Launch(template, version, version.instance_type, None)]
    return [Launch(None, None, group.launch_config.instance_type, None)]


def check_launch(group: Any, configuration: Spec) -> list[Launch]:
    """The same; AWS's refusal where one of them cannot be launched in one of the group's subnets.

    group: also one that is not made yet; only its EC2 backend and its zones and subnets are asked.
    """
    found = ways(group, configuration)
    try:
        subnets = [subnet for subnet in zones(group).values() if subnet]
        for way in found:
            if way.version is not None:
                image = way.version.image_id
                asked = of_template(way.version.data, image, way.instance_type, subnets)
                check(group.ec2_backend, asked)
    except ServiceException as problem:
        reason = f"You must use a valid fully-formed launch template. {problem.message}"
        raise ValidationError(reason) from None
    return found


def _override(group: Any, spec: Spec, override: Spec) -> Launch:
    template, version = template_of(group, override.get("LaunchTemplateSpecification") or spec)
    weight = override.get("WeightedCapacity")
    kind = override.get("InstanceType") or version.instance_type
    return Launch(template, version, kind, int(weight) if weight else None)


def market(group: Any, configuration: Spec) -> str:
    """`spot` or `on-demand`: what the next instance has to be for the distribution to hold."""
    mixed = configuration.get("MixedInstancesPolicy") or {}
    split = mixed.get("InstancesDistribution") or {}
    share = split.get("OnDemandPercentageAboveBaseCapacity")
    base = int(split.get("OnDemandBaseCapacity") or 0)
    share = 100 if share is None else int(share)
    serving = live(group)
    bought = capacity([one for one in serving if one.instance.lifecycle != "spot"])
    above = max(0, capacity(serving) + 1 - base)
    needed = min(base, capacity(serving) + 1) + -(-above * share // 100)
    return "on-demand" if bought < needed else "spot"


def places(group: Any) -> Iterator[tuple[str, str | None]]:
    """Zones and subnets to launch in, the emptiest zone first.

    A group that is to be balanced only has one place at a time.
    """
    full = Counter(member.availability_zone for member in live(group))
    ordered = sorted(zones(group).items(), key=lambda place: (full[place[0]], place[0]))
    policy = getattr(group, "availability_zone_distribution", None) or {}
    only = policy.get("CapacityDistributionStrategy") == "balanced-only"
    yield from ordered[:1] if only else ordered


def uneven(group: Any, dead: Container[str]) -> tuple[str, str] | None:
    """The fullest and the emptiest zone, if an instance of the first should be in the other.

    A zone that is no longer one of the group's is the fullest as long as there is anything in it.
    Zones that are `dead` are left out.
    """
    mine = [zone for zone in zones(group) if zone not in dead]
    full = Counter(member.availability_zone for member in live(group))
    if not mine:
        return None
    emptiest = min(mine, key=lambda zone: (full[zone], zone))
    strays = sorted(zone for zone in full if zone not in zones(group) and zone not in dead)
    if strays:
        return strays[0], emptiest
    fullest = max(mine, key=lambda zone: (full[zone], zone))
    return (fullest, emptiest) if full[fullest] - full[emptiest] > 1 else None
