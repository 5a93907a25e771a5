# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of an Auto Scaling group."""

from __future__ import annotations

from typing import Any

from moto.autoscaling.exceptions import AutoscalingClientError as Refusal
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import EmptyResult

from sandbox.shims import Hook
from sandbox.shims import _fleet_activities as told
from sandbox.shims._fleet_members import members
from sandbox.shims._fleet_moves import terminate
from sandbox.shims.autoscaling import group_of
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = ("DeleteAutoScalingGroup honours ForceDelete and DeletionProtection, and takes time.",)
HOOKS: tuple[Hook, ...] = ((AutoScalingResponse, "delete_auto_scaling_group", ()),)


def check(group: Any, force: bool) -> None:
    """Refuse to delete what is protected, or in use."""
    protection = getattr(group, "deletion_protection", None) or "none"
    if protection == "prevent-all-deletion" or (force and protection != "none"):
        raise Refusal("ResourceInUse", f"The group {group.name} is protected from deletion")
    if force:
        return
    if group.instance_states:
        raise Refusal(
            "ResourceInUse",
            "You cannot delete an AutoScalingGroup while there are instances or pending Spot "
            f"instance request(s) still in the group: {group.name}",
        )
    if group.warm_pool:
        raise Refusal(
            "ResourceInUse",
            f"You cannot delete an AutoScalingGroup while it has a warm pool: {group.name}",
        )


def forget(group: Any) -> None:
    """A group is gone, with all that belongs to it."""
    backend = group.autoscaling_backend
    if backend.autoscaling_groups.get(group.name) is group:
        del backend.autoscaling_groups[group.name]
    for kept in (backend.scheduled_actions, backend.lifecycle_hooks):
        for key, one in list(kept.items()):
            if one.auto_scaling_group_name == group.name:
                del kept[key]
    for key, policy in list(backend.policies.items()):
        if policy.auto_scaling_group_name == group.name:
            backend.delete_policy(key)


def install(world: World) -> None:
    """Change how the emulator deletes groups."""

    @wrap(AutoScalingResponse, "delete_auto_scaling_group")
    def delete(_original: Any, self: AutoScalingResponse) -> EmptyResult:
        group = group_of(self)
        check(group, bool(self._get_param("ForceDelete")))
        group.status, group.desired_capacity = "Delete in progress", 0
        cause = told.said(world, "a user request force deleted the AutoScalingGroup")
        for member in members(group):
            terminate(world, group, member, cause, hooked=False, at_once=True)
        wait = world.seconds("instance")
        world.later(wait, lambda: forget(group), f"group {group.name} is gone")
        return EmptyResult()
