# SPDX-License-Identifier: GPL-3.0-or-later
"""An instance refresh: what it is to replace, how much of it at a time, and how far it is."""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends

from sandbox.shims._fleet_members import RESTING, Member, capacity, fleet, live, suspended
from sandbox.shims._fleet_places import source, ways
from sandbox.shims._fleet_targets import serves
from sandbox.shims._fleet_warm import wanted as wanted_warm
from sandbox.world import Cancel

ACTIVE = ("Pending", "InProgress", "Cancelling", "RollbackInProgress", "Baking")


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


def matches(group: Any, member: Member, wanted: dict[str, Any]) -> bool:
    """Whether a member is what a configuration launches."""
    return any(
        way.launched == member.launched and way.instance_type == member.instance_type
        for way in ways(group, wanted)
    )


def ignored(refresh: Refresh, member: Member) -> bool:
    """Whether a refresh leaves a member alone."""
    prefer = refresh.preferences
    return (member.protected_from_scale_in and prefer["ScaleInProtectedInstances"] == "Ignore") or (
        member.lifecycle_state == "Standby" and prefer["StandbyInstances"] == "Ignore"
    )


def held(refresh: Refresh, member: Member) -> str:
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
        and not ignored(refresh, member)
    ]


def vain(group: Any) -> set[str]:
    """What the last refresh launched in vain, where it was given up: these instances go first."""
    newest = fleet(group).refreshes[-1:]
    given_up = newest and newest[0].status in ("Failed", "RollbackFailed", "Cancelled")
    if not given_up:
        return set()
    launched = [one for one in live(group) if one.instance.id not in newest[0].known]
    return {one.instance.id for one in launched if not serves(group, one)}


def least_healthy(group: Any, refresh: Refresh) -> int:
    """How many must stay healthy while others are replaced."""
    share: int = refresh.preferences["MinHealthyPercentage"]
    return math.ceil(int(group.desired_capacity) * share / 100)


def surplus(group: Any) -> int:
    """How many more than desired a refresh has launched before it terminates others."""
    refresh = active(group)
    if refresh is None or refresh.status not in ("InProgress", "RollbackInProgress"):
        return 0
    if refresh.resting or not may_replace(group):
        return 0
    desired, most = int(group.desired_capacity), refresh.preferences.get("MaxHealthyPercentage")
    least = least_healthy(group, refresh)
    if most is None and refresh.preferences["MinHealthyPercentage"] < 100:
        return 0
    above = math.floor(desired * (most or 100) / 100) - desired
    if above <= 0 and least >= desired:
        above = 1
    free = [one for one in remaining(group, refresh) if not held(refresh, one)]
    return max(0, min(above, len(free), allowance(group, refresh)))


def allowance(group: Any, refresh: Refresh) -> int:
    """How many may still be replaced until the next checkpoint."""
    steps = refresh.preferences.get("CheckpointPercentages")
    left = len(remaining(group, refresh))
    if not steps or refresh.status != "InProgress":
        return left
    goal: int = math.ceil(refresh.total * steps[min(refresh.checkpoint, len(steps) - 1)] / 100)
    return max(0, goal - (refresh.total - left))


def may_replace(group: Any) -> bool:
    """Whether the processes that a refresh needs are not suspended."""
    return not suspended(group, "InstanceRefresh", "Launch", "Terminate")


def updated(group: Any, refresh: Refresh) -> int:
    """How many of the group are replaced, in service and warmed up."""
    ready = capacity([one for one in live(group) if serves(group, one)])
    missing = max(0, int(group.desired_capacity) - ready)
    return max(0, min(refresh.total, refresh.total - len(remaining(group, refresh)) - missing))


def _updated_warm(group: Any, refresh: Refresh) -> int:
    """How many of the warm pool are replaced and prepared."""
    old = sum(one.instance.id in refresh.old for one in fleet(group).warm)
    prepared = sum(one.lifecycle_state in RESTING for one in fleet(group).warm)
    return max(0, refresh.total_warm - max(old, wanted_warm(group) - prepared))


def alarm(group: Any, refresh: Refresh) -> str:
    """The first of the refresh's alarms that is in ALARM."""
    backend = group.autoscaling_backend
    alarms = cloudwatch_backends[backend.account_id][backend.region_name].alarms
    names = (refresh.preferences.get("AlarmSpecification") or {}).get("Alarms") or []
    return next((one for one in names if one in alarms and alarms[one].state_value == "ALARM"), "")


def progress(group: Any, refresh: Refresh) -> dict[str, Any]:
    """How far a refresh is: percentage, instances, and both pools where there is a warm one."""
    return refresh.final or measured(group, refresh)


def measured(group: Any, refresh: Refresh) -> dict[str, Any]:
    """How far a refresh is now."""
    if refresh.rollback:
        return _undoing(group, refresh)
    done, done_warm = updated(group, refresh), _updated_warm(group, refresh)
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


def _undoing(group: Any, refresh: Refresh) -> dict[str, Any]:
    before = (refresh.rollback or {})["PercentageCompleteOnRollback"]
    left = len(remaining(group, refresh))
    ready = capacity([one for one in live(group) if serves(group, one)])
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
