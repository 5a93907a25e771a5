# SPDX-License-Identifier: GPL-3.0-or-later
"""Instance refresh: instances are replaced a few at a time, and put back if that goes wrong."""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends

from sandbox.shims import _fleet_activities as told
from sandbox.shims._fleet_members import (
    COMING,
    RESTING,
    Member,
    capacity,
    fleet,
    live,
    members,
    suspended,
)
from sandbox.shims._fleet_moves import terminate
from sandbox.shims._fleet_places import source, ways
from sandbox.shims._fleet_warm import staying
from sandbox.shims._fleet_warm import wanted as wanted_warm
from sandbox.world import Cancel, World

ACTIVE = ("Pending", "InProgress", "Cancelling", "RollbackInProgress", "Baking")
PENDING = 10.0  # AWS seconds until a refresh begins, about
PATIENCE = 3600.0  # AWS seconds that a refresh tries to go on before it fails


@dataclass
class Refresh:
    """One instance refresh. preferences: with every default put in. old: the instances to replace.

    known: those that were there when it began; desired: the configuration asked for; before: that
    of the group.
    """

    preferences: dict[str, Any]
    desired: dict[str, Any] | None
    before: dict[str, Any]
    start: datetime
    old: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)
    total: int = 0  # instances of the group to replace
    total_warm: int = 0
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = "Pending"
    reason: str = ""
    end: datetime | None = None
    checkpoint: int = 0
    resting: bool = False  # at a checkpoint, or baking
    updated: int = 0  # of the group, when last looked
    blocked: Cancel | None = None  # of the end of patience
    undone: int = 0  # instances to put back
    rollback: dict[str, Any] | None = None
    final: dict[str, Any] | None = None  # the progress when it ended
    wait_for_transitions: bool = True

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE


def active(group: Any) -> Refresh | None:
    """The refresh of a group that is not over."""
    newest = fleet(group).refreshes[-1:]
    return newest[0] if newest and newest[0].is_active else None


def configuration(group: Any) -> dict[str, Any]:
    """What a group launches from now: while a refresh replaces, what that one wants."""
    refresh = active(group)
    if refresh and refresh.status == "RollbackInProgress":
        return refresh.before
    if refresh and refresh.desired and refresh.status != "Cancelling":
        return refresh.desired
    return source(group)


def _matches(group: Any, member: Member, wanted: dict[str, Any]) -> bool:
    return any(
        way.launched == member.launched and way.instance_type == member.instance_type
        for way in ways(group, wanted)
    )


def start(world: World, group: Any, refresh: Refresh) -> None:
    """Begin a refresh of what is there now."""
    wanted = refresh.desired or refresh.before
    skip = refresh.preferences.get("SkipMatching")
    there = [member for member in members(group) if not member.is_leaving]
    replaced = [one for one in there if not (skip and _matches(group, one, wanted))]
    replaced = [one for one in replaced if not _ignored(refresh, one)]
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


def _ignored(refresh: Refresh, member: Member) -> bool:
    prefer = refresh.preferences
    return (member.protected_from_scale_in and prefer["ScaleInProtectedInstances"] == "Ignore") or (
        member.lifecycle_state == "Standby" and prefer["StandbyInstances"] == "Ignore"
    )


def _held(refresh: Refresh, member: Member) -> str:
    """Why a member cannot be replaced now, as the status tells it."""
    prefer = refresh.preferences
    if member.lifecycle_state == "Standby" and prefer["StandbyInstances"] == "Wait":
        return "is in Standby"
    protected = member.protected_from_scale_in and prefer["ScaleInProtectedInstances"] == "Wait"
    return "is protected from scale in" if protected else ""


def remaining(group: Any, refresh: Refresh) -> list[Member]:
    """The members of the group that are still to be replaced."""
    return [
        member
        for member in group.instance_states
        if member.instance.id in refresh.old
        and not member.is_leaving
        and not _ignored(refresh, member)
    ]


