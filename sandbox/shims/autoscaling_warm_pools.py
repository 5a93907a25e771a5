# SPDX-License-Identifier: GPL-3.0-or-later
"""Warm pools of Auto Scaling groups."""

from __future__ import annotations

from typing import Any

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import FakeAutoScalingGroup, FakeWarmPool
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult

from sandbox.shims import Hook
from sandbox.shims import _fleet_activities as told
from sandbox.shims._fleet_members import fleet
from sandbox.shims._fleet_moves import terminate
from sandbox.shims._fleet_places import source, ways
from sandbox.shims.autoscaling import check_alive, group_of
from sandbox.shims.autoscaling_activities import page
from sandbox.shims.autoscaling_refresh import check_none
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "A warm pool holds prepared instances, stopped, running or hibernated; the group takes them "
    "when it scales out, and gives them back when it scales in if the reuse policy says so.",
    "A warm pool put again keeps what is not said; one that is deleted empties first.",
)
HOOKS: tuple[Hook, ...] = (
    (FakeWarmPool, "__init__", ("max_group_prepared_capacity", "min_size", "pool_state")),
    (FakeAutoScalingGroup, "warm_pool_configuration", ()),
    (AutoScalingResponse, "put_warm_pool", ()),
    (AutoScalingResponse, "describe_warm_pool", ()),
    (AutoScalingResponse, "delete_warm_pool", ()),
)
STATES = ("Stopped", "Running", "Hibernated")
MOST_SHOWN = 50


def check(group: Any, state: str, prepared: int | None, least: int) -> None:
    """Refuse what a group cannot have."""
    if state not in STATES:
        raise ValidationError(f"PoolState must be one of {', '.join(STATES)}, not {state}.")
    if (prepared is not None and prepared < 0) or least < 0:
        raise ValidationError("MinSize and MaxGroupPreparedCapacity must not be negative.")
    if prepared is not None and prepared < least:
        raise ValidationError(
            f"MaxGroupPreparedCapacity, {prepared}, must not be less than MinSize, {least}."
        )
    split = (group.mixed_instances_policy or {}).get("InstancesDistribution") or {}
    if int(split.get("OnDemandPercentageAboveBaseCapacity") or 100) < 100:
        raise ValidationError("You cannot add a warm pool to a group that launches Spot Instances.")
    if state == "Hibernated" and not all(_hibernates(way) for way in ways(group, source(group))):
        raise ValidationError(
            "You cannot hibernate the instances of a warm pool unless the launch template or "
            "configuration enables hibernation."
        )


def _hibernates(way: Any) -> bool:
    if way.version is None:
        return False
    options = way.version.data.get("HibernationOptions") or {}
    return str(options.get("Configured", False)).lower() == "true"


def putting(world: World) -> None:
    @wrap(AutoScalingResponse, "put_warm_pool")
    def put(_original: Any, self: AutoScalingResponse) -> EmptyResult:
        group = group_of(self)
        check_alive(group)
        check_none(group)
        before = group.warm_pool
        if before is not None and getattr(before, "status", None):
            raise ValidationError(f"The warm pool of {group.name} is being deleted.")
        prepared: int | None = self._get_int_param("MaxGroupPreparedCapacity")
        if prepared is None and before:
            prepared = before.max_group_prepared_capacity
        least = self._get_int_param("MinSize", before.min_size if before else 0)
        state = self._get_param("PoolState") or (before.pool_state if before else "Stopped")
        reuse = self._get_param("InstanceReusePolicy")
        reuse = before.instance_reuse_policy if before and reuse is None else reuse
        prepared = None if prepared == -1 else prepared
        check(group, state, prepared, least)
        # The emulator leaves out what only its CloudFormation would want.
        make: Any = FakeWarmPool
        group.warm_pool = make(prepared, least, state, reuse)
        fleet(group).settle()
        return EmptyResult()

    @wrap(AutoScalingResponse, "delete_warm_pool")
    def delete(_original: Any, self: AutoScalingResponse) -> EmptyResult:
        group = group_of(self)
        if group.warm_pool is None:
            raise ValidationError(f"There is no warm pool for AutoScalingGroup {group.name}.")
        force = bool(self._get_param("ForceDelete"))
        group.warm_pool.status = "PendingDelete"
        cause = told.said(world, "a user request deleted the warm pool")
        for member in list(fleet(group).warm):
            if not member.is_leaving or force:
                terminate(world, group, member, cause, hooked=not force, at_once=force)
        fleet(group).settle()
        return EmptyResult()


def telling() -> None:
    @wrap(AutoScalingResponse, "describe_warm_pool")
    def describe(_original: Any, self: AutoScalingResponse) -> ActionResult:
        group = group_of(self)
        shown, token = page(self, fleet(group).warm, MOST_SHOWN)
        answer = {"WarmPoolConfiguration": group.warm_pool, "Instances": shown, "NextToken": token}
        return ActionResult({name: one for name, one in answer.items() if one is not None})

    def size(self: Any) -> int | None:
        return len(fleet(self).warm) if self.warm_pool else None

    FakeAutoScalingGroup.warm_pool_size = property(size)  # type: ignore[attr-defined]


def install(world: World) -> None:
    """Change how the emulator keeps warm pools."""
    putting(world)
    telling()
