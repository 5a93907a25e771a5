# SPDX-License-Identifier: GPL-3.0-or-later
"""The target groups of an Auto Scaling group."""

from __future__ import annotations

from typing import Any

from sandbox.shims._elbv2_balancers import check_of
from sandbox.shims._fleet_members import Member, suspended
from sandbox.world import World


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


def balanced(group: Any) -> bool:
    """Whether what load balancers find counts as the health of a group's instances."""
    return "ELB" in str(group.health_check_type)


def found(group: Any, instance_id: str) -> set[str]:
    """The states that the group's target groups tell of an instance."""
    ec2 = group.ec2_backend
    return {
        str(target_group.health_for({"Id": instance_id}, ec2).status)
        for target_group in target_groups(group)
        if instance_id in target_group.targets
    }


def failing(group: Any, instance_id: str) -> bool:
    """Whether one of the group's target groups tells that an instance fails its health checks."""
    return "unhealthy" in found(group, instance_id)


def doubtful(group: Any, member: Member) -> bool:
    """Whether load balancers have not found a member healthy, where that counts."""
    return balanced(group) and bool(found(group, member.instance.id) & {"initial", "unhealthy"})


def serves(group: Any, member: Member) -> bool:
    """Whether a member is ready, and healthy for the load balancers too where these count."""
    return member.is_ready and not doubtful(group, member)


def proof(world: World, group: Any) -> float:
    """Real seconds after which balancers have found a host that is well to be so."""
    if not balanced(group) or not world.machines.real:
        return 0.0
    checks = [check_of(one) for one in target_groups(group) if one.load_balancer_arns]
    return max(map(world.balancers.proof, checks), default=0.0)