def _least(group: Any, refresh: Refresh) -> int:
    share: int = refresh.preferences["MinHealthyPercentage"]
    return math.ceil(int(group.desired_capacity) * share / 100)


def surplus(group: Any) -> int:
    """How many more than desired a refresh has launched before it terminates others."""
    refresh = active(group)
    if refresh is None or refresh.status not in ("InProgress", "RollbackInProgress"):
        return 0
    if refresh.resting or not _may(group):
        return 0
    desired, most = int(group.desired_capacity), refresh.preferences.get("MaxHealthyPercentage")
    least = _least(group, refresh)
    if most is None and refresh.preferences["MinHealthyPercentage"] < 100:
        return 0
    above = math.floor(desired * (most or 100) / 100) - desired
    if above <= 0 and least >= desired:
        above = 1
    free = [one for one in remaining(group, refresh) if not _held(refresh, one)]
    return max(0, min(above, len(free), _allowance(group, refresh)))


def _allowance(group: Any, refresh: Refresh) -> int:
    """How many may still be replaced until the next checkpoint."""
    steps = refresh.preferences.get("CheckpointPercentages")
    left = len(remaining(group, refresh))
    if not steps or refresh.status != "InProgress":
        return left
    goal: int = math.ceil(refresh.total * steps[min(refresh.checkpoint, len(steps) - 1)] / 100)
    return max(0, goal - (refresh.total - left))


def _may(group: Any) -> bool:
    return not suspended(group, "InstanceRefresh", "Launch", "Terminate")


def advance(world: World, group: Any) -> None:
    """Do the next step of a group's refresh, if there is one and it can be done."""
    refresh = active(group)
    if refresh is None or refresh.status == "Pending":
        return
    if refresh.status == "Cancelling":
        _cancelled(world, group, refresh)
        return
    alarm = _alarm(group, refresh)
    if alarm and refresh.status != "RollbackInProgress":
        _fail(world, group, refresh, f"The CloudWatch alarm {alarm} is in the ALARM state.")
        return
    if refresh.resting or not _may(group):
        return
    _watch_progress(group, refresh)
    _replace(world, group, refresh)
    if _reached(world, group, refresh):
        return
    _tell(world, group, refresh)


def _replace(world: World, group: Any, refresh: Refresh) -> None:
    """Terminate as many of the old ones as can be spared, those that do not serve first."""
    free = [one for one in remaining(group, refresh) if not _held(refresh, one)]
    free.sort(key=lambda one: (one.is_ready, -_neighbours(group, one), one.instance.launch_time))
    free = free[: _allowance(group, refresh)]
    spare = capacity([one for one in live(group) if one.is_ready]) - _least(group, refresh)
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
    return complete and not leaving and all(one.is_ready for one in serving)


def _neighbours(group: Any, member: Member) -> int:
    return sum(one.availability_zone == member.availability_zone for one in live(group))


def _updated(group: Any, refresh: Refresh) -> int:
    """How many of the group are replaced, in service and warmed up."""
    ready = capacity([one for one in live(group) if one.is_ready])
    missing = max(0, int(group.desired_capacity) - ready)
    return max(0, min(refresh.total, refresh.total - len(remaining(group, refresh)) - missing))


def _watch_progress(group: Any, refresh: Refresh) -> None:
    now = _updated(group, refresh)
    if now > refresh.updated:
        _calm(refresh)
    refresh.updated = now


def _reached(world: World, group: Any, refresh: Refresh) -> bool:
    """Whether a checkpoint or the end is reached; then what follows is begun."""
    serving = live(group)
    if capacity(serving) < group.desired_capacity or not all(one.is_ready for one in serving):
        return False
    if any(one.instance.id in refresh.old and one.is_leaving for one in group.instance_states):
        return False
    steps = refresh.preferences.get("CheckpointPercentages") or [100]
    last = refresh.status == "RollbackInProgress" or refresh.checkpoint >= len(steps) - 1
    if _allowance(group, refresh) > 0 or capacity(serving) > group.desired_capacity:
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
    refresh.final = _measured(group, refresh)
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


