# SPDX-License-Identifier: GPL-3.0-or-later
"""What an Auto Scaling group does by itself: launch, register, replace and terminate."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Any

from moto.autoscaling.models import ASG_NAME_TAG, FakeAutoScalingGroup, InstanceState
from moto.core.utils import utcnow

from sandbox.world import World

LIVE = ("Pending", "InService")
NOTICED = 30.0  # AWS seconds until a lost or unhealthy instance is noticed, about.


def suspended(group: Any, process: str) -> bool:
    return any(one["ProcessName"] == process for one in group.suspended_processes)


def activities(group: Any) -> list[dict[str, Any]]:
    """The activities of a group, newest last."""
    found: list[dict[str, Any]] = group.__dict__.setdefault("activities", [])
    return found


def note(group: Any, description: str, cause: str) -> dict[str, Any]:
    """Begin an activity."""
    activity = {
        "ActivityId": str(uuid.uuid4()),
        "AutoScalingGroupName": group.name,
        "AutoScalingGroupARN": group.arn,
        "Description": description,
        "Cause": cause,
        "StartTime": utcnow(),
        "StatusCode": "InProgress",
        "Progress": 50,
    }
    activities(group).append(activity)
    return activity


def end(activity: dict[str, Any], status: str = "Successful") -> None:
    activity.update(StatusCode=status, Progress=100, EndTime=utcnow())


def live(group: Any) -> list[Any]:
    return [state for state in group.instance_states if state.lifecycle_state in LIVE]


def reconcile(world: World, group: Any, cause: str) -> None:
    """Launch or terminate until the group has as many instances as desired."""
    if group.autoscaling_backend.autoscaling_groups.get(group.name) is not group:
        return
    missing = (group.desired_capacity or 0) - len(live(group))
    if missing > 0 and not suspended(group, "Launch"):
        for _ in range(missing):
            launch(world, group, cause)
    if missing < 0 and not suspended(group, "Terminate"):
        for _ in range(-missing):
            victim = next(iter(victims(group)), None)
            if victim is not None:
                terminate(world, group, victim, cause)


def victims(group: Any) -> list[Any]:
    """Unprotected instances, those of the fullest zone first, the oldest of them first."""
    states = live(group)
    full = Counter(state.availability_zone for state in states)
    free = [state for state in states if not state.protected_from_scale_in]
    return sorted(free, key=lambda state: -full[state.availability_zone])


def subnets(group: Any) -> list[tuple[str, str | None]]:
    """Zones and subnets to launch in, the emptiest zone first."""
    full = Counter(state.availability_zone for state in live(group))
    places: list[tuple[str, str | None]]
    if group.vpc_zone_identifier:
        ids = group.vpc_zone_identifier.split(",")
        found = group.ec2_backend.describe_subnets(subnet_ids=ids)
        places = [(subnet.availability_zone, subnet.id) for subnet in found]
    else:
        places = [(zone, None) for zone in group.availability_zones]
    return sorted(places, key=lambda place: (full[place[0]], place[0]))


def launch(world: World, group: FakeAutoScalingGroup, cause: str) -> None:
    zone, subnet = subnets(group)[0]
    template: dict[str, Any] | None = None
    number = None
    if group.ec2_launch_template:
        number = group.ec2_launch_template.get_version(group.launch_template_version).number
        template = {
            "LaunchTemplateId": group.ec2_launch_template.id,
            "Version": str(number),
        }
    tags = {**group.instance_tags, **group.get_propagated_tags(), ASG_NAME_TAG: group.name}
    run: Any = group.ec2_backend.run_instances
    reservation = run(
        group.image_id,
        1,
        group.user_data,
        group.security_groups,
        instance_type=group.instance_type,
        tags={"instance": tags},
        placement=zone,
        region_name=group.region,
        launch_config=group.launch_config,
        launch_template=template,
        is_instance_type_default=False,
        associate_public_ip=(
            group.launch_config.associate_public_ip_address if group.launch_config else None
        ),
        subnet_id=subnet,
    )
    instance: Any = reservation.instances[0]
    instance.autoscaling_group = group
    state: Any = InstanceState(
        instance,
        lifecycle_state="Pending",
        protected_from_scale_in=group.new_instances_protected_from_scale_in,
    )
    state.launched_version = str(number) if number else None
    group.instance_states.append(state)
    activity = note(group, f"Launching a new EC2 instance: {instance.id}", cause)

    def in_service() -> None:
        if state in group.instance_states and instance.state == "running":
            state.lifecycle_state = "InService"
            end(activity)
            register(group)

    world.later(world.seconds("asg_in_service"), in_service, f"{instance.id} goes into service")


def target_groups(group: Any) -> list[Any]:
    """The target groups of a group that still exist."""
    known = group.autoscaling_backend.elbv2_backend.target_groups
    return [known[arn] for arn in group.target_group_arns if arn in known]


def register(group: Any) -> None:
    """Register what is in service and not registered yet."""
    if suspended(group, "AddToLoadBalancer"):
        return
    for target_group in target_groups(group):
        new = [
            {"Id": state.instance.id, "Port": target_group.port}
            for state in group.instance_states
            if state.lifecycle_state == "InService"
            and state.instance.id not in target_group.targets
        ]
        if new:
            target_group.register(new)


def deregister(group: Any, instance_id: str) -> float:
    """Deregister an instance everywhere; the longest AWS seconds that it drains for."""
    longest = 0.0
    for target_group in target_groups(group):
        if instance_id in target_group.targets:
            target_group.deregister([{"Id": instance_id}])
            if target_group.load_balancer_arns:
                delay = float(target_group.attributes["deregistration_delay.timeout_seconds"])
                longest = max(longest, delay)
    return longest


def terminate(world: World, group: Any, state: Any, cause: str, at_once: bool = False) -> None:
    """Have an instance drain and go."""
    instance = state.instance
    state.lifecycle_state = "Terminating"
    activity = note(group, f"Terminating EC2 instance: {instance.id}", cause)
    drains = deregister(group, instance.id)

    def gone() -> None:
        if instance.state not in ("terminated", "shutting-down"):
            group.ec2_backend.terminate_instances([instance.id])
        if state in group.instance_states:
            group.instance_states.remove(state)
        end(activity)

    wait = 0.0 if at_once else world.scaled(drains)
    world.later(wait, gone, f"{instance.id} is terminated")


def lost(world: World, group: Any, instance_ids: list[str]) -> None:
    """Instances were terminated by someone else: forget them, and replace them a little later."""
    gone = [state for state in group.instance_states if state.instance.id in instance_ids]
    for state in gone:
        group.instance_states.remove(state)
        deregister(group, state.instance.id)
    if gone:
        cause = "an instance was taken out of service in response to an EC2 health check"
        world.later(
            world.scaled(NOTICED),
            lambda: reconcile(world, group, cause),
            f"group {group.name} replaces instances",
        )


def unhealthy(world: World, group: Any, state: Any) -> None:
    """Replace an instance that was reported unhealthy, unless the group must not."""

    def replace() -> None:
        if state.lifecycle_state == "InService" and state.health_status == "Unhealthy":
            cause = "an instance was taken out of service in response to a user health-check."
            terminate(world, group, state, cause)
            reconcile(world, group, cause)

    if not suspended(group, "ReplaceUnhealthy"):
        world.later(world.scaled(NOTICED), replace, f"{state.instance.id} is replaced")
