# SPDX-License-Identifier: GPL-3.0-or-later
"""Launches of an Auto Scaling group, one after the other way and place, and what if none works."""

from __future__ import annotations

from typing import Any

from moto.autoscaling.models import ASG_NAME_TAG
from moto.core.exceptions import ServiceException

from sandbox.shims import _fleet_activities as told
from sandbox.shims._fleet_members import Member, fleet
from sandbox.shims._fleet_moves import comes
from sandbox.shims._fleet_places import Launch, market, places, ways
from sandbox.world import World

PAUSE = 60.0  # AWS seconds after a launch that failed; doubled each time
LONGEST_PAUSE = 900.0


def launch(
    world: World,
    group: Any,
    configuration: dict[str, Any],
    cause: str,
    warm: bool = False,
    zone: str = "",
) -> Member | None:
    """Launch an instance where and how it can be; None, and a pause, if it can nowhere.

    zone: only there.
    """
    for place, subnet in places(group):
        if zone and place != zone:
            continue
        reasons = []
        for way in ways(group, configuration):
            try:
                instance = _run(group, way, market(group, configuration), place, subnet)
            except ServiceException as problem:
                reasons.append(f"{problem.code} - {problem.message}")
                continue
            fleet(group).failures = 0
            return comes(world, group, instance, way, cause, warm)
        _failed(world, group, configuration, cause, reasons, place, subnet)
    _pause(world, group)
    return None


def _failed(
    world: World,
    group: Any,
    configuration: dict[str, Any],
    cause: str,
    reasons: list[str],
    place: str,
    subnet: str | None,
) -> None:
    if "MixedInstancesPolicy" in configuration:
        reason = f"Could not launch On-Demand Instances. {'; '.join(reasons)}"
    else:
        reason = reasons[-1].partition(" - ")[2]
    activity = told.begin(world, group, told.LAUNCH, cause, place, subnet)
    told.fail(world, activity, f"{reason} Launching EC2 instance failed.")


def _pause(world: World, group: Any) -> None:
    state = fleet(group)
    state.failures += 1
    state.halted = True

    def over() -> None:
        state.halted = False
        state.settle()

    wait = min(PAUSE * 2 ** (state.failures - 1), LONGEST_PAUSE)
    label = f"group {group.name} tries again to launch"
    world.later(world.scaled(wait) or 1.0, over, label, listed=False)


def _run(group: Any, way: Launch, bought: str, zone: str, subnet: str | None) -> Any:
    version = way.version
    config = None if version else group.launch_config
    data: Any = version or config
    own = version.instance_tags if version else {}
    run: Any = group.ec2_backend.run_instances
    spot = {"instance_market_options": {"MarketType": "spot"}} if bought == "spot" else {}
    reservation = run(
        data.image_id,
        1,
        data.user_data,
        data.security_groups,
        instance_type=way.instance_type,
        tags={"instance": {**own, **group.get_propagated_tags(), ASG_NAME_TAG: group.name}},
        placement=zone,
        region_name=group.region,
        launch_config=config,
        launch_template=(
            {"LaunchTemplateId": way.template.id, "Version": str(version.number)}
            if version
            else None
        ),
        is_instance_type_default=False,
        associate_public_ip=config.associate_public_ip_address if config else None,
        subnet_id=subnet,
        **spot,
    )
    return reservation.instances[0]