def _alarm(group: Any, refresh: Refresh) -> str:
    """The first of the refresh's alarms that is in ALARM."""
    backend = group.autoscaling_backend
    alarms = cloudwatch_backends[backend.account_id][backend.region_name].alarms
    names = (refresh.preferences.get("AlarmSpecification") or {}).get("Alarms") or []
    return next((one for one in names if one in alarms and alarms[one].state_value == "ALARM"), "")


def _tell(world: World, group: Any, refresh: Refresh) -> None:
    """Say what a refresh waits for, and fail it when it has waited for too long in vain."""
    waiting = "Waiting for remaining instances to be available. For example: "
    coming = [one for one in group.instance_states if one.lifecycle_state in COMING]
    warming = [one for one in live(group) if one.warming]
    leaving = [one for one in group.instance_states if one.is_leaving]
    held = [one for one in remaining(group, refresh) if _held(refresh, one)]
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
    elif leaving:
        refresh.reason = (
            "Waiting for instances to terminate before continuing. For example: "
            f"{leaving[0].instance.id} is terminating."
        )
    elif held:
        refresh.reason = f"{waiting}{held[0].instance.id} {_held(refresh, held[0])}."
        stuck = True
    if stuck:
        impatient(world, group, refresh)


def _calm(refresh: Refresh) -> None:
    if refresh.blocked:
        refresh.blocked()
        refresh.blocked = None


def impatient(world: World, group: Any, refresh: Refresh) -> None:
    """Let a refresh fail in an hour, unless it makes progress before."""
    if refresh.blocked is not None:
        return

    def fail() -> None:
        refresh.blocked = None
        if refresh.is_active:
            _fail(world, group, refresh, refresh.reason)

    label = f"instance refresh of {group.name} is stuck"
    refresh.blocked = world.later(world.scaled(PATIENCE) or PATIENCE, fail, label, listed=False)


def progress(group: Any, refresh: Refresh) -> dict[str, Any]:
    """How far a refresh is: percentage, instances, and both pools where there is a warm one."""
    return refresh.final or _measured(group, refresh)


def _measured(group: Any, refresh: Refresh) -> dict[str, Any]:
    if refresh.rollback:
        return _undoing(group, refresh)
    done, done_warm = _updated(group, refresh), _updated_warm(group, refresh)
    whole, ready = refresh.total + refresh.total_warm, done + done_warm
    shown: dict[str, Any] = {
        "PercentageComplete": 100 * ready // whole if whole else 100,
        "InstancesToUpdate": whole - ready,
    }
    if group.warm_pool is not None:
        shown["ProgressDetails"] = {
            "LivePoolProgress": _part(done, refresh.total),
            "WarmPoolProgress": _part(done_warm, refresh.total_warm),
        }
    return shown


def _updated_warm(group: Any, refresh: Refresh) -> int:
    """How many of the warm pool are replaced and prepared."""
    old = sum(one.instance.id in refresh.old for one in fleet(group).warm)
    prepared = sum(one.lifecycle_state in RESTING for one in fleet(group).warm)
    return max(0, refresh.total_warm - max(old, wanted_warm(group) - prepared))


def _undoing(group: Any, refresh: Refresh) -> dict[str, Any]:
    before = (refresh.rollback or {})["PercentageCompleteOnRollback"]
    left = len(remaining(group, refresh))
    ready = capacity([one for one in live(group) if one.is_ready])
    left = min(refresh.undone, left + max(0, group.desired_capacity - ready))
    if refresh.status == "RollbackSuccessful":
        left = 0
    return {
        "PercentageComplete": before * left // refresh.undone if refresh.undone else 0,
        "InstancesToUpdate": max(0, refresh.total + refresh.total_warm - left),
    }


def _part(done: int, total: int) -> dict[str, int]:
    return {
        "PercentageComplete": 100 * done // total if total else 100,
        "InstancesToUpdate": total - done,
    }
