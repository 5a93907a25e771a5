# SPDX-License-Identifier: GPL-3.0-or-later
"""Health checks of an Auto Scaling group: what is found unhealthy is replaced."""

from __future__ import annotations

from typing import Any

from sandbox.shims import _fleet_activities as told
from sandbox.shims._fleet_members import Member, fleet, members, suspended
from sandbox.shims._fleet_moves import terminate
from sandbox.shims._fleet_refresh import active
from sandbox.shims._fleet_refreshing import impatient
from sandbox.shims._fleet_targets import balanced, failing
from sandbox.world import World

NOTICED = 30.0  # AWS seconds until a lost or unhealthy instance is noticed, about
WATCHED = ("InService", "Warmed:Running")
DEAD = ("terminated", "shutting-down", "stopped", "stopping")


def finding(group: Any, member: Member) -> str:
    """Why a member is unhealthy, as activities say it; empty if it is healthy."""
    if member.instance.state in DEAD:
        return told.GONE
    if member.health_status == "Unhealthy":
        return told.USER_CHECK
    checked = balanced(group) and not member.graceful and not member.is_warm
    return told.BALANCER if checked and failing(group, member.instance.id) else ""


def check(world: World, group: Any) -> None:
    """Mark what is unhealthy, and replace it."""
    for member in list(members(group)):
        if member.lifecycle_state not in WATCHED:
            continue
        why = finding(group, member)
        if not why or (suspended(group, "HealthCheck") and why != told.USER_CHECK):
            continue
        member.health_status = "Unhealthy"
        if not suspended(group, "ReplaceUnhealthy", "Terminate"):
            sentence = f"an instance was taken out of service in response to {why}"
            if not member.is_warm:
                fleet(group).owed.append(told.UNHEALTHY)
                _disturb(world, group, member)
            terminate(world, group, member, told.said(world, sentence))


def _disturb(world: World, group: Any, member: Member) -> None:
    """What a refresh has launched is unhealthy: it does not try that for ever."""
    refresh = active(group)
    if refresh and refresh.status != "Pending" and member.instance.id not in refresh.old:
        impatient(world, group, refresh)


def soon(world: World, group: Any) -> None:
    """Check when it would be noticed that something happened."""
    label = f"group {group.name} checks its health"
    world.later(world.scaled(NOTICED), fleet(group).settle, label)
