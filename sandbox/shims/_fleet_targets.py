# SPDX-License-Identifier: GPL-3.0-or-later
"""The target groups of an Auto Scaling group."""

from __future__ import annotations

from typing import Any

from sandbox.shims._fleet_members import suspended


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
            {"Id": member.instance.id, "Port": target_group.port}
            for member in group.instance_states
            if (member.lifecycle_state, member.instance.state) == ("InService", "running")
            and member.instance.id not in target_group.targets
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


def failing(group: Any, instance_id: str) -> bool:
    """Whether one of the group's target groups tells that an instance fails its health checks."""
    ec2 = group.ec2_backend
    return any(
        target_group.health_for({"Id": instance_id}, ec2).status == "unhealthy"
        for target_group in target_groups(group)
        if instance_id in target_group.targets
    )
