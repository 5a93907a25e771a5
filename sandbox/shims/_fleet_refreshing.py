# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of an instance refresh: instances are replaced, and put back if that goes wrong."""

from __future__ import annotations

from typing import Any

from sandbox.shims import _fleet_activities as told
from sandbox.shims._fleet_members import COMING, RESTING, Member, capacity, fleet, live, members
from sandbox.shims._fleet_moves import grace, terminate
from sandbox.shims._fleet_refresh import (
    Refresh,
    active,
    alarm,
    allowance,
    held,
    ignored,
    least_healthy,
    matches,
    may_replace,
    measured,
    progress,
    remaining,
    surplus,
    updated,
)
from sandbox.shims._fleet_targets import serves
from sandbox.shims._fleet_warm import staying
from sandbox.shims._fleet_warm import wanted as wanted_warm
from sandbox.world import World

PENDING = 10.0  # AWS seconds until a refresh begins, about
PATIENCE = 3600.0  # AWS seconds that a refresh tries to go on before it fails
LEAST_PATIENCE = 30.0  # real seconds, at speed 0 and where hosts are real


def start(world: World, group: Any, refresh: Refresh) -> None:
    """Begin a refresh of what is there now."""
    wanted = refresh.desired or refresh.before
    skip = refresh.preferences.get("SkipMatching")
    there = [member for member in members(group) if not member.is_leaving]
    replaced = [one for one in there if not (skip and matches(group, one, wanted))]
    replaced = [one for one in replaced if not ignored(refresh, one)]
    refresh.known = {member.instance.id for member in there}
    refresh.old = {member.instance.id for member in replaced}
    refresh.total = sum(not member.is_warm for member in replaced)
    refresh.total_warm = len(replaced) - refresh.total
    fleet(group).refreshes.append(refresh)

    def begin() -> None:
        if refresh.status == "Pending":
            refresh.status = "InProgress"
            fleet(group).settle()

    world.later(world.scaled(PENDING), begin, f"instance refresh of {group.name} begins")


def advance(world: World, group: Any) -> None:
    """Do the next step of a group's refresh, if there is one and it can be done."""
    refresh = active(group)
    if refresh is None or refresh.status == "Pending":
        return
    if refresh.status == "Cancelling":
        _cancelled(world, group, refresh)
        return
    ringing = alarm(group, refresh)
    if ringing and refresh.status != "RollbackInProgress":
        _fail(world, group, refresh, f"The CloudWatch alarm {ringing} is in the ALARM state.")
        return
    if refresh.resting or not may_replace(group):
        return
    _watch_progress(group, refresh)
    _replace(world, group, refresh)
    if _reached(world, group, refresh):
        return
    _tell(world, group, refresh)


def _replace(world: World, group: Any, refresh: Refresh) -> None:
    """Terminate as many of the old ones as can be spared, those that do not serve first."""
    free = [one for one in remaining(group, refresh) if not held(refresh, one)]
    free.sort(key=lambda one: (one.is_ready, -_neighbours(group, one), one.instance.launch_time))
    free = free[: allowance(group, refresh)]
    serving = [one for one in live(group) if serves(group, one)]
    spare = capacity(serving) - least_healthy(group, refresh)
    if free and spare < free[0].units and _quiet(group) and not surplus(group):
        spare = free[0].units  # one at least is always replaced
    for member in free:
        if member.is_ready:
            if member.units > spare:
                return
            spare -= member.units
        sentences = (
            f"an instance was taken out of service in response to {told.REFRESH}",
            f"instance {member.instance.id} was selected for termination",
        )
        terminate(world, group, member, told.said(world, *sentences))


def _quiet(group: Any) -> bool:
    """Whether a group is as it should be, and nothing is on its way in or out."""
    serving = live(group)
    leaving = any(one.is_leaving for one in group.instance_states)
    complete = capacity(serving) >= group.desired_capacity
    return complete and not leaving and all(serves(group, one) for one in serving)


def _neighbours(group: Any, member: Member) -> int:
    return sum(one.availability_zone == member.availability_zone for one in live(group))


