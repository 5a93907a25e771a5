# SPDX-License-Identifier: GPL-3.0-or-later
"""Warm pools: instances that are prepared and rest until the group scales out."""

from __future__ import annotations

from typing import Any

from sandbox.shims import _fleet_activities as told
from sandbox.shims._fleet_launch import launch
from sandbox.shims._fleet_members import RESTING, Member, fleet, suspended
from sandbox.shims._fleet_moves import terminate
from sandbox.world import World


def wanted(group: Any) -> int:
    """How many instances the warm pool is to hold."""
    pool = group.warm_pool
    if pool is None or getattr(pool, "status", None):
        return 0
    prepared = pool.max_group_prepared_capacity
    most = group.max_size if prepared is None else prepared
    desired = int(group.desired_capacity)
    return max(int(most) - desired, pool.min_size or 0, 0)


def staying(group: Any) -> list[Member]:
    """The members of the warm pool that are not on their way out."""
    return [member for member in fleet(group).warm if not member.is_leaving]


def prepared(group: Any) -> int:
    """How many instances the pool has, or will have when all that returns to it is there."""
    returning = [member for member in group.instance_states if member.returning]
    return len(staying(group)) + len(returning)


def ready(world: World, group: Any, stale: set[str]) -> Member | None:
    """A member that can be taken into service and is not stale, the longest prepared first."""

    def startable(instance: Any) -> bool:
        place = group.region, instance.availability_zone, instance.instance_type
        return not world.short_of(*place)

    found = (
        member
        for member in fleet(group).warm
        if member.lifecycle_state in RESTING
        and member.health_status == "Healthy"
        and member.instance.id not in stale
        and (member.lifecycle_state == "Warmed:Running" or startable(member.instance))
    )
    return next(found, None)


def takes_back(group: Any) -> bool:
    """Whether an instance that the group no longer wants returns to the warm pool."""
    pool = group.warm_pool
    policy = (pool.instance_reuse_policy if pool else None) or {}
    reuse = str(policy.get("ReuseOnScaleIn", False)).lower() == "true"
    return reuse and prepared(group) < wanted(group)


def fill(world: World, group: Any, configuration: dict[str, Any]) -> None:
    """Launch into the warm pool, or terminate of it, until it is as large as wanted."""
    pool = group.warm_pool
    missing = wanted(group) - prepared(group)
    state = fleet(group)
    if missing > 0 and not suspended(group, "Launch"):
        for _ in range(missing):
            sentence = (
                "an instance was launched into the warm pool in response to a difference between "
                f"desired and actual capacity, increasing the warm pool capacity from "
                f"{prepared(group)} to {prepared(group) + 1}"
            )
            if state.halted or not launch(
                world, group, configuration, told.said(world, sentence), warm=True
            ):
                break
    if missing < 0 and not suspended(group, "Terminate"):
        for member in staying(group)[missing:]:
            sentence = "an instance was taken out of the warm pool, which is larger than desired"
            terminate(world, group, member, told.said(world, sentence))
    if pool is not None and getattr(pool, "status", None) and not state.warm:
        group.warm_pool = None