def _watch_progress(group: Any, refresh: Refresh) -> None:
    now = updated(group, refresh)
    if now > refresh.updated:
        _calm(refresh)
    refresh.updated = now


def _reached(world: World, group: Any, refresh: Refresh) -> bool:
    """Whether a checkpoint or the end is reached; then what follows is begun."""
    serving = live(group)
    if capacity(serving) < group.desired_capacity or not all(serves(group, one) for one in serving):
        return False
    if any(one.instance.id in refresh.old and one.is_leaving for one in group.instance_states):
        return False
    steps = refresh.preferences.get("CheckpointPercentages") or [100]
    last = refresh.status == "RollbackInProgress" or refresh.checkpoint >= len(steps) - 1
    if allowance(group, refresh) > 0 or capacity(serving) > group.desired_capacity:
        return False
    if not last:
        _rest(world, group, refresh)
        return True
    return _warm_done(world, group, refresh) and _over(world, group, refresh)


def _rest(world: World, group: Any, refresh: Refresh) -> None:
    refresh.resting = True

    def on() -> None:
        if refresh.status == "InProgress":
            refresh.resting, refresh.reason = False, ""
            refresh.checkpoint += 1
            fleet(group).settle()

    delay = float(refresh.preferences.get("CheckpointDelay") or 0)
    refresh.reason = "Waiting at a checkpoint before continuing."
    world.later(world.scaled(delay), on, f"instance refresh of {group.name} waits at a checkpoint")


def _warm_done(world: World, group: Any, refresh: Refresh) -> bool:
    """Have the old instances of the warm pool replaced; whether that is done."""
    pool = staying(group)
    old = [one for one in pool if one.instance.id in refresh.old]
    sentence = f"an instance was taken out of the warm pool in response to {told.REFRESH}"
    for member in old:
        terminate(world, group, member, told.said(world, sentence))
    complete = len(pool) >= wanted_warm(group) and all(
        one.lifecycle_state in RESTING for one in pool
    )
    return not old and complete and len(pool) == len(fleet(group).warm)


def _over(world: World, group: Any, refresh: Refresh) -> bool:
    if refresh.status == "RollbackInProgress":
        _end(world, group, refresh, "RollbackSuccessful")
        return True
    bake = float(refresh.preferences.get("BakeTime") or 0)
    refresh.status, refresh.reason, refresh.resting = "Baking", "", True

    def baked() -> None:
        if refresh.status == "Baking":
            if refresh.desired:
                adopt(group, refresh.desired)
            _end(world, group, refresh, "Successful")

    world.later(world.scaled(bake), baked, f"instance refresh of {group.name} bakes")
    return True


def adopt(group: Any, wanted: dict[str, Any]) -> None:
    """Make a configuration that of the group."""
    template, mixed = wanted.get("LaunchTemplate"), wanted.get("MixedInstancesPolicy")
    group.mixed_instances_policy = mixed
    group.launch_config, group.launch_configuration_name = None, None
    one = {key: value for key, value in (template or {}).items() if key != "LaunchTemplateName"}
    if template and "LaunchTemplateId" not in template:
        one = dict(template)
    group._set_launch_configuration(None, one, mixed)


def _end(world: World, group: Any, refresh: Refresh, status: str, reason: str = "") -> None:
    _calm(refresh)
    refresh.status, refresh.reason, refresh.end = status, reason, world.now()
    refresh.resting = False
    refresh.final = measured(group, refresh)
    fleet(group).settle()


def _fail(world: World, group: Any, refresh: Refresh, reason: str) -> None:
    if refresh.status == "RollbackInProgress":
        _end(world, group, refresh, "RollbackFailed", reason)
    elif refresh.preferences.get("AutoRollback"):
        undo(world, group, refresh, f"Automatic rollback: {reason}")
    else:
        _end(world, group, refresh, "Failed", reason)


def undo(world: World, group: Any, refresh: Refresh, why: str) -> None:
    """Put back what a refresh has replaced."""
    shown = progress(group, refresh)
    new = {one.instance.id for one in members(group)} - refresh.known
    refresh.rollback = {
        "RollbackReason": why,
        "RollbackStartTime": world.now(),
        "PercentageCompleteOnRollback": shown["PercentageComplete"],
        "InstancesToUpdateOnRollback": shown["InstancesToUpdate"],
    }
    _calm(refresh)
    refresh.status, refresh.reason, refresh.resting = "RollbackInProgress", "", False
    refresh.old = new
    refresh.undone = len(remaining(group, refresh))
    fleet(group).settle()


def cancel(world: World, group: Any, refresh: Refresh, wait: bool) -> None:
    """Stop replacing, when what is under way is done or (not `wait`) at once."""
    refresh.status, refresh.wait_for_transitions, refresh.resting = "Cancelling", wait, False
    fleet(group).settle()


def _cancelled(world: World, group: Any, refresh: Refresh) -> None:
    moving = [
        one
        for one in members(group)
        if one.is_leaving or one.lifecycle_state in COMING or one.warming
    ]
    short = capacity(live(group)) < group.desired_capacity
    if refresh.wait_for_transitions and (moving or short):
        return
    _end(world, group, refresh, "Cancelled", "Cancelled due to user request.")


def _tell(world: World, group: Any, refresh: Refresh) -> None:
    """Say what a refresh waits for, and fail it when it has waited for too long in vain."""
    waiting = "Waiting for remaining instances to be available. For example: "
    coming = [one for one in group.instance_states if one.lifecycle_state in COMING]
    warming = [one for one in live(group) if one.warming]
    leaving = [one for one in group.instance_states if one.is_leaving]
    doubtful = [one for one in live(group) if not serves(group, one)]
    stays = [one for one in remaining(group, refresh) if held(refresh, one)]
    state, stuck = fleet(group), False
    if state.failures:
        failed = [one for one in state.activities if one["StatusCode"] == "Failed"]
        refresh.reason, stuck = str(failed[-1].get("StatusMessage", "")) if failed else "", True
    elif warming:
        refresh.reason = (
            "Waiting for instances to warm up before continuing. For example: "
            f"{warming[0].instance.id} is warming up."
        )
        stuck = refresh.blocked is not None
    elif coming:
        refresh.reason = (
            f"{waiting}{coming[0].instance.id} has insufficient data to evaluate its health with "
            "Amazon EC2."
        )
        stuck = refresh.blocked is not None
    elif doubtful:
        one = doubtful[0]
        why = "has insufficient data to evaluate its health with Elastic Load Balancing"
        why = why if one.health_status == "Healthy" else "is unhealthy"
        refresh.reason, stuck = f"{waiting}{one.instance.id} {why}.", True
    elif leaving:
        refresh.reason = (
            "Waiting for instances to terminate before continuing. For example: "
            f"{leaving[0].instance.id} is terminating."
        )
    elif stays:
        refresh.reason = f"{waiting}{stays[0].instance.id} {held(refresh, stays[0])}."
        stuck = True
    if stuck:
        impatient(world, group, refresh, asked=not (state.failures or doubtful))


def _calm(refresh: Refresh) -> None:
    if refresh.blocked:
        refresh.blocked()
        refresh.blocked = None


def impatient(world: World, group: Any, refresh: Refresh, asked: bool = False) -> None:
    """Let a refresh fail in an hour, unless it makes progress before.

    asked: somebody is expected to do what it waits for.
    """
    if refresh.blocked is not None:
        return

    def fail() -> None:
        refresh.blocked = None
        if refresh.is_active:
            _fail(world, group, refresh, refresh.reason)

    label = f"instance refresh of {group.name} is stuck"
    refresh.blocked = world.later(_patience(world, group, asked), fail, label, listed=False)


def _patience(world: World, group: Any, asked: bool) -> float:
    """Real seconds that a refresh tries to go on: time enough for real hosts to boot twice more."""
    if asked and not world.speed:
        return PATIENCE
    tries = 2 * (fleet(group).boot + grace(world, group)) if world.machines.real else 0.0
    least = LEAST_PATIENCE if world.machines.real or not world.speed else 0.0
    return max(world.scaled(PATIENCE), least, tries)
